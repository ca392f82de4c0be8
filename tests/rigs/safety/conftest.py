"""The rig file of the simulated histories, read once."""

from __future__ import annotations

import pytest
from simulated_bench import read_rig

from twinfeed.hil_rigs.rigfile import Rig


@pytest.fixture(scope="session")
def histories_rig(tmp_path_factory: pytest.TempPathFactory) -> Rig:
    return read_rig(tmp_path_factory.mktemp("histories"))
