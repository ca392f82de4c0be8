"""The score of a test suite: mutants of the controller under test, and which of them the tests kill."""
