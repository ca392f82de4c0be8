"""Firmware of a generating set's controller, after the Deep Sea Electronics DSE 8610 MKII.

It starts the set when a transfer switch calls, closes it onto a dead bus or synchronises it to a live one, protects
it, cools it down and stops it. Sets on one bus talk to each other over the multiset link: one of them closes on a
dead bus while the others wait, and with `load_demand` those that the load does not need stand down.

Sequence: DSE 8610 MKII operator manual 5.4 (easymanua.ls/dse/8610-mkii, p. 117): start delay, cranking with rests,
safety-on delay, warming, load; return delay, cooling, stop.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from twinfeed.emulators.devices.firmware.device import Device
from twinfeed.emulators.devices.firmware.firmware_faults import left_in_manual
from twinfeed.emulators.devices.firmware.points import Index, Value
from twinfeed.emulators.devices.generator.multiset import MultisetLink
from twinfeed.emulators.devices.generator.panel import Panel
from twinfeed.emulators.devices.generator.protection import PROTECTIONS, SetProtection
from twinfeed.emulators.devices.generator.settings import TURNING, GeneratorControllerParams, GeneratorControllerState
from twinfeed.emulators.plant.generation.generator import Generator
from twinfeed.emulators.plant.generation.master import ParallelingPlc
from twinfeed.emulators.plant.kernel.deeds import DeedKind
from twinfeed.emulators.plant.kernel.faults import FailureMode, Fault

MATCH_CHECK_S = 0.7
"""The period at which the synchroniser checks voltage and frequency, s; not a multiple of common hunting."""


class GeneratorController(Device[GeneratorControllerState]):
    """The controller of the `generator` named by `of`.

    It lives on the starter battery. `controller-hang` stops sequence and protection, `card-hang` only the answering.
    """

    kind = "generator"
    PARAMS = GeneratorControllerParams
    MANAGES = (Generator,)
    STATE = GeneratorControllerState
    DEEDS: ClassVar[Mapping[str, DeedKind]] = {
        **Device.DEEDS,
        "auto": DeedKind("turn its selector to automatic", lambda c, _: c.panel.press("auto"), undo="hand"),
        "hand": DeedKind(
            "turn its selector to manual: it stays as it is", lambda c, _: c.panel.press("manual"), undo="auto"
        ),
        "off": DeedKind(
            "turn its selector to stop, which also resets its latched alarms",
            lambda c, _: c.panel.press("stop"),
            undo="auto",
        ),
        "start": DeedKind("press start, in manual", lambda c, _: c.panel.press("start")),
        "load": DeedKind(
            "press close, in manual: it takes load when it runs", lambda c, _: c.panel.press("close"), undo="unload"
        ),
        "unload": DeedKind("press open, in manual", lambda c, _: c.panel.press("open"), undo="load"),
        "reset": DeedKind("reset its latched alarms whose cause is gone", lambda c, _: c.panel.press("reset")),
    }
    FAULTS: ClassVar[Mapping[str, Fault]] = {
        **Device.FAULTS,
        "controller-hang": Fault(
            "sequence and protection stop; the engine follows its last order",
            failure=FailureMode("on demand", "generator-start"),
        ),
        "emergency-stop": Fault(
            "the emergency stop button is pressed",
            family="people",
            actuator=True,
            failure=FailureMode("people", "left-in-manual"),
        ),
        "no-remote-start": Fault(
            "the wire of the remote start is broken: requests are not seen",
            family="plant",
            actuator=True,
            failure=FailureMode("on demand", "generator-start"),
        ),
        "msc-failure": Fault(
            "the multiset link is down: this controller and the others do not see each other", family="plant"
        ),
        **left_in_manual("it is left in manual: it stays as it is, and does not start when called"),
    }
    params: GeneratorControllerParams

    def start(self) -> None:
        generator = self.plant.find(self.params.of)
        assert isinstance(generator, Generator), f"{self.id} manages {generator.id}, which is not a generator"
        self.generator = generator
        self.state.mode = str(self.state.settings.get("mode", self.params.mode))
        self.protection = SetProtection(self, generator, self.params, self._shut_down, self._unload)
        plc = self.plant.find(self.params.plc) if self.params.plc else None
        assert plc is None or isinstance(plc, ParallelingPlc), f"{self.id} names {self.params.plc}, which is no PLC"
        switches = [self.plant.find(id) for id in self.params.start_requests]
        self.link = MultisetLink(self, self.protection, self.params, switches, self._links_of_others, plc)
        self.panel = Panel(self, self.protection, self.link, self._cut_short)

    def _links_of_others(self) -> list[MultisetLink]:
        actors = self.plant.actors.values()
        return [other.link for other in actors if isinstance(other, GeneratorController) and self._shares_bus(other)]

    def _shares_bus(self, other: GeneratorController) -> bool:
        return other is not self and other.generator.origin == self.generator.origin

    @property
    def rated_kva(self) -> float:
        return self.generator.rated_kva

    def indices(self, name: str) -> Sequence[Index]:
        return (1, 2, 3) if name == "phase" else super().indices(name)

    def card_supplied(self) -> bool:
        """It lives on the starter battery (8 to 35 V); a site that feeds it otherwise gives `powered_by`."""
        return super().card_supplied() if self.params.powered_by else self.generator.battery_volts >= 8.0

    # -- knowledge ----------------------------------------------------------------------------------------------

    @property
    def run_s(self) -> float:
        """Engine running time, s."""
        since = self.state.run_since
        return self.state.run_s + (self.plant.now - since if since >= 0.0 else 0.0)

    # -- the clock's calls --------------------------------------------------------------------------------------

    def react(self) -> None:
        if self.fault("controller-hang") is None:
            self.protection.watch()
            self.link.follow_demand()
            self._sequence()
        super().react()

    def on_timer(self, name: str) -> None:
        kind, _, rest = name.partition(" ")
        if kind not in ("stage", "safety", "protect", "endured", "match", "stand", "recall"):
            super().on_timer(name)
        elif self.fault("controller-hang") is not None:
            return
        elif kind == "stage":
            self._stage_over(rest)
        elif kind == "safety":
            self.state.armed = True
        elif kind == "protect":
            protection = PROTECTIONS[int(rest)]
            self.protection.act(protection.alarm, protection.action)
        elif kind == "endured":
            self.protection.act(rest, "trip")
        elif kind == "match":
            self._match()
        else:
            self.state.stood_down = kind == "stand"
            self.log_event("stood down: the load does not need it" if kind == "stand" else "called for load")
            self.log("stood down" if kind == "stand" else "recalled")

    def _watch_alarms(self) -> None:
        state = self.state
        if state.latched or state.warnings or state.alarms or state.faults:  # all its alarms are conditions
            super()._watch_alarms()

    def horizon(self) -> float:
        return self.protection.horizon_s()

    def setting(self, name: str) -> float:
        """A delay as changed on the device, else as the site file has it, s."""
        return float(self.state.settings.get(name, getattr(self.params, name)))

    # -- orders of the protection -------------------------------------------------------------------------------

    def _shut_down(self) -> None:
        self.generator.trip("shutdown")
        self.generator.stop_engine()
        if self.generator.phase == "stopped":
            self._enter("rest")
        else:
            self._enter("stopping", self.setting("stopping_timeout_s"))

    def _cut_short(self) -> None:
        """End whatever the engine does, at once: the selector is on stop."""
        if self.state.stage == "cranking":
            self.generator.stop_cranking()
            self._enter("rest")
        elif self.state.stage in TURNING:
            self.generator.open_breaker()
            self.generator.stop_engine()
            self._enter("stopping", self.setting("stopping_timeout_s"))

    def _unload(self) -> None:
        if self.state.stage in ("synchronising", "closing", "on-load"):
            self._open()

    # -- sequence -------------------------------------------------------------------------------------------------

    def _enter(self, stage: str, for_s: float | None = None) -> None:
        """Go to a stage, and time it when it has an end of its own."""
        state = self.state
        if state.stage == stage:
            return
        self.cancel(f"stage {state.stage}")
        if stage not in TURNING and state.run_since >= 0.0:
            state.run_s, state.run_since = self.run_s, -1.0
            state.armed = False
            self.cancel("safety on")
        if stage != "synchronising":
            self.cancel("match")
        state.stage = stage
        if for_s is not None:
            self.after(for_s, f"stage {stage}")
        self.log(stage.replace("-", " "))
        self.touch()

    def _sequence(self) -> None:
        state, generator = self.state, self.generator
        stage, go = state.stage, self.link.wanted and not self.protection.locked_out
        if stage in TURNING and generator.phase != "running":
            self._engine_died()
        elif stage == "rest":
            if go and generator.phase == "stopped":
                self.log_event("start requested")
                state.attempts = 0
                self._enter("start-delay", self.setting("start_delay_s"))
        elif stage in ("start-delay", "preheat", "crank-rest"):
            if not go:
                self._enter("rest")
        elif stage == "cranking":
            if generator.running:
                self._fired()
            elif not go:
                generator.stop_cranking()
                self._enter("rest")
        elif stage == "starting":
            if not go:
                self._enter("cooling", self.setting("cooling_s"))
            elif self.link.in_window:
                self._enter("warming", self.setting("warming_s"))
        elif stage == "warming":
            if not go:
                self._enter("cooling", self.setting("cooling_s"))
        elif stage == "available":
            if self.link.load_wanted:
                self._towards_load()
            elif not go:
                self._enter("cooling", self.setting("cooling_s"))
        elif stage == "synchronising":
            if not self.link.load_wanted or not self.link.may_close or not generator.bus_live:
                self._enter("available")
        elif stage == "closing":
            if generator.closed:
                self.log_event("generator breaker closed")
                self._enter("on-load")
        elif stage == "on-load":
            self._watch_load()
        elif stage == "opening":
            if not generator.closed:
                self._enter("available" if go else "cooling", None if go else self.setting("cooling_s"))
        elif stage == "cooling":
            if go:
                self._enter("available")
        elif stage == "stopping":
            if generator.phase in ("stopped", "seized"):
                self.log_event("engine stopped")
                self._enter("rest")
            elif generator.running:
                generator.stop_engine()

    def _fired(self) -> None:
        state = self.state
        state.starts += 1
        state.run_since = self.plant.now
        self.after(self.setting("safety_on_s"), "safety on")
        self.log_event("engine running")
        self._enter("starting")

    def _engine_died(self) -> None:
        """It stopped by itself: a failed attempt before the safety-on delay is over, later left to the protections."""
        if not self.state.armed:
            self.generator.trip("engine stopped")
            self._attempt_failed()
        elif self.state.stage == "opening" and not self.generator.closed:
            self._enter("cooling", self.setting("cooling_s"))

    def _attempt_failed(self) -> None:
        state = self.state
        state.attempts += 1
        if state.attempts >= self.params.crank_attempts:
            self._enter("stopping" if self.generator.phase == "stopping" else "rest")
            state.failed_starts += 1
            self.protection.act("fail_to_start", "shutdown")
        else:
            self.log_event(f"attempt {state.attempts} to start failed")
            self._enter("crank-rest", self.setting("crank_rest_s"))

    def _stage_over(self, stage: str) -> None:
        """The time of a stage is up."""
        generator = self.generator
        if stage == "start-delay":
            self._enter("preheat", self.setting("preheat_s"))
        elif stage in ("preheat", "crank-rest"):
            if generator.phase == "stopped":
                generator.crank()
                self._enter("cranking", self.setting("crank_s"))
            elif generator.phase == "seized":
                self._attempt_failed()
            else:  # still running down
                self.state.stage = "preheat"
                self.after(1.0, "stage preheat")
        elif stage == "cranking":
            generator.stop_cranking()
            self._attempt_failed()
        elif stage == "warming":
            self._enter("available")
        elif stage == "synchronising":
            self.protection.act("fail_to_synchronise", "trip")
        elif stage == "closing":
            generator.open_breaker()
            self.protection.act("fail_to_close", "trip")
        elif stage == "on-load":
            self._open()
        elif stage == "opening":
            self.protection.act("fail_to_open", "shutdown")
        elif stage == "cooling":
            generator.stop_engine()
            self._enter("stopping", self.setting("stopping_timeout_s"))
        elif stage == "stopping":
            self.protection.act("fail_to_stop", "shutdown")

    # -- load ---------------------------------------------------------------------------------------------------

    def _towards_load(self) -> None:
        if not self.link.in_window or not self.link.may_close:
            return
        if self.generator.bus_live:
            self.state.matched = 0
            self._enter("synchronising", self.setting("sync_timeout_s"))
            self.after(max(MATCH_CHECK_S, self.setting("sync_s") - MATCH_CHECK_S), "match")
        elif self.link.may_close_on_dead_bus():
            self._close(synchronised=False)

    def _match(self) -> None:
        """The synchroniser closes when two checks in a row find voltage and frequency at the bus's."""
        generator = self.generator
        steady = abs(generator.terminal_hertz - generator.params.hertz) < 0.3
        fits = self.link.in_window and steady and self.link.bus_in_window
        self.state.matched = self.state.matched + 1 if fits else 0
        if self.state.matched >= 2:
            self._close(synchronised=True)
        else:
            self.after(MATCH_CHECK_S, "match")

    def _close(self, synchronised: bool) -> None:
        self._enter("closing", self.setting("breaker_timeout_s"))
        self.generator.close_breaker(synchronised)

    def _open(self) -> None:
        self._enter("opening", self.setting("breaker_timeout_s"))
        self.generator.open_breaker()

    def _watch_load(self) -> None:
        if not self.generator.closed:
            if self.generator.trip_cause != "out of step":
                self.protection.act("fail_to_close", "trip")
            self._enter("cooling", self.setting("cooling_s"))
        elif self.protection.locked_out or self.link.kept_open:
            self._open()
        elif self.link.mode == "auto":
            self.link.time("stage on-load", not self.link.load_wanted, self.setting("return_s"))
        elif not self.link.load_wanted:
            self._open()

    # -- its panel --------------------------------------------------------------------------------------------

    def on_fault(self, kind: str, active: bool) -> None:
        if kind == "left-in-manual" and active:
            self.panel.go_on_by_hand()
        super().on_fault(kind, active)

    def on_settings(self) -> None:
        self.state.mode = str(self.state.settings.get("mode", self.params.mode))

    def store(self, name: str, value: Value) -> None:
        """Change a delay, s."""
        self.state.settings[name] = value
        self.log_event(f"{name} set to {value!r}")
        self.touch()
