"""Characteristics of one set among those of a bus: its active power by speed, its reactive power by voltage."""

from __future__ import annotations

from twinfeed.emulators.plant.generation.diesel import GeneratorRatings
from twinfeed.emulators.plant.generation.paralleling import (
    GOVERNOR_DROOP,
    MOTORING,
    QUADRATURE_DROOP,
    STIFF,
    Characteristic,
    least_kvar,
    most_kvar,
)
from twinfeed.emulators.plant.generation.state import GeneratorState
from twinfeed.emulators.plant.power.electrical import Electrical

Set = Electrical[GeneratorState, GeneratorRatings]


def hunting_amplitude(unit: Set) -> float:
    """Amplitude of its hunting governor, per unit of speed."""
    hunt = unit.fault("governor")
    return hunt["amplitude"] / unit.params.hertz if hunt and unit.state.phase == "running" else 0.0


def inertia_kws(unit: Set) -> float:
    """Energy stored at rated speed, kW s."""
    return unit.params.inertia_s * unit.params.standby_kw


def rated_kvar(unit: Set, site_kw: float) -> float:
    """Its weight in the sharing of reactive power: its kVA, derated as its engine is to `site_kw`."""
    return site_kw * unit.params.kva / unit.params.standby_kw


def active(unit: Set, site_kw: float, share: float) -> Characteristic:
    """Active power by speed; `site_kw` is what its engine can give, `share` the mean load of the bus, per unit."""
    params, rating = unit.params, max(1.0, site_kw)
    turned = -MOTORING * params.standby_kw / rating
    if unit.state.phase != "running":
        return Characteristic(rating, 0.0, 0.0, STIFF, turned, turned)
    race = unit.fault("overspeed")
    offset, most = race["hertz"] / params.hertz if race else 0.0, params.overload_percent / 100.0
    if params.droop_percent:
        slope = params.droop_percent / 100.0 * rating / params.standby_kw
        return Characteristic(rating, 0.0, offset, slope, turned, most)
    return Characteristic(rating, share, offset, GOVERNOR_DROOP if race else STIFF, turned, most)


def reactive(unit: Set, site_kw: float, share: float) -> Characteristic:
    """Reactive power by voltage; `site_kw` and `share` as for `active`."""
    params, rating = unit.params, max(1.0, rated_kvar(unit, site_kw))
    least, most = (limit * params.kva / rating for limit in (least_kvar(params), most_kvar(params)))
    wrong = unit.fault("avr")
    offset = wrong["error"] / 100.0 if wrong else 0.0
    return Characteristic(rating, share, offset, QUADRATURE_DROOP if wrong else STIFF, least, most)
