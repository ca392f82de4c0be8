"""Whatever a schedule does to a site: when it is over, nothing of it is left."""

from __future__ import annotations

import math
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from workers.examples import examples

from twinfeed.emulators.site import Site
from twinfeed.harness.faults.injection import Injection
from twinfeed.harness.faults.schedule import Schedule
from twinfeed.harness.faults.sinks import OfSite

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
    """Drive the site through the schedule, doing its actions or just stopping at the same times."""
    sink = OfSite(site)
    while (due_s := schedule.next_due_s()) <= END_S:
        site.plant.advance(start + due_s)
        for action in schedule.advance(due_s):
            if realise:
                action.on(sink)
            else:
                site.plant.settle()
    site.plant.advance(start + END_S)


def state(site: Site) -> dict[str, Any]:
    """All that can be seen of the site, and what its firmware keeps."""
    return {
        "quantities": {f"{c.id}.{q}": c.quantity(q) for c in site.components.values() for q in c.QUANTITIES},
        "points": {f"{d.name}.{p}": d.read(p) for d in site.devices.values() for p in d.point_names()},
        "kept": {d.name: [d.state.settings, d.state.set_aside, sorted(d.state.alarms)] for d in site.devices.values()},
        "timers": sorted(f"{id} {name}" for id, name in site.plant.timers),
    }


def differences(one: dict[str, Any], other: dict[str, Any]) -> list[str]:
    """Differences of the two; numbers may differ a little, for one more reading divides a step."""
    return [
        f"{name}: {value!r} and not {other[part].get(name)!r}"
        for part in ("quantities", "points")
        for name, value in one[part].items()
        if not alike(value, other[part].get(name))
    ] + [f"{part}: {one[part]} and not {other[part]}" for part in ("kept", "timers") if one[part] != other[part]]


def alike(one: Any, other: Any) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=0.01, abs_tol=0.01) or (math.isnan(one) and math.isnan(other))
    return bool(one == other)


@settings(max_examples=examples(25, quick=8), deadline=None)
@given(found=st.lists(injections(), min_size=1, max_size=5), seed=st.integers(0, 99))
def test_faults_without_a_lasting_effect_leave_the_site_as_if_they_had_never_been(
    bench_and_snapshot: tuple[Site, dict[str, Any]], found: list[Injection], seed: int
) -> None:
    site, snapshot = bench_and_snapshot
    site.plant.restore(snapshot)
    run(site, Schedule(found, seed), site.now, realise=False)
    undisturbed = state(site)
    site.plant.restore(snapshot)
    run(site, Schedule(found, seed), site.now, realise=True)
    assert site.active_faults() == []
    assert differences(state(site), undisturbed) == []


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


@settings(max_examples=examples(25, quick=8), deadline=None)
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
    assert [
        timer for timer in site.plant.timers if timer[1].startswith(("clear ", "reevaluate ", "isolate ", "lock "))
    ] == []
    assert {name: device.state.set_aside for name, device in site.devices.items() if device.state.set_aside} == {}
