"""Moving actuators: faults applied and lifted, rest between moves, proof by measurement, the way to the safe state."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from twinfeed._phrases import Phrase
from twinfeed.emulators.devices.firmware.points import Value
from twinfeed.hil_rigs.actuators.base import Actuator, ActuatorFailed, NotMoved
from twinfeed.hil_rigs.rigfile import Rig
from twinfeed.hil_rigs.schema import Position, Proof
from twinfeed.hil_rigs.supervisor.interlocks import shown

Tell = Callable[..., object]
"""tell(who, what, **data): a line of the record."""

PROOF_LOOK_S = 0.05
"""The period at which it is checked that a move is proven, s."""

CANCELLED_S = 0.2
"""The time that a step that is cut short may take to end before the next one begins all the same, s."""


class Denied(Exception):
    """The bench does not do this, or not now; nothing has moved. The message gives the reason."""


@dataclass(frozen=True)
class Caused:
    """The cause of a fault: actuator and position."""

    name: str
    """Of the actuator."""
    position: Position
    parameters: Mapping[str, float]


class Moves:
    """The actuators of a bench. `value` gives the latest reading of a quantity, None if there is none."""

    def __init__(
        self, rig: Rig, actuators: Mapping[str, Actuator], tell: Tell, value: Callable[[str], Value | None]
    ) -> None:
        self._rig, self.actuators, self._tell, self._value = rig, actuators, tell, value
        self.faults: dict[tuple[str, str], Caused] = {}
        """(target, kind) -> how it is caused now."""
        self._away: set[str] = set()
        """The actuators that were ordered to leave their normal position and are not known to be back."""
        self._moved_s: dict[str, float] = {}
        self._failing: dict[str, str] = {}
        """Actuators that did not go where they were ordered last, with the reason: only a new reason is recorded."""
        self._turns = {name: asyncio.Lock() for name in actuators}

    # -- faults -----------------------------------------------------------------------------------------------------

    async def apply(self, target: str, kind: str, parameters: Mapping[str, float]) -> None:
        """Cause that fault, and see that it is there.

        Raises:
            Denied: no actuator causes it, or its actuator causes another one.
            ActuatorFailed: it was tried; the actuator was brought back to normal if that was possible.
        """
        found = self._rig.actuator_for(target, kind)
        if found is None:
            raise Denied(
                Phrase("no actuator of {rig} causes {target} {kind}", rig=self._rig.name, target=target, kind=kind)
            )
        name, form = found
        other = next((fault for fault, by in self.faults.items() if by.name == name and fault != (target, kind)), None)
        if other is not None and form.proxy is None:
            raise Denied(
                Phrase(
                    "{name} causes {other} now and cannot cause {target} {kind} as well",
                    name=name,
                    other=" ".join(other),
                    target=target,
                    kind=kind,
                )
            )
        position = form.causes.get(f"{target} {kind}", kind)  # a proxy's positions are the faults of the wire
        self.faults[target, kind] = Caused(name, position, dict(parameters))
        try:
            await self._move(name, position, parameters)
            await self._proven(name, form.proof, True)
        except NotMoved:  # it need not be brought back, if the measurement shows so, too
            await self._proven(name, form.proof, False)
            del self.faults[target, kind]
            raise
        except ActuatorFailed as error:
            try:
                await self.lift(target, kind)
            except ActuatorFailed as worse:
                raise ActuatorFailed(
                    Phrase("{error}; and then it could not be brought back: {worse}", error=error, worse=worse)
                ) from None
            raise
        await asyncio.sleep(form.settle)

    async def lift(self, target: str, kind: str) -> None:
        """End that fault; nothing happens if it is not there.

        Raises:
            ActuatorFailed: the actuator is not known to be back, so the fault counts as there still.
        """
        caused = self.faults.get((target, kind))
        if caused is None:
            return
        name, form = caused.name, self._rig.bench.actuators[caused.name]
        await self._move(name, form.normal, {})
        for other in list(self.faults.values()):
            if other.name == name and other is not caused:  # a proxy that suffers something else still
                await self._move(name, other.position, other.parameters)
        await self._proven(name, form.proof, False)
        self.faults.pop((target, kind), None)
        await asyncio.sleep(form.settle)

    async def _move(self, name: str, position: Position, parameters: Mapping[str, float]) -> None:
        async with self._turns[name]:
            await asyncio.sleep(self._rest_s(name))
            await self._go(name, position, parameters)

    def _rest_s(self, name: str) -> float:
        """The time for which this actuator must rest yet."""
        rest_s = max(self._rig.bench.actuators[name].rest, self._rig.bench.limits.rest)
        return max(0.0, self._moved_s.get(name, -rest_s) + rest_s - _now())

    async def _go(self, name: str, position: Position, parameters: Mapping[str, float]) -> None:
        failing = self._failing.get(name)
        if failing is None:
            self._tell(name, "moves", to=position, **parameters)
        self._moved_s[name] = _now()
        was_away = name in self._away
        self._away.add(name)
        try:
            await self.actuators[name].move(position, parameters)
        except ActuatorFailed as error:
            if isinstance(error, NotMoved) and not was_away:
                self._away.discard(name)
            if failing != str(error):
                self._tell(name, "failed", to=position, why=str(error))
            raise
        if position == self._rig.bench.actuators[name].normal:
            self._away.discard(name)
        self._tell(name, "moved", to=position)

    async def _proven(self, name: str, proof: Proof | None, away: bool) -> None:
        """Wait until the proof of a move holds, or no longer does."""
        if proof is None:
            return
        until_s = _now() + proof.within
        while True:
            value = self._value(proof.quantity)
            if value is not None and proof.holds(value) is away:
                self._tell(name, "proven", quantity=proof.quantity, value=value)
                return
            if _now() >= until_s:
                expected = str(proof) if away else Phrase("no longer {proof}", proof=proof)
                self._tell(name, "not proven", quantity=proof.quantity, value=value)
                raise ActuatorFailed(
                    Phrase(
                        "{name} was moved, but after {within:g} s {quantity} is {value}, expected {expected}; look "
                        "at the wiring between them",
                        name=name,
                        within=proof.within,
                        quantity=proof.quantity,
                        value=shown(value),
                        expected=expected,
                    )
                )
            await asyncio.sleep(PROOF_LOOK_S)

    # -- all of them --------------------------------------------------------------------------------------------------

    def distrust(self) -> None:
        """Nothing is known of where they stand: somebody else has moved them."""
        self._away.update(self.actuators)

    async def to_safe(self, only: Iterable[str] | None = None, patient: bool = False) -> dict[str, str]:
        """Bring every actuator, or `only` these, to its safe position in the order of de-energising, and read all back.

        An actuator that fails keeps none of the others from its turn. People are asked no longer than a step takes;
        with `patient` they are asked last, and may take the time that the rig file gives them.

        Returns what is not known to be in its safe position, with the reason; empty if the bench is in its safe state.
        """
        failed = await self._all(self._rig.bench.order.de_energise, self._safe, only, patient)
        return {**await self.not_safe(set(self.actuators) - set(failed)), **failed}

    async def to_normal(self) -> list[str]:
        """Bring every actuator back to normal operation; returns what is not known to be there, with the reason."""
        failed = await self._all(self._rig.bench.order.energise, self._normal)
        found = {**await self._elsewhere(set(self.actuators) - set(failed), self._normal), **failed}
        return [f"{name}: {reason}" for name, reason in found.items()]

    async def not_safe(self, names: Iterable[str] | None = None) -> dict[str, str]:
        """Which of these actuators (default: all) cannot be read back in their safe position, with the reason.

        An actuator whose position nothing shows counts as where it was moved last.
        """
        return await self._elsewhere(self.actuators if names is None else names, self._safe)

    async def not_back(self) -> list[str]:
        """The moved actuators that cannot be read back in their normal position, with the reason."""
        found = await self._elsewhere(self._moved_s, self._normal)
        return [f"{name}: {reason}" for name, reason in found.items()]

    def _safe(self, name: str) -> Position:
        return self._rig.bench.actuators[name].safe_position

    def _normal(self, name: str) -> Position:
        return self._rig.bench.actuators[name].normal

    async def _elsewhere(self, names: Iterable[str], position: Callable[[str], Position]) -> dict[str, str]:
        """The actuators among these that stand elsewhere, or cannot be read; all are read side by side."""
        asked = [name for name in self.actuators if name in set(names)]
        reasons = await asyncio.gather(
            *(self._at_once(partial(self._stands, name, position(name)), name) for name in asked)
        )
        return {name: reason for name, reason in zip(asked, reasons, strict=True) if reason}

    async def _stands(self, name: str, position: Position) -> None:
        """Raises ActuatorFailed: it reports that it stands elsewhere, or reports nothing."""
        found = await self.actuators[name].position()
        if found is not None and found != position:
            raise ActuatorFailed(Phrase("should be {position}, stands at {found}", position=position, found=found))

    async def _all(
        self,
        order: Iterable[str],
        position: Callable[[str], Position],
        only: Iterable[str] | None = None,
        patient: bool = False,
    ) -> dict[str, str]:
        self.faults.clear()
        failed: dict[str, str] = {}
        wanted = set(self.actuators if only is None else only)
        turns = [name for name in in_order(order, self.actuators) if name in wanted]
        if patient:
            turns.sort(key=self._by_people)  # stable: the order holds among machines, and among people
        for name in turns:
            form = self._rig.bench.actuators[name]
            if form.operator is not None and name not in self._away and position(name) == form.normal:
                continue  # people are not asked to do what they have not undone
            may_take_s = form.operator.timeout if patient and form.operator is not None else 0.0
            reason = await self._at_once(partial(self._go, name, position(name), {}), name, may_take_s)
            if reason:
                failed[name] = self._failing[name] = reason
            else:
                self._failing.pop(name, None)
        return failed

    def _by_people(self, name: str) -> bool:
        return self._rig.bench.actuators[name].operator is not None

    async def _at_once(self, work: Callable[[], Coroutine[Any, Any, None]], name: str, may_take_s: float = 0.0) -> str:
        """Do that, no longer than one step may take; why it failed, empty if it did not."""
        step_s = max(self._rig.bench.step_s(name), may_take_s)
        task = asyncio.ensure_future(work())
        task.add_done_callback(lambda ended: ended.cancelled() or ended.exception())  # it counts as retrieved
        try:
            await asyncio.wait({task}, timeout=step_s)
        finally:
            if not task.done():
                task.cancel()
                await asyncio.wait({task}, timeout=CANCELLED_S)  # one that does not end holds up nothing
        if not task.done() or task.cancelled():
            return Phrase("not there within {step_s:g} s", step_s=step_s)
        error = task.exception()  # whatever it is: the next actuator must have its turn
        return "" if error is None else (str(error) or type(error).__name__).removeprefix(f"{name}: ")

    async def close(self) -> None:
        for actuator in self.actuators.values():
            await actuator.close()


def in_order(first: Iterable[str], every: Iterable[str]) -> list[str]:
    """The named ones, in that order, then the others."""
    return list(dict.fromkeys([*first, *every]))


def _now() -> float:
    return asyncio.get_running_loop().time()
