"""Whatever a schedule does to a site: when it is over, nothing of it is left."""

from __future__ import annotations

import math
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from emulators.site import Site
from harness.faults.injection import Injection
from harness.faults.on_site import SiteFaults
from harness.faults.schedule import Schedule

END_S = 400.0

LEAVES_NOTHING: tuple[tuple[str, str, dict[str, float]], ...] = (
    ("meter-1:power.total", "sensor-stuck", {}),
    ("meter-1:voltage.1", "sensor-bias", {"offset": 20.0}),
    ("meter-1:voltage.1", "sensor-drift", {"rate": 500.0}),
    ("meter-1:frequency", "sensor-noise", {"sigma": 2.0}),
    ("meter-1:voltage.1,voltage.2", "sensor-swapped", {}),
    ("meter-1", "clock-jump", {"offset": 5000.0}),
    ("meter-1", "card-slow", {"delay_s": 3.0}),
    ("pdu-1", "command-ignored", {}),
    ("crah-1", "alarm-not-raised", {}),
    ("ats-1", "settings-lost", {}),
    ("ats-main", "settings-lost", {}),
    ("ats-main:setting.retransfer", "settings-changed", {"percent": 150.0}),
    ("ats-main:setting.automatic_return", "settings-changed", {}),
    ("generator-1", "no-remote-start", {}),
    ("generator-1", "radiator-fan", {}),
    ("utility-a", "frequency-drift", {"hertz": 0.05}),
)
"""Faults that a quiet bench does not act on: once they are over, all is as if they had never been."""


@st.composite
def injections(draw: st.DrawFn) -> Injection:
    target, kind, parameters = draw(st.sampled_from(LEAVES_NOTHING))
    flap = draw(st.none() | st.tuples(st.integers(1, 30), st.integers(1, 30)))
    ramps = bool(parameters) and flap is None and draw(st.booleans())
    return Injection(
        target,
        kind,
        float(draw(st.integers(0, 200))),
        float(draw(st.integers(1, 150))),
        parameters,
        float(draw(st.integers(1, 100))) if ramps else 0.0,
        flap,
        flap_jitter=0.2 if flap else 0.0,
    )


def run(site: Site, schedule: Schedule, start: float, realise: bool) -> None:
    """Drive the site through the schedule, doing what it says or just stopping at the same times."""
    sink = SiteFaults(site)
    while (due_s := schedule.next_due_s()) <= END_S:
        site.plant.advance(start + due_s)
        for action in schedule.advance(due_s):
            if realise:
                action.on(sink)
            else:
                site.plant.settle()
    site.plant.advance(start + END_S)


def remembered(site: Site) -> dict[str, Any]:
    """All that is remembered, but for the event logs and the order in which timers were set."""
    snapshot = site.plant.snapshot()
    for state in snapshot["actors"].values():
        state.pop("events", None)
    timers = sorted([id, name, due] for id, name, due, _ in snapshot["timers"])
    return {"now": snapshot["now"], "actors": snapshot["actors"], "timers": timers}


def differences(one: Any, other: Any, where: str = "") -> list[str]:
    """Where the two are not alike: numbers may differ a little, for a look more divides a step."""
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        return [line for key in one for line in differences(one[key], other[key], f"{where}.{key}")]
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        return [
            line for n, pair in enumerate(zip(one, other, strict=True)) for line in differences(*pair, f"{where}.{n}")
        ]
    if isinstance(one, float) and isinstance(other, float) and math.isclose(one, other, rel_tol=1e-3, abs_tol=1e-4):
        return []
    return [] if one == other else [f"{where}: {one} and not {other}"]


@settings(max_examples=25, deadline=None)
@given(found=st.lists(injections(), min_size=1, max_size=5), seed=st.integers(0, 99))
def test_faults_without_a_lasting_effect_leave_the_site_as_if_they_had_never_been(
    bench_and_snapshot: tuple[Site, dict[str, Any]], found: list[Injection], seed: int
) -> None:
    site, snapshot = bench_and_snapshot
    site.plant.restore(snapshot)
    run(site, Schedule(found, seed), site.now, realise=False)
    undisturbed = remembered(site)
    site.plant.restore(snapshot)
    run(site, Schedule(found, seed), site.now, realise=True)
    assert site.active_faults() == []
    assert differences(remembered(site), undisturbed) == []


ANYTHING: tuple[tuple[str, str], ...] = (
    ("utility-a", "outage"), ("utility-b", "outage"), ("utility-b", "sag"), ("utility-a", "phase-loss"),
    ("generator-1", "fail-to-start"), ("generator-1", "left-in-manual"), ("ats-main", "stuck"),
    ("ats-main", "left-in-manual"), ("ats-main", "controller-hang"), ("ats-main", "alarm-storm"),
    ("ups-1", "left-in-manual"), ("ups-1", "battery-weak"), ("ups-1", "alarm-storm"), ("ups-2", "card-reboot"),
    ("q-chiller", "wrong-breaker"), ("q-chiller", "trip"), ("chiller-1", "lockout"), ("chiller-1", "left-in-manual"),
    ("crah-1:air.supply", "sensor-stuck"), ("crah-1:air.supply", "sensor-spike"), ("crah-1", "fan-failure"),
    ("loop-1", "valve-shut"), ("ats-main:source.1.voltage.1", "sensor-noise"), ("pdu-1", "inlet-loss"),
    ("crah-1:setpoint.supply", "settings-changed"), ("room-1", "fire-suppression"), ("switch-1", "reload"),
)  # fmt: skip


@settings(max_examples=25, deadline=None)
@given(
    found=st.lists(
        st.builds(
            lambda pair, at_s, for_s: Injection(*pair, at_s=float(at_s), for_s=float(for_s)),
            st.sampled_from(ANYTHING),
            st.integers(0, 250),
            st.integers(1, 150),
        ),
        max_size=8,
    )
)
def test_no_fault_and_no_timer_of_one_outlives_its_schedule(
    bench_and_snapshot: tuple[Site, dict[str, Any]], found: list[Injection]
) -> None:
    site, snapshot = bench_and_snapshot
    site.plant.restore(snapshot)
    run(site, Schedule(found), site.now, realise=True)
    assert site.active_faults() == []
    assert [timer for timer in site.plant.timers if timer[1].startswith(("clear ", "look ", "isolate ", "lock "))] == []
    assert {name: device.state.set_aside for name, device in site.devices.items() if device.state.set_aside} == {}
