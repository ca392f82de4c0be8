"""A technician's commands around a test run."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

from external import free_port
from process_bench import ProcessBench

from tests.docs.promises import kept_by


def test_the_day_of_a_technician(bench: ProcessBench) -> None:
    """Inspect, arm, stop in an emergency, reset, disarm: each prints what a technician must know."""
    assert bench.status()["state"] == "unattended"
    assert "Moussa" not in bench.twinfeed("arm", "--as", "Ibrahim", "--yes").stdout
    bench.arm()
    assert bench.status()["armed_by"] == "Awa"
    assert "needs a terminal" in bench.twinfeed("watch").stderr

    stopped = bench.twinfeed("stop", "smoke", "--json")
    assert (stopped.returncode, kept_by("rig stop", stopped.stdout)["not_safe"]) == (0, [])
    assert bench.outlets() == ["on", "off"]
    status = bench.twinfeed("status", "--json")
    assert (status.returncode, kept_by("rig status", status.stdout)["state"]) == (1, "tripped")
    assert "reset it first" in bench.twinfeed("arm", "--as", "Awa", "--yes").stderr

    reset = bench.twinfeed("reset", "--as", "Awa", "--json")
    assert kept_by("rig reset", reset.stdout) == {"bench": bench.name, "state": "read-only", "not_safe": []}
    assert bench.outlets() == ["on", "on"]
    armed = bench.twinfeed("arm", "--as", "Awa", "--yes", "--json")
    assert kept_by("rig arm", armed.stdout)["by"] == "Awa"
    disarmed = bench.twinfeed("disarm", "--as", "Awa", "--json")
    assert kept_by("rig disarm", disarmed.stdout)["state"] == "read-only"
    assert [entry.what for entry in bench.record() if entry.who == "Awa"] == [
        "armed the bench", "was not allowed to arm the bench", "reset the bench", "armed the bench",
        "disarmed the bench",
    ]  # fmt: skip


def test_a_bench_is_watched_by_a_program_and_made_safe_without_a_supervisor(bench: ProcessBench) -> None:
    safe = bench.twinfeed("safe", "--json")
    assert kept_by("rig safe", safe.stdout)["state"] == "tripped"
    watching = bench.start("twinfeed.harness.cli", "rig", "watch", str(bench.file), "--json", log="watch.log")
    log = bench.folder / "watch.log"
    bench.until(lambda: log.read_text().endswith("}\n"), "the state is printed")
    watching.send_signal(signal.SIGINT)
    assert watching.wait(120) == 0
    assert kept_by("rig watch", log.read_text())["bench"] == bench.name


def test_a_second_run_is_told_who_has_the_bench(bench: ProcessBench) -> None:
    bench.arm()
    bench.holding_run()
    (bench.folder / "test_second.py").write_text(
        "async def test_second(site): await site.run('1s')\n", encoding="utf-8"
    )
    second = bench.start("pytest", "-rs", "--rig", str(bench.file), "test_second.py", log="second.log")
    assert second.wait(120) == 0
    assert "the bench is held by the test run of" in (bench.folder / "second.log").read_text()


def test_a_run_on_a_bench_that_is_not_armed_reads_and_skips_what_would_move(bench: ProcessBench) -> None:
    (bench.folder / "test_it.py").write_text(
        "async def test_reads(site): assert (await site['ups-1'].read('battery.charge')).value > 0\n"
        "async def test_moves(site): await site.inject('pdu-1', 'inlet-loss')\n",
        encoding="utf-8",
    )
    run = bench.start("pytest", "-rs", "--rig", str(bench.file), "test_it.py", log="run.log")
    run.wait(120)
    said = (bench.folder / "run.log").read_text()
    assert "1 passed, 1 skipped" in said
    assert "the bench is not armed: twinfeed rig arm" in said


def test_a_dry_run_lists_what_would_move_and_moves_nothing(bench: ProcessBench) -> None:
    (bench.folder / "test_it.py").write_text(
        "async def test_moves(site):\n    await site.inject('pdu-1', 'inlet-loss', for_='5s')\n    await site.run('10s')\n",
        encoding="utf-8",
    )
    run = bench.start("pytest", "--rig", str(bench.file), "--dry-run", "test_it.py", log="run.log")
    run.wait(120)
    said = (bench.folder / "run.log").read_text()
    assert "pdu-1 inlet-loss for 0:00:05: load (outlet) to off" in said
    assert "rack-1" in said
    assert bench.outlets() == ["on", "on"]
    assert not bench.place.exists()


def test_the_red_button_in_a_browser_stops_the_bench(bench: ProcessBench) -> None:
    port = free_port()
    bench.file.write_text(bench.file.read_text() + f"emergency_stop: {{web: {port}}}\n", encoding="utf-8")
    bench.arm()
    bench.holding_run()
    page = f"http://127.0.0.1:{port}/"
    french = urllib.request.urlopen(urllib.request.Request(page, headers={"Accept-Language": "fr"}), timeout=120)
    assert "ARRÊT D&#x27;URGENCE" in french.read().decode()
    pressed = urllib.request.urlopen(page + "stop", data=b"", timeout=120).read().decode()
    assert "<p>stopped</p><p>emergency stop in the browser</p>" in pressed
    assert bench.outlets() == ["on", "off"]


def test_the_report_of_a_run_tells_of_devices_and_what_was_done(bench: ProcessBench) -> None:
    """The arming person, the devices that stood there, and the bench's own chained record, in one document."""
    bench.arm()
    (bench.folder / "test_it.py").write_text(
        "async def test_moves(site, measure):\n"
        "    await site.inject('pdu-1', 'inlet-loss', for_='1s')\n"
        "    await site.run('2s')\n"
        "    measure('charge', (await site['ups-1'].read('battery.charge')).value, unit='%', at_least=20)\n",
        encoding="utf-8",
    )
    run = bench.start("pytest", "--rig", str(bench.file), "--report", "out", "test_it.py", log="run.log")
    assert run.wait(120) == 0, (bench.folder / "run.log").read_text()
    made = subprocess.run(
        [sys.executable, "-m", "twinfeed.harness.cli", "report", "out", "--data", "report.json", "-o", "report.html"],
        cwd=bench.folder, env=bench.env, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert made.returncode == 0, made.stdout + made.stderr
    told = (bench.folder / "report.json").read_text()
    document = json.loads(told)
    assert {device["device"] for device in document["devices"]} == {"ups-1", "pdu-1"}
    assert "armed the bench" in told
    assert {Path(chain["file"]).name: chain["broken"] for chain in document["chains"]} == {
        "record.jsonl": "", "bench-processes.jsonl": "",
    }  # fmt: skip
