"""The only process that touches a bench: armed by a person, it watches the limits, moves on order, and keeps it safe.

A bench is `read-only` until it is armed, and again when the time of its arming is over; once something went wrong it is
`tripped`: brought to its safe state and kept there until a person resets it. `emergency.life` has all states.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Mapping
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any, Literal

from twinfeed._phrases import N_, Phrase
from twinfeed.emulators.devices.firmware.points import Value
from twinfeed.harness.record import DiskFull, Record, acting
from twinfeed.harness.report.facts import ARMED, EDITED, IN_FORCE, WATCHED
from twinfeed.harness.report.notes import Calibration, Noted, line
from twinfeed.harness.transports import DeviceHandle
from twinfeed.harness.transports.errors import TransportError
from twinfeed.harness.unknown import raw_as_json
from twinfeed.hil_rigs import schema
from twinfeed.hil_rigs.actuators.base import Actuator, ActuatorFailed
from twinfeed.hil_rigs.checking.identities import introductions, wrong_clocks
from twinfeed.hil_rigs.emergency.life import Life
from twinfeed.hil_rigs.emergency.mark import Mark
from twinfeed.hil_rigs.evidence.in_force import Edits, described
from twinfeed.hil_rigs.evidence.watch import Watch
from twinfeed.hil_rigs.instruments import Instrument, NoReading, measures, needed
from twinfeed.hil_rigs.persons import checklist
from twinfeed.hil_rigs.rigfile import Rig
from twinfeed.hil_rigs.supervisor.arming import (
    Arming,
    must_answer,
    must_be_free_to_arm,
    must_be_watched,
    must_not_be_inhibited,
)
from twinfeed.hil_rigs.supervisor.interlocks import BatteryTime, Interlock
from twinfeed.hil_rigs.supervisor.keeper import AT_ONCE, Keeper
from twinfeed.hil_rigs.supervisor.moves import Denied, Moves
from twinfeed.hil_rigs.supervisor.places import folder
from twinfeed.hil_rigs.supervisor.sampling import Sampling

LOOK_S = 0.05
"""The period at which limits and times are checked, s."""

ALIVE_S = 1.0
"""The period at which the mark of the bench shows that its keeper is alive, s."""

CUT_SHORT_S = 0.2
"""So long a move that is cut short may take to end before the way to the safe state begins all the same, s."""

EVIDENCE_S = 1.0
"""The period at which it is checked if the clock was set or the rig file edited, s."""

State = Literal["read-only", "armed", "tripped"]


class Supervisor:
    """One bench. `shout` is called with what all who are connected must know: trips, ends of an arming, readings."""

    def __init__(
        self,
        rig: Rig,
        record: Record,
        handles: Mapping[str, DeviceHandle],
        actuators: Mapping[str, Actuator],
        instruments: Callable[[Iterable[str]], Iterable[Instrument]],
        shout: Callable[[Mapping[str, Any]], None],
        mark: Mark | None = None,
    ) -> None:
        self.rig, self.record, self.handles = rig, record, handles
        self._make_instruments, self._shout = instruments, shout
        self.arming: Arming | None = None
        self.guarded = True
        """True if a guard would make the bench safe if this process died."""
        self.mark = mark or Mark(folder(rig), "supervisor", rig.path.absolute())
        self.sampling = Sampling(self._heard, self._silent, self._alive)
        self.moves = Moves(rig, actuators, self.tell, self.sampling.value)
        self.keeper = Keeper(self.mark, self.moves, self.tell, "supervisor", self._life_changed, self._quiet)
        self.written: dict[tuple[str, str], Value | None] = {}
        """(device, point) a test has written -> the value before, None if that is unknown."""
        self._interlocks: list[Interlock] = []
        self._watched = Watch({}, 0.0)
        self.edits = Edits(rig)
        self._arming = asyncio.Lock()
        self._under_way: set[asyncio.Future[Any]] = set()
        """Moves of a test run, which a trip cuts short."""
        self._disarming = False
        self._resetting: asyncio.Task[list[str]] | None = None
        self._tasks: list[asyncio.Task[None]] = []

    # -- life ---------------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Watch the bench from now on. One that was armed when its last supervisor ended is made safe first."""
        now = _now()
        bench = self.rig.bench
        limits = {**bench.interlocks}
        if bench.emergency_stop.input is not None:
            limits["emergency stop"] = bench.emergency_stop.input
        self._interlocks = [Interlock(name, limit, now) for name, limit in limits.items()]
        if bench.limits.on_battery is not None:
            self._interlocks.append(BatteryTime("on_battery", bench.limits.on_battery, now))
        self._watched = Watch({each.name: (each.limit.quantity, str(each.limit)) for each in self._interlocks}, now)
        self.watch(needed(self.rig))
        for name, actuator in self.moves.actuators.items():
            try:
                await actuator.open()
            except ActuatorFailed as error:
                self.tell(name, "cannot be used", why=str(error))
        self.tell("supervisor", "started", bench=self.rig.name, file=str(self.rig.path), twinfeed=version("twinfeed"))
        self.tell(*IN_FORCE, **described(self.rig))
        for name, instrument in bench.instruments.items():
            if instrument.certificate or instrument.due or instrument.calibrated or instrument.accuracy is not None:
                self.note(_calibration(name, instrument, measures(self.rig, name).unit))
        self.mark.keep()
        self._tasks.append(asyncio.create_task(self._show_life()))
        self._tasks.append(asyncio.create_task(self._keep_evidence()))
        if not self.mark.life.at_rest:
            await self._take_over()
        self._tasks.append(asyncio.create_task(self._look()))

    async def _take_over(self) -> None:
        """Make a bench safe whose last keeper has died, or was ordered to let this one go on."""
        armed = self.life.state == "armed"
        self.moves.distrust()
        self.keeper.become(
            "take over",
            why=Phrase("the bench was armed when its supervisor ended, and its safe state was not seen"),
        )
        self.tell("supervisor", "trips" if armed else "takes over", why=self.life.why)
        await self.keeper.make_safe()

    async def _keep_evidence(self) -> None:
        """Write down when the clock was set or the rig file edited, and what interlocks of an armed bench show."""
        while True:
            self._recorded(self.record.look_at_clock, "the clock was set")
            if (edited := self.edits.news()) is not None:
                self.tell(*EDITED, sha256=edited, in_force=self.rig.sha256, state=self.state)
                self._shout({"event": "edited", "sha256": edited})
            if self.state == "armed" and self._watched.due(_now()):
                self._tell_watched()
            await asyncio.sleep(EVIDENCE_S)

    def note_interlocks(self) -> None:
        """Write down what the interlocks of an armed bench have shown since the last such line."""
        if self.arming is not None:
            self._tell_watched()

    def _tell_watched(self) -> None:
        self.tell(*WATCHED, **self._watched.line(_now()))

    async def _show_life(self) -> None:
        while True:
            self.mark.seen()
            await asyncio.sleep(ALIVE_S)

    async def stop(self) -> None:
        """End: an armed bench is made safe before. `life` shows if it is safe then."""
        if self.state == "armed":
            await self.trip(Phrase("the supervisor got the order to end"))
        elif self.keeper.keeping:
            await self.keeper.make_safe()
        await self.keeper.stop()
        for task in self._tasks:
            task.cancel()
        await self.sampling.stop()
        await self.moves.close()
        for handle in self.handles.values():
            handle.close()
        self.tell("supervisor", "ended", state=self.state)

    @property
    def life(self) -> Life:
        return self.mark.life

    @property
    def state(self) -> State:
        return "tripped" if self.life.tripped else "armed" if self.life.state == "armed" else "read-only"

    @property
    def tripped(self) -> str:
        """Why it is in its safe state or on the way there, empty if it is not."""
        return (self.life.why or Phrase("it was made safe")) if self.life.tripped else ""

    @property
    def not_safe(self) -> list[str]:
        """The actuators that are not known to be in their safe position."""
        return list(self.life.failed)

    def _life_changed(self) -> None:
        if self.life.state in ("safe", "not safe"):
            self.note_interlocks()
            self._shout({"event": "safe", "failed": self.not_safe})

    @asynccontextmanager
    async def _quiet(self) -> AsyncIterator[None]:
        """Nothing is read: on a line that one device blocks, the others have their turn at once."""
        await self.sampling.pause()
        try:
            yield
        finally:
            self.sampling.resume()

    # -- watching -----------------------------------------------------------------------------------------------------

    def watch(self, quantities: Iterable[str]) -> None:
        """Read these again and again.

        Raises:
            Denied: nothing measures one of them.
        """
        missing = [quantity for quantity in quantities if self.rig.instrument_for(quantity) is None]
        if missing:
            raise Denied(
                Phrase("no instrument of {rig} measures {missing}", rig=self.rig.name, missing=", ".join(missing))
            )
        self.sampling.start(self._make_instruments(quantities))

    def _heard(self, t_s: float, quantity: str, value: Value) -> None:
        for interlock in self._interlocks:
            if interlock.limit.quantity == quantity:
                interlock.see(t_s, value)
        self._watched.see(t_s, quantity, value)
        trip_s = self.sampling.trips.get(quantity, 0.0)
        self._shout({"event": "reading", "t": t_s, "quantity": quantity, "value": value, "trip_s": trip_s})

    def _alive(self, t_s: float, quantity: str) -> None:
        _, value = self.sampling.latest[quantity]
        for interlock in self._interlocks:
            if interlock.limit.quantity == quantity:
                interlock.see(t_s, value)
        self._shout({"event": "alive", "t": t_s, "quantity": quantity})

    def _silent(self, t_s: float, quantity: str, no_reading: NoReading) -> None:
        why, raw = str(no_reading), raw_as_json(no_reading.raw)
        self.tell(quantity, "has no reading", why=why, **({} if raw is None else {"raw": raw}))
        self._shout({"event": "silent", "t": t_s, "quantity": quantity, "why": why, "raw": raw})

    async def _look(self) -> None:
        """Trip when a limit is broken, and end an arming whose time is over."""
        while True:
            if self.state == "armed":
                try:
                    await self._look_once(_now())
                except Exception as error:  # whatever it is: an armed bench is not left without a watch
                    await self.trip(
                        Phrase(
                            "the watch over the bench failed: {name}: {error}", name=type(error).__name__, error=error
                        )
                    )
            await asyncio.sleep(LOOK_S)

    async def _look_once(self, now: float) -> None:
        reasons = (self._broken(interlock, now) for interlock in self._interlocks)
        if reason := next((reason for reason in reasons if reason), ""):
            await self.trip(reason)
        elif self.arming is not None and now >= self.arming.until_s:
            await self._expire(self.arming)

    def _broken(self, interlock: Interlock, now: float) -> str:
        """The reason for which that interlock stops the bench, with its instrument's value; empty if it does not."""
        reason, trouble = interlock.broken(now), self.sampling.trouble.get(interlock.limit.quantity)
        return f"{reason} ({trouble})" if reason and trouble else reason

    async def _expire(self, arming: Arming) -> None:
        """An arming is over: a bench at rest is read-only again, one that is not is made safe."""
        if self.moves.faults:
            await self.trip(Phrase("the time for which {person} armed the bench is over", person=arming.person))
        else:
            await self._disarm(Phrase("the clock"))

    # -- arming -------------------------------------------------------------------------------------------------------

    async def arm(self, person: str, for_s: float, pin: str = "", confirmed: Mapping[str, str] | None = None) -> None:
        """Let things move, on that person's responsibility, for so long. Every device is asked who it is before.

        Whoever has armed the bench may arm it again, which sets the time anew. `confirmed` are the items of the
        checklist and the persons who have confirmed them.

        Raises:
            Denied: the person may not, the checklist is not confirmed, somebody else has armed the bench, it has
                tripped, a limit is broken, the rig file was edited, `twinfeed rig check` would find a problem, a device
                is not the one that the file means, or its clock is wrong.
        """
        async with self._arming:
            await self._arm(person, for_s, pin, confirmed or {})

    async def _arm(self, person: str, for_s: float, pin: str, confirmed: Mapping[str, str]) -> None:
        user = acting()
        try:
            await must_answer(self.rig.bench, person, pin)
            must_be_free_to_arm(self.rig, self.edits, self.arming, person, user, for_s)
            self._fit_to_arm()
            if why := checklist.objection(self.rig.bench, confirmed):
                raise Denied(why)
            devices, wrong = await introductions(self.rig, self.handles)
            for device in devices:
                self.note(device)
            if wrong:
                raise Denied(Phrase("not every device is the one that the file means: {wrong}", wrong="; ".join(wrong)))
            if clocks := await wrong_clocks(self.rig, self.handles):
                raise Denied("; ".join(clocks))
            self._fit_to_arm()
            if self.state != "armed":
                self._note_arming(person)
        except Denied as error:
            self.tell(person or N_("nobody"), "was not allowed to arm the bench", why=str(error))
            raise
        if self.arming is None:
            self._watched.line(_now())  # an earlier reading is no evidence of this arming
        for confirmation in checklist.confirmations(self.rig.bench, confirmed):
            self.note(confirmation)
        self.arming = Arming(person, _now() + for_s, user.login, user.uid)
        self.tell(person, ARMED, for_s=for_s)
        self._shout({"event": "armed", "person": person, "for_s": for_s})

    def _note_arming(self, person: str) -> None:
        """The disk has it that the bench is armed before anything moves. Raises Denied."""
        try:
            self.mark.become("arm", by=person)
        except OSError as error:
            self.mark.life = self.mark.read()
            raise Denied(Phrase("that the bench is armed cannot be noted: {error}", error=error)) from None

    def _fit_to_arm(self) -> None:
        """Check that the bench is as it must be. Raises Denied."""
        if self.tripped:
            raise Denied(
                Phrase("the bench has tripped ({tripped}); reset it first: twinfeed rig reset", tripped=self.tripped)
            )
        if not self.guarded:
            raise Denied(Phrase("the guard of the supervisor has ended; try again in a moment, which starts both anew"))
        must_be_watched(self._interlocks, self.sampling.trouble)

    async def disarm(self, person: str, pin: str = "") -> None:
        """Back to normal operation and to read-only.

        Raises:
            Denied: the bench is not armed, or the person is not one who may arm it.
            ActuatorFailed: something is not known to be back to normal; the bench is armed still.
        """
        try:
            await must_answer(self.rig.bench, person, pin)
        except Denied as error:
            self.tell(person or N_("nobody"), "was not allowed to disarm the bench", why=str(error))
            raise
        await self._disarm(person)

    async def _disarm(self, person: str) -> None:
        if self.state != "armed":
            raise Denied(Phrase("the bench is {state}", state=self.state))
        self._disarming = True  # an actuator that moved away from now on would stay there
        try:
            await self._cut_short()
            await self.restore()
            if found := await self.moves.not_back():
                raise ActuatorFailed(Phrase("not everything is back to normal: {found}", found="; ".join(found)))
        finally:
            self._disarming = False
        if self.state != "armed":  # meanwhile
            raise Denied(Phrase("the bench is {state}", state=self.state))
        self._tell_watched()
        self.arming = None
        self.keeper.become("disarm")
        self.tell(person, "disarmed the bench")
        self._shout({"event": "disarmed", "person": person})

    async def reset(self, person: str, pin: str = "") -> None:
        """Bring a bench in its safe state back to normal operation, read-only; arm it again to go on.

        Raises:
            Denied: the person may not, the bench is armed, or an actuator does not go back: then the bench is made
                safe again.
        """
        try:
            await must_answer(self.rig.bench, person, pin)
        except Denied as error:
            self.tell(person or N_("nobody"), "was not allowed to reset the bench", why=str(error))
            raise
        if self.state == "armed":
            raise Denied(Phrase("the bench is armed; twinfeed rig disarm brings it back to normal"))
        if self.life.state == "making safe":
            await self.keeper.make_safe(AT_ONCE)
        if self.life.state in ("making safe", "resetting"):
            raise Denied(Phrase("the bench is {state}; try again in a moment", state=self.life.state))
        after = self.tripped
        self.keeper.become("reset")
        self._resetting = asyncio.create_task(self._back_to_normal())
        await asyncio.wait({self._resetting})
        if self._resetting.cancelled():
            raise Denied(Phrase("the reset was cut short: {tripped}", tripped=self.tripped))
        if failed := self._resetting.result():
            self.tell(person, "could not reset the bench", failed=failed)
            self.keeper.become("stay away", why=Phrase("it could not be reset"))
            self.tell("supervisor", "makes the bench safe again", why=Phrase("it could not be reset"))
            await self.keeper.make_safe()
            raise Denied(
                Phrase(
                    "not everything went back to normal, so the bench was made safe again: {failed}",
                    failed="; ".join(failed),
                )
            )
        self.keeper.become("back to normal")
        self.arming = None
        self.tell(person, "reset the bench", after=after)
        self._shout({"event": "reset", "person": person})

    async def _back_to_normal(self) -> list[str]:
        await self.keeper.stop()
        return await self.moves.to_normal()

    async def trip(self, reason: str, rounds: int = 1) -> None:
        """Make the bench safe, now, and keep it so. Returns when it is safe, or so many rounds have not sufficed."""
        if not self.life.tripped:
            self.keeper.become("trip", why=reason)
            self.tell("supervisor", "trips", why=reason)
            self._shout({"event": "tripped", "why": reason})
            await self._cut_short()
        elif self.life.state == "resetting" and self._resetting is not None:
            self._resetting.cancel()
            self.keeper.become("stay away", why=reason)
            self.tell("supervisor", "trips", why=reason)
            self._shout({"event": "tripped", "why": reason})
            await asyncio.wait({self._resetting}, timeout=CUT_SHORT_S)
        elif self.life.failed:
            self.tell("supervisor", "makes the bench safe again", why=reason)
        await asyncio.shield(asyncio.create_task(self.keeper.make_safe(rounds)))

    async def _cut_short(self) -> None:
        """End what a test run moves, so that nothing is moved away behind the back of the keeper."""
        for work in self._under_way:
            work.cancel()
        if self._under_way:
            await asyncio.wait(set(self._under_way), timeout=CUT_SHORT_S)

    # -- acting -------------------------------------------------------------------------------------------------------

    def must_be_free(self) -> None:
        """
        Raises:
            Denied: nothing may move now.
        """
        if self.tripped:
            raise Denied(Phrase("the bench has tripped: {tripped}", tripped=self.tripped))
        if self.arming is None:
            raise Denied(Phrase("the bench is not armed: twinfeed rig arm {path} --as NAME", path=self.rig.path))
        if self._disarming:
            raise Denied(Phrase("the bench is being disarmed"))
        must_not_be_inhibited(self.rig.bench)

    async def apply(self, target: str, kind: str, parameters: Mapping[str, float]) -> None:
        """Cause a fault. Raises Denied, ActuatorFailed."""
        self.must_be_free()
        await self._moving(self.moves.apply(target, kind, parameters))

    async def lift(self, target: str, kind: str) -> None:
        """End a fault. Raises ActuatorFailed."""
        if not self.tripped:
            await self._moving(self.moves.lift(target, kind))

    async def _moving(self, work: Coroutine[Any, Any, None]) -> None:
        """A move is cut short by a trip."""
        task = asyncio.ensure_future(work)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        try:
            await asyncio.wait({task})
        finally:
            task.cancel()
        error = None if task.cancelled() else task.exception()
        if self.tripped:
            raise Denied(Phrase("the bench has tripped: {tripped}", tripped=self.tripped)) from error
        if task.cancelled():
            raise Denied(Phrase("the move was cut short: the bench is being disarmed"))
        task.result()

    async def write(self, device: str, point: str, value: Value) -> None:
        """Write a point of a device; what was there before is put back by `restore`.

        Raises:
            Denied, TransportError, ValueError: as the handle raises them.
        """
        self.must_be_free()
        await self._moving(self._write(device, point, value))

    async def _write(self, device: str, point: str, value: Value) -> None:
        handle = self._handle(device)
        if (device, point) not in self.written:
            try:
                reading = await handle.read(point)
                self.written[device, point] = None if reading.unknown else reading.value
            except TransportError:
                self.written[device, point] = None
        await handle.write(point, value)
        self.tell(device, "was written", point=point, value=value)

    def _handle(self, device: str) -> DeviceHandle:
        if device not in self.handles:
            raise Denied(
                Phrase(
                    "{rig} has no device {device!r}; it has: {handles}",
                    rig=self.rig.name,
                    device=device,
                    handles=", ".join(self.handles),
                )
            )
        return self.handles[device]

    async def read(self, device: str, points: Iterable[str]) -> list[dict[str, Any]]:
        """Points of a device, as JSON values. Raises Denied, TransportError."""
        readings = await self._handle(device).read_many(points)
        return [
            {**vars(reading), "value": plain(reading.value), "raw": plain(reading.raw)} for reading in readings.values()
        ]

    async def points(self, device: str) -> list[str]:
        return await self._handle(device).points()

    async def restore(self) -> None:
        """End all faults and put back what was written, as at the end of a test.

        Raises:
            ActuatorFailed: something is not known to be back.
        """
        if self.keeper.keeping:  # it ends in its safe state instead, or reports what is not
            await self.keeper.make_safe()
        troubles: list[str] = []
        for target, kind in list(self.moves.faults):
            try:
                await self.lift(target, kind)
            except (ActuatorFailed, Denied) as error:
                troubles.append(str(error))
        for (device, point), before in self.written.items():
            if self.tripped or before is None:
                continue
            try:
                handle = self.handles[device]
                if (await handle.read(point)).value != before:
                    await handle.write(point, before)
                    self.tell(device, "was put back", point=point, value=before)
            except (TransportError, ValueError) as error:
                self.tell(device, "was not put back", point=point, value=before, why=str(error))
        self.written.clear()
        if troubles:
            raise ActuatorFailed("; ".join(troubles))

    # -- messages -----------------------------------------------------------------------------------------------------

    def tell(self, who: str, what: str, **data: Any) -> None:
        """A line of the record. A disk that is full ends the present work, while there is room to record so."""
        plainly = {name: plain(value) for name, value in data.items()}
        self._recorded(lambda: self.record.write(who, what, **plainly), f"{who} {what} {data}")

    def _recorded(self, write: Callable[[], object], line: str) -> None:
        try:
            write()
        except DiskFull as error:
            asyncio.get_running_loop().create_task(self.trip(str(error)))
        except OSError as error:
            self._shout({"event": "record failed", "why": str(error), "line": line})
            if not self.tripped:
                why = Phrase("the record cannot be written: {error}", error=error)
                asyncio.get_running_loop().create_task(self.trip(why))

    def note(self, noted: Noted) -> None:
        """A line of the record that reports show in a table of their own."""
        who, what, data = line(noted)
        self.tell(who, what, **data)

    def status(self) -> dict[str, Any]:
        """The state of the bench, as JSON values."""
        now = _now()
        arming = self.arming
        return {
            "bench": self.rig.name,
            "file": str(self.rig.path),
            "state": self.state,
            "tripped": self.tripped,
            "not_safe": self.not_safe,
            "life": self.life.state,
            "keeper": "supervisor",
            "sha256": self.rig.sha256,
            "edited": self.edits.edited,
            "armed_by": None if arming is None else arming.person,
            "armed_login": None if arming is None else arming.login,
            "armed_for_s": None if arming is None else max(0.0, round(arming.until_s - now, 1)),
            "faults": [f"{target} {kind}" for target, kind in self.moves.faults],
            "readings": {
                name: {"value": plain(value), "t_s": t_s, "age_s": round(now - t_s, 2)}
                for name, (t_s, value) in self.sampling.latest.items()
            },
            "silent": dict(self.sampling.trouble),
        }


def _calibration(quantity: str, instrument: schema.Instrument, unit: str) -> Calibration:
    """The rig file's entry of an instrument, as reports show it."""
    accuracy = "" if instrument.accuracy is None else f"±{instrument.accuracy:g} {unit}".rstrip()
    due, calibrated = (str(day) if day is not None else "" for day in (instrument.due, instrument.calibrated))
    return Calibration(quantity, due, instrument.certificate, accuracy, calibrated)


def plain(value: Any) -> Any:
    """A value that JSON can hold."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value.hex() if isinstance(value, bytes) else value


def _now() -> float:
    return asyncio.get_running_loop().time()
