"""The firmware of a device: its points, alarms and event log, and its management card.

A device is the thing with a management address. It manages one component of the plant (`of`), reads its
terminals and acts on it; it holds no physics. Its logical quantities are its points (`battery.charge`), named
once for its kind and mapped to the OIDs and registers of a real product by a profile.

The management card is a computer of its own: it has its own supply, boots, can hang while the power train
runs, and its uptime starts again after a power loss.
"""

from __future__ import annotations

import marshal
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from fnmatch import fnmatchcase
from ipaddress import ip_address
from typing import Any, ClassVar

from typing_extensions import TypeVar

from twinfeed.emulators.devices.firmware.alarm_watch import watch_alarms
from twinfeed.emulators.devices.firmware.alarms import Alarm, Notice
from twinfeed.emulators.devices.firmware.answer_faults import ANSWER_FAULTS
from twinfeed.emulators.devices.firmware.domain import Domain, within_rating
from twinfeed.emulators.devices.firmware.firmware_faults import (
    ALARM_FAULTS,
    FIRMWARE_FAULTS,
    begin,
    check,
    end,
    reevaluate,
)
from twinfeed.emulators.devices.firmware.points import (
    BoundPoint,
    Crashed,
    Index,
    PointError,
    PointTable,
    UnknownPoint,
    Value,
    undashed,
)
from twinfeed.emulators.devices.firmware.sensor_faults import SENSOR_FAULTS, controlled, reported
from twinfeed.emulators.devices.firmware.state import LOG_LENGTH, Params, State
from twinfeed.emulators.devices.firmware.writing import Writing
from twinfeed.emulators.nearness import did_you_mean
from twinfeed.emulators.plant.kernel.actor import Actor
from twinfeed.emulators.plant.kernel.actor import State as ActorState
from twinfeed.emulators.plant.kernel.component import Component
from twinfeed.emulators.plant.kernel.deeds import AnyValue, DeedKind, Word
from twinfeed.emulators.plant.kernel.faults import Fault
from twinfeed.emulators.plant.kernel.tolerances import Tolerance
from twinfeed.emulators.plant.power.flow import Flow

CARD_VOLTS = 100.0
"""A management card's 100-240 V supply runs from here on, V phase to neutral."""

HOLD_UP_S = 0.02
"""Gap of its supply that a management card bridges, s (ITI curve of 2000: 0 V for 20 ms)."""

HOLD_UP = "hold-up over"

WITHOUT_ALARMS: Mapping[str, Fault] = {**FIRMWARE_FAULTS, **SENSOR_FAULTS, **ANSWER_FAULTS}
"""The faults of a device whose kind has no alarms."""

S = TypeVar("S", bound=State, default=State, covariant=True)
"""The dataclass of a firmware's state. A bare `Device` is one of any state."""


class Device(Actor[S]):
    """Firmware of one kind of device, made by its `DeviceKind`, which knows its points and alarms.

    A subclass sets `kind`, `PARAMS` and `STATE`, and gives its state to mypy: `class Meter(Device[MeterState])`.
    """

    kind: ClassVar[str]
    PARAMS: ClassVar[type[Params]] = Params
    MANAGES: ClassVar[tuple[type[Component], ...]] = ()
    """The kind of component that `of` must name; if empty, `of` names anything, or nothing."""
    STATE: ClassVar[type[ActorState]] = State
    ACCURACY: ClassVar[Mapping[str, Tolerance]] = {}
    """The tolerance of the sensor of a point, in the unit of the point, by the point's name or a pattern of names."""
    OF_THIS_RUN: ClassVar[tuple[str, ...]] = ()
    """Endings of settings that mean nothing after the site was started again: times of its clock, meters' zeros."""
    FAULTS: ClassVar[Mapping[str, Fault]] = {**FIRMWARE_FAULTS, **ALARM_FAULTS, **SENSOR_FAULTS, **ANSWER_FAULTS}
    DEEDS: ClassVar[Mapping[str, DeedKind]] = {
        "set": DeedKind(
            "set a point at its panel",
            lambda device, a: device.write(a["point"], a["value"]),
            {"point": Word(doc="a point that can be written"), "value": AnyValue("a value that the point takes")},
        ),
        "restart-card": DeedKind("restart its management card", lambda device, _: device.reboot()),
    }
    REFUSALS: ClassVar[tuple[type[Exception], ...]] = (PointError,)
    CRASHES: ClassVar[frozenset[str]] = frozenset({"firmware-crash"})

    def __init__(self, id: str, params: Params, points: PointTable, alarms: Sequence[Alarm[Any]]) -> None:
        super().__init__(id)
        self.params = params
        self.points = points
        """The points of its kind, those that every device has among them."""
        self.alarms = alarms
        """The alarms of its kind."""
        self.outbox: list[Notice] = []
        """Notices not yet sent; the server of the device takes them. Not part of the state."""
        self.layout = 0
        """Grows when rows appear or disappear (alarm tables, neighbours)."""
        self.inexact = False
        """Its sensors read within their `ACCURACY`, not exactly; each has an offset of its own."""
        self._bound: dict[str, BoundPoint] = {}
        self._offsets: dict[str, float] = {}
        self._writing = Writing(self)

    @property
    def name(self) -> str:
        """Its name: the id without the `/device` that distinguishes it from the component it manages."""
        return self.id.partition("/")[0]

    # -- points ---------------------------------------------------------------------------------------------

    def indices(self, name: str) -> Sequence[Index]:
        """The rows of the table indexed by `name`, in order (`outlet` -> 1 … 24)."""
        raise UnknownPoint(f"{self.name}: a {self.kind} has no table indexed by {name!r}")

    def point(self, name: str) -> BoundPoint:
        """The point of that name on this device, ready to read and write.

        Raises:
            UnknownPoint: it has none; the message names near ones.
        """
        if (bound := self.find_point(name)) is not None:
            return bound
        hint = did_you_mean(name, self.point_names())
        raise UnknownPoint(f"{self.name} ({self.kind}) has no point {name!r}{hint}")

    def find_point(self, name: str) -> BoundPoint | None:
        """The point of that name, None if this device has none."""
        bound = self._bound.get(name)
        if bound is None and (bound := self._bind(name)) is not None:
            self._bound[name] = bound
        return bound

    def read(self, name: str) -> Value:
        return self.point(name).read()

    def write(self, name: str, value: Value) -> None:
        """Write a point as an operator's station would.

        Raises:
            UnknownPoint, NotWritable, BadValue, Refused: see there.
        """
        self.point(name).write(value)

    def point_names(self) -> list[str]:
        """All point names of this device, tables expanded, in the order of the catalogue."""
        return self.points.names(self.indices)

    def _bind(self, name: str) -> BoundPoint | None:
        found = self.points.find(name, self.indices)
        return None if found is None else BoundPoint(self, found[0], name, found[1])

    def domain(self, bound: BoundPoint) -> Domain:
        """Which values that point of this device takes and shows; some firmware knows more than the catalogue."""
        return within_rating(bound.point.domain, self.rated_kva)

    @property
    def rated_kva(self) -> float | None:
        """The rated apparent power of the machine that it manages, kVA; None if it manages none that has one."""
        return None

    def accepts(self, point: str, value: Value) -> bool:
        """Count and log a command; False under `command-ignored`: the device acknowledges it and does nothing."""
        self.state.commands += 1
        self.log("command", device=self.name, point=point, value=value)
        if "command-ignored" in self.state.faults:
            self.log("command ignored", point=point)
            return False
        return True

    def has_crashed(self, error: Exception, doing: str) -> Crashed:
        """Take the device down, since its firmware has raised `error`; returns the exception for the caller."""
        self.plant.crash(self, error, doing)
        return Crashed(f"{self.name} does not answer: its firmware has crashed ({doing}: {error!r})")

    # -- reports of its sensors -----------------------------------------------------------------------------

    def reported(self, point: str, value: Value) -> Value:
        """The value that the device reports for that point's true `value`: another one where its sensor is wrong."""
        return reported(self, point, value)

    def measured(self, point: str, value: float) -> float:
        """The value of a point as its sensor shows it to the firmware; `value` is the true one."""
        return float(reported(self, point, value)) if self.state.faults or self.inexact else value

    def controlled(self, point: str, setpoint: float, low: float, high: float) -> float:
        """The value to which a control loop with `setpoint` really brings that point, between `low` and `high`."""
        exact = not self.state.faults and not self.inexact
        return setpoint if exact else controlled(self, point, setpoint, low, high)

    def offset(self, point: str) -> float:
        """The deviation of a point's sensor while it has no fault, in the unit of the point; 0 unless `inexact`."""
        if not self.inexact or not self.ACCURACY:
            return 0.0
        if point not in self._offsets:
            own = next((t for pattern, t in self.ACCURACY.items() if fnmatchcase(point, pattern)), None)
            self._offsets[point] = own.draw(0.0, self.plant.seed, self.id, point) if own is not None else 0.0
        return self._offsets[point]

    # -- the management card --------------------------------------------------------------------------------

    @property
    def answers(self) -> bool:
        """True if the management card is up and not hung. The network is not considered."""
        faults = self.state.faults
        return self.state.card == "up" and "card-hang" not in faults and "firmware-crash" not in faults

    @property
    def uptime_s(self) -> float:
        """Since the card came up as it counts it, s."""
        jump = self.fault("clock-jump")
        return max(0.0, self.plant.now - self.state.booted_at + (jump["uptime"] if jump else 0.0))

    @property
    def clock_s(self) -> float:
        """The site's clock as the device has it, s."""
        jump = self.fault("clock-jump")
        return self.plant.now + (jump["offset"] if jump else 0.0)

    @property
    def mac(self) -> bytes:
        """A locally administered address (IEEE 802 c. 8.4) made of the last 32 bits of the IP address, six octets."""
        return b"\x02\x54" + ip_address(self.params.address).packed[-4:]

    def card_supplied(self) -> bool:
        """True if the card has power: any of its feeds, or the output of the managed component if no feed is given."""
        feeds = self.params.powered_by or ((self.params.of,) if self.params.of else ())
        return not feeds or any(self.supply_live(ref) for ref in feeds)

    def supply_live(self, ref: str) -> bool:
        """True if the feed is live on any phase (`component` or `component:socket`)."""
        flow = self.plant.solvers[0]
        assert isinstance(flow, Flow), "the power flow is a plant's first solver"
        return max(flow.supply(ref).volts) > CARD_VOLTS

    def on_boot(self) -> None:
        """The card has just come up after a power loss or restart; volatile state starts afresh here."""

    def reboot(self) -> None:
        """Restart the management card: silent for `boot_s`, then up with a new uptime."""
        if self.state.card != "off":
            self.state.card = "booting"
            self.state.faults.pop("card-hang", None)
            self._run_again()
            self.after(self.params.boot_s, "card up")
            self.touch()

    # -- the clock's calls ----------------------------------------------------------------------------------

    def react(self) -> None:
        self._follow_supply()
        if self.answers:
            self._watch_alarms()

    def _follow_supply(self) -> None:
        supplied = not self.down and self.card_supplied()
        if supplied:
            if self.remaining_s(HOLD_UP) is not None:
                self.cancel(HOLD_UP)
            if self.state.card == "off":
                self.state.card = "booting"
                self.after(self.params.boot_s, "card up")
                self.log("card booting")
        elif self.state.card != "off":
            if self.down or self.crashed:
                self.go_off()
            elif self.remaining_s(HOLD_UP) is None:
                self.after(HOLD_UP_S, HOLD_UP)

    def go_off(self) -> None:
        """The card has lost its power."""
        self.state.card = "off"
        self.cancel("card up")
        self.cancel(HOLD_UP)
        self.state.alarms.clear()
        self.layout += 1
        self.log("card off")

    def on_timer(self, name: str) -> None:
        if name == HOLD_UP:
            self.go_off()
        elif name == "card up":
            self.state.card = "up"
            self.state.booted_at = self.plant.now
            self.state.boots += 1
            self.log_event("system started")
            self.log("card up")
            self.on_boot()
        elif name.startswith("raise "):
            self.raise_alarm(name.removeprefix("raise "))
        elif name.startswith("drop "):
            self.drop_alarm(name.removeprefix("drop "))
        elif name.startswith("reevaluate "):
            reevaluate(self, name.removeprefix("reevaluate "))
        else:
            super().on_timer(name)

    def on_settings(self) -> None:
        """The settings have been replaced as a whole: take over those that are kept elsewhere, too."""

    def check_fault(self, kind: str, of: tuple[str, ...]) -> None:
        check(self, kind, of)

    def on_fault(self, kind: str, active: bool) -> None:
        if active:
            begin(self, kind)
        else:
            end(self, kind)

    def on_restore(self) -> None:
        self.outbox.clear()
        self.layout += 1

    # -- its end, by its place or a defect of its firmware ---------------------------------------------------

    @property
    def crashed(self) -> bool:
        """True if its firmware has stopped, also because the device is destroyed or without power by its place."""
        return self.down or super().crashed

    def destroy(self, cause: str) -> None:
        super().destroy(cause)
        self.plant.rearrange()

    def rebuild(self) -> bool:
        rebuilt = super().rebuild()
        self.plant.rearrange()
        return rebuilt

    def crash(self, error: Exception, phase: str) -> bool:
        if not self.crashed:
            self.state.faults["firmware-crash"] = {}
            self.log("firmware crashed", phase=phase, error=f"{type(error).__name__}: {error}")
        return True

    def react_crashed(self) -> None:
        """Only power matters: a card that lost it and has it again restarts its firmware."""
        before = self.state.card
        self._follow_supply()
        if before == "off" and self.state.card == "booting":
            self._run_again()

    def _run_again(self) -> None:
        """The firmware restarts: a crash is over."""
        if self.state.faults.pop("firmware-crash", None) is not None:
            self.log("fault cleared", kind="firmware-crash")
            self.plant.rearrange()

    def writing(self) -> AbstractContextManager[None]:
        """In this context all writes are one change (see `Writing`)."""
        return self._writing.joined()

    def roll_back(self, before: bytes) -> None:
        """Take back what was written, but not what has happened meanwhile: faults, log lines, the count of commands."""
        now = self.state
        self.state = type(now)(**marshal.loads(before))
        self.state.faults, self.state.events, self.state.commands = now.faults, now.events, now.commands
        self.touch()

    # -- alarms ---------------------------------------------------------------------------------------------

    def _watch_alarms(self) -> None:
        watch_alarms(self)

    def raise_alarm(self, name: str) -> None:
        if "alarm-not-raised" in self.state.faults:
            return
        self.state.alarms[name] = self.plant.now
        self._announce(name, True)

    def drop_alarm(self, name: str) -> None:
        self.state.alarms.pop(name, None)
        self._announce(name, False)

    def _announce(self, name: str, raised: bool) -> None:
        self.layout += 1
        self.notify(name, raised)
        self.log_event(f"{name.replace('_', ' ')} {'raised' if raised else 'cleared'}")
        self.log("alarm" if raised else "alarm cleared", alarm=name)

    def notify(self, name: str, raised: bool = True) -> None:
        """Put a notice in the outbox: of an alarm, or of an event that is no condition (a new VRRP master)."""
        alarm, _, row = name.partition(".")
        del self.outbox[:-LOG_LENGTH]
        self.outbox.append(Notice(self.plant.now, alarm, raised, undashed(row) if row else None))

    def log_event(self, text: str) -> None:
        """Write a line to the device's own event log."""
        self.state.events.append([self.plant.now, text])
        del self.state.events[:-LOG_LENGTH]
