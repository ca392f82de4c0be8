"""The only process that touches a bench: armed by a person, it watches the limits, moves on order, and keeps it safe.

A bench is `read-only` until it is armed, and again when the time of its arming is over; once something went wrong it is
`tripped`: brought to its safe state and kept there until a person resets it. `emergency.life` has all states.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Literal

from twinfeed._phrases import N_, Phrase
from twinfeed.emulators.devices.firmware.points import Value
from twinfeed.emulators.plant.people.deeds import Outcome
from twinfeed.harness.record import DiskFull, Record, acting
from twinfeed.harness.report.facts import ARMED
from twinfeed.harness.transports import DeviceHandle
from twinfeed.harness.unknown import raw_as_json
from twinfeed.hil_rigs.actuators.base import Actuator, ActuatorFailed
from twinfeed.hil_rigs.dialogue import Dialogue, Unattended
from twinfeed.hil_rigs.emergency.life import Life
from twinfeed.hil_rigs.emergency.mark import Mark
from twinfeed.hil_rigs.evidence.logbook import Logbook, plain
from twinfeed.hil_rigs.instruments import Instrument, NoReading, measures, needed
from twinfeed.hil_rigs.instruments.sampling import Sampling
from twinfeed.hil_rigs.persons import checklist
from twinfeed.hil_rigs.rigfile import Rig
from twinfeed.hil_rigs.supervisor.arming import (
    Arming,
    must_answer,
    must_be_free_to_arm,
    must_be_introduced,
    must_be_watched,
    must_not_be_inhibited,
)
from twinfeed.hil_rigs.supervisor.interlocks import Interlocks
from twinfeed.hil_rigs.supervisor.keeper import AT_ONCE, Keeper
from twinfeed.hil_rigs.supervisor.moves import Denied, Moves
from twinfeed.hil_rigs.supervisor.orders import CUT_SHORT_S, Orders
from twinfeed.hil_rigs.supervisor.places import folder

LOOK_S = 0.05
"""The period at which limits and times are checked, s."""

ALIVE_S = 1.0
"""The period at which the mark of the bench shows that its keeper is alive, s."""

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
        people: Dialogue | None = None,
    ) -> None:
        self.rig, self.handles = rig, handles
        self._make_instruments, self._shout = instruments, shout
        self.log = Logbook(rig, record, shout, self._unwritten)
        self.tell, self.note = self.log.tell, self.log.note
        self.arming: Arming | None = None
        self.guarded = True
        """True if a guard would make the bench safe if this process died."""
        self.mark = mark or Mark(folder(rig), "supervisor", rig.path.absolute())
        self.sampling = Sampling(self._heard, self._silent, self._alive)
        self.moves = Moves(rig, actuators, self.tell, self.sampling.value)
        self.orders = Orders(rig.name, handles, self.moves, self.tell, lambda: self.tripped, people or Unattended())
        self.keeper = Keeper(self.mark, self.moves, self.tell, "supervisor", self._life_changed, self._quiet)
        self._interlocks = Interlocks([])
        self._arming = asyncio.Lock()
        self._disarming = False
        self._resetting: asyncio.Task[list[str]] | None = None
        self._tasks: list[asyncio.Task[None]] = []

    # -- life ---------------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Watch the bench from now on. One that was armed when its last supervisor ended is made safe first."""
        now = _now()
        self._interlocks = Interlocks.of(self.rig.bench, now)
        self.log.watch(self._interlocks.limits, now)
        self.watch(needed(self.rig))
        for name, actuator in self.moves.actuators.items():
            try:
                await actuator.open()
            except ActuatorFailed as error:
                self.tell(name, "cannot be used", why=str(error))
        self.log.open(lambda quantity: measures(self.rig, quantity).unit)
        self.mark.keep()
        self._tasks.append(asyncio.create_task(self._show_life()))
        self._tasks.append(asyncio.create_task(self.log.keep(lambda: self.state)))
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
        self._interlocks.see(t_s, quantity, value)
        self.log.see(t_s, quantity, value)
        trip_s = self.sampling.trips.get(quantity, 0.0)
        self._shout({"event": "reading", "t": t_s, "quantity": quantity, "value": value, "trip_s": trip_s})

    def _alive(self, t_s: float, quantity: str) -> None:
        _, value = self.sampling.latest[quantity]
        self._interlocks.see(t_s, quantity, value)
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
        if reason := self._interlocks.broken(now, self.sampling.trouble):
            await self.trip(reason)
        elif self.arming is not None and now >= self.arming.until_s:
            await self._expire(self.arming)

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
            must_be_free_to_arm(self.rig, self.log.edits, self.arming, person, user, for_s)
            self._fit_to_arm()
            if why := checklist.objection(self.rig.bench, confirmed):
                raise Denied(why)
            await must_be_introduced(self.rig, self.handles, self.note)
            self._fit_to_arm()
            if self.state != "armed":
                self._note_arming(person)
        except Denied as error:
            self.tell(person or N_("nobody"), "was not allowed to arm the bench", why=str(error))
            raise
        if self.arming is None:
            self.log.forget()
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
        must_be_watched(self._interlocks.every, self.sampling.trouble)

    async def _must_answer(self, person: str, pin: str, refused: str) -> None:
        """Raises Denied, which the record has as `refused`."""
        try:
            await must_answer(self.rig.bench, person, pin)
        except Denied as error:
            self.tell(person or N_("nobody"), refused, why=str(error))
            raise

    async def disarm(self, person: str, pin: str = "") -> None:
        """Back to normal operation and to read-only.

        Raises:
            Denied: the bench is not armed, or the person is not one who may arm it.
            ActuatorFailed: something is not known to be back to normal; the bench is armed still.
        """
        await self._must_answer(person, pin, "was not allowed to disarm the bench")
        await self._disarm(person)

    async def _disarm(self, person: str) -> None:
        if self.state != "armed":
            raise Denied(Phrase("the bench is {state}", state=self.state))
        self._disarming = True  # an actuator that moved away from now on would stay there
        try:
            await self.orders.cut_short()
            await self.restore()
            if found := await self.moves.not_back():
                raise ActuatorFailed(Phrase("not everything is back to normal: {found}", found="; ".join(found)))
        finally:
            self._disarming = False
        if self.state != "armed":  # meanwhile
            raise Denied(Phrase("the bench is {state}", state=self.state))
        self.log.limits_watched()
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
        await self._must_answer(person, pin, "was not allowed to reset the bench")
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
            await self.orders.cut_short()
        elif self.life.state == "resetting" and self._resetting is not None:
            self._resetting.cancel()
            self.keeper.become("stay away", why=reason)
            self.tell("supervisor", "trips", why=reason)
            self._shout({"event": "tripped", "why": reason})
            await asyncio.wait({self._resetting}, timeout=CUT_SHORT_S)
        elif self.life.failed:
            self.tell("supervisor", "makes the bench safe again", why=reason)
        await asyncio.shield(asyncio.create_task(self.keeper.make_safe(rounds)))

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
        await self.orders.apply(target, kind, parameters)

    async def lift(self, target: str, kind: str) -> None:
        """End a fault. Raises Denied, ActuatorFailed."""
        await self.orders.lift(target, kind)

    async def write(self, device: str, point: str, value: Value) -> None:
        """Write a point of a device; what was there before is put back by `restore`.

        Raises:
            Denied, TransportError, ValueError: as the handle raises them.
        """
        self.must_be_free()
        await self.orders.write(device, point, value)

    async def deed(self, target: str, deed: str, text: str) -> Outcome:
        """Ask the person at the bench to do something. Raises Denied."""
        self.must_be_free()
        return await self.orders.deed(target, deed, text)

    async def restore(self) -> None:
        """End all faults and put back what was written, as at the end of a test.

        Raises:
            ActuatorFailed: something is not known to be back.
        """
        if self.keeper.keeping:  # it ends in its safe state instead, or reports what is not
            await self.keeper.make_safe()
        await self.orders.undo()

    # -- messages -----------------------------------------------------------------------------------------------------

    def note_interlocks(self) -> None:
        """Write down what the interlocks of an armed bench have shown since the last such line."""
        if self.arming is not None:
            self.log.limits_watched()

    def _unwritten(self, error: OSError | DiskFull) -> None:
        """A record that cannot be written ends the present work."""
        if isinstance(error, DiskFull):
            asyncio.get_running_loop().create_task(self.trip(str(error)))
        elif not self.tripped:
            why = Phrase("the record cannot be written: {error}", error=error)
            asyncio.get_running_loop().create_task(self.trip(why))

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
            "edited": self.log.edits.edited,
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


def _now() -> float:
    return asyncio.get_running_loop().time()
