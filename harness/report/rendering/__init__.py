"""The report in its forms: a page, a PDF, JSON, JUnit XML, CSV; words, numbers and figures of a language."""
