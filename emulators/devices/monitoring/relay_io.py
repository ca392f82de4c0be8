"""Firmware of a remote I/O module: contacts that show the plant, relays that work it.

Which contact shows what and which relay works what is wiring, so it stands in the site file: an input is
`component.quantity` (`q-tx-a.tripped`, `!q-tx-a.closed` for a normally closed contact), an output is
`component.action` (`q-tx-a.open`, `ats-a.transfer:emergency`), acted on when the relay closes. `k1.open/close` is a
contactor whose coil the relay feeds over a normally closed contact: the second action follows when the relay opens.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Annotated, ClassVar

from twinfeed.emulators.devices.firmware.device import WITHOUT_ALARMS, Device
from twinfeed.emulators.devices.firmware.points import Index
from twinfeed.emulators.devices.firmware.state import Params, State
from twinfeed.emulators.plant.kernel.actor import PlantError
from twinfeed.emulators.plant.kernel.component import Component
from twinfeed.emulators.plant.kernel.faults import Fault, Parameter
from twinfeed.emulators.plant.kernel.ratings import Range, Text

Action = Callable[[], object]

ACTIONS = ("open", "close", "reset", "trip", "transfer", "request_start", "prefer")
"""The actions of relays on components."""


@dataclass(frozen=True)
class RelayIoParams(Params):
    inputs: tuple[Annotated[str, Text(200)], ...] = ()
    """The wiring of each digital input, in order; '' is not connected."""
    outputs: tuple[Annotated[str, Text(200)], ...] = ()
    """The wiring of each relay, in order; '' is not connected. `action/action`: when it closes, when it opens."""
    input_count: Annotated[int, Range(1, 64, "inputs")] = 6
    """Number of digital inputs."""
    relay_count: Annotated[int, Range(1, 64, "relays")] = 6
    """Number of relays."""
    pulse_s: Annotated[float, Range(0.0, 86400.0, "s")] = 0.0
    """A relay opens again by itself after this time, s; 0: never."""
    power_on: bool = False
    """Relays return to their last state after a loss of power (else they fall open)."""


@dataclass
class RelayIoState(State):
    relays: dict[str, bool] = field(default_factory=dict)
    levels: dict[str, bool] = field(default_factory=dict)
    """The inputs at the last evaluation."""
    counts: dict[str, int] = field(default_factory=dict)
    """Rising edges of each input."""


class RelayIo(Device[RelayIoState]):
    """A module of digital inputs and relays. It needs `powered_by`, or is taken as always supplied."""

    kind = "relay_io"
    PARAMS = RelayIoParams
    STATE = RelayIoState
    FAULTS: ClassVar[Mapping[str, Fault]] = {
        **WITHOUT_ALARMS,
        "stuck-input": Fault(
            "an input always reads the same",
            {
                "input": Parameter(1.0, "row", 1.0, 64.0, neutral=None, whole=True),
                "level": Parameter(0.0, "level", 0.0, 1.0, neutral=None, whole=True),
            },
            family="sensor",
            actuator=True,
        ),
        "dead-relay": Fault(
            "a relay's coil is open: the relay does not close",
            {"relay": Parameter(1.0, "row", 1.0, 64.0, neutral=None, whole=True)},
            family="plant",
        ),
    }
    params: RelayIoParams

    def numbered(self, parameter: str) -> int | None:
        return {"input": self.params.input_count, "relay": self.params.relay_count}.get(parameter)

    def start(self) -> None:
        p = self.params
        if len(p.inputs) > p.input_count or len(p.outputs) > p.relay_count:
            raise PlantError(
                f"{self.id} is wired to {len(p.inputs)} inputs and {len(p.outputs)} relays; "
                f"it has {p.input_count} and {p.relay_count}"
            )
        self._inputs = {row: self._input(ref) for row, ref in enumerate(p.inputs, 1) if ref}
        self._outputs = {row: self._output(ref) for row, ref in enumerate(p.outputs, 1) if ref}
        self.state.levels = {str(row): read() for row, read in self._inputs.items()}

    def _input(self, ref: str) -> Callable[[], bool]:
        name, _, quantity = ref.removeprefix("!").rpartition(".")
        component = self._component(name, ref)
        if quantity not in component.QUANTITIES:
            raise PlantError(f"{self.id}: input {ref!r}: {name} has no {quantity!r}; {', '.join(component.QUANTITIES)}")
        if ref.startswith("!"):
            return lambda: not component.quantity(quantity)
        return lambda: bool(component.quantity(quantity))

    def _output(self, ref: str) -> tuple[Action, Action | None]:
        """The actions when the relay closes, and when it opens."""
        name, _, actions = ref.rpartition(".")
        component = self._component(name, ref)
        closing, _, opening = actions.partition("/")
        return self._action(component, closing, ref), self._action(component, opening, ref) if opening else None

    def _action(self, component: Component, action: str, ref: str) -> Action:
        action, _, argument = action.partition(":")
        method = getattr(component, action, None)
        if action not in ACTIONS or method is None:
            able = [a for a in ACTIONS if hasattr(component, a)]
            raise PlantError(
                f"{self.id}: output {ref!r}: {component.id} cannot {action!r}; it can {', '.join(able) or 'nothing'}"
            )
        if action == "trip":
            return partial(method, argument or "shunt release")
        if action == "request_start":
            return partial(method, argument != "off")
        return partial(method, argument) if argument else partial(method)

    def _component(self, name: str, ref: str) -> Component:
        component = self.plant.find(name)
        if not isinstance(component, Component):
            raise PlantError(f"{self.id}: {ref!r} names no component of the plant")
        return component

    def indices(self, name: str) -> Sequence[Index]:
        if name == "input":
            return range(1, self.params.input_count + 1)
        if name == "relay":
            return range(1, self.params.relay_count + 1)
        return super().indices(name)

    def card_supplied(self) -> bool:
        return super().card_supplied() if self.params.powered_by else True

    def go_off(self) -> None:
        super().go_off()
        if not self.params.power_on:
            for row in self._outputs:
                self._act(row, False)
            self.state.relays.clear()

    def react(self) -> None:
        super().react()
        if self.state.card != "up":
            return
        for row in self._inputs:
            level, key = self.level(row), str(row)
            if level != self.state.levels.get(key, False):
                self.state.levels[key] = level
                self.state.counts[key] = self.state.counts.get(key, 0) + level

    def level(self, row: int) -> bool:
        """True if that input is on."""
        stuck = self.fault("stuck-input")
        if stuck is not None and int(stuck["input"]) == row:
            return bool(stuck["level"])
        read = self._inputs.get(row)
        return read() if read is not None else False

    def relay(self, row: int) -> bool:
        return self.state.relays.get(str(row), False)

    def work(self, row: int, closed: bool) -> None:
        """Close or open a relay, which acts on what it is wired to."""
        if closed == self.relay(row):
            return
        self._act(row, closed)
        self.state.relays[str(row)] = closed
        self.log("relay", relay=row, closed=closed)
        if closed and self.params.pulse_s > 0.0:
            self.after(self.params.pulse_s, f"open {row}")
        self.touch()

    def _act(self, row: int, closed: bool) -> None:
        """Move the contact of a relay, and what it is wired to, unless it stands so already or the coil is open."""
        dead = self.fault("dead-relay")
        if row not in self._outputs or closed == self.relay(row) or (dead is not None and int(dead["relay"]) == row):
            return
        action = self._outputs[row][0 if closed else 1]
        if action is not None:
            action()

    def on_timer(self, name: str) -> None:
        if name.startswith("open "):
            self.work(int(name.removeprefix("open ")), False)
        else:
            super().on_timer(name)

    def clear_count(self, row: int, value: int) -> None:
        self.state.counts[str(row)] = int(value)

    @property
    def input_word(self) -> int:
        return sum(self.level(row) << (row - 1) for row in range(1, self.params.input_count + 1))

    @property
    def relay_word(self) -> int:
        return sum(self.relay(row) << (row - 1) for row in range(1, self.params.relay_count + 1))

    def work_all(self, word: float) -> None:
        for row in range(1, self.params.relay_count + 1):
            self.work(row, bool(int(word) >> (row - 1) & 1))
