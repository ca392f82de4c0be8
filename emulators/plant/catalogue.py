"""Every kind of component a site file may name."""

from __future__ import annotations

from emulators.plant.boards import Board, BusTie
from emulators.plant.breakers import Breaker
from emulators.plant.distribution import Pdu
from emulators.plant.electrical import Component
from emulators.plant.links import Link, Switch
from emulators.plant.network import ManagementNetwork
from emulators.plant.racks import Rack, RackRow
from emulators.plant.sources import Transformer, Utility

CLASSES: tuple[type[Component], ...] = (
    Utility,
    Transformer,
    Board,
    BusTie,
    Breaker,
    Pdu,
    Rack,
    RackRow,
    Switch,
    Link,
    ManagementNetwork,
)

KINDS: dict[str, type[Component]] = {cls.kind: cls for cls in CLASSES}
