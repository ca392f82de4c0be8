"""Firmware of an air-cooled chiller: when it may start, in which order, and what to do after a trip or a power loss.

The sequence after the return of power is that of Trane's RTAE (RTAE-SVX001B-EN p. 61): the controller boots, the
evaporator's flow is proven, the restart inhibit runs out, oil and valves are prepared, the compressors start and load.
The machine itself, with the switches that stop it, is `plant.chillers.Chiller`.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from typing import Any, ClassVar

from twinfeed.emulators.devices.cooling.chiller_settings import ChillerControllerState, ChillerParams
from twinfeed.emulators.devices.cooling.probes import WATER_PROBE
from twinfeed.emulators.devices.firmware.device import Device
from twinfeed.emulators.devices.firmware.firmware_faults import left_in_manual
from twinfeed.emulators.devices.firmware.points import Refused
from twinfeed.emulators.plant.air.thermal import passes_s
from twinfeed.emulators.plant.cooling.chillers import Chiller
from twinfeed.emulators.plant.kernel.deeds import DeedKind
from twinfeed.emulators.plant.kernel.faults import FailureMode, Fault
from twinfeed.emulators.plant.kernel.tolerances import Tolerance
from twinfeed.emulators.plant.power.electrical import NOMINAL_VOLTS

LEAVING_C = (3.0, 20.0)
"""Leaving water between which a control that is misled by its sensor ends, degC: antifreeze protection, and no cooling
to speak of (assumptions)."""


class ChillerController(Device[ChillerControllerState]):
    """The controller of the plant's `chiller` named by `of`.

    `controller-hang` stops the sequence with the machine as it is; the machine's own switches still stop it.
    """

    kind = "chiller"
    PARAMS = ChillerParams
    MANAGES = (Chiller,)
    STATE = ChillerControllerState
    ACCURACY: ClassVar[Mapping[str, Tolerance]] = {"water.entering": WATER_PROBE, "water.leaving": WATER_PROBE}
    DEEDS: ClassVar[Mapping[str, DeedKind]] = {
        **Device.DEEDS,
        "off": DeedKind("switch it off at its panel", lambda c, _: c.write("chiller.enabled", False), undo="auto"),
        "auto": DeedKind("let it run", lambda c, _: c.write("chiller.enabled", True), undo="off"),
        "reset": DeedKind("clear its last trip and its lockout", lambda c, _: c.reset("reset")),
    }
    FAULTS: ClassVar[Mapping[str, Fault]] = {
        **Device.FAULTS,
        "controller-hang": Fault(
            "the sequence stops: running compressors go on, stopped ones do not start",
            failure=FailureMode("on demand", "chiller-start"),
        ),
        "flow-switch-stuck": Fault(
            "the flow switch always reads no flow",
            family="sensor",
            actuator=True,
            failure=FailureMode("at once", "chiller"),
        ),
        "lockout": Fault(
            "locked out: it stops and cannot be reset until the cause is cleared",
            family="plant",
            failure=FailureMode("at once", "chiller"),
        ),
        **left_in_manual("it is left switched off at its panel"),
        "lost-run-signal": Fault(
            "the run signal to valve and pumps is lost: the isolation valve does not open",
            family="plant",
            source="Azure Australia East, 2023-08",
            actuator=True,
            failure=FailureMode("at once", "chiller"),
        ),
    }
    params: ChillerParams
    chiller: Chiller

    def start(self) -> None:
        chiller = self.plant.find(self.params.of)
        assert isinstance(chiller, Chiller), f"{self.name} manages {chiller.id}, which is not a chiller"
        self.chiller = chiller
        self.state.phase = "running" if chiller.running else "off"

    @property
    def rated_kva(self) -> float:
        return self.chiller.rated_kva

    # -- knowledge ------------------------------------------------------------------------------------------

    def setting(self, name: str, default: Any) -> Any:
        """A setting as changed on the device, else its default."""
        return self.state.settings.get(name, default)

    @property
    def role(self) -> str:
        return str(self.setting("role", self.params.role))

    @property
    def enabled(self) -> bool:
        return bool(self.setting("enabled", True)) and "left-in-manual" not in self.state.faults

    @property
    def setpoint_c(self) -> float:
        return float(self.setting("setpoint_c", self.chiller.params.setpoint_c))

    @property
    def wanted(self) -> bool:
        """True if it should run now."""
        return self.enabled and (self.role != "standby" or self.state.called)

    @property
    def permitted(self) -> bool:
        """True if supply and water allow a start."""
        return self.chiller.power_good and self.entering_c <= self.params.warmest_start_c

    @property
    def entering_c(self) -> float:
        """Entering water as it measures it, degC."""
        return self.measured("water.entering", self.chiller.entering_c)

    @property
    def leaving_c(self) -> float:
        """Leaving water as it measures it, degC."""
        return self.measured("water.leaving", self.chiller.leaving_c)

    @property
    def _held_c(self) -> float:
        """The leaving temperature of the water that the control really holds, degC."""
        return self.controlled("water.leaving", self.setpoint_c, *LEAVING_C)

    @property
    def flow_proven(self) -> bool:
        return self.chiller.flow_proven and self.fault("flow-switch-stuck") is None

    @property
    def control_power(self) -> bool:
        return self.params.controls_backed or self.chiller.seen["input"].worst_volts > 0.5 * NOMINAL_VOLTS

    @property
    def _tripped_too_often(self) -> bool:
        return len(self.state.trips) > self.params.trips_per_hour

    @property
    def limited(self) -> bool:
        running = self.state.phase == "running"
        return running and self.chiller.load_percent > 99.0 * self.chiller.state.limit

    @property
    def seconds_to_start(self) -> float:
        """Until its timers let the compressors start, s; 0 while none runs."""
        return max(self.remaining_s(name) or 0.0 for name in ("boot", "flow proof", "inhibit", "prestart"))

    # -- the sequence ---------------------------------------------------------------------------------------

    def react(self) -> None:
        if self.fault("controller-hang") is None:
            self._sequence()
        super().react()

    def horizon(self) -> float:
        """Until the water is too warm or cold enough: for a standby chiller to be called, for any to start."""
        loop, p = self.chiller.loop, self.params
        if loop is None or self.state.phase == "dead":
            return inf
        reach = inf
        if self.state.phase != "running":
            reach = passes_s(self.entering_c, loop.rate_k_s("return_c"), p.warmest_start_c)
        if self.role == "standby":
            stage_c = self.setpoint_c + p.stage_up_k
            reach = min(reach, passes_s(loop.supply_c, loop.rate_k_s("supply_c"), stage_c))
        return reach

    def _sequence(self) -> None:
        s = self.state
        if not self.control_power:
            if s.phase != "dead":
                self._lose_power()
            return
        if s.phase == "dead":
            self._enter("booting")
            self.after(self.params.boot_controller_s, "boot")
        if s.phase in ("dead", "booting"):
            return
        self._stage()
        if "lockout" in s.faults and s.phase != "lockout":
            self.chiller.stop("lockout")
            s.stopped_at = self.plant.now
            self._lock_out()
        elif s.phase == "running":
            self._mind()
        elif s.phase != "lockout":
            self._approach_start()

    def _lose_power(self) -> None:
        s = self.state
        if s.phase == "running":
            s.stopped_at = self.plant.now
        for timer in ("boot", "flow proof", "flow limit", "flow loss", "inhibit", "prestart", "stage up", "stage down"):
            self.cancel(timer)
        if self.params.power_auto_restart or s.phase != "running":
            s.cold_start = True
        else:
            s.trips = [self.plant.now] * (self.params.trips_per_hour + 1)
            s.trip = "supply voltage"
        self._enter("dead")

    def _approach_start(self) -> None:
        """Step by step towards the start, back to off when it is no longer wanted."""
        s, p = self.state, self.params
        if not (self.wanted and self.permitted):
            if s.phase != "off":
                self._stand_down()
            return
        if s.phase == "off":
            self._enter("flow")
            self.after(p.flow_limit_s, "flow limit")
        self.chiller.isolate(self.fault("lost-run-signal") is not None)
        if not self.flow_proven:
            self.cancel("flow proof")
            if s.phase in ("inhibited", "prestart"):
                self.cancel("inhibit")
                self.cancel("prestart")
                self._enter("flow")
                self.after(p.flow_limit_s, "flow limit")
        elif s.phase == "flow":
            self._run("flow proof", p.flow_proof_s)

    def _mind(self) -> None:
        """While it should be running: its machine, its flow, and whether it is still wanted."""
        chiller, s = self.chiller, self.state
        if not chiller.running:
            self._trip(chiller.state.trip or "protection")
        elif not self.wanted:
            chiller.stop()
            s.stopped_at = self.plant.now
            self._stand_down()
        else:
            chiller.set_leaving(self._held_c)
            chiller.set_limit(float(self.setting("limit", 1.0)))
            if self.flow_proven:
                self.cancel("flow loss")
            else:
                self._run("flow loss", self.params.flow_loss_s)

    def _stand_down(self) -> None:
        for timer in ("flow proof", "flow limit", "flow loss", "inhibit", "prestart"):
            self.cancel(timer)
        self.chiller.isolate(True)
        self._enter("off")

    def _trip(self, reason: str) -> None:
        s, now = self.state, self.plant.now
        self.cancel("flow loss")
        self.chiller.stop(reason)
        s.trip, s.stopped_at = reason, now
        power = reason == "supply voltage"
        s.trips = [t for t in s.trips if now - t < 3600.0] + ([] if power else [now])
        self.log_event(f"tripped: {reason}")
        if self._tripped_too_often or (power and not self.params.power_auto_restart):
            self._lock_out()
        else:
            self._stand_down()
            s.cold_start = s.cold_start or power

    def _lock_out(self) -> None:
        self._stand_down()
        self._enter("lockout")

    def on_timer(self, name: str) -> None:
        if name not in _TIMERS:
            super().on_timer(name)
        elif self.fault("controller-hang") is None:
            getattr(self, _TIMERS[name])()

    def _booted(self) -> None:
        self.log_event("controller started")
        if self._tripped_too_often:
            self._lock_out()
        else:
            self._enter("off")

    def _flow_is_proven(self) -> None:
        self.cancel("flow limit")
        self._enter("inhibited")
        self.after(max(0.0, self.state.stopped_at + self.params.anti_recycle_s - self.plant.now), "inhibit")

    def _inhibit_is_over(self) -> None:
        p = self.params
        self._enter("prestart")
        role = {"lag": p.lag_delay_s, "standby": p.standby_delay_s}.get(self.role, 0.0)
        self.after(p.prestart_s + (role if self.state.cold_start else 0.0), "prestart")

    def _start_compressors(self) -> None:
        self.chiller.set_leaving(self._held_c)
        if self.chiller.start_compressors():
            self.state.cold_start = False
            self.state.trip = ""
            self._enter("running")
        else:
            self._trip("start failure" if self.chiller.power_good else "supply voltage")

    def _flow_is_missing(self) -> None:
        self._trip("flow")

    def _call(self) -> None:
        self.state.called = True
        self.log("called")
        self.touch()

    def _release(self) -> None:
        self.state.called = False
        self.log("released")
        self.touch()

    def on_fault(self, kind: str, active: bool) -> None:
        if kind == "lockout" and not active and self.state.phase == "lockout" and not self._tripped_too_often:
            self._enter("off")
        super().on_fault(kind, active)

    # -- lead, lag, standby ---------------------------------------------------------------------------------

    def _stage(self) -> None:
        """Call a standby chiller when the loop's supply stays warm; release it when the others suffice."""
        if self.role != "standby":
            return
        loop, p = self.chiller.loop, self.params
        if loop is None:
            return
        warm = loop.supply_c > self.setpoint_c + p.stage_up_k
        if self.state.called:
            self.cancel("stage up")
            self._while(not warm and self._others_suffice(), "stage down", p.stage_down_s)
        else:
            self.cancel("stage down")
            self._while(warm and self.enabled, "stage up", p.stage_up_s)

    def _others_suffice(self) -> bool:
        loop = self.chiller.loop
        others = [c for c in loop.chillers if c.running and c is not self.chiller] if loop else []
        load = self.chiller.cooling_kw + sum(c.cooling_kw for c in others)
        return load < 0.9 * sum(c.capacity_kw for c in others)

    # -- small steps ----------------------------------------------------------------------------------------

    def _enter(self, phase: str) -> None:
        if phase != self.state.phase:
            self.state.phase = phase
            self.log("phase", phase=phase)
            self.touch()

    def _run(self, timer: str, delay_s: float) -> None:
        if (self.id, timer) not in self.plant.timers:
            self.after(delay_s, timer)

    def _while(self, holds: bool, timer: str, delay_s: float) -> None:
        if holds:
            self._run(timer, delay_s)
        else:
            self.cancel(timer)

    # -- operators' actions ---------------------------------------------------------------------------------

    def set_setting(self, name: str, value: Any) -> None:
        if self.setting(name, None) != value:
            self.state.settings[name] = value
            self.log_event(f"{name} {value}")
            self.touch()

    def reset(self, value: str) -> None:
        """Clear the last trip and the lockout.

        Raises:
            Refused: the cause is still there.
        """
        if value != "reset":
            return
        if self.fault("controller-hang") is not None or self.state.phase in ("dead", "booting"):
            raise Refused(f"{self.name}: its controller is not running")
        if "trip" in self.chiller.state.faults or "lockout" in self.state.faults:
            raise Refused(f"{self.name}: the protection is still open; clear its cause first")
        self.log_event("alarms reset")
        self.log("reset")
        self.state.trips.clear()
        self.state.trip = ""
        if self.state.phase == "lockout":
            self._enter("off")
        self.touch()


_TIMERS = {
    "boot": "_booted",
    "flow proof": "_flow_is_proven",
    "flow limit": "_flow_is_missing",
    "flow loss": "_flow_is_missing",
    "inhibit": "_inhibit_is_over",
    "prestart": "_start_compressors",
    "stage up": "_call",
    "stage down": "_release",
}
