"""Every kind of component a site file may name."""

from __future__ import annotations

from twinfeed.emulators.plant.boards import Board, BusTie
from twinfeed.emulators.plant.breakers import Breaker
from twinfeed.emulators.plant.chillers import Chiller
from twinfeed.emulators.plant.climate import Climate
from twinfeed.emulators.plant.crahs import Crah
from twinfeed.emulators.plant.distribution import Pdu
from twinfeed.emulators.plant.electrical import Component
from twinfeed.emulators.plant.fuel import BulkTank, DayTank
from twinfeed.emulators.plant.generators import Generator
from twinfeed.emulators.plant.halls import Hall
from twinfeed.emulators.plant.links import Link
from twinfeed.emulators.plant.network import ManagementNetwork
from twinfeed.emulators.plant.pumps import Pump
from twinfeed.emulators.plant.racks import Rack, RackRow
from twinfeed.emulators.plant.sources import Transformer, Utility
from twinfeed.emulators.plant.static_transfer import RackTransferSwitch, StaticTransferSwitch
from twinfeed.emulators.plant.switches import Switch
from twinfeed.emulators.plant.transfer import AutomaticTransferSwitch
from twinfeed.emulators.plant.ups import Ups
from twinfeed.emulators.plant.water import WaterLoop

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
