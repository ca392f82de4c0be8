"""The rooms of docs/explanation/architecture.md stay small: a folder has at most 15 modules, `__init__` included."""

from __future__ import annotations

from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
MOST_MODULES = 15


@pytest.mark.parametrize("package", ["emulators", "harness", "hil_rigs", "fixtures"])
def test_a_folder_has_at_most_fifteen_modules(package: str) -> None:
    folders = [path for path in (CHECKOUT / package).rglob("*") if path.is_dir()]
    counts = {str(folder.relative_to(CHECKOUT)): len(list(folder.glob("*.py"))) for folder in folders}
    assert {folder: count for folder, count in counts.items() if count > MOST_MODULES} == {}
