"""The MIB modules, compiled once."""

from __future__ import annotations

from pathlib import Path

import pytest
from mib_modules import Mibs


@pytest.fixture(scope="session")
def mibs(shared_data: Path) -> Mibs:
    return Mibs(shared_data / "mibs")
