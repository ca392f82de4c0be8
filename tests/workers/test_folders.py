"""The folders of the tests stay small, and a test is found by the name of its file."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

TESTS = Path(__file__).parents[1]

MOST = 15
"""Python modules in a folder, `__init__` and conftest included."""


def test_no_folder_has_more_modules_than_can_be_taken_in() -> None:
    counted = Counter(path.parent.relative_to(TESTS) for path in TESTS.rglob("*.py"))
    assert {str(folder): n for folder, n in counted.items() if n > MOST} == {}


def test_no_two_files_of_tests_have_the_same_name() -> None:
    """pytest imports them by their bare names, so the second could not be collected."""
    counted = Counter(path.name for path in TESTS.rglob("test_*.py"))
    assert [name for name, n in counted.items() if n > 1] == []
