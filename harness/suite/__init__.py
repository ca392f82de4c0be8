"""A starter folder of tests for somebody's own site: `twinfeed new-suite` writes it."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

NAMES = ("site.yaml", "controller.py", "test_failover.py", "pytest.ini", "README.md")


class SuiteExists(Exception):
    """A file of the suite is there already; nothing has been written."""


def write(folder: Path, site: str | None = None) -> list[Path]:
    """Write the starter folder and return its files; with `site`, tests are for that one and `site.yaml` is left out.

    Raises:
        SuiteExists: a file of that name is there already.
    """
    wanted = [name for name in NAMES if site is None or name != "site.yaml"]
    if there := [name for name in wanted if (folder / name).exists()]:
        raise SuiteExists(f"{folder / there[0]} is there already; choose another folder or remove it")
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name in wanted:
        text = files("harness.suite").joinpath("files", name).read_text(encoding="utf-8")
        if name == "test_failover.py":
            text = text.replace("SITE", site or "site.yaml")
        path = folder / name
        path.write_text(text, encoding="utf-8")
        written.append(path)
    return written
