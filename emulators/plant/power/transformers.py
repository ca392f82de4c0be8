"""Distribution transformers: losses, inrush, oil temperature and their protection.

Both sides of a transformer are modelled at the 230 V phase-to-neutral level.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import exp, inf, log
from typing import Annotated, ClassVar

from twinfeed.emulators.plant.kernel.actor import State
from twinfeed.emulators.plant.kernel.deeds import DeedKind
from twinfeed.emulators.plant.kernel.faults import FailureMode, Fault, Parameter
from twinfeed.emulators.plant.kernel.ratings import Names, Range
from twinfeed.emulators.plant.kernel.room_air import room_around
from twinfeed.emulators.plant.kernel.steadiness import Store
from twinfeed.emulators.plant.power.electrical import (
    DEAD,
    NOMINAL_VOLTS,
    NOTHING,
    SHORTED_PERCENT,
    Draw,
    Electrical,
    Link,
    Short,
    Supply,
)
from twinfeed.emulators.plant.power.faults.impedances import transformer_ohm
from twinfeed.emulators.plant.power.faults.short_faults import earth_fault, short_circuit, shorts_of


@dataclass(frozen=True)
class TransformerRatings:
    """A 1600 kVA oil-immersed distribution transformer.

    Losses: Regulation (EU) 548/2014 as amended by 2019/1783, tier 2, liquid-immersed 1600 kVA (from memory of its
    table I.1, unverified). Thermal figures: IEC 60076-7 distribution transformer, ONAN (from memory of its table 4,
    unverified): top-oil time constant 180 min, oil exponent 0.8.
    """

    kva: Annotated[float, Range(1.0, 100000.0, "kVA")] = 1600.0
    """Rated apparent power, kVA."""
    impedance_percent: Annotated[float, Range(0.5, 25.0, "%")] = 6.0
    """Short-circuit impedance, %."""
    no_load_w: Annotated[float, Range(1.0, 1000000.0, "W")] = 1080.0
    """Losses without load, W."""
    load_loss_w: Annotated[float, Range(0.0, 10000000.0, "W")] = 12000.0
    """At rated current, W."""
    magnetising_percent: Annotated[float, Range(0.0, 20.0, "%")] = 0.5
    """No-load current, % of rated."""
    inrush_times_rated: Annotated[float, Range(0.0, 20.0, "times rated")] = 6.0
    """RMS current in the first cycles after energising, times rated; 0 for none."""
    inrush_s: Annotated[float, Range(0.001, 60.0, "s")] = 0.2
    """Duration of the inrush, s."""
    ambient_c: Annotated[float, Range(-50.0, 60.0, "degC")] = 45.0
    """Around the tank, degC: Bamako's hot season."""
    oil_rise_k: Annotated[float, Range(1.0, 100.0, "K")] = 55.0
    """Top-oil rise over ambient at rated load, K: for a machine chosen for 45 degC."""
    oil_time_constant_s: Annotated[float, Range(60.0, 1000000.0, "s")] = 10800.0
    """Thermal time constant of the oil, s."""
    room: Annotated[str, Names("hall", "room")] = ""
    """The room that its losses heat and whose air is around its tank, instead of `ambient_c`; '' for outdoors."""
    overcurrent: Annotated[float, Range(1.1, 100.0, "times rated")] = 3.0
    """Pickup of the overcurrent protection on its high-voltage side (ANSI 51), times rated."""
    overcurrent_s: Annotated[float, Range(0.05, 60.0, "s")] = 0.6
    """Its delay, s: longer than the short-time protection of low-voltage breakers, and below the 2 s for which IEC
    60076-5 lets a transformer stand a short circuit (usual)."""
    trip_oil_c: Annotated[float, Range(70.0, 200.0, "degC")] = 115.0
    """The oil thermometer's second contact opens the circuit here, degC; the first, an alarm, 10 K below."""


@dataclass
class TransformerState(State):
    tripped: bool = False
    inrush: bool = False
    energised: bool = False
    rise_k: float = -1.0
    """Top-oil rise at `since`, K; negative before the first solution."""
    target_k: float = 0.0
    """The rise that it tends to under the load held since then, K."""
    since: float = 0.0
    watched_in_c: float = 0.0
    """Air of the room when the trip was last timed, degC."""


class Transformer(Electrical[TransformerState, TransformerRatings]):
    """A transformer: adds its losses, draws inrush when energised, heats with overload and trips on hot oil.

    Its output voltage does not sag with load: `impedance_percent` sets the current of a short circuit, and `twinfeed
    study` has the voltage drop. Copper losses follow the square of the current. The oil
    follows IEC 60076-7 to first order, rise = oil_rise * ((1 + R K^2) / (1 + R))^0.8 with K the load factor and R
    the ratio of load to no-load losses, approached with one time constant.
    """

    kind = "transformer"
    PARAMS = TransformerRatings
    STATE = TransformerState
    FAULTS: ClassVar[Mapping[str, Fault]] = {
        "short-circuit": short_circuit(
            "at its low-voltage terminals", failure=FailureMode("at once", "transformer-terminals")
        ),
        "earth-fault": earth_fault(
            "at its low-voltage terminals", failure=FailureMode("at once", "transformer-terminals")
        ),
        "winding-failure": Fault(
            "open or shorted winding: its own protection keeps it dead", failure=FailureMode("at once", "transformer")
        ),
        "cooling": Fault(
            "radiators fouled or fans dead",
            {"rise": Parameter(30.0, "%", 5.0, 200.0, "how much hotter the oil gets")},
            failure=FailureMode("degradation", "transformer-cooling"),
        ),
    }
    DEEDS: ClassVar[Mapping[str, DeedKind]] = {
        "reset": DeedKind("reset its protection after a trip", lambda tx, _: tx.reset()),
    }
    QUANTITIES: ClassVar[Mapping[str, str]] = {
        **Electrical.QUANTITIES,
        "load_percent": "%",
        "losses_kw": "kW",
        "oil_c": "°C",
        "tripped": "",
        "oil_alarm": "",
    }
    POSSIBLE: ClassVar[Mapping[str, tuple[float, float]]] = {"load_percent": SHORTED_PERCENT}

    def __init__(
        self, id: str, params: TransformerRatings | None = None, feeds: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(id, params, feeds)
        self._lost_kw = 0.0
        """Lost for its load, as of the last solution, kW."""

    def start(self) -> None:
        self._room = room_around(self)

    @property
    def capacity_kw(self) -> float:
        return self.params.kva if self.output.live else 0.0

    @property
    def exchange(self) -> Draw:
        return self.upstream("input").exchange if self.output.live else NOTHING

    @property
    def load_percent(self) -> float:
        """Apparent power against its rating, %."""
        return 100.0 * self.load.total_kva / self.params.kva

    @property
    def losses_kw(self) -> float:
        """Copper and iron, and the heat of a short circuit, kW."""
        return self._lost_kw + (self.fault_flow.heat_kw if self.fault_flow is not None else 0.0)

    @property
    def heat_kw(self) -> float:
        """Heat that it gives to its room, kW."""
        return self.losses_kw

    @property
    def short_circuit_ka(self) -> float:
        """Prospective current of a fault on its terminals, kA per phase, from an infinite source."""
        return self.params.kva / (3.0 * NOMINAL_VOLTS) / (self.params.impedance_percent / 100.0)

    @property
    def ohm(self) -> complex:
        """Short-circuit impedance of a phase, ohm."""
        p = self.params
        return transformer_ohm(p.kva, p.impedance_percent, p.load_loss_w, NOMINAL_VOLTS)

    def links(self) -> Mapping[str, Link]:
        return {"input": Link(self.ohm)} if self._whole else {}

    def shorts(self) -> Sequence[Short]:
        return shorts_of(self.state.faults)

    @property
    def _whole(self) -> bool:
        """True unless its protection keeps it dead."""
        return not self.state.tripped and "winding-failure" not in self.state.faults

    @property
    def tripped(self) -> bool:
        """True if it was switched off by its protection."""
        return self.state.tripped

    def stores(self) -> Iterable[Store]:
        yield Store("oil_c", self.oil_c, self.params.trip_oil_c)

    @property
    def oil_c(self) -> float:
        """Top-oil temperature, degC."""
        return self.ambient_c + self._rise_now()

    @property
    def ambient_c(self) -> float:
        """Air around its tank: that of its room if it names one, degC."""
        return self._room.air_c if self._room is not None else self.params.ambient_c

    @property
    def oil_alarm(self) -> bool:
        """True from 10 K below the temperature at which it trips."""
        return self.oil_c >= self.params.trip_oil_c - 10.0

    def reset(self) -> None:
        """Reset the protection after a trip, as a person would at the relay."""
        if self.state.tripped:
            self.state.tripped = False
            self.log("reset")
            self.touch()

    def energise(self) -> Supply:
        return self.seen["input"] if self._whole else DEAD

    def demand(self) -> Mapping[str, Draw]:
        params = self.params
        if not self.output.live:
            self._lost_kw = 0.0
            return {}
        square = self._loading() ** 2
        self._lost_kw = (params.no_load_w + params.load_loss_w * square) / 1000.0
        lost = self._lost_kw / 3.0
        reactive = (params.magnetising_percent + params.impedance_percent * square) / 100.0 * params.kva / 3.0
        if self.state.inrush:
            reactive += params.inrush_times_rated * params.kva / 3.0
        (a, b, c), (d, e, f) = self.load
        return {"input": Draw((a + lost, b + lost, c + lost), (d + reactive, e + reactive, f + reactive))}

    def _loading(self) -> float:
        """Current of its load, times rated."""
        volts = sum(self.output.volts) / 3.0
        return self.load.total_kva / self.params.kva * NOMINAL_VOLTS / volts if volts > 0.0 else 0.0

    def react(self) -> None:
        live = self._whole and self.seen["input"].live
        if live != self.state.energised:
            self.state.energised = live
            if live and self.plant.now > 0.0 and self.params.inrush_times_rated > 0.0:
                self.state.inrush = True
                self.after(self.params.inrush_s, "inrush over")
                self.log("energised")
                self.touch()
            elif not live and self.state.inrush:
                self.state.inrush = False
                self.cancel("inrush over")
        self._watch_oil()
        self._watch_current()

    def _watch_current(self) -> None:
        """Time the trip on a short circuit that nobody on the low-voltage side clears."""
        flow = self.fault_flow
        if flow is None or max(flow.amperes) < self.params.overcurrent * self._rated_a or self.state.tripped:
            self.cancel("overcurrent")
        elif self.remaining_s("overcurrent") is None:
            self.after(self.params.overcurrent_s, "overcurrent")

    @property
    def _rated_a(self) -> float:
        """Of a phase on the low-voltage side, A."""
        return 1000.0 * self.params.kva / (3.0 * NOMINAL_VOLTS)

    def on_timer(self, name: str) -> None:
        if name == "inrush over":
            self.state.inrush = False
        elif name == "overcurrent":
            self.state.tripped = True
            self.log("tripped", cause="overcurrent")
            self.touch()
        elif name == "oil trip":
            self.state.tripped = True
            self.log("tripped", cause="oil temperature", oil_c=round(self.oil_c, 1))
        else:
            super().on_timer(name)

    def _final_rise_k(self) -> float:
        if not self.state.energised:
            return 0.0
        factor = self._loading()
        if self.fault_flow is not None:
            factor = max(factor, max(self.fault_flow.amperes) / self._rated_a)
        ratio = self.params.load_loss_w / self.params.no_load_w
        rise = self.params.oil_rise_k * ((1.0 + ratio * factor * factor) / (1.0 + ratio)) ** 0.8
        if cooling := self.fault("cooling"):
            rise *= 1.0 + cooling["rise"] / 100.0
        return float(rise)

    def _rise_now(self) -> float:
        state = self.state
        passed = self.plant.now - state.since
        start = max(0.0, state.rise_k)
        return state.target_k + (start - state.target_k) * exp(-passed / self.params.oil_time_constant_s)

    def _watch_oil(self) -> None:
        """Hold a new target when the load has moved by more than half a kelvin's worth, and time the trip."""
        state, target, ambient_c = self.state, self._final_rise_k(), self.ambient_c
        same_air = self._room is None or abs(ambient_c - state.watched_in_c) < 0.5
        if state.rise_k >= 0.0 and abs(target - state.target_k) < 0.5 and same_air:
            return
        state.watched_in_c = ambient_c
        state.rise_k = target if state.rise_k < 0.0 else self._rise_now()
        state.target_k, state.since = target, self.plant.now
        limit = self.params.trip_oil_c - ambient_c
        reach = inf
        if state.rise_k >= limit:
            reach = 0.0
        elif target > limit:
            reach = self.params.oil_time_constant_s * log((target - state.rise_k) / (target - limit))
        self.cancel("oil trip")
        if reach < inf and not state.tripped:
            self.after(reach, "oil trip")
