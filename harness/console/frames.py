"""The state of a site as its drawings show it: nodes, wires, alarms and faults, and what has changed between two."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from twinfeed.emulators.plant.cooling.air_handlers import AirHandler
from twinfeed.emulators.plant.cooling.water import WaterLoop
from twinfeed.emulators.plant.kernel.actor import Event
from twinfeed.emulators.plant.kernel.component import Component
from twinfeed.emulators.plant.network.links import Link
from twinfeed.emulators.plant.network.network import ManagementNetwork
from twinfeed.emulators.plant.network.switch import Switch
from twinfeed.emulators.plant.power.electrical import Electrical
from twinfeed.emulators.plant.screen import Condition, Figure, condition, figure
from twinfeed.emulators.site import Site
from twinfeed.harness.control.verbs import condition as card_of

JsonObject = dict[str, Any]

CARDS: dict[str, Condition] = {
    "up": Condition("ok", "up"),
    "booting": Condition("starting", "booting"),
    "off": Condition("dead", "no supply"),
    "hung": Condition("failed", "hung"),
    "silent": Condition("unknown", "no path to it"),
}
"""The state of a device that is no component of the plant, by that of its card."""


@dataclass
class Frame:
    """The state of a site at one instant."""

    now_s: float
    nodes: dict[str, JsonObject]
    wires: dict[str, JsonObject]
    alarms: list[JsonObject]
    faults: list[JsonObject]

    def whole(self) -> JsonObject:
        return {
            "now_s": self.now_s, "nodes": self.nodes, "wires": self.wires, "alarms": self.alarms, "faults": self.faults,
        }  # fmt: skip

    def since(self, earlier: Frame) -> JsonObject:
        """The changes since an earlier frame: nodes and wires that differ, lists that differ as a whole."""
        changes: JsonObject = {"now_s": self.now_s}
        for part in ("nodes", "wires"):
            now, before = getattr(self, part), getattr(earlier, part)
            if changed := {id: entry for id, entry in now.items() if entry != before.get(id)}:
                changes[part] = changed
        for part in ("alarms", "faults"):
            if getattr(self, part) != getattr(earlier, part):
                changes[part] = getattr(self, part)
        return changes


def frame(site: Site) -> Frame:
    """The state of a site now."""
    nodes: dict[str, JsonObject] = {}
    wires: dict[str, JsonObject] = {}
    for name, component in site.components.items():
        state = condition(component)
        nodes[name] = _node(state, figure(component))
        wires.update(_wires(component, state))
    for name, device in site.devices.items():
        now = card_of(site, device)
        of_card = _node(CARDS[now], None)
        nodes[f"{name}/device"] = of_card
        nodes.setdefault(name, dict(of_card))["card"] = now
        wires[f"{name}/device.switch_port"] = {"live": now in ("up", "hung"), "source": None}
    return Frame(round(site.now, 3), nodes, wires, _alarms(site), _faults(site))


def frame_of(site: Site, name: str) -> JsonObject:
    """The node of one component or device."""
    component, node = site.components.get(name), None
    if component is not None:
        node = _node(condition(component), figure(component))
    if name in site.devices:
        now = card_of(site, site.devices[name])
        node = node or _node(CARDS[now], None)
        node["card"] = now
    return node or {}


def _node(state: Condition, main: Figure | None) -> JsonObject:
    value, unit = ("", "") if main is None else text(main.value, main.unit)
    load = None if main is None or main.load is None else round(main.load, 3)
    return {"state": state.state, "text": state.text, "value": value, "unit": unit, "load": load}


def text(value: float | bool | str, unit: str) -> tuple[str, str]:
    """A value for a symbol, and its unit: three digits, as an operator reads it."""
    if isinstance(value, bool):
        return "yes" if value else "no", unit
    if isinstance(value, (int, str)):
        return str(value), unit
    if value != value:
        return "–", unit
    if unit == "kW" and abs(value) >= 10_000.0:
        value, unit = value / 1000.0, "MW"
    rounded = round(value, 1) or 0.0  # no -0.0
    return f"{rounded:.0f}" if abs(rounded) >= 100.0 else f"{rounded:.1f}", unit


def _wires(component: Component, state: Condition) -> dict[str, JsonObject]:
    """The wires that end at a component: its terminals, a link, and the components that its parameters name."""
    if isinstance(component, Link):
        blocked = any(end.stp_state(port) == "discarding" for end, port in (component.a, component.b))
        return {component.id: {"live": component.passes, "source": None, "blocked": component.up and blocked}}
    wires: dict[str, JsonObject] = {}
    if isinstance(component, Electrical):
        for terminal, supply in component.seen.items():
            source = supply.origin.partition(":")[0] or None
            wires[f"{component.id}.{terminal}"] = {"live": supply.live, "source": source}
    if isinstance(component, Switch):
        for row in component.params.serves:
            wires[f"{component.id}.serves.{row}"] = {"live": component.running, "source": None}
    if isinstance(component, ManagementNetwork):
        for gateway in component.params.gateways:
            wires[f"{component.id}.gateways.{gateway}"] = {"live": component.switches[gateway].running, "source": None}
    flows = state.state in ("ok", "warning")
    on_alternate = isinstance(component, AirHandler) and bool(getattr(component, "on_alternate", False))
    for parameter in REFERENCES:
        if named := getattr(component.params, parameter, ""):
            used = flows and (parameter not in ("loop", "alternate_loop") or (parameter == "loop") != on_alternate)
            other = component.plant.find(named)
            if isinstance(other, WaterLoop) and other.flow_l_s <= 0.0:
                used = False  # a fan that turns draws nothing from water that stands
            wires[f"{component.id}.{parameter}"] = {"live": used, "source": None}
    return wires


REFERENCES = ("loop", "alternate_loop", "condenser_loop", "hall", "room", "climate", "tank", "bulk", "bulk_2")
"""Parameters of ratings that name another component and are drawn as a pipe or a duct."""


def _alarms(site: Site) -> list[JsonObject]:
    severities = {
        name: {alarm.name: alarm.severity for alarm in device.alarms} for name, device in site.devices.items()
        if device.state.alarms
    }  # fmt: skip
    return [
        {
            "id": f"{name}:{alarm}",
            "device": name,
            "text": alarm,
            "severity": severities[name].get(alarm.partition(".")[0], "warning"),
            "since_s": round(since, 3),
            "acknowledged": False,
        }
        for name in severities
        for alarm, since in site.devices[name].state.alarms.items()
    ]


def _faults(site: Site) -> list[JsonObject]:
    begun: dict[tuple[str, str], float] = {}
    active = site.active_faults()
    if active:
        for event in site.plant.journal:
            if event.what == "fault":
                begun[event.who.partition("/")[0], str(event.data["kind"])] = event.t
    return [
        {
            "target": target,
            "kind": kind,
            "since_s": _since(begun, target, kind),
            "params": parameters,
        }
        for target, kind, parameters in active
    ]


def _since(begun: dict[tuple[str, str], float], target: str, kind: str) -> float | None:
    name, colon, of = target.partition(":")
    since = begun.get((name, f"{kind}{colon}{of}"))
    return None if since is None else round(since, 3)


def line(event: Event) -> JsonObject:
    """A line of the plant's journal."""
    return {"t_s": round(event.t, 3), "who": event.who, "what": event.what, "data": dict(event.data)}


def kind_of(site: Site, name: str) -> str:
    """The kind of a component, or of a device that is none."""
    component = site.components.get(name)
    return component.kind if component is not None else site.devices[name].kind
