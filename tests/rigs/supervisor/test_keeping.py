"""Safe is a state that is kept: read back, tried again, watched, and left only by a person's reset."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from memory_bench import ACTUATORS, RIG, MemoryBench, Switch

from twinfeed.emulators.yamlfile import FileError
from twinfeed.hil_rigs import actuators, rigfile
from twinfeed.hil_rigs.actuators import ActuatorFailed
from twinfeed.hil_rigs.connecting import connect_what_can
from twinfeed.hil_rigs.dialogue import Unattended
from twinfeed.hil_rigs.emergency.life import Life
from twinfeed.hil_rigs.emergency.mark import Mark
from twinfeed.hil_rigs.schema import Position
from twinfeed.hil_rigs.supervisor.keeper import LONGEST_PAUSE_S, WATCH_S
from twinfeed.hil_rigs.supervisor.moves import Denied, Moves
from twinfeed.hil_rigs.supervisor.supervisor import Supervisor


def tripped(bench: MemoryBench, sections: str = "") -> Supervisor:
    supervisor = bench.armed(sections)
    bench.run(supervisor.trip("a test"))
    return supervisor


def at(bench: MemoryBench) -> dict[str, Position]:
    return {name: switch.at for name, switch in bench.switches.items()}


SAFE = {"mains": "off", "load": "on"}


# -- tried again -------------------------------------------------------------------------------------------------------


def test_what_was_out_of_reach_is_made_safe_when_it_is_there_again(bench: MemoryBench) -> None:
    supervisor = bench.armed()
    bench.switches["mains"].stuck = True
    bench.run(supervisor.trip("the network is gone"))
    bench.wait(120.0)
    assert (supervisor.life.state in ("not safe", "making safe"), supervisor.not_safe) == (
        True,
        ["mains: mains is stuck"],
    )
    bench.switches["mains"].stuck = False
    bench.wait(LONGEST_PAUSE_S + 1.0)
    assert (supervisor.life.state, supervisor.not_safe, at(bench)) == ("safe", [], SAFE)


def test_a_second_round_over_what_failed_follows_at_once(bench: MemoryBench) -> None:
    supervisor = bench.armed()
    mains, tries = bench.switches["mains"], []
    move = mains.move

    async def fails_once(position: Position, parameters: Mapping[str, float] | None = None) -> None:
        tries.append(bench.loop.time())
        if len(tries) == 1:
            raise ActuatorFailed("mains: no answer")
        await move(position, parameters)

    mains.move = fails_once  # type: ignore[method-assign]
    bench.run(supervisor.trip("a test", rounds=2))
    assert (supervisor.life.state, tries[1] - tries[0] < 0.1) == ("safe", True)


def test_a_long_time_of_trying_fills_no_disk(bench: MemoryBench) -> None:
    supervisor = bench.armed()
    bench.switches["mains"].stuck = True
    bench.run(supervisor.trip("a test"))
    bench.wait(30.0)
    before = tries(bench)
    bench.wait(3600.0)
    assert tries(bench) == before


def tries(bench: MemoryBench) -> list[tuple[str, str]]:
    return [line for line in bench.lines() if line[1] in ("moves", "failed", "moved", "is not safe")]


@given(order=st.permutations(["a", "b", "c", "d"]), broken=st.sets(st.sampled_from(["a", "b", "c", "d"])))
def test_the_order_holds_in_each_round_whatever_fails(order: list[str], broken: set[str]) -> None:
    bench = MemoryBench(Path("/nonexistent"))
    rig = rig_of_four(order)
    switches = {name: Switch(name, bench.moves) for name in "abcd"}
    tried: list[str] = []
    moves = Moves(rig, switches, lambda who, what, **_: tried.append(who) if what == "moves" else None, lambda _: None)
    for name in broken:
        switches[name].stuck = True
    first = bench.run(moves.to_safe())
    assert (tried, set(first)) == (order, broken)
    for name in broken:
        switches[name].stuck = False
    bench.moves.clear()
    assert bench.run(moves.to_safe(first, patient=True)) == {}
    assert [name for name, _ in bench.moves] == [name for name in order if name in broken]
    bench.loop.close()


_READ: dict[str, rigfile.Rig] = {}


def rig_of_four(order: list[str]) -> rigfile.Rig:
    key = ", ".join(order)
    if key not in _READ:
        outlets = enumerate("abcd", 1)
        four = "".join(f"  {name}: {{outlet: pdu-1.outlet.{n}.control, safe: 'off'}}\n" for n, name in outlets)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "rig.yaml")
            path.write_text(f"{RIG}actuators:\n{four}order: {{de_energise: [{key}]}}\n", encoding="utf-8")
            _READ[key] = rigfile.read(path)
    return _READ[key]


# -- read back and watched ---------------------------------------------------------------------------------------------


def test_an_answer_is_no_safe_state(bench: MemoryBench) -> None:
    """It acknowledges and stays where it was."""
    supervisor = bench.armed()

    async def acknowledges(position: Position, parameters: Mapping[str, float] | None = None) -> None:
        return

    bench.switches["mains"].move = acknowledges  # type: ignore[method-assign]
    bench.run(supervisor.trip("a test"))
    assert supervisor.not_safe == ["mains: should be off, stands at on"]


def test_a_key_that_is_pressed_after_the_stop_is_taken_back(bench: MemoryBench) -> None:
    supervisor = tripped(bench)
    bench.switches["mains"].at = "on"
    bench.wait(WATCH_S + 0.5)
    assert (at(bench), supervisor.life.state) == (SAFE, "safe")
    assert ("supervisor", "has left the safe state") in bench.lines()


def test_a_stop_while_safe_reads_the_positions_anew(bench: MemoryBench) -> None:
    supervisor = tripped(bench)
    bench.switches["mains"].at = "on"
    bench.run(supervisor.trip("once more"))
    assert at(bench) == SAFE


def test_a_position_that_cannot_be_read_is_not_safe(bench: MemoryBench) -> None:
    supervisor = tripped(bench)

    async def silent() -> Position:
        raise ActuatorFailed("mains: its position cannot be read")

    async def gone(position: Position, parameters: Mapping[str, float] | None = None) -> None:
        raise ActuatorFailed("mains: no answer")

    mains = bench.switches["mains"]
    mains.position, mains.move = silent, gone  # type: ignore[method-assign]
    bench.wait(WATCH_S + 1.0)
    assert supervisor.not_safe == ["mains: no answer"]


# -- reset and disarm --------------------------------------------------------------------------------------------------


def test_a_reset_that_fails_makes_the_bench_safe_again(bench: MemoryBench) -> None:
    supervisor = tripped(bench)
    moved: list[Position] = []
    load, mains = bench.switches["load"], bench.switches["mains"]
    move = mains.move

    async def only_off(position: Position, parameters: Mapping[str, float] | None = None) -> None:
        moved.append(position)
        if position == "on":
            raise ActuatorFailed("mains: refused")
        await move(position, parameters)

    mains.move = only_off  # type: ignore[method-assign]
    with pytest.raises(Denied, match="so the bench was made safe again: mains: refused"):
        bench.run(supervisor.reset("Awa"))
    assert (supervisor.life.state, load.at, moved) == ("safe", "on", ["on", "off"])


def test_a_stop_cuts_a_reset_short(bench: MemoryBench) -> None:
    supervisor = tripped(bench, "limits: {step: 60s, safe_within: 10min}")
    bench.switches["mains"].slow_s = 20.0

    async def both() -> None:
        reset = asyncio.ensure_future(supervisor.reset("Awa"))
        await asyncio.sleep(1.0)
        bench.switches["mains"].slow_s = 0.0
        await supervisor.trip("smoke")
        with pytest.raises(Denied, match="the reset was cut short"):
            await reset

    bench.run(both())
    assert (supervisor.life.state, at(bench)) == ("safe", SAFE)


def test_a_bench_is_not_disarmed_before_it_was_read_back_normal(bench: MemoryBench) -> None:
    supervisor = bench.armed()
    bench.run(supervisor.apply("utility-a", "outage", {}))

    async def acknowledges(position: Position, parameters: Mapping[str, float] | None = None) -> None:
        return

    bench.switches["mains"].move = acknowledges  # type: ignore[method-assign]
    with pytest.raises(ActuatorFailed, match="mains: should be on, stands at off"):
        bench.run(supervisor.disarm("Awa"))
    assert supervisor.state == "armed"


def test_nothing_moves_away_while_the_bench_is_disarmed(bench: MemoryBench) -> None:
    """A test causes its next fault just when a person disarms the bench."""
    supervisor = bench.armed()
    bench.run(supervisor.apply("utility-a", "outage", {}))
    for switch in bench.switches.values():
        switch.slow_s = 0.5

    async def both() -> None:
        disarm = asyncio.ensure_future(supervisor.disarm("Awa"))
        await asyncio.sleep(0.1)
        with pytest.raises(Denied, match="the bench is being disarmed"):
            await supervisor.apply("pdu-1", "inlet-loss", {})
        await disarm

    bench.run(both())
    assert (supervisor.state, at(bench)) == ("read-only", {"mains": "on", "load": "on"})


def test_an_arming_whose_end_fails_does_not_end_the_watch_over_the_limits(bench: MemoryBench) -> None:
    supervisor = bench.armed(for_s=60.0)
    bench.run(supervisor.apply("utility-a", "outage", {}))
    bench.run(supervisor.lift("utility-a", "outage"))
    bench.switches["mains"].at = "off"
    bench.wait(62.0)
    assert supervisor.state == "tripped"
    assert "mains: should be on, stands at off" in supervisor.tripped


def test_a_bench_without_a_guard_is_not_armed(bench: MemoryBench) -> None:
    supervisor = bench.start()
    supervisor.guarded = False
    with pytest.raises(Denied, match="the guard of the supervisor has ended"):
        bench.run(supervisor.arm("Awa", 60.0))


def test_a_bench_whose_mark_cannot_be_written_is_not_armed(bench: MemoryBench, monkeypatch: pytest.MonkeyPatch) -> None:
    supervisor = bench.start()

    def full(_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Mark, "_write", full)
    with pytest.raises(Denied, match=r"that the bench is armed cannot be noted: .*No space left"):
        bench.run(supervisor.arm("Awa", 60.0))
    monkeypatch.undo()
    assert (supervisor.state, supervisor.life) == ("read-only", Life())


# -- state that is missing for one actuator ----------------------------------------------------------------------------

LOCKED = """
bench: locked
wiring: bench
devices:
  pdu-1: {snmp: {address: 127.30.0.21, port: 1161, write: "env:NOT_SET_ANYWHERE"}}
  relay-1: {modbus: {address: 127.30.0.81, port: 1502}}
actuators:
  load: {outlet: pdu-1.outlet.1.control}
  breaker: {relay: relay-1.relay.1.closed, normal: "off"}
"""


def test_one_missing_password_fails_its_own_actuator_only(tmp_path: Path) -> None:
    path = tmp_path / "locked.yaml"
    path.write_text(LOCKED, encoding="utf-8")
    rig = rigfile.read(path)
    bench = MemoryBench(tmp_path)
    made = actuators.make_what_can(rig, connect_what_can(rig), Unattended())
    moved: list[tuple[str, Position]] = []
    made["breaker"] = Switch("breaker", moved)
    failed = bench.run(Moves(rig, made, lambda *_, **__: None, lambda _: None).to_safe())
    assert moved == [("breaker", "off")]
    assert list(failed) == ["load"]
    assert "env:NOT_SET_ANYWHERE: the environment variable is not set" in failed["load"]
    bench.loop.close()


# -- the rig file ------------------------------------------------------------------------------------------------------


def test_a_step_that_cuts_a_time_out_short_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "rig.yaml"
    text = f"{RIG}{ACTUATORS}limits:\n  heartbeat: 2s\n  step: 500ms\n"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(FileError) as refused:
        rigfile.read(path)
    line = text.splitlines().index("  step: 500ms") + 1
    assert str(refused.value) == (
        f"{path}:{line}: limits.step: found 0.5 s, expected 1 s or more: mains waits so long for one answer "
        "(devices.pdu-1.snmp.timeout); raise the step, or lower that time-out"
    )


def test_a_step_that_is_left_out_outlives_one_lost_answer(tmp_path: Path) -> None:
    path = tmp_path / "locked.yaml"
    path.write_text(LOCKED, encoding="utf-8")
    bench = rigfile.read(path).bench
    assert {name: bench.step_s(name) for name in bench.actuators} == {"load": 2.0, "breaker": 4.0}
