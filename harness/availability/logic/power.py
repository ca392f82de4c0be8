"""The rules of power: when a component has no output, as a formula of failures.

1. A component passes its feed on; it is dead with its feed or by a failure of its own.
2. A board lives on any of its feeds; a closed tie brings its neighbour's feeds, unless a fault stands on either.
3. A transfer switch takes its other source, unless it fails to. One that stands in manual needs a person.
4. Modules of a UPS carry their board while enough of them have an input; beyond their batteries, without an input they
   are dead. The static bypasses carry the board when too few inverters are left, if enough of them are fed.
5. When another UPS board fails, its part of the load comes to this one, which needs more modules then.
6. Of the generating sets, those that share a bus carry the site while enough of them run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from twinfeed.emulators.plant.generation.fuel import DayTank
from twinfeed.emulators.plant.generation.generator import Generator
from twinfeed.emulators.plant.generation.master import ParallelingPlc
from twinfeed.emulators.plant.power.boards import Board, BusTie
from twinfeed.emulators.plant.power.breakers import Breaker
from twinfeed.emulators.plant.power.electrical import Electrical
from twinfeed.emulators.plant.power.transfer_switch import AutomaticTransferSwitch
from twinfeed.emulators.plant.power.utilities import Utility
from twinfeed.emulators.plant.ups.ups import Ups
from twinfeed.emulators.site import Site
from twinfeed.harness.availability.logic.design import Design, every, name_of, system_of
from twinfeed.harness.availability.logic.events import Events
from twinfeed.harness.availability.logic.gates import NO, YES, Gates, all_of, any_of, too_few
from twinfeed.harness.availability.tree import Formula

OWN: Mapping[str, tuple[str, ...]] = {
    "utility": ("utility-feed",),
    "transformer": ("transformer", "transformer-terminals"),
    "breaker": ("breaker-trip", "cable"),
    "board": ("switchgear-bus",),
    "ats": ("ats",),
    "sts": ("sts",),
    "rack_ats": ("sts",),
    "rotary_ups": ("rotary-ups",),
    "pdu": ("pdu", "pdu-bank", "pdu-short"),
}
"""Categories of failures after which a kind of component has no output."""


class Power:
    """The gates of power. `outage` is true while the grid is out, `gap` at the instant at which it goes."""

    def __init__(self, site: Site, design: Design, events: Events, gates: Gates, outage: bool, gap: bool) -> None:
        self._site, self._design, self._events, self._gates = site, design, events, gates
        self._outage, self._gap = outage, gap
        self._ties = {board: tie for tie in every(site, BusTie) for board in map(name_of, tie.feeds.values())}
        self._in_bus = {
            name_of(ref): board.id
            for board in every(site, Board)
            for ref in board.feeds.values()
            if isinstance(site.components[name_of(ref)], Generator)
        }

    def dead(self, ref: str) -> Formula:
        """True if that component has no output."""
        name = name_of(ref)
        return self._gates.gate(f"{name} is dead", lambda: self._dead(self._site.components[name]))

    def all_dead(self, refs: Iterable[str]) -> Formula:
        """True if none of these feeds is live."""
        return all_of(*(self.dead(ref) for ref in refs))

    def burnt(self, name: str) -> Formula:
        """True if a fire has destroyed it."""
        place = self._site.components[name].place
        return self._events.of(place, "fire") if place else NO

    def _dead(self, component: object) -> Formula:
        assert isinstance(component, Electrical)
        name = component.id
        own = any_of(self._events.of(name, *OWN.get(component.kind, ())), self.burnt(name))
        if isinstance(component, Utility):
            return YES if self._outage else own
        if isinstance(component, Generator):
            return self._set_dead(component)
        if isinstance(component, Ups):
            return self._system_dead(system_of(component))
        if isinstance(component, Board):
            return self._board_dead(component, own)
        if isinstance(component, AutomaticTransferSwitch):
            return self._transfer_switch_dead(component, own)
        if component.kind in ("sts", "rack_ats"):
            first, *rest = (self.dead(ref) for ref in component.feeds.values())
            return any_of(own, all_of(first, any_of(all_of(*rest), self._events.of(name, "sts-transfer"))))
        if isinstance(component, Breaker) and not component.params.closed:
            return YES
        return any_of(own, self.all_dead(component.feeds.values()))

    # -- boards and switches ------------------------------------------------------------------------------------------

    def _board_dead(self, board: Board, own: Formula) -> Formula:
        tie = self._ties.get(board.id)
        feeds = self._gates.gate(f"{board.id} has no feed", lambda: self._feedless(board))
        if tie is None or not tie.params.closed:
            return any_of(own, feeds)
        other = next(ref for ref in map(name_of, tie.feeds.values()) if ref != board.id)
        neighbour = self._site.components[other]
        assert isinstance(neighbour, Board)
        fault = any_of(self._events.of(other, *OWN["board"]), self.burnt(other))
        apart = any_of(self._events.of(tie.id, "breaker-trip"), fault)
        theirs = self._gates.gate(f"{other} has no feed", lambda: self._feedless(neighbour))
        held = all_of(fault, self._events.of(tie.id, "breaker-opens"))
        if self._sets_of(board.id) and self._sets_of(other):
            return any_of(own, held, self._too_few_sets((board.id, other)), all_of(apart, feeds))
        return any_of(own, held, all_of(feeds, any_of(apart, theirs)))

    def _feedless(self, board: Board) -> Formula:
        if self._sets_of(board.id):
            return self._too_few_sets((board.id,))
        return self.all_dead(board.feeds.values())

    def _transfer_switch_dead(self, switch: AutomaticTransferSwitch, own: Formula) -> Formula:
        name = switch.id
        refused = [self._events.of(name, "ats-transfer")]
        if self._in_manual(name):
            refused.append(self._events.person("to transfer and start by hand"))
        return any_of(
            own,
            all_of(
                self.dead(switch.feeds["normal"]),
                any_of(self.dead(switch.feeds["emergency"]), *refused) if "emergency" in switch.feeds else YES,
            ),
        )

    def _in_manual(self, name: str) -> bool:
        device = self._site.devices.get(name)
        return device is not None and getattr(device.params, "mode", "automatic") == "manual"

    # -- generating sets ----------------------------------------------------------------------------------------------

    def _sets_of(self, bus: str) -> list[str]:
        return [name for name, of in self._in_bus.items() if of == bus]

    def _too_few_sets(self, buses: tuple[str, ...]) -> Formula:
        sets = [name for bus in buses for name in self._sets_of(bus)]
        return too_few(self._design.sets.needed, [self.dead(name) for name in sets])

    def _set_dead(self, unit: Generator) -> Formula:
        categories = ("generator-start", "generator-run", "generator-terminals")
        masters = [
            self._events.of(plc, "paralleling-controller", "paralleling-opens") for plc in self._masters_of(unit.id)
        ]
        return any_of(
            self._events.of(unit.id, *categories),
            self._events.of(unit.id, "breaker-closes"),
            self._not_called(unit.id),
            self._fuelless(unit.params.tank),
            *masters,
            self.burnt(unit.id),
        )

    def _masters_of(self, name: str) -> Iterable[str]:
        device = self._site.devices.get(name)
        plc = getattr(device.params, "plc", "") if device is not None else ""
        return [c.id for c in every(self._site, ParallelingPlc) if c.id == plc]

    def _not_called(self, name: str) -> Formula:
        device = self._site.devices.get(name)
        requests = getattr(device.params, "start_requests", ()) if device is not None else ()
        called = [ref for ref in map(name_of, requests) if ref in self._site.components]
        return all_of(*(self._events.of(ref, "start-signal") for ref in called)) if called else NO

    def _fuelless(self, tank: str) -> Formula:
        if not tank:
            return NO
        day = self._site.components[tank]
        bulk = [ref for ref in (getattr(day.params, "bulk", ""), getattr(day.params, "bulk_2", "")) if ref]
        refill: Formula = NO
        if isinstance(day, DayTank) and bulk and self._events.running_h > self._lasts_h(day):
            refill = any_of(
                self._events.of(tank, "fuel-pump"), all_of(*(self._events.of(store, "fuel-line") for store in bulk))
            )
        return any_of(self._events.of(tank, "fuel-line"), refill, self.burnt(tank))

    def _lasts_h(self, day: DayTank) -> float:
        sets = [unit for unit in every(self._site, Generator) if unit.params.tank == day.id]
        burnt_lph = sum(unit.params.fuel_lph[-1] for unit in sets)
        return day.params.capacity_l * day.params.pump_on_percent / 100.0 / burnt_lph if burnt_lph else 0.0

    # -- UPS ----------------------------------------------------------------------------------------------------------

    def _system_dead(self, system: str) -> Formula:
        fails = self._gates.gate(f"{system} fails", lambda: self._fails(system))
        modules, bypasses = self._design.modules[system], self._design.bypasses[system]
        overloads = []
        for other in dict.fromkeys((*modules.needed_without, *bypasses.needed_without)):
            left = self._too_few_of(
                system,
                modules.needed_without.get(other, modules.needed),
                bypasses.needed_without.get(other, bypasses.needed),
            )
            overloads.append(all_of(self._gates.gate(f"{other} fails", self._failing(other)), left))
        return any_of(fails, *overloads)

    def _failing(self, system: str) -> Callable[[], Formula]:
        return lambda: self._fails(system)

    def _fails(self, system: str) -> Formula:
        members = self._design.modules[system].members
        shorts = [any_of(self._events.of(unit, "ups-output"), self.burnt(unit)) for unit in members]
        boards = self._boards_behind(members)
        return any_of(
            *shorts,
            *boards,
            self._too_few_of(system, self._design.modules[system].needed, self._design.bypasses[system].needed),
        )

    def _boards_behind(self, members: Iterable[str]) -> list[Formula]:
        """A fault on the board of the modules takes their load away as well."""
        return [
            self._events.of(board.id, *OWN["board"])
            for board in every(self._site, Board)
            if {name_of(ref) for ref in board.feeds.values()} & set(members)
        ]

    def _too_few_of(self, system: str, inverters: int, bypasses: int) -> Formula:
        members = [self._site.components[name] for name in self._design.modules[system].members]
        units = [unit for unit in members if isinstance(unit, Ups)]
        few = too_few(inverters, [self._inverter_dead(unit) for unit in units])
        if not self._gap:
            return all_of(few, too_few(bypasses, [self._bypass_dead(unit) for unit in units]))
        empty = [any_of(self._inverter_dead(unit), self._events.of(unit.id, "battery")) for unit in units]
        return any_of(
            all_of(few, too_few(bypasses, [self._bypass_dead(unit) for unit in units])), too_few(inverters, empty)
        )

    def _inverter_dead(self, unit: Ups) -> Formula:
        return self._gates.gate(
            f"{unit.id} has no inverter",
            lambda: any_of(
                self._events.of(unit.id, "ups-module", "ups-inverter"),
                self._events.of(unit.id, "ups-rectifier"),
                self.dead(unit.feeds["input"]),
            ),
        )

    def _bypass_dead(self, unit: Ups) -> Formula:
        return self._gates.gate(
            f"{unit.id} has no bypass",
            lambda: any_of(
                self._events.of(unit.id, "ups-module", "ups-bypass"),
                self.dead(unit.feeds.get("bypass", unit.feeds["input"])),
            ),
        )
