"""The bench on which it is proven what happens when things go wrong, and how tests work on it.

    utility-a ── ups-1 ── pdu-1 ──┬── outlet 1: rack-1
                 (SNMPv3)  (v2c)  └── outlet 2: spare
    meter-1, relay-1               behind one Modbus gateway; relay 1 opens q-load

The UPS and the meter are watched by interlocks, the PDU and the relay module are not.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

import pytest
from process_bench import PATIENCE_S, ProcessBench
from workers import supervising, warm

from twinfeed.harness.record import Entry, read
from twinfeed.harness.transports import NoAnswer
from twinfeed.hil_rigs import actuators, rigfile
from twinfeed.hil_rigs.connecting import connect
from twinfeed.hil_rigs.dialogue import Unattended
from twinfeed.hil_rigs.rigfile import Rig
from twinfeed.hil_rigs.supervisor.client import Client
from twinfeed.hil_rigs.supervisor.moves import Denied, Moves
from twinfeed.hil_rigs.supervisor.process import join
from twinfeed.hil_rigs.world.world import RigWorld

NETWORK_BENCH = """
bench: proofs
checklist: []
may_arm: [Awa]
wiring:
  addresses: 127.45.0.0/24
  power:
    utility-a: {kind: utility, capacity_kw: 20}
    q-load: {kind: breaker, from: utility-a, rated_a: 32}
    ups-1: {kind: ups, from: {input: utility-a}, kva: 3, kw: 2.7, phases: 1, device: {profile: ups-rfc1628, address: 127.45.0.11, boot_s: 6}}
  racks:
    pdu-1:
      {kind: pdu, from: ups-1, phases: 1, outlets: 8, banks: 1, device: {profile: apc-rpdu2, address: 127.45.0.12, serial: PROOF12, boot_s: 3}}
    rack-1: {kind: rack, from: {a: "pdu-1:1"}, rack_kw: 1, psu_side_kw: 2}
  devices:
    meter-1: {profile: schneider-pm5000, of: utility-a, powered_by: utility-a, address: 127.45.0.13, unit: 1}
    relay-1: {profile: advantech-adam-6060, address: 127.45.0.13, unit: 2, outputs: [q-load.open/close]}
devices:
  ups-1:
    snmp: {address: 127.45.0.11, port: 1161, version: v3, user: twinfeed, auth_password: "env:BENCH_AUTH", priv_password: "env:BENCH_PRIV", timeout: 1s}
  pdu-1:
    snmp: {address: 127.45.0.12, port: 1161, timeout: 500ms, write: "env:BENCH_WRITE"}
    identity: {serial: PROOF12}
  meter-1: {modbus: {address: 127.45.0.13, port: 1502, unit: 1, timeout: 1s}}
  relay-1: {modbus: {address: 127.45.0.13, port: 1502, unit: 2, timeout: 1s}}
actuators:
  load: {outlet: pdu-1.outlet.1.control, causes: {pdu-1 inlet-loss: "off"}, within: 1s}
  spare: {outlet: pdu-1.outlet.2.control, safe: "off", within: 1s}
  breaker: {relay: relay-1.relay.1.closed, normal: "off", causes: {q-load trip: "on"}, within: 1s}
instruments:
  pdu-1.outlet.1.state: {point: pdu-1.outlet.1.state, every: 200ms}
  meter-1.voltage.1: {point: meter-1.voltage.1, every: 500ms}
  ups-1.battery.charge: {point: ups-1.battery.charge, every: 500ms}
interlocks:
  charge: {quantity: ups-1.battery.charge, above: 20, stale: 4s}
  voltage: {quantity: meter-1.voltage.1, above: -1, stale: 4s}
limits: {safe_within: 30s, heartbeat: 10s, step: 4s}
"""


class ProofBench(ProcessBench):
    """The bench, with what the tests here do to its devices and learn of it."""

    def __init__(self, folder: Path, text: str) -> None:
        super().__init__(folder, text)
        self._unwell: set[str] = set()
        self.env |= {"BENCH_AUTH": "twinfeed-auth", "BENCH_PRIV": "twinfeed-priv"}

    # -- the devices ------------------------------------------------------------------------------------------------

    def restart_emulators(self, file: Path | None = None) -> None:
        """All devices at once, as that file describes them (default: as before)."""
        self.emulators.kill()
        self.emulators.wait()
        self.start_emulators(file)

    def suffers(self, target: str, kind: str) -> None:
        """A fault of a device itself: nobody on the bench has asked for it."""
        if kind != "card-reboot":  # which ends by itself
            self._unwell.add(target)
        self._of_the_devices("fault", target, kind)

    def is_well(self, target: str) -> None:
        self._unwell.discard(target)
        self._of_the_devices("clear", target)

    def _of_the_devices(self, *words: str) -> None:
        done = warm.run(*words, "--site", self.name, env=self.env)
        assert done.returncode == 0, done.stdout + done.stderr

    @contextmanager
    def file_says(self, *changes: str) -> Iterator[None]:
        """The rig file with the first text of each two replaced by the second."""
        text = changed = self.file.read_text(encoding="utf-8")
        for old, new in zip(changes[::2], changes[1::2], strict=True):
            assert old in changed, f"{old!r} is not in the rig file"
            changed = changed.replace(old, new)
        self.file.write_text(changed, encoding="utf-8")
        try:
            yield
        finally:
            self.stop_supervisor()
            self.file.write_text(text, encoding="utf-8")

    # -- working on it ------------------------------------------------------------------------------------------------

    def rig(self) -> Rig:
        return rigfile.read(self.file)

    @asynccontextmanager
    async def armed(self, rig: Rig | None = None) -> AsyncIterator[Client]:
        """The bench armed by Awa; a connection to its supervisor."""
        client = await join(rig or self.rig(), who="Awa")
        try:
            while True:
                try:
                    await client.ask("arm", person="Awa", for_s=3600.0)
                    break
                except Denied as error:
                    if "no reading yet" not in str(error):
                        raise
                    await asyncio.sleep(0.1)
            yield client
        finally:
            await client.close()

    @asynccontextmanager
    async def run(self, rig: Rig | None = None) -> AsyncIterator[RigWorld]:
        """A test run of this process on the bench, which is armed."""
        async with self.armed(rig):
            world = RigWorld(rig or self.rig(), run="the proof")
            await world.start()
            try:
                yield world
            finally:
                await world.stop()

    async def answers(self, site: RigWorld, device: str, point: str) -> None:
        """Wait until that device answers again."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                with suppress(NoAnswer):
                    await site[device].read(point)
                    return

    @contextmanager
    def used(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        """For one test: the environment as a user of the bench has it, and the bench at rest again afterwards."""
        before = dict(self.env)
        for name, value in self.env.items():
            monkeypatch.setenv(name, value)
        try:
            yield
        finally:
            self.env = before
            self.rest()

    def rest(self) -> None:
        """No supervisor, no record, every device well and every actuator at its normal position."""
        self.stop_supervisor()
        shutil.rmtree(self.folder / "benches", ignore_errors=True)
        for target in self._unwell:
            self._of_the_devices("clear", target)
        self._unwell.clear()
        with ThreadPoolExecutor(1) as thread:
            thread.submit(asyncio.run, self._to_normal()).result()

    def stop_supervisor(self) -> None:
        for guard in supervising.processes(self.file, worker=False):
            os.kill(guard, signal.SIGTERM)
        self.until(lambda: not self.supervisors(), "the supervisor ends")

    async def _to_normal(self) -> None:
        rig = self.rig()
        handles = connect(rig)
        try:
            moves = Moves(rig, actuators.make(rig, handles, Unattended()), lambda *_, **__: None, lambda _: None)
            assert await moves.to_normal() == []
        finally:  # a serial line has one master
            for handle in handles.values():
                handle.close()

    # -- state of the bench ------------------------------------------------------------------------------------------------

    def story(self) -> list[Entry]:
        """All that was recorded of the bench, of its supervisors one after the other, the chains checked."""
        files = [*sorted(self.place.glob("record-*.jsonl")), self.place / "record.jsonl"]
        return [entry for file in files for entry in read(file)]

    def why(self, what: str) -> str:
        """The reason that the record gives for the last such line."""
        return str([entry for entry in self.story() if entry.what == what][-1].data)


def in_order(story: list[Entry], *told: tuple[str, str]) -> bool:
    """True if these (who, what) are recorded in this order, whatever else is recorded between them."""
    lines = iter((entry.who, entry.what) for entry in story)
    return all(line in lines for line in told)


@contextmanager
def proof_bench(folder: Path, text: str) -> Iterator[ProofBench]:
    bench = ProofBench(folder, text)
    try:
        bench.start_emulators()
        yield bench
    finally:
        bench.stop()
