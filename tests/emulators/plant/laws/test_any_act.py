"""An action makes an event of its instant: what jumps there does not seem to have moved there since the event before.

Tried on `bench` with every way to act on a plant: a fault and its end, a deed of people, a write to a device as a client
over the wire does it, a step of a procedure.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache
from math import inf, isclose
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twinfeed.emulators.devices.firmware.device import Device
from twinfeed.emulators.devices.firmware.points import BoundPoint, PointError
from twinfeed.emulators.plant.kernel.actor import PlantError
from twinfeed.emulators.plant.kernel.deeds import AnyValue, Word
from twinfeed.emulators.plant.kernel.engine import SHORTEST_STEP_S
from twinfeed.emulators.plant.people.isolation import Isolation, Procedure, Step
from twinfeed.emulators.plant.power.breakers import CircuitBreaker
from twinfeed.emulators.site import Site
from twinfeed.harness.journal.sampling import Sampler

EXAMPLES = int(os.environ.get("TWINFEED_EXAMPLES", "12"))
"""Actions tried."""

AFTER_S = 10.0
"""The journal after an action is compared for this long, s."""

WAYS = ("fault", "end", "deed", "write", "step")

Act = tuple[str, str, str]
"""Way, target and name of an action."""


@cache
def bench() -> tuple[Site, dict[str, Any], list[Act]]:
    """The bench a minute after its start, and all actions on it."""
    site = Site.load("bench")
    site.advance(60.0)
    acts: list[Act] = []
    for target in (*site.components, *(name for name in site.devices if name not in site.components)):
        faults = [kind for kind, fault in site.faults(target).items() if not fault.of]
        acts += [(way, target, kind) for kind in faults for way in ("fault", "end")]
        acts += [
            ("deed", target, deed) for deed, kind in site.deeds(target).items() if arguments(kind.takes) is not None
        ]
    for name, device in site.devices.items():
        acts += [("write", name, point) for point in device.point_names() if writable(device.point(point))]
    acts += [
        ("step", target, "open")
        for target, component in site.components.items()
        if isinstance(component, CircuitBreaker)
    ]
    return site, site.plant.snapshot(), acts


def arguments(takes: Mapping[str, Any]) -> dict[str, Any] | None:
    """Arguments for a deed that needs some, None where any value of any point would do."""
    if any(isinstance(each, AnyValue) for each in takes.values()):
        return None
    words = {name: each for name, each in takes.items() if isinstance(each, Word) and each.default is None}
    return {name: (each.words or ("anybody",))[0] for name, each in words.items()}


def writable(point: BoundPoint) -> bool:
    return point.point.write is not None and point.domain.kind in ("number", "truth", "word")


def value(point: BoundPoint) -> Any:
    """A value for a point, another than it has if there is one."""
    domain, now = point.domain, point.read()
    if domain.kind == "truth":
        return not now
    if domain.kind == "word":
        return next((word for word in domain.words if word != now), domain.words[0])
    return next(v for v in (domain.low, domain.least, domain.high, domain.most) if v not in (None, inf, -inf, now))


def action(site: Site, act: Act) -> Callable[[], object]:
    """The action, to be carried out at once."""
    way, target, name = act
    if way == "fault":
        return lambda: site.inject(target, name)
    if way == "end":
        site.inject(target, name)
        return lambda: site.clear(target, name) if (target, name) in active(site) else None
    if way == "deed":
        return lambda: site.do(target, name, arguments(site.deeds(target)[name].takes))
    if way == "write":
        device: Device[Any] = site[target]
        written = value(device.point(name))
        return lambda: device.write(name, written)
    procedure = Procedure("work", (Step(name, target),), ())
    return lambda: Isolation(site.plant, procedure, "crew").do(force=True)


def active(site: Site) -> set[tuple[str, str]]:
    return {(target, kind) for target, kind, _ in site.active_faults()}


def run(act: Act, at_s: float, idle: bool, acting: bool = True) -> tuple[Any, dict[str, tuple[float, float]]]:
    """The journal, and all that moves: its first and its last value at the instant of the action."""
    site, start, _ = bench()
    site.plant.restore(start)
    carry_out = action(site, act)
    moving = [f"{c.id}.{quantity}" for c in site.components.values() for quantity in c.QUANTITIES]
    sampler = Sampler(site, moving).attach()
    try:
        site.advance(at_s)
        if idle:
            site.plant.settle()
        now = site.now
        if acting:
            with suppress(PointError, PlantError, ValueError):  # a refusal
                carry_out()
        sampler()
    finally:
        sampler.detach()
    jumps = {}
    for name in sampler.names:
        samples = [v for t, v in sampler.trace[name] if t == now and type(v) is float]
        if samples:
            jumps[name] = (samples[0], samples[-1])
    if acting:
        site.advance(AFTER_S)
    return [(e.t, e.who, e.what, dict(e.data)) for e in site.plant.journal], jumps


@settings(max_examples=EXAMPLES, deadline=None)
@given(way=st.sampled_from(WAYS), place=st.integers(0, 10**6), at_s=st.floats(0.01, 30.0))
def test_what_moves_arrives_at_the_instant_of_an_action_as_if_nobody_acted(way: str, place: int, at_s: float) -> None:
    acts = [act for act in bench()[2] if act[0] == way]
    act = acts[place % len(acts)]
    told, jumps = run(act, at_s, idle=False)
    _, undisturbed = run(act, at_s, idle=False, acting=False)
    assert jumps.keys() >= undisturbed.keys()
    wrong = {name: jumps[name] for name, (arrived, _) in undisturbed.items() if not alike(jumps[name][0], arrived)}
    assert wrong == {}, act

    told_idle, _ = run(act, at_s, idle=True)
    assert [line[1:] for line in told] == [line[1:] for line in told_idle], act
    assert [line[0] for line in told] == pytest.approx([line[0] for line in told_idle], abs=2 * SHORTEST_STEP_S)


def alike(one: float, other: float) -> bool:
    return isclose(one, other, rel_tol=1e-6, abs_tol=1e-6)
