"""`twinfeed up`: its output when it is ready, when it cannot start, and that it leaves nothing behind."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from terminal import PATIENCE_S, Up, command

KINDS = {"snmp": socket.SOCK_DGRAM, "modbus": socket.SOCK_STREAM}


def taken(place: tuple[str, str, int]) -> bool:
    protocol, address, port = place
    with socket.socket(socket.AF_INET, KINDS[protocol]) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError:
            return True
    return False


def refused(runtime: Path, *arguments: object) -> tuple[int, str]:
    """Exit code and error text of an `up` that does not come up."""
    line, environment = command(runtime, "up", *arguments, "--json")
    done = subprocess.run(line, env=environment, capture_output=True, text=True, timeout=PATIENCE_S)
    if done.stdout:
        assert json.loads(done.stdout).keys() == {"error"}, "a script that waits for the ready line must not see one"
    assert "Traceback" not in done.stderr
    return done.returncode, " ".join(done.stderr.split())


def test_the_ready_line_says_where_every_device_answers(up: Up) -> None:
    assert up.ready["ready"] == "workbench"
    assert {d["name"] for d in up.ready["devices"]} >= {"ups-1", "pdu-1", "generator-1", "switch-1", "meter-1"}
    assert all(map(taken, up.places))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_it_cleanly_and_frees_every_port(
    start: Callable[..., Up], site_file: Path, tmp_path: Path, runtime: Path, number: signal.Signals
) -> None:
    path = tmp_path / "passing.yaml"
    path.write_text(site_file.read_text().replace("site: workbench", "site: passing").replace("127.29.", "127.28."))
    passing = start(path)
    assert passing.stop(number) == 0
    assert not any(map(taken, passing.places))
    assert not list(runtime.glob("*/passing.sock"))
    assert passing.process.stderr is not None
    assert passing.process.stderr.read() == ""


def test_a_second_site_of_the_same_name_is_refused(up: Up, site_file: Path, runtime: Path) -> None:
    code, says = refused(runtime, site_file)
    assert code == 3
    assert "site 'workbench' is already running; see `twinfeed status`" in says


def test_addresses_in_use_are_refused_with_what_to_do(up: Up, site_file: Path, tmp_path: Path, runtime: Path) -> None:
    path = tmp_path / "squatter.yaml"
    path.write_text(site_file.read_text().replace("site: workbench", "site: squatter"))
    code, says = refused(runtime, path)
    assert code == 3
    assert "generator-1: Modbus cannot listen" in says
    assert "Is the site already running" in says
    assert not list(runtime.glob("*/squatter.sock"))


def test_a_run_of_ports_needs_one_address_only(start: Callable[..., Up], site_file: Path, tmp_path: Path) -> None:
    path = tmp_path / "narrow.yaml"
    path.write_text(site_file.read_text().replace("site: workbench", "site: narrow"))
    narrow = start(path, "--ports", "24100", "--address", "127.28.250.1", "--speed", "20")
    assert {address for _, address, _ in narrow.places} == {"127.28.250.1"}
    assert sorted(port for _, _, port in narrow.places) == list(range(24100, 24100 + len(narrow.places)))


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["bensh"], "no site is called 'bensh'; did you mean bench?"),
        (["bench", "--ports", "low"], "found 'low', expected standard, high or a port number"),
        (["bench", "--expose"], "expected --address with the interface address"),
        (["bench", "--expose", "--address", "0.0.0.0", "--ports", "20000"], "no browser opens 0.0.0.0"),
        (["bench", "--speed", "0"], "should be greater than or equal to 0.001"),
        (["nowhere.yaml"], "nowhere.yaml"),
    ],
)
def test_wrong_usage_is_explained(runtime: Path, arguments: list[str], says: str) -> None:
    code, text = refused(runtime, *arguments)
    assert code == 2
    assert says in text.replace("│ ", "").replace(" │", "")


def test_settings_and_boots_are_kept_in_the_state_folder(
    start: Callable[..., Up], site_file: Path, tmp_path: Path, runtime: Path
) -> None:
    path = tmp_path / "keeping.yaml"
    path.write_text(site_file.read_text().replace("site: workbench", "site: keeping").replace("127.29.", "127.27."))
    kept = tmp_path / "keeping.json"
    settings = {"system.location": "hall 2"}
    kept.write_text(json.dumps({"devices": {"ups-1": {"boots": 4, "settings": settings}}}))
    running = start(path, "--state", tmp_path)
    assert json.loads(kept.read_text())["devices"]["ups-1"] == {"boots": 5, "settings": settings}
    line, environment = command(runtime, "write", "ups-1", "system.location", "hall 3", "--site", "keeping")
    subprocess.run(line, env=environment, capture_output=True, check=True)
    assert running.stop() == 0
    assert json.loads(kept.read_text())["devices"]["ups-1"]["settings"] == {"system.location": "hall 3"}


def test_a_state_folder_that_cannot_be_written_is_told(site_file: Path, tmp_path: Path, runtime: Path) -> None:
    path = tmp_path / "nowhere.yaml"
    path.write_text(site_file.read_text().replace("site: workbench", "site: nowhere"))
    code, says = refused(runtime, path, "--state", "/proc/nowhere")
    assert code == 3
    assert "the state of devices cannot be kept" in says
    assert "--state DIR" in says
