"""The card for each component of a site: what is moved and opened first so that it can be worked on, and the way back.

Cards are not written by hand but follow from the single-line diagram. To make a component dead is to open, lock or
switch off the nearest thing on each of its feeds that can be: a breaker, a transfer switch, a UPS, a set, an outlet, a
utility's feed. Whatever would die with it and need not is moved first, and what will stands is stopped first:

    transfer switches and static switches onto their other source      machines off, their standby taking over
    UPS off, their batteries full for the way back                     bus ties open and locked

The way back is the way out, backwards.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from twinfeed.emulators.plant.cooling.pumps import Pump
from twinfeed.emulators.plant.cooling.water import WaterLoop
from twinfeed.emulators.plant.generation.fuel import BulkTank, DayTank
from twinfeed.emulators.plant.people.isolation import Procedure, Requirement, Step, supplied_loads
from twinfeed.emulators.plant.power.electrical import Electrical
from twinfeed.emulators.plant.power.static_transfer_switch import StaticTransferSwitch
from twinfeed.emulators.plant.power.transfer_switch import AutomaticTransferSwitch
from twinfeed.emulators.plant.power.utilities import Utility
from twinfeed.emulators.site import Site

MUST_STAY = ("rack", "rack_row", "crah")
"""Kinds of load that no step may leave without supply, not even until a switch has moved."""

STOPPED_BY: dict[str, tuple[str, str | bool, str | bool]] = {
    "generator": ("mode", "stop", "auto"),
    "chiller": ("chiller.enabled", False, True),
    "crah": ("unit.enabled", False, True),
}
"""Kind of machine -> (point, out of service, back in service)."""

PROOF: dict[str, tuple[tuple[str, bool | str | float], ...]] = {
    "breaker": (("closed", False), ("locked", True)),
    "bus_tie": (("closed", False), ("locked", True)),
    "ups": (("mode", "off"), ("live", False)),
    "generator": (("running", False), ("closed", False)),
    "chiller": (("running", False),),
    "crah": (("running", False),),
    "pump": (("running", False),),
    "switch": (("running", False),),
    "day_tank": (("pumping", False),),
    "bulk_tank": (("shut", True),),
    "water_loop": (("shut", True), ("flow_l_s", 0.0), ("chillers_running", 0), ("pumps_running", 0)),
    "sts": (("bypassed", True),),
}
"""Kind -> what is so while it is worked on; others are not live."""

LIVE_TERMINALS = ("breaker", "bus_tie", "generator", "chiller", "crah", "pump", "sts")
"""Kinds that are worked on with voltage at a terminal: withdrawn from it, at the motor behind their own switch, or on a
bypass that leaves their electronics without. All others have none at any."""

NO_CARD: dict[str, str] = {
    "rack": "it is what is supplied, not what supplies",
    "rack_row": "it is what is supplied, not what supplies",
    "hall": "a room: it is there or not",
    "climate": "the weather",
    "yard": "the air around the condensers",
    "link": "a cable: nothing on it is maintained, and its loss is the fault `cut`",
    "network": "all switches and cables together: each has its own line",
}
"""Kinds that are never isolated, and why."""


def card(site: Site, name: str) -> Procedure | str:
    """The card of that component on the site as it is now, or why it has none."""
    return _why_not(site, name) or _Card(site, name).procedure()


def _why_not(site: Site, name: str) -> str:
    component = site.components[name]
    if component.kind in NO_CARD:
        return NO_CARD[component.kind]
    if not isinstance(component, Electrical) and component.kind not in PROOF:
        return "it is outside the power path: nothing of it is switched"
    if isinstance(component, WaterLoop):
        bound = [coil.id for coil in component.coils if len(coil.loop_names) == 1] + [
            c.id for c in component.condensers
        ]
        return f"there is no second loop for {', '.join(bound)}" if bound else ""
    if isinstance(component, BulkTank):
        bound = [n for n, c in site.components.items() if isinstance(c, DayTank) and not c.params.bulk_2]
        return f"without it {', '.join(bound)} are not filled: there is no second store" if bound else ""
    if isinstance(component, StaticTransferSwitch) and component.params.maintenance_bypass:
        return ""
    for load in dead_with(site, [name]):
        if load != name and load in site.components and site.components[load].kind in MUST_STAY:
            return f"{load} has no other way to be supplied: single-corded, and no bypass round {name}"
    lost = dead_sources(site)
    for load in dead_with(site, [name, *lost]) if lost else ():
        if load != name and load in site.components and site.components[load].kind in MUST_STAY:
            return f"{load} has no other way to be supplied while {', '.join(lost)} are dead"
    return ""


def dead_sources(site: Site) -> list[str]:
    """The utilities that give nothing now."""
    return [
        name for name, component in site.components.items() if isinstance(component, Utility) and not component.live
    ]


def dead_with(site: Site, places: list[str]) -> list[str]:
    """All that can get no supply, from whichever source, while those places (`pdu-1:3` is an outlet) have none."""
    dead = dict.fromkeys(places)
    grown = True
    while grown:
        grown = False
        for name, component in site.components.items():
            feeds = component.feeds.values() if isinstance(component, Electrical) else ()
            if feeds and name not in dead and all(ref in dead or _name(ref) in dead for ref in feeds):
                dead[name] = None
                grown = True
    return list(dead)


def may_blink(site: Site) -> tuple[str, ...]:
    """Loads that a step may leave without supply until a switch has moved: those with other machines beside them."""
    loads = [(name, site.components[name]) for name in supplied_loads(site.plant)]
    return tuple(
        name
        for name, load in loads
        if load.kind not in (*MUST_STAY, "switch")
        or (load.kind == "switch" and isinstance(load, Electrical) and len(load.feeds) == 1)
    )


class _Card:
    """One card being written: each step out with its step back."""

    def __init__(self, site: Site, name: str) -> None:
        self.site, self.name = site, name
        self.out: list[Step] = []
        self.back: list[Step] = []
        self.dead: list[str] = []

    def procedure(self) -> Procedure:
        kind = self.site.components[self.name].kind
        write: Callable[[], str] = {
            "breaker": self._breaker,
            "bus_tie": self._breaker,
            "pump": self._pump,
            "sts": self._bypass,
            "water_loop": self._loop,
            "bulk_tank": self._valve,
        }.get(kind, self._stop if kind in STOPPED_BY and self.name in self.site.devices else self._all_feeds)
        how = write()
        self.out.append(Step("check", self.name, requires=tuple(self._proof())))
        isolates = (*may_blink(self.site), *self.dead, self.name)
        return Procedure(how, tuple(self.out), tuple(reversed(self.back)), tuple(dict.fromkeys(isolates)))

    def _do(self, step: Step, back: Step) -> None:
        if step not in self.out:
            self.out.append(step)
            self.back.append(back)

    # -- kinds of card -----------------------------------------------------------------------------------------

    def _breaker(self) -> str:
        self._relieve([self.name])
        self._open(self.name)
        return "opened, locked and withdrawn"

    def _stop(self) -> str:
        self._stop_machine(self.name)
        return "stopped at its controller"

    def _bypass(self) -> str:
        self._do(Step("maintenance-bypass", self.name, True), Step("maintenance-bypass", self.name, False))
        return "on its bypass"

    def _valve(self) -> str:
        self._do(Step("switch-off", self.name), Step("switch-on", self.name))
        return "its valves shut"

    def _loop(self) -> str:
        """The air handlers change over by themselves when the water stands."""
        loop = self.site.components[self.name]
        assert isinstance(loop, WaterLoop)
        for chiller in loop.chillers:
            self._stop_machine(chiller.id)
        self._set_duty(self.name, 0)
        self._valve()
        return "chillers and pumps stopped, valves shut; the air handlers on the other loop"

    def _pump(self) -> str:
        """The standby is started first: the controller takes a pump too few for a failure and starts the first idle."""
        pump = self.site.components[self.name]
        assert isinstance(pump, Pump)
        loop = self.site.components.get(pump.params.loop)
        pumps = loop.pumps if isinstance(loop, WaterLoop) else [pump]
        idle = [other for other in pumps if not other.state.commanded and other is not pump]
        if not pump.state.commanded:
            return "it stands by"
        if idle:
            self._switch_pump(pumps, idle[0], True)
        elif pump.params.loop in self.site.devices:
            self._set_duty(pump.params.loop, sum(other.state.commanded for other in pumps) - 1)
        self._switch_pump(pumps, pump, False)
        return f"{idle[0].id} started, then switched off" if idle else "switched off"

    def _all_feeds(self) -> str:
        """Nothing on any of its feeds is live any more."""
        component = self.site.components[self.name]
        if isinstance(component, DayTank):
            for name, other in self.site.components.items():
                if getattr(other, "fuel_tank", "") == self.name:
                    self._stop_machine(name)
        below = list(self._breakers_below(self.name)) if component.kind in ("utility", "transformer") else []
        ties = [n for n, c in self.site.components.items() if c.kind == "bus_tie" and self.name in _feeders(c)]
        places = list(dict.fromkeys(self._places(self.name))) if component.kind != "utility" else [self.name]
        self._relieve([*places, *below])
        for breaker in (*ties, *below):
            self._open(breaker)
        for place in places:
            self._cut(place)
        return ", ".join(dict.fromkeys(self._said(step) for step in self.out if self._said(step)))

    # -- actions and their objects -------------------------------------------------------------------------------

    def _relieve(self, places: list[str]) -> None:
        """Move what can live on something else, and stop what cannot, before those places have no supply."""
        self.dead = dead_with(self.site, [*places, *dead_sources(self.site)])
        for name, component in self.site.components.items():
            if isinstance(component, AutomaticTransferSwitch) and name not in self.dead:
                self._move(component)
            elif isinstance(component, StaticTransferSwitch) and name not in self.dead:
                other = next((t for t in component.feeds if t != component.active), component.active)
                if self._dies(component, component.active):
                    self._do(Step("prefer", name, other), Step("prefer", name, component.preferred))
        for name in self.dead:
            if name in self.site.components:
                kind = self.site.components[name].kind
                if kind in STOPPED_BY and name in self.site.devices and name not in places:
                    self._stop_machine(name)
                elif kind == "ups" and name not in places:
                    self._do(Step("switch-off", name), Step("switch-on", name))

    def _move(self, switch: AutomaticTransferSwitch) -> None:
        """Onto its other source if that is there; if not, it calls its engine and goes there by itself."""
        now = switch.position
        other = "emergency" if now == "normal" else "normal"
        if self._dies(switch, now) and not self._dies(switch, other) and switch.seen[other].live:
            self._by_hand(switch.id)
            self._do(Step("transfer", switch.id, other), Step("transfer", switch.id, now))

    def _dies(self, component: Electrical, terminal: str) -> bool:
        ref = component.feeds.get(terminal, "")
        return ref in self.dead or _name(ref) in self.dead

    def _by_hand(self, switch: str) -> None:
        if switch in self.site.devices:
            now = str(self.site[switch].read("mode"))
            self._do(Step("set", switch, ("mode", "manual")), Step("set", switch, ("mode", now)))

    def _stop_machine(self, name: str) -> None:
        point, off, on = STOPPED_BY[self.site.components[name].kind]
        self._do(Step("set", name, (point, off)), Step("set", name, (point, on)))

    def _set_duty(self, loop: str, pumps: int) -> None:
        """Let the controller of that loop run so many pumps."""
        duty = self.site[loop].read("pumps.duty")
        assert isinstance(duty, int)
        self._do(Step("set", loop, ("pumps.duty", pumps)), Step("set", loop, ("pumps.duty", duty)))

    def _switch_pump(self, pumps: list[Pump], pump: Pump, on: bool) -> None:
        loop, point = pump.params.loop, f"command.pump.{pumps.index(pump) + 1}"
        if loop in self.site.devices:
            there, back = ("on", "off") if on else ("off", "on")
            self._do(Step("set", loop, (point, there)), Step("set", loop, (point, back)))
        else:
            self._do(Step("switch", pump.id, on), Step("switch", pump.id, not on))

    def _open(self, breaker: str) -> None:
        if self.site.components[breaker].quantity("closed"):
            self._do(Step("open", breaker), Step("close", breaker))
        self._do(Step("lock", breaker), Step("unlock", breaker))

    def _cut(self, place: str) -> None:
        """Take the supply away that comes from there."""
        name, _, outlet = place.partition(":")
        component = self.site.components[name]
        if outlet:
            point = f"outlet.{outlet}.control"
            self._do(Step("set", name, (point, "off")), Step("set", name, (point, "on")))
        elif isinstance(component, AutomaticTransferSwitch):
            self._by_hand(name)
            self._do(Step("transfer", name, "off"), Step("transfer", name, component.position))
            self._do(Step("lock", name), Step("unlock", name))
        elif component.kind == "generator":
            self._stop_machine(name)
        elif component.kind in ("ups", "utility"):
            self._do(Step("switch-off", name), Step("switch-on", name))
        else:
            self._open(name)

    # -- places --------------------------------------------------------------------------------------------------

    def _places(self, name: str) -> Iterator[str]:
        """The nearest on each feed that can be opened or switched off."""
        component = self.site.components[name]
        for ref in component.feeds.values() if isinstance(component, Electrical) else ():
            kind = self.site.components[_name(ref)].kind
            if kind in ("breaker", "ats", "ups", "generator", "utility") or ":" in ref:
                yield ref
            else:
                yield from self._places(ref)

    def _breakers_below(self, name: str) -> Iterator[str]:
        """The breakers next below it, so that nothing comes back from there."""
        for other, component in self.site.components.items():
            if isinstance(component, Electrical) and name in _feeders(component):
                if component.kind == "breaker":
                    yield other
                elif component.kind == "transformer":
                    yield from self._breakers_below(other)

    def _proof(self) -> Iterator[Requirement]:
        component = self.site.components[self.name]
        for quantity, value in PROOF.get(component.kind, (("live", False),)):
            yield Requirement(self.name, quantity, (value,))
        if isinstance(component, Electrical) and component.kind not in LIVE_TERMINALS:
            for terminal in component.feeds:
                yield Requirement(self.name, f"{terminal}.live", (False,))
        if isinstance(component, DayTank):
            for name, other in self.site.components.items():
                if getattr(other, "fuel_tank", "") == self.name:
                    yield Requirement(name, "running", (False,))

    def _said(self, step: Step) -> str:
        """A step in the words of a summary; what only prepares another one is left out."""
        if step.action in ("lock", "check") or (isinstance(step.argument, tuple) and step.argument[0] == "mode"):
            return "" if step.action != "set" or step.argument == ("mode", "manual") else f"{step.target} stopped"
        if isinstance(step.argument, tuple):
            point, value = step.argument
            return f"{step.target} {point.removesuffix('.control')} off" if value in (False, "off") else str(step)
        words = {
            "open": "open",
            "switch-off": "off",
            "transfer": f"to {step.argument}",
            "prefer": f"to {step.argument}",
        }
        return f"{step.target} {words.get(step.action, step.action)}"


def _name(ref: str) -> str:
    return ref.partition(":")[0]


def _feeders(component: object) -> list[str]:
    return [_name(ref) for ref in component.feeds.values()] if isinstance(component, Electrical) else []
