"""The double-conversion power train of a UPS: which path feeds the output, what inputs and battery give for it.

input ──> rectifier ──┬──> inverter ──┐
                   battery            ├──> output, segments
bypass ──> static switch ─────────────┘
maintenance ──> manual bypass ────────┘
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf, sqrt

from twinfeed.emulators.plant.power.electrical import DEAD, NOTHING, Draw, Electrical, Emf, Supply
from twinfeed.emulators.plant.ups.battery_side import BatterySide
from twinfeed.emulators.plant.ups.inputs import Inputs
from twinfeed.emulators.plant.ups.ratings import CONTINUOUS, OVERLOAD_COOLING_S, UpsRatings, UpsState, overload_s

USUAL_BYPASS_PERCENT = 3.0
"""Impedance of the way over the bypass that a rating has by default, % of the module's own base."""

OUTPUT_RESISTANCE = 0.01
"""What faults see of the inverter below its current limit, per unit (assumption). In the limit it lowers its voltage
and keeps the phase, as a resistance does."""

LIMITING_S = 0.005
"""An inverter in current limit leaves the fault to its bypass after this time, s (a quarter of a cycle; usual)."""

LIMITING_ALONE_S = 1.0
"""It stands in current limit for so long when the bypass is bad, s (see `OVERLOAD`)."""


class PowerTrain:
    """Rectifier, inverter, static switch and manual bypass, in the state they are in."""

    def __init__(self, unit: Electrical[UpsState, UpsRatings], inputs: Inputs, battery: BatterySide) -> None:
        self.unit, self.inputs, self.battery = unit, inputs, battery
        self.peers: Sequence[PowerTrain] = [self]
        """The power trains that work as one system with it, itself among them."""
        # Derived by each solution.
        self.rectifier_draw = self.bypass_draw = NOTHING
        """Taken from the input by the rectifier, and by the load from the bypass or the maintenance bypass."""
        self.input_kw = 0.0
        """Power that the rectifier takes, kW."""
        self.short_kw = 0.0
        """Power that neither rectifier nor battery can give: the DC link collapses, kW."""
        self.losses_kw = 0.0

    # -- paths ---------------------------------------------------------------------------------------------

    @property
    def ramp(self) -> float:
        """Share of its power the rectifier may give now, 0 to 1."""
        state = self.unit.state
        if state.rectifier == "on":
            return 1.0
        if state.rectifier != "walking":
            return 0.0
        return min(1.0, (self.unit.plant.now - state.walk_in_at) / max(self.unit.params.walk_in_s, 1e-9))

    @property
    def dc_ok(self) -> bool:
        """True if the inverter has something to live on, at this instant, whatever comes next."""
        rectifying = self.unit.state.rectifier == "on" and "rectifier" not in self.unit.state.faults and self.inputs.ok
        return rectifying or self.battery.able

    @property
    def inverter_able(self) -> bool:
        state = self.unit.state
        fit = state.wanted != "none" and not state.latched and not state.hot
        return fit and not state.faults.keys() & {"inverter", "module"} and self.dc_ok

    @property
    def follows_bypass(self) -> bool:
        """True if it sees the reference at its own bypass: then it is in step with it at every instant."""
        return self.unit.state.reference != "" and self.inputs.bypass.origin == self.unit.state.reference

    def route(self) -> str:
        """The path that really feeds the output at this instant; `state.path` is that of a moment ago."""
        state, path = self.unit.state, self.unit.state.path
        if "module" in state.faults and path != "maintenance":
            return "none"
        stuck = "static-switch-stuck" in state.faults
        if path == "inverter" and not self.inverter_able:
            alone = self.inputs.bypass_ok and not stuck and not self.inverting and state.wanted != "none"
            return "bypass" if alone else "none"
        if path == "eco" and not self.inputs.bypass_ok:
            return "none"
        if path == "bypass" and ("bypass" in state.faults or state.wanted == "none"):
            return "none"
        if path == "bypass" and state.wanted == "inverter" and not self.inverter_able and self.inverting:
            return "none"
        return path

    @property
    def inverting(self) -> bool:
        """True if another module of the system feeds the output from its inverter."""
        return any(u.unit.state.path == "inverter" and u.inverter_able for u in self.peers if u is not self)

    @property
    def system_on_bypass(self) -> bool:
        """True if other modules of the system carry the output on their static switches, and none on its inverter."""
        others = [u for u in self.peers if u is not self]
        return any(u.unit.state.path == "bypass" for u in others) and not self.inverting

    @property
    def passing(self) -> str:
        """The terminal that is connected to the output past the inverter, '' if there is none."""
        route = self.route()
        if route not in ("eco", "bypass", "maintenance"):
            return ""
        terminal = "maintenance" if route == "maintenance" and "maintenance" in self.unit.feeds else "bypass"
        return terminal if terminal in self.unit.feeds else "input"

    def energise(self) -> Supply:
        route = self.route()
        if route == "inverter":
            p = self.unit.params
            volts = (p.volts, p.volts, p.volts) if p.phases == 3 else (p.volts, 0.0, 0.0)
            if not self.unit.state.reference:
                return Supply(volts, p.hertz, p.bus or self.unit.id)
            hertz = self.inputs.bypass.hertz if self.follows_bypass else self.unit.state.reference_hertz
            return Supply(volts, hertz, self.unit.state.reference)
        if route in ("eco", "bypass"):
            return self.inputs.bypass
        return self.inputs.maintenance if route == "maintenance" else DEAD

    def emf(self) -> Emf | None:
        """The inverter as a source of fault current; None while it does not feed the output."""
        if self.route() != "inverter":
            return None
        p = self.unit.params
        volts = (p.volts, p.volts, p.volts) if p.phases == 3 else (p.volts, 0.0, 0.0)
        ohm = complex(OUTPUT_RESISTANCE * p.volts / self._rated_a)
        return Emf(volts, ohm, p.inverter_limit * self._rated_a)

    @property
    def bypass_ohm(self) -> complex:
        """Impedance of the way that passes the inverter, ohm: of cables, choke and static switch, but not of a manual
        one."""
        p = self.unit.params
        manual = self.unit.state.path == "maintenance"
        return 0j if manual else complex(0.0, p.bypass_percent / 100.0 * p.volts / self._rated_a)

    @property
    def limiting(self) -> bool:
        """True if the inverter limits its current into a fault."""
        flow = self.unit.fault_flow
        limit = self.unit.params.inverter_limit * self._rated_a
        return flow is not None and self.route() == "inverter" and max(flow.amperes) >= 0.999 * limit

    @property
    def _rated_a(self) -> float:
        """Of a phase, A."""
        p = self.unit.params
        return 1000.0 * p.kva / (p.phases * p.volts)

    def demand(self) -> Mapping[str, Draw]:
        p, route = self.unit.params, self.route()
        passing = self._balance(route)
        self.rectifier_draw = self._shared(self.input_kw, (1.0 / p.input_power_factor**2 - 1.0) ** 0.5)
        self.bypass_draw = NOTHING
        draws = {"input": self.rectifier_draw} if self.input_kw > 0.0 else {}
        if terminal := self.passing:
            self.bypass_draw = self.unit.load.plus(self._shared(passing)) if passing else self.unit.load
            draws[terminal] = draws[terminal].plus(self.bypass_draw) if terminal in draws else self.bypass_draw
        return draws

    def _balance(self, route: str) -> float:
        """Share what is needed out among input and battery; returns what is lost on the bypass path, kW."""
        p, state, kw = self.unit.params, self.unit.state, self.unit.load.total_kw
        share = kw / p.kw
        limit = self.ramp * p.kw * p.rectifier_limit if self.inputs.ok and "rectifier" not in state.faults else 0.0
        if state.testing and route == "inverter" and self.battery.able:
            limit = 0.0
        passing = need = 0.0
        if route == "inverter":
            need = kw + self.battery.inverter_losses_kw(kw)
            if limit:
                need += p.kw * (p.linear_loss * share + p.square_loss * share * share) / 2.0
            self.losses_kw = need - kw
        elif route == "eco":
            self.losses_kw = passing = p.kw * p.no_load_loss / 3.0 + kw * p.eco_loss
        else:
            self.losses_kw = need = min(p.kw * p.no_load_loss / 3.0, limit)
        self.input_kw = min(need, limit)
        self.battery.kw = need - self.input_kw if route == "inverter" and self.battery.able else 0.0
        self.short_kw = need - self.input_kw - self.battery.kw
        self.battery.charger_share = 0.0
        spare = limit - self.input_kw
        if self.battery.kw <= 0.0 < spare and self.battery.connected and "charger" not in state.faults:
            wish = self.battery.battery.charging_kw(state.depth)
            if wish > 0.0:
                given = min(wish, spare)
                self.battery.charger_share, self.battery.kw = given / wish, -given
                self.losses_kw += given * (1.0 - self.battery.battery.chemistry.charge_efficiency)
                self.input_kw += given
        return passing

    def _shared(self, kw: float, kvar_per_kw: float = 0.0) -> Draw:
        """A draw of that power, spread over the phases of the UPS."""
        if kw <= 0.0:
            return NOTHING
        each = kw / self.unit.params.phases
        others = each if self.unit.params.phases == 3 else 0.0
        return Draw((each, others, others), (each * kvar_per_kw, others * kvar_per_kw, others * kvar_per_kw))

    # -- load and time --------------------------------------------------------------------------------------

    @property
    def on_battery(self) -> bool:
        """True if the inverter lives on the battery (also for a test, or while the rectifier walks in)."""
        held = self.unit.state.testing or self.unit.state.rectifier != "on"
        return self.unit.state.path == "inverter" and held and self.battery.able

    def relative_load(self) -> float:
        """Load of the worst phase, times what the inverter is rated for now."""
        p, load = self.unit.params, self.unit.load
        fan = self.unit.fault("fan")
        rating = fan["derating"] / 100.0 if fan else 1.0
        worst = max(load.total_kw / p.kw, load.total_kva / p.kva)
        if p.phases == 3:
            (a, b, c), (d, e, f) = load
            worst = max(worst, 3.0 * sqrt(max(a * a + d * d, b * b + e * e, c * c + f * f)) / p.kva)
        if self.unit.fault_flow is not None:
            worst = max(worst, max(self.unit.fault_flow.amperes) / self._rated_a)
        return worst / rating

    def returning_load(self) -> float:
        """Load of the inverters that can return from the bypass if all of them do, times what they are rated for."""
        able = [u for u in self.peers if u.inverter_able and u.unit.state.wanted == "inverter"]
        if len(self.peers) == 1 or self not in able:
            return self.relative_load()
        kw, kva = sum(u.unit.load.total_kw for u in self.peers), sum(u.unit.load.total_kva for u in self.peers)
        fan = self.unit.fault("fan")
        rating = fan["derating"] / 100.0 if fan else 1.0
        return max(kw / sum(u.unit.params.kw for u in able), kva / sum(u.unit.params.kva for u in able)) / rating

    @property
    def capacity_kw(self) -> float:
        """Weight in the sharing among modules, kW: the rating of the inverter; on the bypass the admittance of its way.

        Inverters share by control, static switches by the impedance of their cables, chokes and switches (Schneider
        990-66233C, load sharing in bypass operation in a parallel system).
        """
        p = self.unit.params
        return p.kw if self.unit.state.path == "inverter" else p.kw * USUAL_BYPASS_PERCENT / p.bypass_percent

    def horizon(self) -> float:
        """Seconds until the state of the power train has to be evaluated again."""
        state = self.unit.state
        reach = 1.0 if state.rectifier == "walking" else inf
        if (rate := self._overload_rate()) > 0.0:
            reach = min(reach, (1.0 - state.overload) / rate)
        return reach

    def advance(self, dt: float) -> None:
        """Count the energy given and follow the inverter's overload for `dt` seconds."""
        state = self.unit.state
        state.energy_kwh += self.unit.load.total_kw * dt / 3600.0
        if (rate := self._overload_rate()) > 0.0:
            state.overload = state.overload + rate * dt if state.overload + rate * dt < 1.0 - 1e-9 else 1.0
        elif state.overload > 0.0:
            state.overload = max(0.0, state.overload - dt / OVERLOAD_COOLING_S)

    def _overload_rate(self) -> float:
        """Growth of the overload image, 1/s; 0 within the continuous rating."""
        if self.unit.state.path != "inverter":
            return 0.0
        if self.limiting:
            return 1.0 / (LIMITING_S if self.inputs.bypass_ok else LIMITING_ALONE_S)
        load = self.relative_load()
        return 1.0 / overload_s(load) if load > CONTINUOUS else 0.0
