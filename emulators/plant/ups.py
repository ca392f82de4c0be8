"""The UPS: a double-conversion power train (IEC 62040-3 VFI) with its battery and static bypass.

    input ──> rectifier ──┬──> inverter ──┐
                       battery            ├──> output, segments
    bypass ──> static switch ─────────────┘
    maintenance ──> manual bypass ────────┘

What is here acts within a cycle and by itself: the battery takes over, the static switch closes, the overload
protection trips. What an operator or a schedule decides is done by firmware through the methods.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from typing import Any, ClassVar

from emulators.plant.battery import CHEMISTRIES, FULL_DEPTH, TAPER_DEPTH, Battery
from emulators.plant.electrical import DEAD, NOTHING, Draw, Supply
from emulators.plant.engine import PlantError
from emulators.plant.ups_inputs import Fed
from emulators.plant.ups_ratings import (
    CONTINUOUS,
    OVERLOAD_COOLING_S,
    UPS_FAULTS,
    UpsRatings,
    UpsState,
    overload_s,
    usual_battery,
)

ECO_TRANSFER_S = 0.004
"""Break of the output when the inverter takes over from a failed bypass, s (2 to 4 ms is usual for eco modes)."""


class Ups(Fed):
    """A UPS module. Without a `bypass` feed the bypass hangs on `input`, without `maintenance` that on the bypass."""

    kind = "ups"
    PARAMS = UpsRatings
    STATE = UpsState
    TERMINALS = ("input", "bypass", "maintenance")
    FAULTS = UPS_FAULTS
    QUANTITIES: ClassVar[Mapping[str, str]] = {
        **Fed.QUANTITIES,
        "mode": "",
        "on_battery": "",
        "on_bypass": "",
        "input_ok": "",
        "bypass_ok": "",
        "charge_percent": "%",
        "runtime_s": "s",
        "battery_kw": "kW",
        "battery_volts": "V",
        "battery_c": "°C",
        "load_percent": "%",
        "losses_kw": "kW",
        "input_kw": "kW",
        "rectifier": "",
        "overload_percent": "%",
    }
    state: UpsState
    params: UpsRatings

    def __init__(self, id: str, params: Any = None, feeds: Mapping[str, str] | None = None) -> None:
        super().__init__(id, params, feeds)
        p = self.params
        if p.chemistry not in CHEMISTRIES:
            raise PlantError(f"{id}: chemistry is {p.chemistry!r}, expected one of {', '.join(CHEMISTRIES)}")
        for name in ("kva", "kw", "autonomy_min"):
            if getattr(p, name) <= 0.0:
                raise PlantError(f"{id}: {name} is {getattr(p, name):g}, expected more than 0")
        if p.phases not in (1, 3):
            raise PlantError(f"{id}: phases is {p.phases}, expected 1 or 3")
        if "input" not in self.feeds:
            raise PlantError(f"{id}: a ups needs a feed for its terminal input")
        rated_kw = p.kw * (1.0 + p.no_load_loss + (p.linear_loss + p.square_loss) / 2.0)
        blocks, strings = usual_battery(p.kva)
        self.battery = Battery(
            CHEMISTRIES[p.chemistry],
            rated_kw,
            p.autonomy_min * 60.0,
            p.charger_kw or p.kw / 10.0,
            p.blocks or blocks,
            p.strings or strings,
            p.age_years,
            p.battery_exponent,
        )
        self.as_built = self.battery.capacity(p.battery_c)
        self.capacity_kw = p.kw
        self.state.eco = p.eco
        self.state.path = "eco" if p.eco else "inverter"
        self.state.segments = [True] * p.segments
        self.peers: list[Ups] = [self]
        # Derived by each solution.
        self.rectifier_draw = self.bypass_draw = NOTHING
        """Taken from the input by the rectifier, and by the load from the bypass or the maintenance bypass."""
        self.battery_kw = 0.0
        self.input_kw = 0.0
        """What the rectifier takes, kW."""
        self.short_kw = 0.0
        """What neither rectifier nor battery can give: the DC link collapses, kW."""
        self.charger_share = 1.0
        self.losses_kw = 0.0

    def start(self) -> None:
        if self.params.bus:
            units = (a for a in self.plant.actors.values() if isinstance(a, Ups))
            self.peers = [unit for unit in units if unit.params.bus == self.params.bus]

    # -- the power train ------------------------------------------------------------------------------------

    @property
    def ramp(self) -> float:
        """Share of its power the rectifier may give now, 0 to 1."""
        state = self.state
        if state.rectifier == "on":
            return 1.0
        if state.rectifier != "walking":
            return 0.0
        return min(1.0, (self.plant.now - state.walk_in_at) / max(self.params.walk_in_s, 1e-9))

    @property
    def dc_ok(self) -> bool:
        """Whether the inverter has something to live on, without looking further than this instant."""
        rectifying = self.state.rectifier == "on" and "rectifier" not in self.state.faults and self.input_ok
        return rectifying or self.battery_able

    @property
    def inverter_able(self) -> bool:
        state = self.state
        return state.wanted != "none" and not state.latched and "inverter" not in state.faults and self.dc_ok

    def _route(self) -> str:
        """What really feeds the output at this instant, whatever `state.path` says it did a moment ago."""
        state, path = self.state, self.state.path
        stuck = "static-switch-stuck" in state.faults
        if path == "inverter" and not self.inverter_able:
            others = any(u.state.path == "inverter" and u.inverter_able for u in self.peers if u is not self)
            return "bypass" if self.bypass_ok and not stuck and not others and state.wanted != "none" else "none"
        if path == "eco" and not self.bypass_ok:
            return "none"
        if path == "bypass" and ("bypass" in state.faults or state.wanted == "none"):
            return "none"
        return path

    def energise(self) -> Supply:
        route = self._route()
        if route == "inverter":
            p = self.params
            volts = (p.volts, p.volts, p.volts) if p.phases == 3 else (p.volts, 0.0, 0.0)
            if not self.state.reference:
                return Supply(volts, p.hertz, p.bus or self.id)
            return Supply(volts, self.state.reference_hertz, self.state.reference)
        if route in ("eco", "bypass"):
            return self.bypass_supply
        return self.maintenance_supply if route == "maintenance" else DEAD

    def socket(self, name: str) -> Supply:
        if not name.isdigit() or not 1 <= int(name) <= self.params.segments:
            raise PlantError(f"{self.id} has no segment {name!r}; it has {self.params.segments}")
        return self.output if self.state.segments[int(name) - 1] else DEAD

    def demand(self) -> Mapping[str, Draw]:
        p, route = self.params, self._route()
        passing = self._balance(route)
        self.rectifier_draw = self._shared(self.input_kw, (1.0 / p.input_power_factor**2 - 1.0) ** 0.5)
        self.bypass_draw = NOTHING
        draws = {"input": self.rectifier_draw} if self.input_kw > 0.0 else {}
        if route in ("eco", "bypass", "maintenance"):
            self.bypass_draw = self.load.plus(self._shared(passing)) if passing else self.load
            terminal = "maintenance" if route == "maintenance" and "maintenance" in self.feeds else "bypass"
            terminal = terminal if terminal in self.feeds else "input"
            draws[terminal] = draws[terminal].plus(self.bypass_draw) if terminal in draws else self.bypass_draw
        return draws

    def _balance(self, route: str) -> float:
        """Share what is needed out among input and battery; returns what is lost on the bypass path, kW."""
        p, state, kw = self.params, self.state, self.load.total_kw
        share = kw / p.kw
        limit = self.ramp * p.kw * p.rectifier_limit if self.input_ok and "rectifier" not in state.faults else 0.0
        if state.testing and route == "inverter" and self.battery_able:
            limit = 0.0
        passing = need = 0.0
        if route == "inverter":
            need = kw + self.inverter_losses_kw(kw)
            if limit:
                need += p.kw * (p.linear_loss * share + p.square_loss * share * share) / 2.0
            self.losses_kw = need - kw
        elif route == "eco":
            self.losses_kw = passing = p.kw * p.no_load_loss / 3.0 + kw * p.eco_loss
        else:
            self.losses_kw = need = p.kw * p.no_load_loss / 3.0 if limit else 0.0
        self.input_kw = min(need, limit)
        self.battery_kw = need - self.input_kw if route == "inverter" and self.battery_able else 0.0
        self.short_kw = need - self.input_kw - self.battery_kw
        self.charger_share = 0.0
        spare = limit - self.input_kw
        if self.battery_kw <= 0.0 < spare and self.battery_connected and "charger" not in state.faults:
            wish = self.battery.charging_kw(state.depth)
            if wish > 0.0:
                given = min(wish, spare)
                self.charger_share, self.battery_kw = given / wish, -given
                self.losses_kw += given * (1.0 - self.battery.chemistry.charge_efficiency)
                self.input_kw += given
        return passing

    def _shared(self, kw: float, kvar_per_kw: float = 0.0) -> Draw:
        """That power over the phases of the UPS."""
        if kw <= 0.0:
            return NOTHING
        each = kw / self.params.phases
        others = each if self.params.phases == 3 else 0.0
        return Draw((each, others, others), (each * kvar_per_kw, others * kvar_per_kw, others * kvar_per_kw))

    # -- what happens by itself -----------------------------------------------------------------------------

    def react(self) -> None:
        state = self.state
        self._rectify()
        if state.depth >= 1.0 and not state.disconnected and state.rectifier != "on":
            state.disconnected = True
            self.log("battery exhausted")
            self.touch()
        elif state.disconnected and state.depth < 1.0 - FULL_DEPTH:
            state.disconnected = False
            self.touch()
        if state.testing and (not self.battery_able or state.path != "inverter" or state.rectifier != "on"):
            self.hold_rectifier(False)
        if self.peers[0] is self:
            self._synchronise()
        self._protect()
        self._transfer()
        if state.discharging is not self.on_battery:
            state.discharging = self.on_battery
            self.log("on battery" if state.discharging else "off battery", charge_percent=round(self.charge_percent, 1))

    def _synchronise(self) -> None:
        """Choose what all modules of the system keep in step with: they change over together, never one by one."""
        supply = next((unit.bypass_supply for unit in self.peers if unit.bypass_ok), None)
        reference, hertz = (supply.origin, supply.hertz) if supply else ("", self.params.hertz)
        for unit in self.peers:
            if (unit.state.reference, unit.state.reference_hertz) != (reference, hertz):
                unit.state.reference, unit.state.reference_hertz = reference, hertz
                self.touch()

    def _rectify(self) -> None:
        state = self.state
        good = self.input_ok and "rectifier" not in state.faults
        if not good and state.rectifier != "off":
            state.rectifier = "off"
            self.cancel("walk-in")
            self.log("rectifier off", cause="fault" if "rectifier" in state.faults else "input")
            self.touch()
        elif good and state.rectifier == "off":
            state.rectifier = "waiting"
            self.after(self.params.walk_in_delay_s, "walk-in")
            self.log("input returned")
            self.touch()

    def _protect(self) -> None:
        """Trip on overload: to the bypass, all modules together, or off when that is bad."""
        state = self.state
        if state.path != "inverter" or (state.overload < 1.0 and self.short_kw <= 1e-9):
            return
        for unit in self.peers:
            if unit.state.path == "inverter":
                unit._trip_overload()

    def _trip_overload(self) -> None:
        if self.bypass_ok and "static-switch-stuck" not in self.state.faults:
            self._go("bypass", "overload")
        else:
            self.state.latched = True
            self._go("none", "overload")

    def _transfer(self) -> None:
        """Make the path what it has become, and go back to the inverter when that can carry the load."""
        state, route = self.state, self._route()
        if route != state.path and state.path != "eco":
            self._go(route, self._why())
        if state.path == "eco" and route == "none" and self.remaining_s("take over") is None:
            self.after(ECO_TRANSFER_S, "take over")
        if state.path in ("bypass", "none") and state.wanted == "inverter":
            self._return()
        elif state.path == "inverter" and state.eco and self.bypass_ok and not self.on_battery:
            if self.remaining_s("retransfer") is None:
                self.after(self.params.retransfer_s, "retransfer")
        else:
            self.cancel("retransfer")
        if state.path == "bypass" and not self.bypass_ok and self.inverter_able and not self._stuck:
            if self.remaining_s("take over") is None:
                self.after(ECO_TRANSFER_S, "take over")
        elif state.path == "bypass":
            self.cancel("take over")

    @property
    def _stuck(self) -> bool:
        return "static-switch-stuck" in self.state.faults

    def _why(self) -> str:
        state = self.state
        if "inverter" in state.faults:
            return "inverter fault"
        if state.path == "bypass":
            return "bypass fault" if "bypass" in state.faults else "switched off"
        return "switched off" if state.wanted == "none" else "battery exhausted" if state.depth >= 1.0 else "no battery"

    def _return(self) -> None:
        state = self.state
        fit = self.inverter_able and self._relative_load() <= 1.0 and not self._stuck
        dead = state.path == "none"
        exhausted = state.cause in ("battery exhausted", "no battery")
        if not dead or exhausted:
            fit = fit and state.rectifier == "on" and (state.auto_restart or not exhausted)
        if fit and dead:
            self._resume()
            return
        if fit:
            if self.remaining_s("retransfer") is None:
                self.after(self.params.retransfer_s, "retransfer")
            return
        self.cancel("retransfer")
        broken = not state.latched and ("inverter" in state.faults or "rectifier" in state.faults)
        if dead and broken and self.bypass_ok and not self._stuck and len(self.peers) == 1:
            self._go("bypass", state.cause)

    def _resume(self) -> None:
        self._go("eco" if self.state.eco and self.bypass_ok else "inverter", "returned")

    def _relative_load(self) -> float:
        """Load of the worst phase, times what the inverter is rated for now."""
        p, load = self.params, self.load
        fan = self.fault("fan")
        rating = fan["derating"] / 100.0 if fan else 1.0
        worst = max(load.total_kw / p.kw, load.total_kva / p.kva)
        if p.phases == 3:
            for kw, kvar in zip(load.kw, load.kvar, strict=True):
                worst = max(worst, 3.0 * float((kw * kw + kvar * kvar) ** 0.5) / p.kva)
        return worst / rating

    def _go(self, path: str, cause: str) -> None:
        state = self.state
        if path == state.path:
            return
        state.path, state.cause = path, cause
        self.cancel("take over")
        self.cancel("retransfer")
        self.log("transferred" if path != "none" else "output lost", to=path, cause=cause)
        self.touch()

    def on_timer(self, name: str) -> None:
        state = self.state
        if name == "walk-in":
            state.rectifier, state.walk_in_at = "walking", self.plant.now
            self.after(self.params.walk_in_s, "walked in")
            self.log("rectifier walking in")
        elif name == "walked in":
            if state.rectifier == "walking":
                state.rectifier = "on"
                self.log("rectifier on")
        elif name == "take over":
            self._go("inverter" if self.inverter_able else "none", "bypass failed")
        elif name == "retransfer":
            self._resume()
        else:
            super().on_timer(name)

    def horizon(self) -> float:
        state, reach = self.state, inf
        if state.rectifier == "walking":
            reach = 1.0
        if self.battery_kw > 0.0:
            reach = min(reach, max((1.0 - state.depth) * self.full_s(self.battery_kw), 0.0), 60.0)
        elif self.battery_kw < 0.0:
            reach = min(reach, 60.0 if state.depth > TAPER_DEPTH else 300.0)
        if (rate := self._overload_rate()) > 0.0:
            reach = min(reach, (1.0 - state.overload) / rate)
        if "thermal-runaway" in state.faults:
            reach = min(reach, 10.0)
        return reach

    def advance(self, dt: float) -> None:
        state = self.state
        state.energy_kwh += self.load.total_kw * dt / 3600.0
        if self.battery_kw > 0.0:
            lasting = self.full_s(self.battery_kw)
            state.depth = 1.0 if lasting <= 0.0 else min(1.0, state.depth + dt / lasting)
            if state.depth > 1.0 - 1e-9:
                state.depth = 1.0
        elif self.battery_kw < 0.0:
            state.depth = self.battery.recharged(state.depth, dt, self.charger_share)
        if self.battery_kw or state.rise_k:
            state.rise_k = self.battery.warmed(state.rise_k, max(0.0, self.battery_kw), dt)
            if abs(state.rise_k) < 0.01 and self.battery_kw <= 0.0:
                state.rise_k = 0.0
        if runaway := self.fault("thermal-runaway"):
            state.rise_k = min(state.rise_k + runaway["rate"] * dt / 60.0, 300.0)
        rate = self._overload_rate()
        if rate > 0.0:
            state.overload = state.overload + rate * dt if state.overload + rate * dt < 1.0 - 1e-9 else 1.0
        elif state.overload > 0.0:
            state.overload = max(0.0, state.overload - dt / OVERLOAD_COOLING_S)

    def _overload_rate(self) -> float:
        """Growth of the overload image, 1/s; 0 within the continuous rating."""
        if self.state.path != "inverter":
            return 0.0
        load = self._relative_load()
        return 1.0 / overload_s(load) if load > CONTINUOUS else 0.0

    # -- what firmware does ---------------------------------------------------------------------------------

    def switch_on(self) -> None:
        """Feed the load from the inverter again (through eco if that is set)."""
        self.state.wanted, self.state.latched = "inverter", False
        if self.state.path == "none":
            self.state.cause = "switched on"
        self.log("switched on")
        self.touch()

    def switch_off(self) -> None:
        """Cut the output."""
        self.state.wanted = "none"
        self._go("none", "switched off")

    def to_bypass(self, cause: str = "command") -> bool:
        """Put the load on the static bypass and keep it there; False when the bypass is bad."""
        if not self.bypass_ok or self._stuck or self.state.path == "maintenance":
            return False
        self.state.wanted = "bypass"
        self._go("bypass", cause)
        return True

    def return_now(self) -> None:
        """Go back from bypass at once if the inverter can take the load."""
        if self.state.path == "bypass" and self.inverter_able and not self._stuck:
            self._go("inverter", "command")

    def set_eco(self, eco: bool) -> None:
        """Run on the bypass while it is good, or on double conversion."""
        self.state.eco = eco
        if eco and self.state.path == "inverter" and self.bypass_ok:
            self._go("eco", "eco mode")
        elif not eco and self.state.path == "eco":
            self._go("inverter", "eco mode")

    def set_maintenance(self, closed: bool) -> None:
        """Work the manual bypass: closing it takes the UPS out of the path, opening returns it to the static bypass."""
        if closed:
            self._go("maintenance", "maintenance bypass")
        elif self.state.path == "maintenance":
            self._go("bypass" if self.bypass_ok else "none", "maintenance bypass")

    def hold_rectifier(self, held: bool) -> None:
        """Let the battery carry the load while the rectifier stands by (a battery test); it resumes at once."""
        if held != self.state.testing:
            self.state.testing = held
            self.log("battery under test" if held else "battery test over")
            self.touch()

    def set_window(self, low_volts: float, high_volts: float) -> None:
        """Set the input voltages the rectifier works between."""
        self.state.window = [low_volts, high_volts]
        self.touch()

    def set_segment(self, number: int, on: bool) -> None:
        """Switch an outlet group, from 1."""
        if self.state.segments[number - 1] != on:
            self.state.segments[number - 1] = on
            self.log("segment on" if on else "segment off", segment=number)
            self.touch()

    # -- what an observer may ask ---------------------------------------------------------------------------

    @property
    def mode(self) -> str:
        """online, battery, eco, bypass, maintenance or off."""
        path = self.state.path
        if path == "none":
            return "off"
        if path == "inverter":
            return "battery" if self.on_battery else "online"
        return path

    @property
    def on_battery(self) -> bool:
        """Whether the inverter lives on the battery (also for a test, or while the rectifier walks in)."""
        held = self.state.testing or self.state.rectifier != "on"
        return self.state.path == "inverter" and held and self.battery_able

    @property
    def on_bypass(self) -> bool:
        return self.state.path in ("bypass", "maintenance")

    @property
    def rectifier(self) -> str:
        return self.state.rectifier

    @property
    def load_percent(self) -> float:
        return 100.0 * max(self.load.total_kw / self.params.kw, self.load.total_kva / self.params.kva)

    @property
    def overload_percent(self) -> float:
        """How much of its overload time is used up, %."""
        return 100.0 * self.state.overload

    @property
    def energy_kwh(self) -> float:
        """Given to the load since the site was started, kWh."""
        return self.state.energy_kwh

    @property
    def heat_kw(self) -> float:
        return self.losses_kw
