"""A serial line on which octets are changed, and one on which a second master speaks.

    supervisor ── pty ═ socat ═ pty ── noisy line ── pty ═ socat ═ pty ── pymodbus' server: a relay module, unit 1

What comes wrong from a line must become an error, never a value; a bench that can no longer be watched is made safe.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from external import background, program, until
from proof_bench import ProofBench, in_order

from twinfeed.harness.transports import TransportError
from twinfeed.hil_rigs.world.world import BenchStopped

PROGRAMS = Path(__file__).with_name("serial_programs.py")

RIG = """
bench: proofs-serial
checklist: []
may_arm: [Awa]
wiring:
  addresses: 127.45.0.0/24
  power:
    utility-a: {kind: utility, capacity_kw: 20}
    q-load: {kind: breaker, from: utility-a, rated_a: 32}
  devices:
    relay-1: {profile: advantech-adam-6060, address: 127.45.0.13, inputs: [q-load.closed], outputs: [q-load.open/close]}
devices:
  relay-1: {modbus: {serial: LINE, unit: 1, parity: N, stop_bits: 2, timeout: 500ms}}
actuators:
  breaker: {relay: relay-1.relay.1.closed, normal: "off", causes: {q-load trip: "on"}, within: 2s}
instruments:
  q-load.closed: {point: relay-1.input.1.on, every: 100ms}
interlocks:
  closed: {quantity: q-load.closed, is: true, stale: 2s}
limits: {safe_within: 30s, heartbeat: 10s, step: 20s}
"""


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProofBench]:
    """The bench; its line's master end is `near`."""
    folder = tmp_path_factory.mktemp("line")
    near, relay_near, relay_far, far = (folder / name for name in ("near", "relay-near", "relay-far", "far"))
    with ExitStack() as stack:
        for one, other in ((near, relay_near), (relay_far, far)):
            command = [program("socat", "socat"), f"pty,raw,echo=0,link={one}", f"pty,raw,echo=0,link={other}"]
            stack.enter_context(background(command, folder / f"{one.name}.log"))
            until(lambda ends=(one, other): all(end.exists() for end in ends))
        for words in (("unit", far), ("noise", relay_near, relay_far)):
            log = folder / f"{words[0]}.log"
            stack.enter_context(background([sys.executable, str(PROGRAMS), *map(str, words)], log))
            until(lambda log=log: "serving" in log.read_text(), log.read_text)
        bench = ProofBench(folder, RIG.replace("LINE", str(near)))
        stack.callback(bench.stop)
        yield bench


@pytest.fixture
def serial_bench(line: ProofBench, monkeypatch: pytest.MonkeyPatch) -> Iterator[ProofBench]:
    with line.used(monkeypatch):
        yield line
        (line.folder / "relay-near.noise").unlink(missing_ok=True)
        line.stop_supervisor()


async def test_noise_on_the_line_becomes_errors_and_never_values(serial_bench: ProofBench) -> None:
    """One octet in eight is changed: the check sums of most frames are wrong, and the interlock soon sees nothing."""
    noise = serial_bench.folder / "relay-near.noise"
    read: list[object] = []
    told: list[str] = []

    async def test() -> None:
        async with serial_bench.run() as site:
            await site.inject("q-load", "trip")
            noise.touch()
            for _ in range(12):
                try:
                    read.append((await site["relay-1"].read("input.word")).value)
                except TransportError as error:
                    told.append(str(error))
            await site.run("1 min")

    with pytest.raises(BenchStopped, match=r"interlock closed: nothing is known of q-load.closed"):
        await test()
    assert set(read) <= {1300}
    assert told
    assert all("relay-1 input.word at modbus+serial:" in text for text in told)
    noise.unlink()
    assert serial_bench.twinfeed("stop", "the noise is over").returncode == 0
    assert in_order(
        serial_bench.story(),
        ("breaker", "moved"),
        ("supervisor", "trips"),
        ("breaker", "moves"),
        ("supervisor", "is safe"),
    )


async def test_a_second_master_on_the_line_becomes_an_error_that_names_it(serial_bench: ProofBench) -> None:
    """mbpoll polls the same unit for another register: its answers resemble ours."""
    master = [program("mbpoll", "mbpoll"), "-m", "rtu", "-b", "19200", "-P", "none", "-a", "1", "-0", "-r", "301"]
    near = str(serial_bench.folder / "near")
    read: list[object] = []
    told: list[str] = []

    async def test() -> None:
        async with serial_bench.run() as site:
            await site.inject("q-load", "trip")
            with background([*master, "-l", "100", near], serial_bench.folder / "mbpoll.log"):
                for _ in range(8):
                    try:
                        read.append((await site["relay-1"].read("input.word")).value)
                    except TransportError as error:
                        told.append(str(error))
                await site.run("1 min")

    with pytest.raises(BenchStopped, match=r"interlock closed: nothing is known of q-load.closed.*mbpoll \(pid"):
        await test()
    assert set(read) <= {1300}
    assert any("a line has one master" in text for text in told)
    assert serial_bench.twinfeed("stop", "mbpoll has ended").returncode == 0
    assert in_order(
        serial_bench.story(),
        ("breaker", "moved"),
        ("supervisor", "trips"),
        ("breaker", "moved"),
        ("supervisor", "is safe"),
    )


async def test_a_check_of_a_bench_that_a_run_holds_says_who_has_it(serial_bench: ProofBench) -> None:
    async with serial_bench.armed():
        check = serial_bench.twinfeed("check")
        assert check.returncode == 3
        assert "the bench proofs-serial is held by" in " ".join(check.stderr.split())
        assert "supervisor of" in " ".join(check.stderr.split())
