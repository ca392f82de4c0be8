"""Every kind of component a site file may name."""

from __future__ import annotations

from emulators.plant.boards import Board, BusTie
from emulators.plant.breakers import Breaker
from emulators.plant.chillers import Chiller
from emulators.plant.climate import Climate
from emulators.plant.crahs import Crah
from emulators.plant.distribution import Pdu
from emulators.plant.electrical import Component
from emulators.plant.fuel import BulkTank, DayTank
from emulators.plant.generators import Generator
from emulators.plant.halls import Hall
from emulators.plant.links import Link
from emulators.plant.network import ManagementNetwork
from emulators.plant.pumps import Pump
from emulators.plant.racks import Rack, RackRow
from emulators.plant.sources import Transformer, Utility
from emulators.plant.static_transfer import RackTransferSwitch, StaticTransferSwitch
from emulators.plant.switches import Switch
from emulators.plant.transfer import AutomaticTransferSwitch
from emulators.plant.ups import Ups
from emulators.plant.water import WaterLoop

CLASSES: tuple[type[Component], ...] = (
    Utility,
    Transformer,
    BulkTank,
    DayTank,
    Generator,
    Board,
    BusTie,
    Breaker,
    AutomaticTransferSwitch,
    StaticTransferSwitch,
    Ups,
    Pdu,
    RackTransferSwitch,
    Rack,
    RackRow,
    Climate,
    WaterLoop,
    Pump,
    Chiller,
    Crah,
    Hall,
    Switch,
    Link,
    ManagementNetwork,
)

KINDS: dict[str, type[Component]] = {cls.kind: cls for cls in CLASSES}
