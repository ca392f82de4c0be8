"""Faults on a bench: caused by actuators, proven by instruments, ended again, with rest between."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from memory_bench import MemoryBench

from twinfeed.hil_rigs.actuators import ActuatorFailed
from twinfeed.hil_rigs.schema import Inhibit
from twinfeed.hil_rigs.supervisor.arming import inhibited
from twinfeed.hil_rigs.supervisor.moves import Denied

PROVEN = """
actuators:
  mains:
    outlet: pdu-1.outlet.2.control
    causes: {utility-a outage: "off"}
    proof: {quantity: rack-1.supplied, is: false, within: 5s}
"""


def test_a_fault_moves_its_actuator_and_its_end_moves_it_back(bench: MemoryBench) -> None:
    supervisor = bench.armed()
    bench.run(supervisor.apply("utility-a", "outage", {}))
    bench.run(supervisor.lift("utility-a", "outage"))
    assert bench.moves == [("mains", "off"), ("mains", "on")]


def test_a_fault_without_an_actuator_is_denied(bench: MemoryBench) -> None:
    supervisor = bench.armed()
    with pytest.raises(Denied, match="no actuator of memory causes utility-a sag"):
        bench.run(supervisor.apply("utility-a", "sag", {}))


def test_a_reading_that_is_too_old_proves_nothing(bench: MemoryBench) -> None:
    supervisor = bench.armed(actuators=PROVEN)
    bench.values["rack-1.supplied"] = False
    bench.wait(2.0)
    bench.run(supervisor.sampling.pause())  # the instrument hangs: it neither answers nor fails
    bench.wait(10.0)
    with pytest.raises(ActuatorFailed, match=r"after 5 s rack-1\.supplied is unknown"):
        bench.run(supervisor.apply("utility-a", "outage", {}))


def test_a_move_is_proven_by_measurement(bench: MemoryBench) -> None:
    supervisor = bench.armed(actuators=PROVEN)
    bench.loop.call_later(2.0, bench.values.update, {"rack-1.supplied": False})
    bench.run(supervisor.apply("utility-a", "outage", {}))
    assert ("mains", "proven") in bench.lines()


def test_a_move_that_shows_nowhere_fails_and_is_taken_back(bench: MemoryBench) -> None:
    supervisor = bench.armed(actuators=PROVEN)
    with pytest.raises(ActuatorFailed, match=r"after 5 s rack-1.supplied is True, expected rack-1.supplied is False"):
        bench.run(supervisor.apply("utility-a", "outage", {}))
    assert bench.moves == [("mains", "off"), ("mains", "on")]


def test_what_nobody_has_begun_to_move_is_not_brought_back(bench: MemoryBench) -> None:
    supervisor = bench.armed(actuators=PROVEN)
    bench.switches["mains"].absent = True
    with pytest.raises(ActuatorFailed, match="nobody is there"):
        bench.run(supervisor.apply("utility-a", "outage", {}))
    assert (bench.moves, supervisor.moves.faults) == ([], {})


PLUG = """
actuators:
  plug: {operator: {do: {"on": Plug it in., "off": Pull the plug.}}, causes: {utility-a outage: "off"}}
"""


def test_people_are_not_asked_to_undo_what_they_have_not_begun(bench: MemoryBench) -> None:
    supervisor = bench.armed(actuators=PLUG)
    plug = bench.switches["plug"]
    plug.absent = True
    with pytest.raises(ActuatorFailed, match="nobody is there"):
        bench.run(supervisor.apply("utility-a", "outage", {}))
    plug.absent = False
    bench.run(supervisor.moves.to_normal())
    assert plug.asked == [("off", {})]


def test_people_are_asked_again_to_undo_what_they_have_done(bench: MemoryBench) -> None:
    supervisor = bench.armed(actuators=PLUG)
    plug = bench.switches["plug"]
    bench.run(supervisor.apply("utility-a", "outage", {}))
    plug.absent = True
    with pytest.raises(ActuatorFailed, match="nobody is there"):
        bench.run(supervisor.lift("utility-a", "outage"))
    plug.absent = False
    bench.run(supervisor.moves.to_normal())
    assert plug.asked == [("off", {}), ("on", {}), ("on", {})]
    bench.run(supervisor.moves.to_normal())
    assert len(plug.asked) == 3, "it is back"


def test_what_nobody_says_to_have_moved_and_was_moved_all_the_same_is_told(bench: MemoryBench) -> None:
    supervisor = bench.armed(actuators=PROVEN)
    bench.switches["mains"].absent = True
    bench.values["rack-1.supplied"] = False
    bench.wait(2.0)
    with pytest.raises(ActuatorFailed, match=r"rack-1.supplied is False, expected no longer rack-1.supplied is False"):
        bench.run(supervisor.apply("utility-a", "outage", {}))


def test_a_fault_whose_end_is_not_proven_counts_as_there(bench: MemoryBench) -> None:
    supervisor = bench.armed()
    bench.run(supervisor.apply("utility-a", "outage", {}))
    bench.switches["mains"].stuck = True
    with pytest.raises(ActuatorFailed, match="mains is stuck"):
        bench.run(supervisor.lift("utility-a", "outage"))
    bench.switches["mains"].stuck = False
    bench.run(supervisor.restore())
    assert bench.switches["mains"].at == "on"


def test_an_actuator_rests_between_two_moves(bench: MemoryBench) -> None:
    supervisor = bench.armed("limits: {rest: 10s}")
    started_s = bench.loop.time()
    bench.run(supervisor.apply("utility-a", "outage", {}))
    bench.run(supervisor.lift("utility-a", "outage"))
    assert bench.loop.time() - started_s == pytest.approx(10.0)


def test_the_way_to_the_safe_state_waits_for_no_rest(bench: MemoryBench) -> None:
    supervisor = bench.armed("limits: {rest: 1h}")
    bench.run(supervisor.apply("utility-a", "outage", {}))
    started_s = bench.loop.time()
    bench.run(supervisor.trip("a test"))
    assert bench.loop.time() - started_s < 1.0


def test_one_actuator_causes_one_fault_at_a_time(bench: MemoryBench) -> None:
    both = ACTUATORS_OF_ONE
    supervisor = bench.armed(actuators=both)
    bench.run(supervisor.apply("utility-a", "outage", {}))
    with pytest.raises(Denied, match="mains causes utility-a outage now and cannot cause pdu-1 inlet-loss as well"):
        bench.run(supervisor.apply("pdu-1", "inlet-loss", {}))


ACTUATORS_OF_ONE = """
actuators:
  mains: {outlet: pdu-1.outlet.2.control, causes: {utility-a outage: "off", pdu-1 inlet-loss: "off"}}
"""


def test_restoring_ends_everything_a_test_has_begun(bench: MemoryBench) -> None:
    supervisor = bench.armed()
    bench.run(supervisor.apply("utility-a", "outage", {}))
    bench.run(supervisor.apply("pdu-1", "inlet-loss", {}))
    bench.run(supervisor.restore())
    assert {name: switch.at for name, switch in bench.switches.items()} == {"mains": "on", "load": "on"}


@pytest.mark.parametrize(
    ("daily", "clock", "within"),
    [("20:00-06:00", "23:59", True), ("20:00-06:00", "05:59", True), ("20:00-06:00", "06:00", False),
     ("12:00-13:30", "12:00", True), ("12:00-13:30", "13:30", False), ("12:00-13:30", "11:59", False)],
)  # fmt: skip
def test_a_window_may_pass_midnight(daily: str, clock: str, within: bool) -> None:
    at = datetime.strptime(f"2026-11-24 {clock}", "%Y-%m-%d %H:%M")
    assert (inhibited([Inhibit(daily=daily)], at) is not None) is within


@given(at=st.datetimes())
def test_a_window_of_the_whole_day_but_a_minute_leaves_that_minute(at: datetime) -> None:
    window = Inhibit(daily="00:01-00:00")
    assert (inhibited([window], at) is None) is (at.strftime("%H:%M") == "00:00")
