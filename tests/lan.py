"""A small network to test on: two cores, two pairs of access switches, a mains that can fail."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import ClassVar

from twinfeed.emulators.devices.catalogue import SWITCH
from twinfeed.emulators.devices.network.switch import SwitchParams
from twinfeed.emulators.plant.kernel.actor import Actor, State
from twinfeed.emulators.plant.kernel.component import Component
from twinfeed.emulators.plant.kernel.engine import Plant
from twinfeed.emulators.plant.kernel.faults import Fault
from twinfeed.emulators.plant.network.links import LinkRatings
from twinfeed.emulators.plant.network.network import Link, ManagementNetwork, NetworkRatings, Switch
from twinfeed.emulators.plant.network.ratings import SwitchRatings
from twinfeed.emulators.plant.power.electrical import Electrical, Supply
from twinfeed.emulators.plant.power.flow import Flow


class Mains(Electrical):
    """230 V until its fault `outage`."""

    kind = "mains"
    TERMINALS = ()
    FAULTS: ClassVar = {"outage": Fault("no voltage")}

    def energise(self):
        volts = 0.0 if self.fault("outage") is not None else 230.0
        return Supply((volts, volts, volts), 50.0 if volts else 0.0, self.id if volts else "")

    def demand(self):
        return {}


class Row(Component):
    """A rack row whose power a test sets."""

    kind = "row"

    @dataclass
    class RowState(State):
        kw: float = 100.0

    STATE = RowState

    @property
    def heat_kw(self):
        return self.state.kw


class Card(Actor):
    """A device with a management card."""

    @dataclass
    class CardState(State):
        card: str = "up"

    STATE = CardState

    def __init__(self, id, switch_port="", of=""):
        super().__init__(id)
        self.params = SimpleNamespace(switch_port=switch_port, of=of)
        self.mac = b"\x02" + id.encode().rjust(5, b"-")[:5]

    @property
    def answers(self):
        return self.state.card == "up"


@dataclass
class Lan:
    """Two core switches (core-1 is root and master), two access switches on both cores, two devices, a station.

    station ── core-1 ══lag1══ core-2
                │  ╲          ╱  │
                │     ╲    ╱     │
              access-1         access-2
                ups              pdu
    """

    core: dict = field(default_factory=dict)
    access: dict = field(default_factory=dict)
    network: dict = field(default_factory=dict)
    link: dict = field(default_factory=dict)

    def build(self, firmware: bool = False) -> Plant:
        plant = Plant()
        actors = [Mains("mains-a"), Mains("mains-b"), Row("row-1"), Row("row-2")]
        feeds = {"psu_a": "mains-a", "psu_b": "mains-b"}
        for n in (1, 2):
            ratings = SwitchRatings(**{"stp_priority": 4096 * n, **self.core})
            actors.append(Switch(f"core-{n}", ratings, feeds))
        for n in (1, 2):
            ratings = SwitchRatings(**{"serves": (f"row-{n}",), "server_ports": 4, **self.access})
            actors.append(Switch(f"access-{n}", ratings, feeds))
        cables = [("isl-1", "core-1:53", "core-2:53", "lag1"), ("isl-2", "core-1:54", "core-2:54", "lag1")]
        cables += [(f"up-{a}{c}", f"access-{a}:{52 + c}", f"core-{c}:{a}", "") for a in (1, 2) for c in (1, 2)]
        actors += [Link(id, LinkRatings(**{"a": a, "b": b, "lag": lag, **self.link})) for id, a, b, lag in cables]
        ratings = {
            "station": "core-1:48",
            "gateways": ("core-1", "core-2"),
            "uplinks": ("core-1:50", "core-2:50"),
            **self.network,
        }
        actors.append(ManagementNetwork("network", NetworkRatings(**ratings)))
        actors += [Card("ups", "access-1:10"), Card("pdu", "access-2:10")]
        if firmware:
            for n, of in enumerate(("core-1", "core-2", "access-1", "access-2"), 1):
                params = SwitchParams(of=of, address=f"127.16.1.{n}", serial=f"TF{n:08}", firmware="LL.10.13.1040")
                actors.append(SWITCH.build(f"{of}/device", params))
        for actor in actors:
            plant.add(actor)
        plant.solvers = [Flow(a for a in actors if isinstance(a, Electrical))]
        plant.start()
        return plant


def events(plant: Plant, what: str) -> list[tuple[float, str]]:
    """When and to whom that happened."""
    return [(round(event.t, 6), event.who) for event in plant.journal if event.what == what]
