"""The double-conversion power train of a UPS: which path feeds the output, what inputs and battery give for it.

input ──> rectifier ──┬──> inverter ──┐
                   battery            ├──> output, segments
bypass ──> static switch ─────────────┘
maintenance ──> manual bypass ────────┘
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf
from typing import Any

from twinfeed.emulators.plant.kernel.actor import PlantError
from twinfeed.emulators.plant.power.electrical import DEAD, NOTHING, Draw, Supply
from twinfeed.emulators.plant.ups.battery import CHEMISTRIES, TAPER_DEPTH, Battery
from twinfeed.emulators.plant.ups.inputs import Fed
from twinfeed.emulators.plant.ups.ratings import CONTINUOUS, OVERLOAD_COOLING_S, overload_s, usual_battery


class PowerTrain(Fed):
    """Rectifier, battery, inverter, static switch and manual bypass, in the state they are in."""

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
        self.peers: Sequence[PowerTrain] = [self]
        """The modules that work as one system with it, itself among them."""
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

    # -- paths ---------------------------------------------------------------------------------------------

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

    @property
    def follows_bypass(self) -> bool:
        """Whether it sees the reference at its own bypass: then it is in step with it at every instant."""
        return self.state.reference != "" and self.bypass_supply.origin == self.state.reference

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
            hertz = self.bypass_supply.hertz if self.follows_bypass else self.state.reference_hertz
            return Supply(volts, hertz, self.state.reference)
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

    # -- load and time --------------------------------------------------------------------------------------

    @property
    def on_battery(self) -> bool:
        """Whether the inverter lives on the battery (also for a test, or while the rectifier walks in)."""
        held = self.state.testing or self.state.rectifier != "on"
        return self.state.path == "inverter" and held and self.battery_able

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
