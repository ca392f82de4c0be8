"""A bench whose devices are the emulators of site `bench`, in memory and in virtual time."""

from __future__ import annotations

from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from twinfeed.emulators.devices.firmware.device import Device
from twinfeed.emulators.serving import Servers
from twinfeed.emulators.site import Site
from twinfeed.harness.transports import DeviceHandle
from twinfeed.harness.virtual.loop import VirtualLoop
from twinfeed.hil_rigs import rigfile
from twinfeed.hil_rigs.connecting import connect
from twinfeed.hil_rigs.rigfile import Rig

DEVICES = """
bench: emulated
wiring: bench
devices:
  pdu-1: {snmp: {address: 127.30.0.21, port: 1161, write: "env:BENCH_WRITE"}}
  pdu-2: {snmp: {address: 127.30.0.22, port: 1161, write: "env:BENCH_WRITE"}}
  switch-1: {snmp: {address: 127.30.0.71, port: 1161, write: "env:BENCH_WRITE"}}
  relay-1: {modbus: {address: 127.30.0.81, port: 1502}}
  meter-1: {modbus: {address: 127.30.0.51, port: 1502}}
  ups-2: {snmp: {address: 127.30.0.12, port: 1161, write: "env:BENCH_WRITE"}}
"""


class EmulatedBench:
    """The devices answer; time passes on them as it passes on the loop."""

    def __init__(self, folder: Path) -> None:
        self.loop = VirtualLoop()
        self.site = Site.load("bench")
        self.site.advance(600.0)
        self._folder = folder
        self.servers = Servers(self.site, draining=False, lazy=True, catch_up=self._catch_up)
        self.run(self.servers.start())

    def run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(coroutine)

    def device(self, name: str) -> Device:
        return self.site[name]

    def rig(self, sections: str, devices: str = DEVICES) -> Rig:
        """The bench with these actuators and instruments, from a file."""
        path = self._folder / "rig.yaml"
        path.write_text(devices + sections, encoding="utf-8")
        return rigfile.read(path)

    def handles(self, rig: Rig) -> dict[str, DeviceHandle]:
        return connect(rig)

    def _catch_up(self) -> None:
        self.site.advance(max(0.0, 600.0 + self.loop.time() - self.site.plant.now))
