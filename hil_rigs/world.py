"""The rig world: real devices, wall clock, and a supervisor between the test and the bench.

Quantities are what the bench's instruments have shown, faults are what its actuators cause, and devices are read
through the supervisor, which alone touches them. What the bench has no instrument or actuator for makes the test skip.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Coroutine, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import pytest

from twinfeed._phrases import Phrase
from twinfeed.emulators import sitefile
from twinfeed.emulators.devices.firmware.points import Value
from twinfeed.emulators.plant.people.deeds import Outcome
from twinfeed.harness import quantities
from twinfeed.harness.faults.deeds import Command, Deed
from twinfeed.harness.faults.onset import Conditioned
from twinfeed.harness.faults.possible import check_command
from twinfeed.harness.faults.reference import FaultRef
from twinfeed.harness.faults.schedule import Scheduled
from twinfeed.harness.faults.sinks import OfSite, Strength
from twinfeed.harness.plugin.marks import site_mark
from twinfeed.harness.properties import Property, Verdict, patterns
from twinfeed.harness.properties.conditions import Conditions
from twinfeed.harness.properties.vocabulary import Vocabulary, domains
from twinfeed.harness.properties.vocabulary import fits as fit
from twinfeed.harness.report import notes
from twinfeed.harness.transports import DeviceHandle
from twinfeed.harness.transports.handle import Reading
from twinfeed.harness.uncertainty import Observed
from twinfeed.harness.unknown import Unknown, raw_from_json
from twinfeed.harness.worlds.carrying import Carrying
from twinfeed.harness.worlds.injector import Injector
from twinfeed.harness.worlds.inventory import Access
from twinfeed.harness.worlds.sites import beside
from twinfeed.harness.worlds.world import Cannot, Duration, NotKnown, World, span
from twinfeed.hil_rigs.emergency.beating import Beating
from twinfeed.hil_rigs.evidence.quotes import quote
from twinfeed.hil_rigs.instruments import measures
from twinfeed.hil_rigs.rigfile import Rig
from twinfeed.hil_rigs.supervisor.client import Client, SupervisorGone
from twinfeed.hil_rigs.supervisor.moves import Denied
from twinfeed.hil_rigs.supervisor.places import socket_of
from twinfeed.hil_rigs.supervisor.process import CannotSupervise, join
from twinfeed.hil_rigs.supervisor.rescue import rescue

LIVE_S = 1.0
"""The period at which the event loop shows the heartbeat that it is alive, and asks the supervisor for news, s."""

OUT_OF_TOUCH_S = 5.0
"""When the supervisor has not answered for so long, nothing is known of the bench any more, s."""

FIRST_READING_S = 2.0
"""How much later than two periods after it is watched the first reading of a quantity may come, s: an instrument is
connected to first."""


class BenchStopped(Exception):
    """The bench was made safe or lost while a test was running on it, or could not be had, for the reason given."""


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
        self._carrying: Carrying
        self._faults: BenchFaults
        self._conditions: Conditions
        self._stopped: asyncio.Future[None]
        self._tasks: set[asyncio.Task[Any]] = set()
        self._moving = asyncio.Lock()
        self._latest: dict[str, tuple[float, Value]] = {}
        self._silent: dict[str, str] = {}
        self._awaited: dict[str, float] = {}
        """Quantities that are watched and have not been read yet -> since when, s."""
        self._in_touch_s = 0.0
        """Up to when all that was read has arrived here, s: when the last question was asked that was answered."""

    # -- life ---------------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopped = self._loop.create_future()
        self._started_s = self._loop.time()
        try:
            self._client = await join(self.rig, self._heard)
        except CannotSupervise as error:
            raise BenchStopped(Phrase("bench {rig} cannot be used: {error}", rig=self.rig.name, error=error)) from None
        except (Denied, SupervisorGone) as error:
            raise Cannot(Phrase("bench {rig}: {error}", rig=self.rig.name, error=error)) from None
        try:
            ticket = await self._client.ask("hold", run=self._run)
        except (Denied, SupervisorGone) as error:
            await self._client.close()
            raise Cannot(Phrase("bench {rig}: {error}", rig=self.rig.name, error=error)) from None
        await self._quote()
        self._beating = Beating(socket_of(self.rig), ticket, self.rig.bench.limits.heartbeat / 4, self._rescue)
        self._living = [asyncio.create_task(self._live()), asyncio.create_task(self._keep_in_touch())]
        self._client.gone.add_done_callback(lambda _: self._stop(Phrase("the supervisor of the bench has ended")))
        self._faults = BenchFaults(self.rig, self._order)
        self._conditions = Conditions(self._measured, self._latest_of, Vocabulary(domains(self.model)))
        self._carrying = Carrying(
            self._do, lambda target, deed: "", self.__getitem__, self._note, self._in_the_background
        )
        self._injector = Injector(
            self._faults, lambda: self.now, self._holds, self.seed, failed=self._fail, carry_out=self._carrying
        )
        self.journal.trace.sections.update(quantities.sections(self.model))
        await self._first_readings()

    async def _quote(self) -> None:
        """The record of the run, if one is written, and that of the bench quote each other."""
        record = notes.current()
        if record is not None:
            with suppress(Denied, SupervisorGone):  # `twinfeed verify` reports lines that are missing then
                await quote(self._client.ask, record)

    async def _first_readings(self) -> None:
        """Take what the instruments that are read already have shown last."""
        status = await self._client.ask("status")
        for name, reading in status["readings"].items():
            if name not in self._latest:  # an event may have been faster
                self._take(reading["t_s"], name, reading["value"])
        for name, why in status["silent"].items():
            self._fall_silent(self._started_s, name, why)

    async def stop(self) -> None:
        self._note_never_began()
        self._injector.stop()
        while self._tasks:
            await asyncio.wait(set(self._tasks))
        if self.controller is not None:
            await self.controller.stop()
        try:
            await self._client.ask("let-go")
            await self._quote()
        except SupervisorGone:
            await asyncio.to_thread(self._rescue)
        except Denied:
            pass  # it is safe already, as the record shows
        finally:
            for task in self._living:
                task.cancel()
            await asyncio.to_thread(self._beating.stop)
            await self._client.close()

    def _rescue(self) -> None:
        """The supervisor has died, and perhaps its guard as well; this process is alive, and has the rig file."""
        rescue(self.rig, self._run)

    async def _live(self) -> None:
        """The loop does something: let the heartbeat know."""
        while True:
            self._beating.alive()
            await asyncio.sleep(LIVE_S)

    async def _keep_in_touch(self) -> None:
        """A silent instrument shows no time; the supervisor's answer does: time has come so far."""
        with suppress(SupervisorGone, Denied):  # the end of the supervisor is noticed elsewhere
            while True:
                await self._catch_up()
                await asyncio.sleep(LIVE_S)

    async def _catch_up(self) -> None:
        """Wait until all that has been read so far has arrived."""
        asked_s = self.now
        await self._client.ask("status")
        self._in_touch_s = max(self._in_touch_s, asked_s)

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
        with suppress(SupervisorGone):
            await self._catch_up()

    def failures(self) -> list[asyncio.Future[None]]:
        return [self._stopped, *super().failures()]

    def _stop(self, why: str) -> None:
        self._fail(BenchStopped(why))

    def _fail(self, error: Exception) -> None:
        if not self._stopped.done():
            self._stopped.set_exception(error)
            self._stopped.exception()  # it counts as retrieved; the next run or check of the world raises it

    # -- disturbing ---------------------------------------------------------------------------------------------------

    async def _schedule(self, *entries: Scheduled) -> None:
        for entry in entries:
            match entry:
                case Deed():
                    raise Cannot(
                        Phrase(
                            "bench {rig}: {target} {deed}: no deed is asked of people on a bench; give it an "
                            "operator's actuator and inject that fault",
                            rig=self.rig.name,
                            target=entry.target,
                            deed=entry.deed,
                        )
                    )
                case Command():
                    check_command(self.model, entry)
                case _:
                    self._faults.check(entry.fault, entry.parameters, entry.for_s)
            for condition in (entry.when, entry.until):
                if condition is not None:
                    self._conditions.check(condition)
        self._injector.add(*entries)
        await self._settled()

    def waiting(self) -> list[Scheduled]:
        return self._injector.schedule.waiting

    def outcome(self, name: str) -> Outcome:
        return self._carrying.named(name)

    def _outcome_of(self, entry: Deed | Command) -> Outcome:
        return self._carrying.of(entry)

    def _do(self, target: str, deed: str, parameters: Mapping[str, Any]) -> Outcome:
        raise AssertionError("deeds are refused before")

    def _note(self, who: str, what: str, **data: Any) -> None:
        self.journal.record(self.now, who, what, **data)

    def _in_the_background(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ordered)

    async def clear(self, target: str | None = None, kind: str | None = None) -> None:
        self._injector.end(target, kind)
        await self._settled()

    def _order(self, fault: FaultRef, request: str, what: str, **fields: Any) -> None:
        async def work() -> None:
            async with self._moving:  # in the order in which they were due
                await self._client.ask(request, target=fault.where, kind=fault.kind, **fields)
                self.journal.record(self.now, fault.where, what, kind=fault.kind)

        task = asyncio.create_task(work())
        self._tasks.add(task)
        task.add_done_callback(self._ordered)

    def _ordered(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and isinstance(error := task.exception(), Exception):
            self._fail(Cannot(str(error)) if isinstance(error, Denied) else error)

    async def _settled(self) -> None:
        """The ordered actuators have moved; raises the error of one that has not."""
        while self._tasks:
            await asyncio.wait(set(self._tasks))
        if self._stopped.done():
            await self._stopped

    def _holds(self, entry: Conditioned) -> bool:
        """True if the condition of an entry is known to hold, by the latest readings."""
        self.sample()
        return self._conditions.hold(entry, self.now)

    def _latest_of(self, name: str) -> Callable[[], Value | Unknown]:
        """The reader of the latest value of a quantity."""
        trace = self.journal.trace
        return lambda: trace[name][-1][1] if trace.get(name) else Unknown(Phrase("no reading yet"))

    # -- observing ----------------------------------------------------------------------------------------------------

    def __getitem__(self, device: str) -> DeviceHandle:
        if device not in self.rig.bench.devices:
            self.model[device]
            raise Cannot(Phrase("bench {rig} has no device {device}", rig=self.rig.name, device=device))
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
            raise Cannot(
                Phrase("no instrument of bench {rig} measures {quantity}", rig=self.rig.name, quantity=quantity)
            )
        self.sample()
        if quantity not in self.journal.trace:
            if quantity in self._awaited:
                raise NotKnown(Phrase("{quantity} has not been read yet", quantity=quantity))
            raise Cannot(
                Phrase(
                    "{quantity} is not watched: add @pytest.mark.watch({quantity!r}), or an instrument",
                    quantity=quantity,
                )
            )
        value = self.journal.trace[quantity][-1][1]
        if isinstance(value, Unknown):
            raise NotKnown(
                Phrase(
                    "{quantity} has no reading: {why}",
                    quantity=quantity,
                    why=self._silent.get(quantity, value),
                )
            )
        return Observed(value, quantity) if type(value) is float else value

    def watch(self, *patterns_: str) -> None:
        self.watched += patterns_
        wanted = [name for pattern in patterns_ for name in self._measured(pattern)]
        if wanted:
            self._awaited |= {name: self.now for name in wanted if name not in self.journal.trace}
            self._missed(wanted)
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
            raise Cannot(Phrase("no instrument of bench {rig} measures {pattern}", rig=self.rig.name, pattern=pattern))
        return named

    def sample(self) -> None:
        """Record until when what was read has arrived, and what should have been read by now and was not."""
        now_s = self.now
        in_touch = now_s - self._in_touch_s < OUT_OF_TOUCH_S
        self.journal.trace.reach(self._in_touch_s if in_touch else now_s)
        for name, since_s in list(self._awaited.items()):
            if self._is_late(name, since_s):
                self._not_read_yet(name)

    def _not_read_yet(self, name: str) -> None:
        """Record that nothing is known of it since it is watched."""
        since_s = self._awaited.pop(name)
        self.journal.trace.add(since_s, name, Unknown(self._silent.get(name, Phrase("it has not been read yet"))))

    def _is_late(self, name: str, since_s: float) -> bool:
        return self._in_touch_s > since_s + self._known_for_s(name) + FIRST_READING_S

    def _known_for_s(self, quantity: str) -> float:
        """For how long a reading of it counts, s."""
        instrument = self.rig.instrument_for(quantity)
        return math.inf if instrument is None else instrument.known_for_s

    def _is_told(self, quantity: str) -> bool:
        """True if its instrument sends changes, and is not polled."""
        instrument = self.rig.instrument_for(quantity)
        return instrument is not None and instrument.notifications is not None

    def judge(self, *properties: Property | str) -> list[Verdict]:
        fit(properties, self.model)
        recorded = self.journal.trace
        for pattern in patterns(properties):
            wanted = list(quantities.resolve(self.model, pattern))
            for name in wanted:
                if name in self._awaited:
                    self._not_read_yet(name)
            if not any(name in recorded for name in wanted):
                self._measured(pattern)
                raise Cannot(Phrase("{pattern} was not watched: add @pytest.mark.watch({pattern!r})", pattern=pattern))
        verdicts = super().judge(*properties)
        return [replace(verdict, unmeasured=self._unmeasured(verdict.about)) for verdict in verdicts]

    def _unmeasured(self, property: Property) -> tuple[str, ...]:
        """The quantities that the property's patterns mean on the twin and the bench has not recorded."""
        meant = [name for pattern in property.patterns for name in quantities.resolve(self.model, pattern)]
        return tuple(dict.fromkeys(name for name in meant if name not in self.journal.trace))

    def _heard(self, event: Mapping[str, Any]) -> None:
        match event["event"]:
            case "reading":
                self._take(event["t"], event["quantity"], event["value"], event.get("trip_s", 0.0))
            case "alive":
                self.journal.trace.alive(max(0.0, event["t"] - self._started_s), event["quantity"])
            case "silent":
                self._fall_silent(event["t"], event["quantity"], event["why"], raw_from_json(event["raw"]))
                self.journal.record(self.now, event["quantity"], "has no reading", why=event["why"])
            case "tripped":
                self.journal.record(self.now, "supervisor", "tripped", why=event["why"])
                self._stop(Phrase("the bench was made safe: {why}", why=event["why"]))
            case "question":
                self.journal.record(self.now, "operator", "is asked", do=event.get("text"))

    def _take(self, t_s: float, quantity: str, value: Value | None, trip_s: float = 0.0) -> None:
        """A reading; t_s is of the monotonic clock, which all processes of a computer share."""
        if value is None:
            return
        self._silent.pop(quantity, None)
        trace, known_for_s, at_s = self.journal.trace, self._known_for_s(quantity), t_s - self._started_s
        value = float(value) if isinstance(value, int) and not isinstance(value, bool) else value
        self._latest[quantity] = (at_s, value)
        if at_s + known_for_s < 0.0:
            trace.add(0.0, quantity, Unknown(Phrase("it was read last {at_s:.1f} s before the start", at_s=-at_s)))
            return
        if quantity in self._awaited and self._is_late(quantity, self._awaited[quantity]):
            self._not_read_yet(quantity)
        self._awaited.pop(quantity, None)
        trace.known_for(quantity, known_for_s)
        trace.instruments.setdefault(quantity, measures(self.rig, quantity))
        if self._is_told(quantity):
            trace.add(max(0.0, at_s), quantity, value)
        else:
            trace.sample(max(0.0, at_s), quantity, value, trip_s)

    def _fall_silent(self, t_s: float, quantity: str, why: str, raw: Value | None = None) -> None:
        """It could not be read, or what was read is no value of it."""
        self._silent[quantity] = why
        trace, at_s = self.journal.trace, max(0.0, t_s - self._started_s)
        if raw is not None or not (quantity in trace or quantity in self._awaited):
            trace.add(self._awaited.pop(quantity, at_s), quantity, Unknown(why, raw))
        else:
            trace.silent(at_s, quantity, why)

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
        """The address at which a controller reaches a device, host and port by protocol: that of its proxy, if any."""
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


class BenchFaults:
    """Faults that the supervisor causes with the actuators of a bench (`twinfeed.harness.faults.sinks.Sink`).

    `order` sends it a request: the fault, `apply` or `lift`, the text of the journal, and fields of the request.
    """

    def __init__(self, rig: Rig, order: Callable[..., None]) -> None:
        self._rig, self._order = rig, order

    def realises(self, fault: FaultRef) -> bool:
        return self._rig.actuator_for(fault.where, fault.kind) is not None

    def check(self, fault: FaultRef, parameters: Strength, for_s: float | None = None) -> None:
        """
        Raises:
            PlantError: a component or device of the wiring has no such point or parameter, or a number is out of range.
            Cannot: the bench has no actuator that causes it.
        """
        site = self._rig.site
        on_site = fault.target in site.components or fault.target in site.devices
        if on_site and fault.kind in site.faults(fault.target):
            OfSite(site).check(fault, parameters, for_s)
        if not self.realises(fault):
            raise Cannot(Phrase("no actuator of bench {rig} causes {fault}", rig=self._rig.name, fault=fault))

    def apply(self, fault: FaultRef, parameters: Strength) -> None:
        self._order(fault, "apply", "fault", parameters=dict(parameters))

    def lift(self, fault: FaultRef) -> None:
        self._order(fault, "lift", "fault cleared")


class SupervisedHandle(DeviceHandle):
    """A device of the bench, read and written by the supervisor."""

    def __init__(self, world: RigWorld, name: str) -> None:
        super().__init__(name, world.rig.profiles[name])
        self._world = world

    async def read_many(self, points: Iterable[str]) -> dict[str, Reading]:
        readings = await self._world.ask("read", device=self.name, points=list(points))
        now_s = self._world.now
        return {each["point"]: Reading(**{**each, "value": _number(each["value"]), "t_s": now_s}) for each in readings}

    async def write(self, point: str, value: Value) -> None:
        await self._world.ask("write", device=self.name, point=point, value=value)

    async def points(self) -> list[str]:
        found: list[str] = await self._world.ask("points", device=self.name)
        return found

    def close(self) -> None:
        """The supervisor keeps the connection."""


def _number(value: Value | None) -> Value:
    """The supervisor sends NaN as null, since JSON has none."""
    return math.nan if value is None else value


def fits(rig: Rig, item: pytest.Item) -> None:
    """Whether a test is for this bench: it names no site, or the one whose twin the bench is.

    Raises:
        Cannot: it is for another site.
        FileError: the site it names does not exist.
        WrongMarker: the marker `site` has arguments that it does not take.
    """
    if named := site_mark(item).name:
        meant = sitefile.read(beside(named, item.path)).head.site
        if meant != rig.site.name:
            raise Cannot(
                Phrase(
                    "this test is for site {meant}; bench {rig} is a twin of {site}",
                    meant=meant,
                    rig=rig.name,
                    site=rig.site.name,
                )
            )
