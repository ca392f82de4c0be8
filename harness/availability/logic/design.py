"""The design of a site as its ratings give it: how many machines of a group carry what they may have to carry.

The loads are those of the site at full IT load in the hottest hour, read off the plant itself.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from twinfeed.emulators.plant.air.climate import Climate
from twinfeed.emulators.plant.cooling.air_handlers import AirHandler
from twinfeed.emulators.plant.cooling.chillers import Chiller
from twinfeed.emulators.plant.cooling.crahs import Crah
from twinfeed.emulators.plant.cooling.halls import Hall
from twinfeed.emulators.plant.cooling.heat_rejection import HeatRejection
from twinfeed.emulators.plant.cooling.pumps import Pump
from twinfeed.emulators.plant.cooling.water import WaterLoop
from twinfeed.emulators.plant.generation.generator import Generator
from twinfeed.emulators.plant.kernel.component import Component
from twinfeed.emulators.plant.power.breakers import Breaker
from twinfeed.emulators.plant.power.electrical import NOMINAL_VOLTS, Electrical
from twinfeed.emulators.plant.power.utilities import Utility
from twinfeed.emulators.plant.racks.racks import RackRow
from twinfeed.emulators.plant.ups.ups import Ups
from twinfeed.emulators.site import Site
from twinfeed.harness.availability.errors import TreeError

AIR_KJ_PER_M3_K = 1.13 * 1.006
"""Heat that air takes up at 30 degC and 380 m, kJ/(m3 K)."""

WATER_KJ_PER_L_K = 4.19
"""Heat that water takes up, kJ/(l K)."""

WATER_RISE_K = 6.0
"""Rise of the chilled water over the coils where a chiller gives no design flow (ARI 550/590: 5.6 K)."""

SETTLING_S = 3600.0
"""Time in which the plant takes up the full load, s."""


@dataclass(frozen=True)
class Group:
    """Machines that carry a load together: modules of a UPS, chillers or pumps of a loop, sets of a site."""

    members: tuple[str, ...]
    needed: int
    """The number that carries its part of the load."""
    needed_without: Mapping[str, int] = field(default_factory=dict)
    """The number that carries that and the load that comes to it when another group fails, by group, where that is
    more. A number above that of the members is more than they can."""


@dataclass(frozen=True)
class Design:
    """Groups by name."""

    modules: Mapping[str, Group]
    """Inverters, by UPS system."""
    bypasses: Mapping[str, Group]
    """The static bypasses of the same systems."""
    sets: Group
    chillers: Mapping[str, Group]
    """By loop."""
    pumps: Mapping[str, Group]
    """By loop."""
    coolers: Mapping[str, Group]
    """Towers and dry coolers by condenser loop."""
    air: Mapping[str, Group]
    """Air handlers by hall."""


K = TypeVar("K", bound=Component)


def at_full_load(site: Site) -> None:
    """Bring a site that has just been loaded to full IT load and the hottest hour.

    Raises:
        TreeError: a row does not run there, although nothing has failed.
    """
    for row in every(site, RackRow):
        row.set_utilisation(1.0)
    wait_s = SETTLING_S
    for climate in every(site, Climate):
        hours = (climate.params.peak_hour - climate.params.start_hour) % 24.0
        wait_s = max(wait_s, 3600.0 * hours)
    site.advance(wait_s)
    for row in every(site, RackRow):
        if row.quantity("overheated") or not row.quantity("supplied"):
            why = "is too hot" if row.quantity("overheated") else "has no supply"
            raise TreeError(
                f"{row.id} {why} at full IT load in the hottest hour, although nothing has failed: the study begins "
                "with a site that runs; mend its file (twinfeed study shows its loads)"
            )


def design(site: Site) -> Design:
    """The design of a site that is at full load, see `at_full_load`."""
    systems, shared = _systems(site), _shared_kw(site)
    modules, bypasses = {}, {}
    for name, units in systems.items():
        here = sum(unit.load.total_kw for unit in units)
        more, members = shared.get(name, {}), [unit.id for unit in units]
        modules[name] = _group(members, [unit.params.kw for unit in units], here, more)
        bypasses[name] = _group(members, [_bypass_kw(site, unit) for unit in units], here, more)
    sets = every(site, Generator)
    site_kw = sum(utility.load.total_kw for utility in every(site, Utility))
    of_sets = _group([s.id for s in sets], [s.site_kw for s in sets], site_kw, {})
    return Design(modules, bypasses, of_sets, *_water(site), _air(site))


def name_of(ref: str) -> str:
    """The component of a feed such as `pdu-1-a:3`."""
    return ref.partition(":")[0]


def every(site: Site, kind: type[K]) -> list[K]:
    """The components of a class."""
    return [component for component in site.components.values() if isinstance(component, kind)]


def _group(members: Sequence[str], sizes: Sequence[float], load: float, more: Mapping[str, float]) -> Group:
    """`more` is the load that comes to it by the group that fails. Sizes may differ: the smallest counts."""
    size = min(sizes, default=0.0)

    def needed(of: float) -> int:
        return max(1, math.ceil(of / size - 1e-6)) if size > 0.0 else len(members) + 1

    without = {other: needed(load + moved) for other, moved in more.items()}
    return Group(
        tuple(members), needed(load), {other: count for other, count in without.items() if count > needed(load)}
    )


def system_of(unit: Ups) -> str:
    """The name of the system of modules that a UPS belongs to."""
    return unit.params.bus or unit.id


def _systems(site: Site) -> dict[str, list[Ups]]:
    found: dict[str, list[Ups]] = {}
    for unit in every(site, Ups):
        found.setdefault(system_of(unit), []).append(unit)
    return found


def _bypass_kw(site: Site, unit: Ups) -> float:
    """The power that the breaker before the bypass carries, kW."""
    feed = site.components[name_of(unit.feeds.get("bypass", unit.feeds["input"]))]
    if not isinstance(feed, Breaker):
        return unit.params.kw
    return feed.params.rated_a * feed.params.setting * 3.0 * NOMINAL_VOLTS / 1000.0


def _shared_kw(site: Site) -> dict[str, dict[str, float]]:
    """UPS system -> other system -> load that comes to it when the other has failed, kW."""
    found: dict[str, dict[str, float]] = {}
    for component in site.components.values():
        if not isinstance(component, Electrical):
            continue
        if len(component.feeds) < 2 or component.links():  # a load takes what it draws, and passes nothing on
            continue
        behind = {terminal: systems_behind(site, name_of(ref)) for terminal, ref in component.feeds.items()}
        for terminal, draw in component.demand().items():
            for system in behind.get(terminal, ()):
                for other in {s for at, systems in behind.items() if at != terminal for s in systems} - {system}:
                    to = found.setdefault(other, {})
                    to[system] = to.get(system, 0.0) + draw.total_kw
    return found


def systems_behind(site: Site, name: str) -> frozenset[str]:
    """The UPS systems that feed a component, without those behind another UPS."""
    component = site.components[name]
    if isinstance(component, Ups):
        return frozenset({system_of(component)})
    feeds = component.feeds.values() if isinstance(component, Electrical) else ()
    return frozenset(system for ref in feeds for system in systems_behind(site, name_of(ref)))


def _water(site: Site) -> tuple[dict[str, Group], dict[str, Group], dict[str, Group]]:
    heat = {
        loop.id: sum(max(0.0, c.cooling_kw) for c in every(site, Chiller) if c.params.loop == loop.id)
        for loop in every(site, WaterLoop)
    }
    shared = _alternate_loops(site)
    of_chillers, of_pumps, of_coolers = {}, {}, {}
    for loop, here in heat.items():
        more, rise_k = {other: heat[other] for other in shared.get(loop, ())}, WATER_RISE_K
        chillers = [c for c in every(site, Chiller) if c.params.loop == loop]
        if chillers:
            p = chillers[0].params
            of_chillers[loop] = _group([c.id for c in chillers], [c.capacity_kw for c in chillers], here, more)
            if p.design_flow_l_s > 0.0:
                rise_k = p.reference_kw / p.design_flow_l_s / WATER_KJ_PER_L_K
        else:  # a condenser loop
            here = sum(c.heat_rejected_kw for c in every(site, Chiller) if c.params.condenser_loop == loop)
            coolers = [c for c in site.components.values() if isinstance(c, HeatRejection) and c.params.loop == loop]
            of_coolers[loop] = _group([c.id for c in coolers], [c.params.design_kw for c in coolers], here, {})
        pumps = [pump for pump in every(site, Pump) if pump.params.loop == loop]
        lift = [pump.params.flow_l_s * WATER_KJ_PER_L_K * rise_k for pump in pumps]
        of_pumps[loop] = _group([pump.id for pump in pumps], lift, here, more)
    return of_chillers, of_pumps, of_coolers


def _alternate_loops(site: Site) -> dict[str, tuple[str, ...]]:
    found: dict[str, dict[str, None]] = {}
    for crah in every(site, Crah):
        loops = [loop for loop in (crah.params.loop, crah.params.alternate_loop) if loop]
        for loop in loops:
            found.setdefault(loop, {}).update(dict.fromkeys(other for other in loops if other != loop))
    return {loop: tuple(others) for loop, others in found.items()}


def _air(site: Site) -> dict[str, Group]:
    found = {}
    for hall in every(site, Hall):
        units = [
            unit for unit in site.components.values() if isinstance(unit, AirHandler) and unit.params.hall == hall.id
        ]
        sizes = [unit.params.air_m3_s * AIR_KJ_PER_M3_K * hall.params.it_delta_t_k for unit in units]
        if units:
            found[hall.id] = _group([unit.id for unit in units], sizes, hall.heat_kw, {})
    return found
