"""The rig world: real devices, wall clock, and a supervisor between the test and the bench.

Quantities are what the bench's instruments have shown, faults are what its actuators cause, and devices are read
through the supervisor, which alone touches them. What the bench has no instrument or actuator for makes the test skip.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import pytest

from emulators import sitefile
from emulators.devices.points import Value
from emulators.plant.actor import PlantError
from harness import quantities
from harness.faults.injection import Injection
from harness.journal import Trace
from harness.properties import Property, Verdict, always, evaluate, patterns
from harness.transports import DeviceHandle
from harness.transports.handle import Reading
from harness.worlds.injector import Injector
from harness.worlds.inventory import Access
from harness.worlds.sites import beside
from harness.worlds.world import Cannot, Duration, World, span
from hil_rigs.rigfile import Rig
from hil_rigs.supervisor.beating import Beating
from hil_rigs.supervisor.client import Client, SupervisorGone
from hil_rigs.supervisor.moves import Denied
from hil_rigs.supervisor.places import socket_of
from hil_rigs.supervisor.process import CannotSupervise, join

LIVE_S = 1.0
"""How often the event loop lets the heartbeat know that it is alive, s."""


class BenchStopped(Exception):
    """The bench was made safe or lost while a test was running on it, or could not be had; the message says why."""


class RigWorld(World):
    """A bench. The journal's trace holds the readings of its instruments at the times they came."""

    kind: ClassVar[str] = "rig"
    capabilities: ClassVar[frozenset[str]] = frozenset(
        {"plant-faults", "network-faults", "protocol-faults", "programs"}
    )

    def __init__(self, rig: Rig, seed: int = 0, run: str = "") -> None:
        super().__init__(rig.site, seed)
        self.rig = rig
        self._run = run
        self._client: Client
        self._loop: asyncio.AbstractEventLoop
        self._started_s = 0.0
        self._injector: Injector
        self._stopped: asyncio.Future[None]
        self._tasks: set[asyncio.Task[Any]] = set()
        self._moving = asyncio.Lock()
        self._latest: dict[str, tuple[float, Value]] = {}
        self._silent: dict[str, str] = {}

    # -- life ---------------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopped = self._loop.create_future()
        self._started_s = self._loop.time()
        try:
            self._client = await join(self.rig, self._heard)
            ticket = await self._client.ask("hold", run=self._run)
        except CannotSupervise as error:
            raise BenchStopped(f"bench {self.rig.name} cannot be used: {error}") from None
        except (Denied, SupervisorGone) as error:
            raise Cannot(f"bench {self.rig.name}: {error}") from None
        self._beating = Beating(socket_of(self.rig), ticket, self.rig.bench.limits.heartbeat / 4)
        self._living = asyncio.create_task(self._live())
        self._client.gone.add_done_callback(lambda _: self._stop("the supervisor of the bench has ended"))
        self._injector = Injector(self, lambda: self.now, self._holds, self.seed, failed=self._fail)
        self.journal.trace.sections.update(quantities.sections(self.model))
        await self._first_readings()

    async def _first_readings(self) -> None:
        """Wait until every instrument that works has shown something."""
        status = await self._client.ask("status")
        for name, reading in status["readings"].items():
            if name not in self._latest:  # an event may have been faster
                self._take(reading["t_s"], name, reading["value"])
        self._silent.update(status["silent"])

    async def stop(self) -> None:
        self._injector.stop()
        while self._tasks:
            await asyncio.wait(set(self._tasks))
        if self.controller is not None:
            await self.controller.stop()
        try:
            await self._client.ask("let-go")
        except (SupervisorGone, Denied):
            pass  # the guard makes it safe, or it is safe already: the record says so
        finally:
            self._living.cancel()
            await asyncio.to_thread(self._beating.stop)
            await self._client.close()

    async def _live(self) -> None:
        """The loop does something: let the heartbeat know."""
        while True:
            self._beating.alive()
            await asyncio.sleep(LIVE_S)

    # -- time ---------------------------------------------------------------------------------------------------------

    @property
    def now(self) -> float:
        return self._loop.time() - self._started_s

    async def run(self, duration: Duration) -> None:
        until_s = self.now + span(duration)
        await self._pass(asyncio.ensure_future(self._wait(until_s)))

    async def _wait(self, until_s: float) -> None:
        await self._settled()
        await asyncio.sleep(max(0.0, until_s - self.now))
        await self._settled()

    def failures(self) -> list[asyncio.Future[None]]:
        return [self._stopped, *super().failures()]

    def _stop(self, why: str) -> None:
        self._fail(BenchStopped(why))

    def _fail(self, error: Exception) -> None:
        if not self._stopped.done():
            self._stopped.set_exception(error)
            self._stopped.exception()  # it counts as heard; whoever runs or checks the world next is told

    # -- disturbing ---------------------------------------------------------------------------------------------------

    async def schedule(self, *injections: Injection) -> None:
        for injection in injections:
            self._check(injection)
        for injection in injections:
            self._injector.add(injection)
        await self._settled()

    def _check(self, injection: Injection) -> None:
        target, kind = injection.target, injection.kind
        if target in self.model.components or target in self.model.devices:
            known = self.model.faults(target)
            if kind in known:
                try:
                    known[kind].chosen(injection.parameters)
                except ValueError as error:
                    raise PlantError(f"{target} {kind}: {error}") from None
        if self.rig.actuator_for(target, kind) is None:
            raise Cannot(f"no actuator of bench {self.rig.name} causes {target} {kind}")

    async def clear(self, target: str | None = None, kind: str | None = None) -> None:
        self._injector.end(target, kind)
        await self._settled()

    def apply(self, target: str, kind: str, parameters: Mapping[str, float]) -> None:
        """Let the supervisor cause it (`harness.faults.schedule.Sink`)."""
        self._order(target, kind, "fault", partial(self._client.ask, "apply", parameters=dict(parameters)))

    def lift(self, target: str, kind: str) -> None:
        """Let the supervisor end it (`harness.faults.schedule.Sink`)."""
        self._order(target, kind, "fault cleared", partial(self._client.ask, "lift"))

    def _order(self, target: str, kind: str, what: str, ask: Any) -> None:
        async def work() -> None:
            async with self._moving:  # in the order in which they were due
                await ask(target=target, kind=kind)
                self.journal.record(self.now, target, what, kind=kind)

        task = asyncio.create_task(work())
        self._tasks.add(task)
        task.add_done_callback(self._ordered)

    def _ordered(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and isinstance(error := task.exception(), Exception):
            self._fail(Cannot(str(error)) if isinstance(error, Denied) else error)

    async def _settled(self) -> None:
        """What was told to move has moved; raises what went wrong with it."""
        while self._tasks:
            await asyncio.wait(set(self._tasks))
        if self._stopped.done():
            await self._stopped

    def _holds(self, condition: str) -> bool:
        """Whether a condition holds for the latest readings."""
        judged = always(condition)
        for pattern in patterns([judged]):
            self._measured(pattern)
        trace = Trace({name: [(self.now, value)] for name, (_, value) in self._latest.items()})
        trace.sections.update(self.journal.trace.sections)
        return evaluate(trace, judged)[0].holds

    # -- observing ----------------------------------------------------------------------------------------------------

    def __getitem__(self, device: str) -> DeviceHandle:
        if device not in self.rig.bench.devices:
            self.model[device]
            raise Cannot(f"bench {self.rig.name} has no device {device}")
        if device not in self._handles:
            self._handles[device] = SupervisedHandle(self, device)
        return self._handles[device]

    async def ask(self, do: str, **fields: Any) -> Any:
        """Ask the supervisor; a bench that is gone stops the test."""
        try:
            return await self._client.ask(do, **fields)
        except SupervisorGone as error:
            raise BenchStopped(str(error)) from None
        except Denied as error:
            raise Cannot(str(error)) from None

    def observe(self, quantity: str) -> Value:
        quantities.resolve(self.model, quantity)
        instrument = self.rig.instrument_for(quantity)
        if instrument is None:
            raise Cannot(f"no instrument of bench {self.rig.name} measures {quantity}")
        if quantity in self._silent:
            raise Cannot(f"{quantity} has no reading: {self._silent[quantity]}")
        if quantity not in self._latest:
            raise Cannot(f"{quantity} is not watched: add @pytest.mark.watch({quantity!r}), or an instrument")
        return self._latest[quantity][1]

    def watch(self, *patterns_: str) -> None:
        self.watched += patterns_
        wanted = [name for pattern in patterns_ for name in self._measured(pattern)]
        if wanted:
            task = asyncio.create_task(self.ask("watch", quantities=wanted))
            self._tasks.add(task)
            task.add_done_callback(self._ordered)

    def _measured(self, pattern: str) -> list[str]:
        """What of a name or pattern the bench has instruments for.

        Raises:
            UnknownQuantity: it names nothing on the bench's twin.
            Cannot: the bench measures none of it.
        """
        named = [name for name in quantities.resolve(self.model, pattern) if self.rig.instrument_for(name) is not None]
        if not named:
            raise Cannot(f"no instrument of bench {self.rig.name} measures {pattern}")
        return named

    def look(self) -> None:
        self.journal.trace.reach(self.now)

    def judge(self, *properties: Property | str) -> list[Verdict]:
        recorded = self.journal.trace
        for pattern in patterns(properties):
            wanted = list(quantities.resolve(self.model, pattern))
            if not any(name in recorded for name in wanted):
                self._measured(pattern)
                raise Cannot(f"{pattern} was not watched: add @pytest.mark.watch({pattern!r})")
        return super().judge(*properties)

    def _heard(self, event: Mapping[str, Any]) -> None:
        match event["event"]:
            case "reading":
                self._take(event["t"], event["quantity"], event["value"])
            case "silent":
                self._silent[event["quantity"]] = event["why"]
                self.journal.record(self.now, event["quantity"], "has no reading", why=event["why"])
            case "tripped":
                self.journal.record(self.now, "supervisor", "tripped", why=event["why"])
                self._stop(f"the bench was made safe: {event['why']}")
            case "question":
                self.journal.record(self.now, "operator", "is asked", do=event.get("text"))

    def _take(self, t_s: float, quantity: str, value: Value | None) -> None:
        """A reading; t_s is of the monotonic clock, which all processes of a computer share."""
        if value is None:
            return
        self._silent.pop(quantity, None)
        at_s = max(0.0, t_s - self._started_s)
        value = float(value) if isinstance(value, int) and not isinstance(value, bool) else value
        self._latest[quantity] = (at_s, value)
        self.journal.trace.add(at_s, quantity, value)
        self.journal.trace.reach(at_s)

    def inventory(self) -> dict[str, object]:
        """The devices that a controller can reach as well: those on the network."""
        devices: dict[str, object] = {}
        for name, device in self.rig.bench.devices.items():
            entry: dict[str, object] = {
                "kind": self.rig.profiles[name].kind,
                "profile": self.rig.profiles[name].profile,
            }
            for protocol, (host, port) in self._places(name).items():
                unit = {"unit": device.modbus.unit or 1} if device.modbus is not None and protocol == "modbus" else {}
                entry[protocol] = {"address": host, "port": port, **unit}
            devices[name] = entry
        return {"site": self.model.name, "title": self.model.file.head.title, "station": {}, "devices": devices}

    def _places(self, name: str) -> dict[str, tuple[str, int]]:
        """Where a controller reaches a device, host and port by protocol: through the proxy if one stands before it."""
        device = self.rig.bench.devices[name]
        found: dict[str, tuple[str, int]] = {}
        if device.modbus is not None and device.modbus.address is not None:
            found["modbus"] = (device.modbus.address, device.modbus.port)
        if device.snmp is not None:
            found["snmp"] = (device.snmp.address, device.snmp.port)
        for actuator in self.rig.bench.actuators.values():
            if (wire := actuator.proxy) is not None and wire.device == name:
                for protocol, listens in (("modbus", wire.modbus), ("snmp", wire.snmp)):
                    if listens is not None:
                        host, _, port = listens.rpartition(":")
                        found[protocol] = (host, int(port))
        return found

    @property
    def access(self) -> Access:
        return Access.of(self.model.file.head.snmp)

    def write_frames(self, path: Path) -> bool:
        return False


class SupervisedHandle(DeviceHandle):
    """A device of the bench, read and written by the supervisor."""

    def __init__(self, world: RigWorld, name: str) -> None:
        super().__init__(name, world.rig.profiles[name])
        self._world = world

    async def read_many(self, points: Iterable[str]) -> dict[str, Reading]:
        readings = await self._world.ask("read", device=self.name, points=list(points))
        return {each["point"]: Reading(**{**each, "t_s": self._world.now}) for each in readings}

    async def write(self, point: str, value: Value) -> None:
        await self._world.ask("write", device=self.name, point=point, value=value)

    async def points(self) -> list[str]:
        found: list[str] = await self._world.ask("points", device=self.name)
        return found

    def close(self) -> None:
        """The supervisor keeps the connection."""


def fits(rig: Rig, item: pytest.Item) -> None:
    """Whether a test is for this bench: it names no site, or the one whose twin the bench is.

    Raises:
        Cannot: it is for another site.
        FileError: the site it names does not exist.
    """
    marker = item.get_closest_marker("site")
    if marker and marker.args:
        meant = sitefile.read(beside(marker.args[0], item.path)).head.site
        if meant != rig.site.name:
            raise Cannot(f"this test is for site {meant}; bench {rig.name} is a twin of {rig.site.name}")
