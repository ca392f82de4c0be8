"""Every kind of component a site file may name: those that ship, and those of installed packages."""

from __future__ import annotations

from collections.abc import Mapping

from twinfeed.emulators.extensions import COMPONENTS, Catalogue, add_faults
from twinfeed.emulators.plant.air.climate import Climate
from twinfeed.emulators.plant.air.humidifiers import Humidifier
from twinfeed.emulators.plant.air.yard import Yard
from twinfeed.emulators.plant.cooling.chillers import Chiller
from twinfeed.emulators.plant.cooling.cracs import Crac
from twinfeed.emulators.plant.cooling.crahs import Crah
from twinfeed.emulators.plant.cooling.halls import Hall
from twinfeed.emulators.plant.cooling.heat_rejection import CoolingTower, DryCooler
from twinfeed.emulators.plant.cooling.pumps import Pump
from twinfeed.emulators.plant.cooling.rooms import Room, VentilationFan
from twinfeed.emulators.plant.cooling.water import WaterLoop
from twinfeed.emulators.plant.generation.fuel import BulkTank, DayTank
from twinfeed.emulators.plant.generation.generator import Generator
from twinfeed.emulators.plant.generation.master import ParallelingPlc
from twinfeed.emulators.plant.kernel.component import Component
from twinfeed.emulators.plant.kernel.faults import Fault
from twinfeed.emulators.plant.network.links import Link
from twinfeed.emulators.plant.network.network import ManagementNetwork
from twinfeed.emulators.plant.network.switch import Switch
from twinfeed.emulators.plant.places.place import Place
from twinfeed.emulators.plant.places.zone import Zone
from twinfeed.emulators.plant.power.boards import Board, BusTie
from twinfeed.emulators.plant.power.breakers import Breaker
from twinfeed.emulators.plant.power.pdu import Pdu
from twinfeed.emulators.plant.power.static_transfer_switch import RackTransferSwitch, StaticTransferSwitch
from twinfeed.emulators.plant.power.transfer_switch import AutomaticTransferSwitch
from twinfeed.emulators.plant.power.transformers import Transformer
from twinfeed.emulators.plant.power.utilities import Utility
from twinfeed.emulators.plant.racks.rack import Rack
from twinfeed.emulators.plant.racks.racks import RackRow
from twinfeed.emulators.plant.ups.rotary_ups import RotaryUps
from twinfeed.emulators.plant.ups.ups import Ups

OWN: tuple[type[Component], ...] = (
    Utility,
    Transformer,
    BulkTank,
    DayTank,
    Generator,
    ParallelingPlc,
    Board,
    BusTie,
    Breaker,
    AutomaticTransferSwitch,
    StaticTransferSwitch,
    Ups,
    RotaryUps,
    Pdu,
    RackTransferSwitch,
    Rack,
    RackRow,
    Climate,
    Yard,
    WaterLoop,
    Pump,
    Chiller,
    CoolingTower,
    DryCooler,
    Crah,
    Crac,
    Hall,
    Room,
    VentilationFan,
    Humidifier,
    Switch,
    Link,
    ManagementNetwork,
    Place,
    Zone,
)
"""The classes that ship with twinfeed."""


def _is_component(named: object) -> bool:
    return isinstance(named, type) and issubclass(named, Component) and isinstance(getattr(named, "kind", None), str)


def _complete(kinds: Mapping[str, type[Component]]) -> None:
    add_faults({name: [cls] for name, cls in kinds.items()}, lambda target: not target.endswith("device"), Fault)


KINDS = Catalogue(
    OWN, COMPONENTS, lambda cls: cls.kind, _is_component, "a subclass of Component with a `kind`", _complete
)
"""The classes of components by the `kind` that site files give."""
