"""`twinfeed rig stop` and `rig status` load the standard library only before their first octet."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PROBE = """
import sys
from twinfeed.hil_rigs.emergency import command, first
connect = first.connect
def looked(line, path):
    connect(line, path)
    print(*sorted(sys.modules), file=sys.stderr)
first.connect = looked
sys.exit(command.main(sys.argv[1:]))
"""


@pytest.fixture
def listening(tmp_path: Path) -> Iterator[socket.socket]:
    place = tmp_path / "smoke"
    place.mkdir()
    (place / "file").write_text(str(tmp_path / "lab.yaml"))
    with socket.socket(socket.AF_UNIX) as keeper:
        here = Path.cwd()
        os.chdir(place)  # a path of any length
        try:
            keeper.bind("supervisor.sock")
        finally:
            os.chdir(here)
        keeper.listen()
        keeper.settimeout(60.0)
        yield keeper


def answered(listening: socket.socket, words: list[str], folder: Path) -> tuple[list[dict[str, object]], str, str, int]:
    """The keeper's request, the printed text, the loaded modules, and the exit code, when the keeper answers `safe`."""
    command = subprocess.Popen(
        [sys.executable, "-c", PROBE, "rig", *words],
        env={**os.environ, "TWINFEED_BENCHES": str(folder)},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    line, _ = listening.accept()
    with line, line.makefile("rw") as both:
        asked = [json.loads(both.readline()) for _ in range(2)]
        bench = {"bench": "smoke", "state": "tripped", "life": "safe", "tripped": "smoke", "not_safe": []}
        both.write(json.dumps({"id": 2, "is": bench}) + "\n")
        both.flush()
        printed, loaded = command.communicate(timeout=120)
    return asked, printed, loaded, command.returncode


@pytest.mark.parametrize("bench", ["smoke", "{folder}/lab.yaml"], ids=["by its name", "by the path that was noted"])
def test_a_stop_is_sent_before_anything_but_the_standard_library_is_loaded(
    listening: socket.socket, tmp_path: Path, bench: str
) -> None:
    words = ["stop", bench.format(folder=tmp_path), "smoke from the load bank"]
    asked, printed, loaded, code = answered(listening, words, tmp_path)
    assert asked[1] == {"id": 2, "do": "emergency", "why": "smoke from the load bank"}
    others = {name for name in loaded.split() if name.partition(".")[0] not in sys.stdlib_module_names}
    assert {name for name in others if "editable" not in name} <= {
        "twinfeed", "twinfeed._lazy", "twinfeed.hil_rigs", "twinfeed.hil_rigs.emergency", "twinfeed.hil_rigs.emergency.command",
        "twinfeed.hil_rigs.emergency.first",
        "twinfeed.harness", "twinfeed.harness.unixpaths",  # where the path of the socket is a long one
        "__main__", "_distutils_hack",
    }  # fmt: skip
    assert ("the bench is in its safe state" in printed, code) == (True, 0)


def test_status_asks_the_keeper_in_the_same_way(listening: socket.socket, tmp_path: Path) -> None:
    asked, printed, _, code = answered(listening, ["status", "smoke"], tmp_path)
    assert (asked[1]["do"], code) == ("status", 1)
    assert printed.startswith("smoke: tripped, safe")


def test_a_stop_that_no_keeper_hears_is_left_to_rig_safe(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from twinfeed.hil_rigs.emergency import command

    monkeypatch.setenv("TWINFEED_BENCHES", str(tmp_path))
    monkeypatch.setattr(sys, "argv", ["twinfeed", "rig", "stop", "ups-bench", "smoke"])
    assert command.main(sys.argv[1:]) is None
    assert sys.argv[1:6] == ["rig", "safe", "ups-bench", "--why", "emergency stop: smoke"]
    assert capsys.readouterr().out == "nobody supervises ups-bench; making it safe from here\n"
