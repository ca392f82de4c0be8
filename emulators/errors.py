"""The error of files that people write and of packages that extend twinfeed. This module imports nothing of it."""

from __future__ import annotations

from collections.abc import Sequence


class FileError(Exception):
    """A file has mistakes. `str()` has one line for each, with file, line and field."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = list(problems)
