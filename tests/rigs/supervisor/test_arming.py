"""A bench is read-only until a person arms it, and again when the time is over."""

from __future__ import annotations

import pytest
from memory_bench import MemoryBench

from twinfeed.hil_rigs.supervisor.moves import Denied


def test_nothing_moves_before_it_is_armed(bench: MemoryBench) -> None:
    supervisor = bench.start()
    with pytest.raises(Denied, match="the bench is not armed: twinfeed rig arm"):
        bench.run(supervisor.apply("utility-a", "outage", {}))
    assert bench.moves == []


def test_only_those_arm_whom_the_file_names(bench: MemoryBench) -> None:
    supervisor = bench.start()
    with pytest.raises(Denied, match="Moussa may not arm memory; who may: Awa"):
        bench.run(supervisor.arm("Moussa", 60.0))


@pytest.mark.parametrize("for_s", [0.0, -1.0, 13 * 3600.0, float("nan")])
def test_it_is_armed_for_a_shift_at_most(bench: MemoryBench, for_s: float) -> None:
    supervisor = bench.start()
    with pytest.raises(Denied, match="expected more than 0 and at most 12 h"):
        bench.run(supervisor.arm("Awa", for_s))


def test_a_bench_that_would_trip_at_once_is_not_armed(bench: MemoryBench) -> None:
    bench.values["ups-1.battery.charge"] = 30.0
    supervisor = bench.start("interlocks: {charge: {quantity: ups-1.battery.charge, above: 40}}")
    with pytest.raises(
        Denied, match=r"interlock charge: ups-1.battery.charge is 30, expected ups-1.battery.charge above 40"
    ):
        bench.run(supervisor.arm("Awa", 60.0))


def test_a_blind_interlock_is_a_reason_not_to_arm(bench: MemoryBench) -> None:
    bench.values["ups-1.battery.charge"] = None
    supervisor = bench.start("interlocks: {charge: {quantity: ups-1.battery.charge, above: 40}}")
    with pytest.raises(
        Denied, match=r"watches ups-1.battery.charge, which has no reading: ups-1.battery.charge: nothing there"
    ):
        bench.run(supervisor.arm("Awa", 60.0))


def test_an_instrument_beyond_its_calibration_is_a_reason_not_to_arm(bench: MemoryBench) -> None:
    supervisor = bench.start("  ups-1.input.1.voltage: {point: ups-1.input.1.voltage, due: 2020-01-31}", actuators="")
    with pytest.raises(Denied, match=r"ups-1.input.1.voltage: .*calibration was due 2020-01-31"):
        bench.run(supervisor.arm("Awa", 60.0))


def test_a_bench_at_rest_is_read_only_when_its_time_is_over(bench: MemoryBench) -> None:
    supervisor = bench.armed(for_s=60.0)
    bench.wait(61.0)
    assert supervisor.state == "read-only"
    assert bench.lines()[-1] == ("the clock", "disarmed the bench")


def test_a_bench_that_is_not_at_rest_is_made_safe_when_its_time_is_over(bench: MemoryBench) -> None:
    supervisor = bench.armed(for_s=60.0)
    bench.run(supervisor.apply("utility-a", "outage", {}))
    bench.wait(61.0)
    assert supervisor.state == "tripped"
    assert "the time for which Awa armed the bench is over" in supervisor.tripped


def test_disarming_brings_everything_back_to_normal(bench: MemoryBench) -> None:
    supervisor = bench.armed()
    bench.run(supervisor.apply("utility-a", "outage", {}))
    bench.run(supervisor.disarm("Awa"))
    assert bench.switches["mains"].at == "on"
    assert supervisor.state == "read-only"


def test_a_bench_that_was_armed_when_its_supervisor_ended_is_made_safe_by_the_next_one(bench: MemoryBench) -> None:
    folder = bench.folder / "benches" / "memory"
    folder.mkdir(parents=True)
    (folder / "armed").write_text("Awa", encoding="utf-8")
    supervisor = bench.start()
    assert "armed when its supervisor ended" in supervisor.tripped
    assert bench.moves == [("mains", "off"), ("load", "on")]
