"""Safety of a bench, with real processes: gaps of the network, hands, hangs, and the death of everything at once."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import urllib.request
from concurrent.futures import ThreadPoolExecutor

from external import free_port
from process_bench import PATIENCE_S, ProcessBench
from test_whoever_dies import SAFE, kill_at_once
from workers import warm

from twinfeed.harness.transports import SnmpTransport


def test_a_network_that_is_gone_at_the_stop_delays_the_safe_state_and_does_not_prevent_it(bench: ProcessBench) -> None:
    """The findings' gap of 4.5 s was NOT SAFE for good; here the devices are silent until everybody has given up once."""
    bench.arm()
    bench.holding_run()
    bench.emulators.send_signal(signal.SIGSTOP)
    stopped = bench.twinfeed("stop", "smoke")
    assert (stopped.returncode, "NOT SAFE: load: " in stopped.stderr) == (1, True)
    schema = listed(bench, "schema")
    assert (schema.returncode, "NOT SAFE: processes: load: " in " ".join(schema.stderr.split())) == (1, True)
    bench.emulators.send_signal(signal.SIGCONT)
    bench.until(lambda: bench.said("is safe"), "the supervisor has tried again")
    assert bench.outlets() == SAFE
    assert "NOT SAFE" not in listed(bench, "schema").stderr


def test_a_key_that_is_pressed_after_the_stop_is_taken_back_by_supervisor_and_guard(bench: ProcessBench) -> None:
    bench.arm()
    assert bench.twinfeed("stop").returncode == 0
    press_the_key(bench)
    bench.until(lambda: len(bench.said("is safe")) == 2, "the supervisor takes it back")
    assert bench.outlets() == SAFE
    os.kill(bench.supervisor(), signal.SIGKILL)
    bench.until(lambda: bench.status()["keeper"] == "guard", "the guard keeps the bench")
    bench.until(lambda: len(bench.said("is safe")) == 3, "the guard has seen it safe")
    press_the_key(bench)
    bench.until(lambda: len(bench.said("is safe")) == 4, "the guard takes it back")
    assert bench.outlets() == SAFE


def test_everything_is_killed_at_once_and_each_command_says_so_until_the_start_of_the_computer(
    bench: ProcessBench,
) -> None:
    bench.arm()
    run = bench.holding_run()
    kill_at_once(bench, run.pid)
    run.wait(120)
    for command in ("status", "check", "dry-run", "schema"):
        said = bench.twinfeed(command) if command != "schema" else listed(bench, "schema")
        text = " ".join((said.stdout + said.stderr).split())
        assert "NOT SAFE: processes: armed by Awa, last seen 2" in text, command
        assert f"nobody keeps it: twinfeed rig safe {bench.file}" in text, command
        assert said.returncode != 0, command
    assert bench.outlets() != SAFE

    keeping = bench.start("twinfeed", "rig", "keep", log="keep.log")  # the start-up unit runs this
    bench.until(lambda: bench.said("is safe"), "the bench is made safe at the computer's start")
    assert bench.outlets() == SAFE
    assert "NOT SAFE" not in listed(bench, "schema").stderr
    keeping.send_signal(signal.SIGTERM)
    assert keeping.wait(PATIENCE_S) == 1  # nobody watches it any more, and that is printed
    assert "but nobody watches it since" in " ".join(listed(bench, "schema").stderr.split())


def test_a_supervisor_that_hangs_is_ended_by_the_stop_and_the_page_outlives_it(bench: ProcessBench) -> None:
    port = free_port()
    bench.file.write_text(bench.file.read_text() + f"emergency_stop: {{web: {port}}}\n", encoding="utf-8")
    bench.arm()
    bench.holding_run()
    os.kill(bench.supervisor(), signal.SIGSTOP)
    stopped = bench.twinfeed("stop", "smoke")
    assert "does not answer; it is ended" in stopped.stdout
    assert (stopped.returncode, bench.outlets()) == (0, SAFE)

    page = f"http://127.0.0.1:{port}/"
    pressed = urllib.request.Request(page + "stop", data=b"", headers={"Origin": "http://evil.example"})
    answer = urllib.request.urlopen(pressed, timeout=120).read().decode()
    assert "<p>stopped</p>" in answer
    assert "the bench is in its safe state" in answer
    assert any("from a page of http://evil.example" in str(entry.data) for entry in bench.said("is told to stop"))


def test_a_supervisor_that_hangs_is_ended_by_its_guard(bench: ProcessBench) -> None:
    bench.arm()
    bench.holding_run()
    os.kill(bench.supervisor(), signal.SIGSTOP)
    bench.until(lambda: bench.said("is safe"), "the guard has ended it and made the bench safe")
    assert "showed no life" in bench.said("makes the bench safe")[0].data["why"]
    assert bench.outlets() == SAFE


def test_the_stop_page_shows_who_armed_the_bench_only_with_the_token(bench: ProcessBench) -> None:
    port = free_port()
    bench.file.write_text(bench.file.read_text() + f"emergency_stop: {{web: {port}}}\n", encoding="utf-8")
    bench.arm()
    page = f"http://127.0.0.1:{port}/"
    anybody = urllib.request.urlopen(page, timeout=120).read().decode()
    assert "EMERGENCY STOP" in anybody
    assert "Awa" not in anybody
    token = (bench.place / "page-token").read_text().strip()
    with_cookies = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    assert "<p>armed by Awa</p>" in with_cookies.open(f"{page}?token={token}", timeout=60).read().decode()


def listed(bench: ProcessBench, command: str) -> subprocess.CompletedProcess[str]:
    """A command of `rig` that names no bench."""
    return warm.run("rig", command, env=bench.env, timeout_s=2 * PATIENCE_S)


def press_the_key(bench: ProcessBench) -> None:
    """Somebody switches outlet 2 on at the PDU itself, behind the back of every process of the bench."""

    async def press() -> None:
        pdu = SnmpTransport.v2c(f"{bench.network}.12", 1161, write_community="private")
        # PowerNet-MIB rPDU2OutletSwitchedControlCommand: immediateOn(1)
        await pdu.set("1.3.6.1.4.1.318.1.1.26.9.2.4.1.5.2", "integer", 1)
        pdu.close()

    with ThreadPoolExecutor(1) as thread:  # a test may have a loop of its own
        thread.submit(asyncio.run, press()).result()
