"""A technician's command takes the bench's place, and gives it back."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest
from external import until
from lab import Lab, script

if find_spec("labgrid") is None:
    pytest.skip("labgrid is missing: tox -e labgrid, or pip install 'twinfeed[labgrid]'", allow_module_level=True)

pytestmark = pytest.mark.interop

Be = Callable[[str], None]


@pytest.fixture(autouse=True)
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWINFEED_BENCHES", str(tmp_path / "benches"))
    monkeypatch.setenv("TWINFEED_LOCKS", str(tmp_path))


def check(lab: Lab) -> subprocess.CompletedProcess[str]:
    command = [script("twinfeed"), "rig", "check", str(lab.rig_file()), "--json"]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_rig_check_asks_the_meter_through_the_place(lab: Lab, be: Be) -> None:
    be("awa")
    done = check(lab)
    [meter] = json.loads(done.stdout)["devices"]
    assert meter["name"] == "meter-1"
    assert "modbus+rfc2217://127.0.0.1:" in meter["where"]
    assert meter["points"] > 0
    assert "acquired: None" in lab.client("show")


def test_rig_check_of_a_place_that_another_has_says_so(lab: Lab, be: Be) -> None:
    lab.client("acquire", user="moussa")
    be("awa")
    done = check(lab)
    assert done.returncode == 3
    assert "the place meter-bench is held by moussa on pc-of-moussa" in " ".join(done.stderr.split())


def test_a_supervisor_holds_the_place_while_it_runs(lab: Lab, be: Be) -> None:
    be("awa")
    with contextlib.ExitStack() as ending:
        supervisor = subprocess.Popen(
            [sys.executable, "-m", "twinfeed.hil_rigs.supervisor", str(lab.rig_file())], env=os.environ
        )
        ending.callback(supervisor.wait, 60)
        ending.callback(supervisor.send_signal, signal.SIGTERM)
        socket = lab.folder / "benches" / "meter-bench" / "supervisor.sock"
        until(socket.exists, lambda: f"supervisor ended: {supervisor.poll()}")
        assert "acquired: pc-of-awa/awa" in lab.client("show")
    assert "acquired: None" in lab.client("show")
