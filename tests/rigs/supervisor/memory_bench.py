"""A supervised bench whose devices, instruments and actuators live in the test's memory and in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable, Mapping
from pathlib import Path
from typing import Any

from twinfeed.emulators.devices.firmware.points import Value
from twinfeed.harness.record import Record, read
from twinfeed.harness.virtual.loop import VirtualLoop
from twinfeed.hil_rigs import rigfile
from twinfeed.hil_rigs.actuators import Actuator, ActuatorFailed
from twinfeed.hil_rigs.actuators.base import NotMoved
from twinfeed.hil_rigs.instruments import Instrument, NoReading
from twinfeed.hil_rigs.schema import Position
from twinfeed.hil_rigs.supervisor.supervisor import Supervisor

RIG = """
bench: memory
checklist: []
may_arm: [Awa]
wiring:
  power:
    utility-a: {kind: utility}
    ups-1: {kind: ups, from: {input: utility-a}, kva: 3, kw: 2.7, phases: 1, device: {profile: ups-rfc1628, address: 127.44.0.11}}
  racks:
    pdu-1: {kind: pdu, from: ups-1, phases: 1, outlets: 8, banks: 1, device: {profile: apc-rpdu2, address: 127.44.0.12}}
    rack-1: {kind: rack, from: {a: "pdu-1:1"}, rack_kw: 1, psu_side_kw: 2}
devices:
  ups-1: {snmp: {address: 127.44.0.11}}
  pdu-1: {snmp: {address: 127.44.0.12}}
instruments:
  rack-1.supplied: {point: pdu-1.outlet.1.state}
  ups-1.battery.charge: {point: ups-1.battery.charge}
"""

ACTUATORS = """
actuators:
  mains: {outlet: pdu-1.outlet.2.control, safe: "off", causes: {utility-a outage: "off"}}
  load: {outlet: pdu-1.outlet.1.control, causes: {pdu-1 inlet-loss: "off"}}
"""


class Switch(Actuator):
    """An actuator in memory; `stuck` does not move, `absent` reports so before it begins, `slow` takes that long.

    `asked` has every move that was ordered, with its parameters, `moves` those that were made.
    """

    def __init__(self, name: str, moves: list[tuple[str, Position]]) -> None:
        super().__init__(name)
        self.at: Position = "on"
        self.stuck = False
        self.absent = False
        self.slow_s = 0.0
        self.asked: list[tuple[Position, dict[str, float]]] = []
        self._moves = moves

    async def move(self, position: Position, parameters: Mapping[str, float] | None = None) -> None:
        self.asked.append((position, dict(parameters or {})))
        await asyncio.sleep(self.slow_s)
        if self.absent:
            raise NotMoved(f"{self.name}: nobody is there")
        if self.stuck:
            raise ActuatorFailed(f"{self.name} is stuck")
        self.at = position
        self._moves.append((self.name, position))

    async def position(self) -> Position:
        return self.at


class Gauge(Instrument):
    """An instrument in memory, read every second; None gives no reading."""

    def __init__(self, quantity: str, values: Mapping[str, Value | None]) -> None:
        super().__init__(quantity, 1.0)
        self._values = values

    async def read(self) -> Value:
        value = self._values.get(self.quantity)
        if value is None:
            raise NoReading(f"{self.quantity}: nothing there")
        return value


class MemoryBench:
    """The supervisor of a bench in memory. `values` is what its instruments show, `moves` what has moved, in order."""

    def __init__(self, folder: Path) -> None:
        self.loop = VirtualLoop()
        self.folder = folder
        self.values: dict[str, Value | None] = {"rack-1.supplied": True, "ups-1.battery.charge": 90.0}
        self.moves: list[tuple[str, Position]] = []
        self.told: list[Mapping[str, Any]] = []
        self.switches: dict[str, Switch] = {}
        self.records: list[Record] = []
        self.supervisor: Supervisor

    def end(self) -> None:
        """End the supervisor, if there is one, and close what is open."""
        if self.records:
            self.run(self.supervisor.stop())
        for record in self.records:
            record.close()
        self.loop.close()

    def run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(coroutine)

    def wait(self, seconds: float) -> None:
        self.run(asyncio.sleep(seconds))

    def start(self, sections: str = "", actuators: str = ACTUATORS) -> Supervisor:
        path = self.folder / "rig.yaml"
        common = RIG.replace("checklist: []\n", "") if "checklist:" in sections else RIG
        path.write_text(common + actuators + sections, encoding="utf-8")
        rig = rigfile.read(path)
        self.switches = {name: Switch(name, self.moves) for name in rig.bench.actuators}

        def gauges(quantities: Iterable[str]) -> list[Instrument]:
            return [Gauge(quantity, self.values) for quantity in quantities]

        self.records.append(Record.open(self.folder / "record.jsonl"))
        self.supervisor = Supervisor(rig, self.records[-1], {}, self.switches, gauges, self.told.append)
        self.run(self.supervisor.start())
        self.wait(0.01)
        return self.supervisor

    def armed(self, sections: str = "", for_s: float = 3600.0, actuators: str = ACTUATORS) -> Supervisor:
        supervisor = self.start(sections, actuators)
        self.run(supervisor.arm("Awa", for_s))
        return supervisor

    def lines(self) -> list[tuple[str, str]]:
        """Actors and actions, from the record."""
        return [(entry.who, entry.what) for entry in read(self.folder / "record.jsonl")]
