"""Firmware of an automatic transfer switch's controller: judges two sources, starts the engine, orders the moves.

The sequence is that of ASCO 165 and of NFPA 110: ride over momentary dips, start the engine, transfer when the
emergency source has been good for a while, return when the normal source has proved itself, then let the engine
cool down unloaded. The moves themselves are the mechanism's (`plant.transfer.AutomaticTransferSwitch`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, ClassVar, Literal

from twinfeed.emulators.devices.firmware.device import Device
from twinfeed.emulators.devices.firmware.firmware_faults import left_in_manual
from twinfeed.emulators.devices.firmware.points import Index, Refused, Value
from twinfeed.emulators.devices.firmware.state import Params, State
from twinfeed.emulators.plant.kernel.deeds import DeedKind, Word
from twinfeed.emulators.plant.kernel.faults import FailureMode, Fault
from twinfeed.emulators.plant.kernel.ratings import Range
from twinfeed.emulators.plant.kernel.tolerances import Tolerance
from twinfeed.emulators.plant.power.electrical import DEAD, NOMINAL_HERTZ, NOMINAL_VOLTS, Supply
from twinfeed.emulators.plant.power.transfer_switch import AutomaticTransferSwitch

SOURCES = ("normal", "emergency")
"""Rows 1 and 2 of the table `source`."""

MODES = ("off", "manual", "automatic", "test")

DELAYS = ("override", "transfer", "retransfer", "cooldown")
"""Timers an operator can see and bypass."""


TIMER = Tolerance(-2.0, 2.0, "assumed of digital timers that scan their inputs")
"""Of a delay."""


@dataclass(frozen=True)
class TransferSwitchParams(Params):
    """Factory settings: ASCO 165 (genpropower.com/asco_165.htm) unless stated otherwise."""

    override_s: Annotated[float, Range(0.0, 86400.0, "s"), TIMER] = 3.0
    """The normal source may be out so long before the engine is called, s."""
    transfer_s: Annotated[float, Range(0.0, 86400.0, "s"), TIMER] = 2.0
    """The emergency source must be good so long before the transfer, s (ASCO: 15, to stabilise the engine; short here
    because the UPS carry the load and generators are accepted by their own controllers)."""
    retransfer_s: Annotated[float, Range(0.0, 86400.0, "s"), TIMER] = 300.0
    """The normal source must be good so long before the return, s (ASCO 300 series: 1800)."""
    cooldown_s: Annotated[float, Range(0.0, 86400.0, "s")] = 60.0
    """The engine is kept running unloaded so long after the return, s."""
    dropout_percent: Annotated[float, Range(1.0, 99.0, "%")] = 85.0
    """A source is lost below this part of nominal voltage (any phase), % (ASCO 300 default, from memory)."""
    pickup_percent: Annotated[float, Range(1.0, 150.0, "%")] = 90.0
    """A source is good again above this, %."""
    overvoltage_percent: Annotated[float, Range(100.0, 200.0, "%")] = 115.0
    """A source is lost above this, %; good again 2 points below."""
    frequency_percent: Annotated[float, Range(0.1, 50.0, "%")] = 5.0
    """A source is lost when its frequency is further from nominal, %."""
    move_limit_s: Annotated[float, Range(0.1, 86400.0, "s")] = 5.0
    """A move that takes longer has failed, s; it is tried again every `retry_s`."""
    retry_s: Annotated[float, Range(0.1, 86400.0, "s")] = 30.0
    """Time after which a transfer that failed is tried again, s."""
    transfer_on_fault: bool = False
    """It transfers a load whose own fault has tripped the breaker before it. Controllers of breakers do not: they have
    the trip contact of each and wait for a person (Siemens ATC6300 manual L1V30535632002A-01 p. 48, alarms A10 and A11;
    Eaton ATC-900 IB140012EN p. 41, Lockout; Cutler-Hammer I.L. 15.01.T.K p. 4: the contact locks the motor out). That
    the ATC6300 blocks on A10 is the usual property of the alarm, unverified. Controllers of contactors measure
    voltages only, and transfer it (ASCO series 300, 381333-228: no input for a trip)."""
    mode: Literal["automatic", "manual"] = "automatic"
    """The mode when the site starts."""
    test_on_load: bool = True
    """True if a test moves the load."""
    automatic_return: bool = True
    """True if it returns to the normal source by itself."""

    def __post_init__(self) -> None:
        if not self.dropout_percent < self.pickup_percent < self.overvoltage_percent:
            raise ValueError("expected dropout_percent < pickup_percent < overvoltage_percent")


@dataclass
class TransferSwitchState(State):
    good: dict[str, bool] = field(default_factory=lambda: {"normal": True, "emergency": False})
    calling: bool = False
    """The normal source has failed: the emergency source is wanted until the normal one has proved itself."""
    move_failed: bool = False
    goal: str = ""
    """The destination of the last ordered move, '' once it has arrived."""


class TransferSwitchController(Device[TransferSwitchState]):
    """The controller of the plant's `ats` named by `of`.

    It runs on either source or its battery. `controller-hang` stops the sequence, `card-hang` only the answering.
    """

    kind = "transfer_switch"
    PARAMS = TransferSwitchParams
    MANAGES = (AutomaticTransferSwitch,)
    STATE = TransferSwitchState
    DEEDS: ClassVar[Mapping[str, DeedKind]] = {
        **Device.DEEDS,
        "auto": DeedKind("turn its selector to automatic", lambda c, _: c.set_mode("automatic"), undo="hand"),
        "hand": DeedKind("turn its selector to manual", lambda c, _: c.set_mode("manual"), undo="auto"),
        "off": DeedKind(
            "turn its selector to off: no transfer, no start of the set", lambda c, _: c.set_mode("off"), undo="auto"
        ),
        "order": DeedKind(
            "order a transfer at its panel, in manual",
            lambda c, a: c.order_by_hand(a["to"]),
            {"to": Word(("normal", "emergency"))},
        ),
        "reset": DeedKind("clear a failed move and a lockout", lambda c, _: c.reset("reset")),
    }
    FAULTS: ClassVar[Mapping[str, Fault]] = {
        **Device.FAULTS,
        "controller-hang": Fault(
            "the sequence stops: timers that run out do nothing", failure=FailureMode("on demand", "ats-transfer")
        ),
        "lockout": Fault(
            "a protection (a ground fault, say) blocks all transfers until it is reset",
            family="plant",
            failure=FailureMode("on demand", "ats-transfer"),
        ),
        "blind": Fault(
            "the sensing of the normal source always reads nominal values",
            family="sensor",
            failure=FailureMode("on demand", "ats-transfer"),
        ),
        "false-loss": Fault("the sensing of the normal source always reads dead", family="sensor"),
        "no-start-signal": Fault(
            "the engine-start contact does not close",
            family="plant",
            source="OVH Strasbourg, 2017-11",
            actuator=True,
            failure=FailureMode("on demand", "start-signal"),
        ),
        **left_in_manual("it is left in manual: it does not transfer by itself"),
    }
    params: TransferSwitchParams
    ats: AutomaticTransferSwitch

    def start(self) -> None:
        ats = self.plant.find(self.params.of)
        assert isinstance(ats, AutomaticTransferSwitch), f"{self.id} manages {ats.id}, which is not an ats"
        self.ats = ats

    def indices(self, name: str) -> Sequence[Index]:
        if name == "source":
            return (1, 2)
        if name == "phase":
            return (1, 2, 3)
        return super().indices(name)

    def card_supplied(self) -> bool:
        """It has a battery; a site that feeds it otherwise gives `powered_by`."""
        return super().card_supplied() if self.params.powered_by else True

    # -- measurements ---------------------------------------------------------------------------------------

    def terminals(self, source: str) -> Supply:
        """The source at the controller's terminals: the real one, unless the wires to them are wrong."""
        supply = self.ats.seen.get(source, DEAD)
        if source == "normal" and self.state.faults:
            if self.fault("blind") is not None:
                return Supply((NOMINAL_VOLTS,) * 3, NOMINAL_HERTZ, supply.origin or "blind")
            if self.fault("false-loss") is not None:
                return DEAD
        return supply

    def sensed(self, source: str) -> Supply:
        """The source as the controller measures it."""
        supply = self.terminals(source)
        if not self.state.faults:
            return supply
        name = f"source.{SOURCES.index(source) + 1}"
        a, b, c = (self.measured(f"{name}.voltage.{n}", volts) for n, volts in enumerate(supply.volts, 1))
        hertz = self.measured(f"{name}.frequency", supply.hertz)
        return Supply((max(a, 0.0), max(b, 0.0), max(c, 0.0)), max(hertz, 0.0), supply.origin or name)

    def _acceptable(self, source: str) -> bool:
        p, supply, was_good = self.params, self.sensed(source), self.state.good[source]
        low = p.dropout_percent if was_good else p.pickup_percent
        high = p.overvoltage_percent - (0.0 if was_good else 2.0)
        volts = [100.0 * v / NOMINAL_VOLTS for v in supply.volts]
        drift = 100.0 * abs(supply.hertz - NOMINAL_HERTZ) / NOMINAL_HERTZ
        return supply.live and min(volts) >= low and max(volts) <= high and drift <= p.frequency_percent

    @property
    def mode(self) -> str:
        if "left-in-manual" in self.state.faults:
            return "manual"
        return str(self.state.settings.get("mode", self.params.mode))

    def setting(self, name: str) -> float | bool:
        """A setting as changed on the device, else as the site file has it."""
        value: float | bool = self.state.settings.get(name, getattr(self.params, name))
        return value

    @property
    def tripped(self) -> str:
        """The source whose breaker has tripped on a fault of the load, by its trip contact; '' for none."""
        return "" if self.params.transfer_on_fault else self.ats.load_fault

    @property
    def locked_out(self) -> bool:
        """True if transfers are blocked until somebody resets it."""
        return self.fault("lockout") is not None or self.tripped != ""

    # -- the sequence ---------------------------------------------------------------------------------------

    def react(self) -> None:
        if self.fault("controller-hang") is None:
            self._judge()
            self._watch_move()
            if self.mode in ("automatic", "test"):
                self._sequence()
        super().react()

    def _judge(self) -> None:
        for source in SOURCES:
            good = self._acceptable(source)
            if good != self.state.good[source]:
                self.state.good[source] = good
                self.log_event(f"{source} source {'good' if good else 'lost'}")
                self.log("source good" if good else "source lost", source=source)

    def _sequence(self) -> None:
        state, ats, good = self.state, self.ats, self.state.good
        testing = self.mode == "test"
        if good["normal"]:
            self._stop("override")
        elif not state.calling:
            self._run("override", self.setting("override_s"))
        if state.calling and good["normal"]:
            if not ats.on_emergency or not good["emergency"]:
                self._end_call()
            elif self.setting("automatic_return"):
                self._run("retransfer", self.setting("retransfer_s"))
        else:
            self._stop("retransfer")
        self._call_engine(state.calling or testing)
        if state.calling or (testing and self.setting("test_on_load") and (good["emergency"] or not ats.on_emergency)):
            self._towards_emergency()
        else:
            self._stop("transfer")
            if ats.on_normal and not ats.moving:
                self._forget("emergency")
            elif good["normal"]:
                self._order("normal")

    def _towards_emergency(self) -> None:
        if self.ats.on_emergency or not self.state.good["emergency"]:
            self._stop("transfer")
        elif self.ats.state.heading != "emergency" and self.state.goal != "emergency":
            self._run("transfer", self.setting("transfer_s"))

    def _call_engine(self, wanted: bool) -> None:
        ats = self.ats
        if wanted:
            self._stop("cooldown")
            ats.request_start(self.fault("no-start-signal") is None)
        elif ats.start_request and ats.on_normal:
            self._run("cooldown", self.setting("cooldown_s"))

    def _end_call(self) -> None:
        self.state.calling = False
        self._stop("retransfer")
        self.touch()

    def on_timer(self, name: str) -> None:
        hung = self.fault("controller-hang") is not None
        if name not in (*DELAYS, "move", "retry"):
            super().on_timer(name)
        elif hung:
            return
        elif name == "override":
            self.state.calling = True
            self.log_event("normal source failed")
        elif name == "transfer":
            self._order("emergency")
        elif name == "retransfer":
            self._end_call()
        elif name == "cooldown":
            self.ats.request_start(False)
        elif name == "move":
            self.state.move_failed = True
            self.log_event(f"transfer to {self.state.goal} failed")
            self.after(self.params.retry_s, "retry")
        elif name == "retry" and self.mode != "off":
            goal, self.state.goal = self.state.goal, ""
            if goal:
                self._order(goal)

    # -- moves ----------------------------------------------------------------------------------------------

    def _order(self, to: str) -> None:
        """Order a move, once; the retry timer repeats it when it fails."""
        if self.state.goal == to or self.locked_out:
            return
        self.cancel("retry")
        self.state.goal = to
        self.after(self.params.move_limit_s, "move")
        self.log_event(f"transfer to {to}")
        self.ats.transfer(to)

    def _watch_move(self) -> None:
        if not self.ats.moving and self.state.goal in ("", self.ats.position):
            self.state.goal = ""
            self.state.move_failed = False
            self._stop("move")
            self._stop("retry")

    def _forget(self, goal: str) -> None:
        """A move that failed is no longer wanted."""
        if self.state.goal == goal:
            self.state.goal = ""
            self._watch_move()

    def _run(self, timer: str, delay_s: float) -> None:
        if (self.id, timer) not in self.plant.timers:
            self.after(float(delay_s), timer)

    def _stop(self, timer: str) -> None:
        if (self.id, timer) in self.plant.timers:
            self.cancel(timer)

    # -- operators' actions -----------------------------------------------------------------------------------

    def set_mode(self, mode: str) -> None:
        """off and manual stop the sequence where it is; test starts the engine and, on load, transfers."""
        if mode == self.mode:
            return
        self.state.settings["mode"] = mode
        self.log_event(f"mode {mode}")
        self.log("mode", mode=mode)
        for timer in DELAYS:
            self.cancel(timer)
        if mode == "off":
            self.state.calling = False
            self.ats.request_start(False)
        self.touch()

    def order_by_hand(self, to: str) -> None:
        """Move it by command.

        Raises:
            Refused: not in manual, locked out, or the mechanism does not move.
        """
        if to == "none":
            return
        if self.mode != "manual":
            raise Refused(f"{self.id} is in {self.mode}: a transfer by hand needs manual")
        if self.locked_out:
            raise Refused(f"{self.id} is locked out: reset the lockout first")
        if self.ats.position != to:
            self._order(to)

    def start_by_hand(self, wanted: bool) -> None:
        if self.mode != "manual":
            raise Refused(f"{self.id} is in {self.mode}: starting the engine by hand needs manual")
        self.ats.request_start(wanted and self.fault("no-start-signal") is None)

    def bypass_delay(self, value: str) -> None:
        """End whichever delay is running at once."""
        if value != "bypass":
            return
        for timer in DELAYS:
            if (self.id, timer) in self.plant.timers:
                self.log_event(f"{timer} delay bypassed")
                self.after(0.0, timer)

    def reset(self, value: str) -> None:
        """Clear a failed move and a lockout."""
        if value != "reset":
            return
        self.state.faults.pop("lockout", None)
        self.ats.reset_fault()
        self.state.move_failed = False
        self.state.goal = ""
        self.cancel("move")
        self.cancel("retry")
        self.log_event("reset")
        self.touch()

    def store(self, name: str, value: Value) -> None:
        self.state.settings[name] = value
        self.log_event(f"{name} set to {value!r}")
        self.touch()
