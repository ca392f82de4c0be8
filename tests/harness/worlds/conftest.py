"""Runs are ended in the middle here, on purpose: what their code had open stays open."""

from __future__ import annotations

import gc
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from twinfeed.harness.virtual import garbage

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.filterwarnings("ignore::ResourceWarning"))
            item.add_marker(pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"))


@pytest.fixture(autouse=True, scope="module")
def _collected_here(request: pytest.FixtureRequest) -> Iterator[None]:
    """Sockets and loops that a module has left are collected before the tests of another folder run.

    What was there before the module is left out of collections meanwhile: these tests collect garbage often, and with
    all modules loaded each collection takes a fifth of a second. In test_failures.py these collections are the subject.
    """
    if request.path.name == "test_failures.py":
        yield
    else:
        garbage.set_apart()
        yield
        garbage.rejoin()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()
