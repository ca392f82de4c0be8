"""The rig world: real devices, wall clock, and a supervisor between the test and the bench.

Quantities are what the bench's instruments have shown, faults are what its actuators cause, and devices are read
through the supervisor, which alone touches them. What the bench has no instrument or actuator for makes the test skip.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from twinfeed._phrases import Phrase
from twinfeed.emulators.devices.firmware.points import Value
from twinfeed.emulators.plant.kernel.deeds import Argument
from twinfeed.emulators.plant.people.deeds import Outcome
from twinfeed.harness import quantities
from twinfeed.harness.faults.deeds import Command, Deed
from twinfeed.harness.faults.onset import Conditioned
from twinfeed.harness.faults.possible import check_command, check_deed
from twinfeed.harness.faults.reference import FaultRef
from twinfeed.harness.faults.schedule import Scheduled
from twinfeed.harness.properties import Property, Verdict, patterns
from twinfeed.harness.properties.conditions import Conditions
from twinfeed.harness.properties.vocabulary import Vocabulary, domains
from twinfeed.harness.properties.vocabulary import fits as fit
from twinfeed.harness.report import notes
from twinfeed.harness.transports import DeviceHandle
from twinfeed.harness.unknown import raw_from_json
from twinfeed.harness.worlds.carrying import Carrying
from twinfeed.harness.worlds.injector import Injector
from twinfeed.harness.worlds.inventory import Access
from twinfeed.harness.worlds.world import Cannot, Duration, World, span
from twinfeed.hil_rigs.emergency.beating import Beating
from twinfeed.hil_rigs.evidence.quotes import quote
from twinfeed.hil_rigs.rigfile import Rig
from twinfeed.hil_rigs.supervisor.client import Client, SupervisorGone
from twinfeed.hil_rigs.supervisor.moves import Denied
from twinfeed.hil_rigs.supervisor.places import socket_of
from twinfeed.hil_rigs.supervisor.process import CannotSupervise, join
from twinfeed.hil_rigs.supervisor.rescue import rescue
from twinfeed.hil_rigs.world.faults import BenchFaults
from twinfeed.hil_rigs.world.handles import SupervisedHandle
from twinfeed.hil_rigs.world.inventory import devices_of
from twinfeed.hil_rigs.world.readings import Readings

LIVE_S = 1.0
"""The period at which the event loop shows the heartbeat that it is alive, and asks the supervisor for news, s."""


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
        self._readings: Readings

    # -- life ---------------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopped = self._loop.create_future()
        self._started_s = self._loop.time()
        self._readings = Readings(self.rig, self.journal, self._started_s)
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
        self._conditions = Conditions(self._measured, self._readings.latest_of, Vocabulary(domains(self.model)))
        self._carrying = Carrying(
            self._do,
            lambda target, deed: self.model.deeds(target)[deed].undo,
            self.__getitem__,
            self._note,
            self._in_the_background,
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
            self._readings.take_first(reading["t_s"], name, reading["value"])
        for name, why in status["silent"].items():
            self._readings.fall_silent(self._started_s, name, why)

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
        self._readings.caught_up(asked_s)

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
                    check_deed(self.model, entry)
                    await self._must_be_attended(entry)
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

    async def _must_be_attended(self, entry: Deed) -> None:
        """Raises Cannot: nobody is at the bench who can do it."""
        if not (await self.ask("status")).get("attended"):
            raise Cannot(
                Phrase(
                    "bench {rig}: {target} {deed}: nobody can be asked for it; open `twinfeed rig operate {path}` at "
                    "the bench, then run the test again",
                    rig=self.rig.name,
                    target=entry.target,
                    deed=entry.deed,
                    path=self.rig.path,
                )
            )

    async def _do(self, target: str, deed: str, parameters: Mapping[str, Argument]) -> Outcome:
        """The person at the bench is asked for a deed, when those before it are over."""
        given = ", ".join(f"{name} {value}" for name, value in parameters.items())
        told = f"{deed} ({given})" if given else deed
        async with self._moving:
            text = Phrase("do this at {target}: {deed}", target=target, deed=told)
            answer = await self._client.ask("deed", target=target, deed=deed, text=text)
        outcome = Outcome(**answer)
        reason = {"reason": outcome.reason} if outcome.reason else {}
        self._note(target, "deed", deed=deed, **parameters, outcome=outcome.word, **reason)
        return outcome

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

    # -- observing ----------------------------------------------------------------------------------------------------

    def __getitem__(self, device: str) -> DeviceHandle:
        if device not in self.rig.bench.devices:
            self.model[device]
            raise Cannot(Phrase("bench {rig} has no device {device}", rig=self.rig.name, device=device))
        if device not in self._handles:
            self._handles[device] = SupervisedHandle(device, self.rig.profiles[device], self.ask, lambda: self.now)
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
        return self._readings.value(quantity)

    def watch(self, *patterns_: str) -> None:
        self.watched += patterns_
        wanted = [name for pattern in patterns_ for name in self._measured(pattern)]
        if wanted:
            self._readings.expect(wanted, self.now)
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
        self._readings.sample(self.now)

    def judge(self, *properties: Property | str) -> list[Verdict]:
        fit(properties, self.model)
        recorded = self.journal.trace
        for pattern in patterns(properties):
            wanted = list(quantities.resolve(self.model, pattern))
            for name in wanted:
                self._readings.not_read_yet(name)
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
                self._readings.take(event["t"], event["quantity"], event["value"], event.get("trip_s", 0.0))
            case "alive":
                self._readings.alive(event["t"], event["quantity"])
            case "silent":
                self._readings.fall_silent(event["t"], event["quantity"], event["why"], raw_from_json(event["raw"]))
                self.journal.record(self.now, event["quantity"], "has no reading", why=event["why"])
            case "tripped":
                self.journal.record(self.now, "supervisor", "tripped", why=event["why"])
                self._stop(Phrase("the bench was made safe: {why}", why=event["why"]))
            case "question":
                self.journal.record(self.now, "operator", "is asked", do=event.get("text"))

    def inventory(self) -> dict[str, object]:
        return devices_of(self.rig)

    @property
    def access(self) -> Access:
        return Access.of(self.model.file.head.snmp)

    def write_frames(self, path: Path) -> bool:
        return False
