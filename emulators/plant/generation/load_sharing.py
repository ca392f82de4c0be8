"""The load sharing of the sets of one bus: the aims that their governors and voltage regulators pursue together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from twinfeed.emulators.plant.generation.characteristics import active, rated_kvar, reactive
from twinfeed.emulators.plant.generation.diesel import GeneratorRatings
from twinfeed.emulators.plant.generation.engine import DieselEngine
from twinfeed.emulators.plant.generation.paralleling import AT_REST, Regulation, balance
from twinfeed.emulators.plant.generation.state import GeneratorState
from twinfeed.emulators.plant.generation.swing import Machine
from twinfeed.emulators.plant.power.electrical import Electrical


class Sharing(Protocol):
    """The alternator of a set that shares a load."""

    unit: Electrical[GeneratorState, GeneratorRatings]
    engine: DieselEngine

    @property
    def capacity_kw(self) -> float:
        """Its weight in the sharing, kW."""


def regulate(together: Sequence[Sharing], now: float, machine: Machine, uniform: bool) -> None:
    """Give all sets their aims, at `now` (s). `machine` is what they are together; `uniform`: they are alike."""
    idle = uniform and _untouched(together)
    states = [one.unit.state for one in together]
    if idle and not any(state.regulation for state in states):
        return
    ways = [Regulation(*state.regulation).moved(now, machine.governor_s, machine.avr_s) if state.regulation else AT_REST
            for state in states]  # fmt: skip
    speed, volts, kw, kvar = (0.0, 0.0, [0.0] * len(ways), [0.0] * len(ways)) if idle else _aims(together)
    if idle and all(max(abs(way.speed), abs(way.volts)) < 1e-6 and abs(way.kw) + abs(way.kvar) < 1e-3
                    for way in ways):  # fmt: skip
        for state in states:
            state.regulation = []
        return
    lead, capacities = ways[0], [one.engine.site_kw for one in together]
    whole = sum(capacities)
    kw_left, kvar_left = sum(way.kw for way in ways) / whole, sum(way.kvar for way in ways) / whole
    for n, (state, way) in enumerate(zip(states, ways, strict=True)):
        state.regulation = list(
            Regulation(
                now,
                lead.speed,
                lead.volts,
                way.kw - kw_left * capacities[n],
                way.kvar - kvar_left * capacities[n],
                speed,
                volts,
                kw[n],
                kvar[n],
            )
        )


def _untouched(together: Sequence[Sharing]) -> bool:
    """True if sets that are alike give equal shares at nominal speed and voltage once everything has settled."""
    return all(
        one.unit.state.phase == "running"
        and not one.unit.params.droop_percent
        and "overspeed" not in one.unit.state.faults
        and "avr" not in one.unit.state.faults
        for one in together
    )


def _aims(together: Sequence[Sharing]) -> tuple[float, float, list[float], list[float]]:
    """Deviations of speed and voltage, and what each set gives above its share, once everything has settled."""
    kw = sum(one.unit.load.total_kw for one in together)
    kvar = sum(one.unit.steady_load.total_kvar for one in together)
    whole = sum(one.capacity_kw for one in together)
    share, kvar_share = kw / whole, kvar / sum(rated_kvar(one.unit, one.engine.site_kw) for one in together)
    speed, kws = balance([active(one.unit, one.engine.site_kw, share) for one in together], kw)
    volts, kvars = balance([reactive(one.unit, one.engine.site_kw, kvar_share) for one in together], kvar)
    weights = [one.capacity_kw / whole for one in together]
    return (
        speed,
        volts,
        [given - kw * weight for given, weight in zip(kws, weights, strict=True)],
        [given - kvar * weight for given, weight in zip(kvars, weights, strict=True)],
    )
