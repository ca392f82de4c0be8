"""The integrated systems test (level 5) of a site: cases from its file, pytest tests of them, a binder to sign."""
