"""A stop while an actuator hangs, and while the bench's network is down: NOT SAFE, tried again, read back safe at last.

Each bench has a network namespace of its own; the emulators and every process of the bench are in it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from process_bench import RIG, ProcessBench, process_bench

GAP_S = 4.5
"""The gap of the network at which a bench of 0.1.0 stayed NOT SAFE, s."""

WITH_A_RELAY = (
    RIG.replace(
        "devices:\n  ups-1:",
        "  devices:\n"
        "    relay-1: {profile: advantech-adam-6060, inputs: [rack-1.supplied], outputs: [k1.open/close], address: 127.45.0.13}\n"
        "devices:\n  relay-1: {modbus: {address: 127.45.0.13, port: 1502, timeout: 1s}}\n  ups-1:",
    )
    .replace("    ups-1: {kind: ups, from: {input: utility-a}", "    k1: {kind: breaker, from: utility-a, rated_a: 16}\n    ups-1: {kind: ups, from: {input: k1}")
    .replace("safe_within: 30s", "safe_within: 40s")
    .replace(
        "instruments:", '  contactor-k1: {relay: relay-1.relay.1.closed, normal: "off", causes: {utility-a outage: "on"}}\ninstruments:'
    )
)  # fmt: skip


@pytest.fixture
def namespace() -> Iterator[list[str]]:
    """The words that run a command in a network namespace of its own, whose loopback is up."""
    tools = [tool for tool in ("unshare", "nsenter", "ip") if shutil.which(tool) is None]
    if os.geteuid() != 0 or tools:
        pytest.skip(f"a network namespace needs root and {', '.join(tools) or 'unshare, nsenter and ip'}")
    with subprocess.Popen(["unshare", "--net", "sh", "-c", "ip link set lo up && echo up && exec sleep inf"],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as holder:  # fmt: skip
        try:
            assert holder.stdout is not None
            if holder.stdout.readline() != "up\n":
                pytest.skip("this system lets nobody make a network namespace")
            yield ["nsenter", f"--net=/proc/{holder.pid}/ns/net"]
        finally:
            holder.kill()


@pytest.fixture
def bench(tmp_path: Path, namespace: list[str]) -> Iterator[ProcessBench]:
    with process_bench(tmp_path, WITH_A_RELAY, namespace) as running:
        yield running


def link(namespace: list[str], state: str) -> None:
    subprocess.run([*namespace, "ip", "link", "set", "lo", state], check=True)


def on_the_site(bench: ProcessBench, *words: str) -> None:
    command = bench.start("twinfeed.harness.cli", *words, log=f"{words[0]}.log")
    assert command.wait(60) == 0, (bench.folder / f"{words[0]}.log").read_text()


def test_a_relay_that_hangs_at_the_stop_keeps_no_other_from_its_turn_and_is_tried_until_it_is_read_back(
    bench: ProcessBench,
) -> None:
    bench.arm()
    on_the_site(bench, "fault", "relay-1", "card-hang")
    stopped = bench.twinfeed("stop", "smoke")
    assert (stopped.returncode, "NOT SAFE: contactor-k1: " in stopped.stderr) == (1, True)
    assert "spare" not in stopped.stderr, "the PDU, whose turn comes after the relay's, is in its safe position"
    bench.until(lambda: bench.status()["not_safe"], "it is tried again, and shown meanwhile")
    on_the_site(bench, "clear", "relay-1", "card-hang")
    bench.until(lambda: bench.said("is safe"), "the relay is read back safe")
    assert bench.said("is safe")[-1].data["rounds"] > 1
    assert bench.status()["not_safe"] == []


def test_a_link_that_is_down_for_four_and_a_half_seconds_at_the_stop_delays_the_safe_state_only(
    bench: ProcessBench, namespace: list[str]
) -> None:
    bench.arm()
    bench.holding_run()
    link(namespace, "down")
    began_s = time.monotonic()
    stopped = bench.twinfeed("stop", "smoke")
    assert (stopped.returncode, "NOT SAFE: load: " in stopped.stderr) == (1, True)
    time.sleep(max(0.0, began_s + GAP_S - time.monotonic()))
    assert not bench.said("is safe")
    link(namespace, "up")
    bench.until(lambda: bench.said("is safe"), "the supervisor has tried again")
    assert bench.said("is safe")[-1].data["rounds"] > 2
    assert bench.status()["not_safe"] == []
