"""The state and the main value that an operator's screen shows for each kind of component.

    condition(site.components["chiller-1"])     # Condition("ok", "running")
    figure(site.components["chiller-1"])        # Figure("power_kw", 102.1, "kW", 0.40)

`condition` dispatches on the class of the component, so a kind of an installed package may register its own. A kind
without one is `ok`, or, in the power path, `ok` while its output is live and `dead` while it is not.
"""

from __future__ import annotations

from functools import singledispatch
from typing import Literal, NamedTuple

from twinfeed.emulators.plant.air.humidifiers import Humidifier
from twinfeed.emulators.plant.cooling.air_handlers import AirHandler
from twinfeed.emulators.plant.cooling.chillers import Chiller
from twinfeed.emulators.plant.cooling.heat_rejection import HeatRejection
from twinfeed.emulators.plant.cooling.pumps import Pump
from twinfeed.emulators.plant.cooling.rooms import VentilationFan
from twinfeed.emulators.plant.cooling.water import WaterLoop
from twinfeed.emulators.plant.generation.fuel import BulkTank, DayTank
from twinfeed.emulators.plant.generation.generator import Generator
from twinfeed.emulators.plant.generation.master import ParallelingPlc
from twinfeed.emulators.plant.kernel.component import Component
from twinfeed.emulators.plant.network.links import Link
from twinfeed.emulators.plant.network.network import ManagementNetwork
from twinfeed.emulators.plant.network.switch import Switch
from twinfeed.emulators.plant.places.place import Place
from twinfeed.emulators.plant.places.zone import Zone
from twinfeed.emulators.plant.power.boards import Board
from twinfeed.emulators.plant.power.breakers import CircuitBreaker
from twinfeed.emulators.plant.power.electrical import Electrical
from twinfeed.emulators.plant.power.pdu import Pdu
from twinfeed.emulators.plant.power.static_transfer_switch import StaticTransferSwitch
from twinfeed.emulators.plant.power.transfer_switch import AutomaticTransferSwitch
from twinfeed.emulators.plant.power.transformers import Transformer
from twinfeed.emulators.plant.racks.racks import RackRow
from twinfeed.emulators.plant.ups.rotary_ups import RotaryUps
from twinfeed.emulators.plant.ups.ups import Ups

Word = Literal["ok", "dead", "off", "warning", "failed", "unknown", "isolated", "starting"]
"""`dead`: no voltage where there should be some. `off`: at rest, as commanded. `isolated`: locked out by people.
`failed`: broken, tripped or destroyed."""


class Condition(NamedTuple):
    """One state of a component, for its symbol."""

    state: Word
    text: str
    """The state in a word of its trade: `running`, `tripped`, `battery`."""


class Figure(NamedTuple):
    """The main value of a component."""

    quantity: str
    value: float | bool | str
    unit: str
    load: float | None
    """Load against the rating, 1 at the rating; None where nothing is rated."""


MAIN: dict[str, str] = {
    "utility": "load_kw", "transformer": "load_kw", "bulk_tank": "level_percent", "day_tank": "level_percent",
    "generator": "power_kw", "paralleling_plc": "phase", "board": "load_kw", "bus_tie": "flow_kw",
    "breaker": "load_kw", "ats": "load_kw", "sts": "load_kw", "rack_ats": "load_kw", "ups": "load_kw",
    "rotary_ups": "load_kw", "pdu": "load_kw", "rack": "it_kw", "rack_row": "it_kw", "climate": "outdoor_c",
    "yard": "outdoor_c", "water_loop": "supply_c", "pump": "flow_l_s", "chiller": "cooling_kw",
    "cooling_tower": "cooling_kw", "dry_cooler": "cooling_kw", "crah": "cooling_kw", "crac": "cooling_kw",
    "hall": "inlet_c", "room": "air_c", "ventilation_fan": "cooling_kw", "humidifier": "vapour_kg_h",
    "switch": "ports_up", "link": "traffic_gbps", "network": "reachable_devices", "place": "air_c", "zone": "alarm",
}  # fmt: skip
"""Kind -> the quantity that its symbol shows."""

LOADED_PERCENT: dict[str, str] = {
    "transformer": "load_percent", "generator": "load_percent", "breaker": "current_percent",
    "bus_tie": "current_percent", "ups": "load_percent", "chiller": "load_percent", "crac": "load_percent",
    "crah": "valve_percent", "link": "utilisation_percent", "day_tank": "level_percent", "bulk_tank": "level_percent",
}  # fmt: skip
"""Kind -> the quantity that is its load against its rating, %; of a tank, its level."""


def figure(component: Component) -> Figure:
    """The main value of a component. A kind that is in no table shows its first quantity."""
    name = MAIN.get(component.kind) or next(iter(component.QUANTITIES), "")
    value = component.quantity(name) if name else ""
    return Figure(name, value, component.QUANTITIES.get(name, ""), _load(component))


def _load(component: Component) -> float | None:
    percent = LOADED_PERCENT.get(component.kind)
    if percent is not None:
        return float(component.quantity(percent)) / 100.0
    if isinstance(component, Electrical):
        if component.rated_kva:
            return component.load.total_kva / component.rated_kva
        if rated_a := getattr(component.params, "rated_a", 0.0):
            return max(component.load.amperes(component.output.volts)) / float(rated_a)
    return None


def condition(component: Component) -> Condition:
    """The state of a component for its symbol."""
    if component.state.lost:
        return Condition("failed", f"destroyed: {component.state.lost}")
    return condition_of_kind(component)


@singledispatch
def condition_of_kind(component: Component) -> Condition:
    """The state of a component that is not destroyed, by its class."""
    return Condition("ok", "in service")


@condition_of_kind.register
def _electrical(component: Electrical) -> Condition:
    if not component.live:
        return Condition("dead", "dead")
    return Condition("ok", "live") if component.sound else Condition("warning", "disturbed supply")


@condition_of_kind.register
def _transformer(component: Transformer) -> Condition:
    if component.tripped:
        return Condition("failed", "tripped")
    return Condition("warning", "hot oil") if component.oil_alarm else _electrical(component)


@condition_of_kind.register
def _board(component: Board) -> Condition:
    return Condition("failed", "sources clash") if component.clash else _electrical(component)


@condition_of_kind.register
def _breaker(component: CircuitBreaker) -> Condition:
    if component.damaged:
        return Condition("failed", "damaged")
    if component.tripped:
        return Condition("failed", "tripped")
    if component.locked:
        return Condition("isolated", "locked out")
    if not component.closed:
        return Condition("off", "open")
    return Condition("ok", "closed") if component.live else Condition("dead", "closed, dead")


@condition_of_kind.register
def _transfer_switch(component: AutomaticTransferSwitch) -> Condition:
    if component.load_fault:
        return Condition("failed", "locked by a fault of its load")
    if component.state.locks:
        return Condition("isolated", "locked out")
    if not component.live:
        return Condition("off" if component.position == "off" else "dead", component.position)
    return Condition("ok", component.position)


@condition_of_kind.register
def _static_switch(component: StaticTransferSwitch) -> Condition:
    if component.bypassed:
        return Condition("isolated", "maintenance bypass")
    if not component.live:
        return Condition("dead", "dead")
    where = f"on {component.active}"
    return Condition("ok" if component.redundant and not component.inhibited else "warning", where)


@condition_of_kind.register
def _ups(component: Ups) -> Condition:
    mode = component.mode
    if component.battery_lost:
        return Condition("failed", f"{mode}, battery lost")
    if mode == "maintenance":
        return Condition("isolated", mode)
    if mode == "off":
        return Condition("dead" if component.state.latched else "off", mode)
    return Condition("ok" if mode in ("online", "eco") else "warning", mode)


@condition_of_kind.register
def _rotary_ups(component: RotaryUps) -> Condition:
    if component.latched:
        return Condition("failed", "locked by its protection")
    if component.mode == "off":
        return Condition("off", "off")
    return Condition("ok" if component.mode == "line" else "warning", component.mode)


@condition_of_kind.register
def _generator(component: Generator) -> Condition:
    if component.phase == "seized":
        return Condition("failed", "seized")
    if component.trip_cause:
        return Condition("failed", f"breaker tripped: {component.trip_cause}")
    if component.phase == "cranking":
        return Condition("starting", "cranking")
    if component.phase == "running":
        return Condition("ok", "on load") if component.closed else Condition("starting", "running, not connected")
    return Condition("off", component.phase)


@condition_of_kind.register
def _paralleling_plc(component: ParallelingPlc) -> Condition:
    states: dict[str, Word] = {"up": "ok", "booting": "starting", "halted": "failed"}
    return Condition(states.get(component.phase, "dead"), component.phase)


@condition_of_kind.register(DayTank)
@condition_of_kind.register(BulkTank)
def _tank(component: DayTank | BulkTank) -> Condition:
    if component.empty:
        return Condition("failed", "empty")
    if isinstance(component, BulkTank) and component.shut:
        return Condition("isolated", "shut")
    pumping = isinstance(component, DayTank) and component.pumping
    return Condition("ok", "filling" if pumping else "in service")


@condition_of_kind.register
def _pdu(component: Pdu) -> Condition:
    if component.tripped_banks:
        return Condition("failed", f"{component.tripped_banks} banks tripped")
    return _electrical(component)


@condition_of_kind.register
def _row(component: RackRow) -> Condition:
    racks = component.params.racks
    if not component.racks_supplied:
        return Condition("dead", "no supply")
    if component.racks_supplied < racks:
        return Condition("failed", f"{component.racks_supplied} of {racks} supplied")
    if component.racks_running < racks:
        return Condition("warning", f"{component.racks_running} of {racks} running")
    if component.overheated:
        return Condition("warning", f"{component.overheated} overheated")
    return Condition("ok", "running") if component.redundant else Condition("warning", "on one cord")


@condition_of_kind.register
def _water_loop(component: WaterLoop) -> Condition:
    if component.shut:
        return Condition("isolated", "shut")
    return Condition("ok", "circulating") if component.flow_l_s > 0.0 else Condition("off", "no flow")


def _machine(running: bool, powered: bool, commanded: bool) -> Condition:
    """The state of a machine with a motor that is not tripped."""
    if running:
        return Condition("ok", "running")
    if not powered:
        return Condition("dead", "no supply")
    return Condition("failed", "commanded, not running") if commanded else Condition("off", "stopped")


@condition_of_kind.register
def _pump(component: Pump) -> Condition:
    if component.state.commanded and component.live and not component.state.ready:
        return Condition("starting", "restarting")
    return _machine(component.running, component.live, component.state.commanded)


@condition_of_kind.register
def _chiller(component: Chiller) -> Condition:
    if component.tripped:
        return Condition("failed", f"tripped: {component.state.trip}" if component.state.trip else "tripped")
    return _machine(component.running, component.live, False)


@condition_of_kind.register
def _heat_rejection(component: HeatRejection) -> Condition:
    return _machine(component.running, component.live, component.state.commanded and component.state.valve_open)


@condition_of_kind.register
def _air_handler(component: AirHandler) -> Condition:
    if component.hot:
        return Condition("failed", "stopped by hot return air")
    return _machine(component.running, component.live, component.state.commanded)


@condition_of_kind.register(VentilationFan)
@condition_of_kind.register(Humidifier)
def _called_by_its_sensor(component: VentilationFan | Humidifier) -> Condition:
    return _machine(component.running, component.live, False)


@condition_of_kind.register
def _switch(component: Switch) -> Condition:
    if component.storm:
        return Condition("failed", "broadcast storm")
    if component.running:
        both = component.psu_a_live and component.psu_b_live
        return (
            Condition("ok", "forwarding") if both or len(component.feeds) < 2 else Condition("warning", "on one cord")
        )
    if component.psu_a_live or component.psu_b_live:
        return Condition("starting", component.state.power)
    return Condition("dead", "no supply")


@condition_of_kind.register
def _link(component: Link) -> Condition:
    if not component.up:
        return Condition("dead", "no carrier")
    return Condition("warning", "losing frames") if component.loss_ratio else Condition("ok", "up")


@condition_of_kind.register
def _network(component: ManagementNetwork) -> Condition:
    if component.storm:
        return Condition("failed", "broadcast storm")
    return Condition("ok", "converged") if component.converged else Condition("starting", "converging")


@condition_of_kind.register
def _place(component: Place) -> Condition:
    if component.burning:
        return Condition("failed", "burning")
    if component.wet:
        return Condition("warning", "wet")
    return Condition("warning", "alarm") if component.alarm else Condition("ok", "quiet")


@condition_of_kind.register
def _zone(component: Zone) -> Condition:
    if component.burning:
        return Condition("failed", "burning")
    return Condition("warning", "alarm") if component.alarm else Condition("ok", "quiet")
