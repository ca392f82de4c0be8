"""The result of making an integrated systems test, as a document."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Commissioned:
    """The files of an integrated systems test."""

    site: str
    folder: str
    files: list[str]
    cases: dict[str, int]
    """Chapter -> number of cases."""
    not_made: dict[str, str]
    """`chapter component` -> the reason why it is no case."""
    outcomes: dict[str, str]
    """Requirement -> passed, failed, skipped or not run, by `results.xml` in the folder."""
