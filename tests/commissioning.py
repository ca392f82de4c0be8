"""Observations of an engineer who commissions the Bamako site."""

from __future__ import annotations

from typing import Any

from twinfeed.emulators.devices.cooling.chiller import ChillerController
from twinfeed.emulators.devices.generator.controller import GeneratorController
from twinfeed.emulators.devices.transfer.transfer_switch import TransferSwitchController
from twinfeed.emulators.plant.kernel.actor import Event
from twinfeed.emulators.plant.power.breakers import CircuitBreaker
from twinfeed.emulators.plant.power.pdu import Pdu
from twinfeed.emulators.plant.power.transformers import Transformer
from twinfeed.emulators.plant.power.utilities import Utility
from twinfeed.emulators.plant.racks.racks import RackRow
from twinfeed.emulators.plant.ups.ups import Ups
from twinfeed.emulators.site import Site

HALLS = ("hall-1", "hall-2")
CHILLERS = ("chiller-1", "chiller-2", "chiller-3")
GENERATORS = ("generator-1", "generator-2", "generator-3")
UPS_A, UPS_B = ("ups-a1", "ups-a2"), ("ups-b1", "ups-b2")
UTILITIES = ("utility-a", "utility-b")


def see(site: Site, name: str, quantity: str) -> Any:
    """A quantity of a component."""
    return site.components[name].quantity(quantity)


def each(site: Site, names: tuple[str, ...], quantity: str) -> list[Any]:
    return [see(site, name, quantity) for name in names]


def both_utilities_fail(site: Site, for_s: float | None = None) -> None:
    for utility in UTILITIES:
        site.inject(utility, "outage", for_s=for_s)


def rows(site: Site) -> list[RackRow]:
    return [c for c in site.components.values() if isinstance(c, RackRow)]


def losses(site: Site) -> int:
    """The number of times that a rack whose equipment was on has lost its supply."""
    return sum(row.state.losses for row in rows(site))


def all_supplied(site: Site) -> bool:
    return all(row.quantity("supplied") for row in rows(site))


def it_kw(site: Site) -> float:
    return sum(row.heat_kw for row in rows(site))


def unreachable(site: Site) -> list[str]:
    return [name for name in site.devices if not site.reachable(name)]


def alarms(site: Site) -> list[str]:
    return [f"{name}: {alarm}" for name, device in site.devices.items() for alarm in device.state.alarms]


def events(site: Site, who: str, what: str, **data: Any) -> list[Event]:
    """Lines of the journal, the data given being part of theirs."""
    return [e for e in site.plant.journal if e.who == who and e.what == what and data.items() <= dict(e.data).items()]


def when(site: Site, who: str, what: str, **data: Any) -> float:
    """When that first happened since the journal begins, s of the site's clock."""
    found = events(site, who, what, **data)
    assert found, f"{who} never {what} {data or ''}"
    return found[0].t


def warmest(site: Site, seconds: float, every: float = 20.0) -> float:
    """The warmest inlet of any rack while that time passes, degC."""
    highest = max(each(site, HALLS, "hottest_inlet_c"))
    for _ in range(round(seconds / every)):
        site.advance(every)
        highest = max(highest, *each(site, HALLS, "hottest_inlet_c"))
    return highest


def full_load(site: Site) -> None:
    """All racks at their rated power: 1 MW."""
    for row in rows(site):
        row.set_utilisation(1.0)
    site.advance(0.0)


def put_right(site: Site) -> None:
    """Deeds of people after a repair: reset what has tripped or latched, close what has opened, start what was stopped."""
    for actor in site.plant.actors.values():
        if isinstance(actor, CircuitBreaker) and actor.tripped:
            actor.reset()
            if actor.params.closed:
                actor.close()
        elif isinstance(actor, Transformer):
            actor.reset()
        elif isinstance(actor, GeneratorController) and actor.protection.locked_out:
            actor.protection.reset()
        elif (isinstance(actor, ChillerController) and actor.state.phase == "lockout") or (
            isinstance(actor, TransferSwitchController) and actor.tripped
        ):
            actor.reset("reset")
        elif isinstance(actor, RackRow) and "overheated" in actor.state.it:
            actor.start_up()
        elif isinstance(actor, Pdu):
            for bank in range(1, actor.params.banks + 1):
                actor.banks.reset(bank)
        elif isinstance(actor, Utility) or (isinstance(actor, Ups) and actor.state.path == "none"):
            actor.switch_on()
    site.advance(0.0)


def unlike_normal(site: Site) -> list[str]:
    """Deviations from a quiet day, in words."""
    wrong = [f"alarm {alarm}" for alarm in alarms(site)]
    wrong += [f"{name} unreachable" for name in unreachable(site)]
    wrong += [f"{row.id} {row.state.it}" for row in rows(site) if set(row.state.it) != {"running"}]
    wrong += [f"{row.id} not redundant" for row in rows(site) if len(row.feeds) > 1 and not row.quantity("redundant")]
    expected: dict[str, dict[str, Any]] = {
        "ats": {"position": "normal", "start_request": False},
        "sts": {"active": "preferred"},
        "rack_ats": {"active": "a"},
        "generator": {"running": False, "closed": False},
        "breaker": {"closed": True},
        "bus_tie": {"closed": False},
        "ups": {"mode": "online"},
        "board": {"live": True},
        "crah": {"running": True},
    }
    for name, component in site.components.items():
        for quantity, value in expected.get(component.kind, {}).items():
            live_anyway = name == "generator-bus" or component.id.startswith("q-gen")
            found = component.quantity(quantity)
            if found != value and not (live_anyway and quantity == "live"):
                wrong.append(f"{name} {quantity} {found}")
    if sum(each(site, CHILLERS, "running")) < 2:
        wrong.append(f"chillers running: {each(site, CHILLERS, 'running')}")
    for hall in HALLS:
        if not 21.5 <= see(site, hall, "inlet_c") <= 22.5:
            wrong.append(f"{hall} inlet {see(site, hall, 'inlet_c'):.1f}")
    return wrong
