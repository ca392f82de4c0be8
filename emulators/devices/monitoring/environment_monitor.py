"""Firmware of an environment monitor: probes for temperature, humidity and dew point, thresholds, alarms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import inf, nan
from typing import Annotated, ClassVar

from twinfeed.emulators.devices.firmware.device import Device
from twinfeed.emulators.devices.firmware.domain import Domain, of_quantity
from twinfeed.emulators.devices.firmware.points import BoundPoint, Index
from twinfeed.emulators.devices.firmware.state import Params, State
from twinfeed.emulators.plant.air.thermal import Body, passes_s
from twinfeed.emulators.plant.kernel.actor import PlantError
from twinfeed.emulators.plant.kernel.component import Component
from twinfeed.emulators.plant.kernel.faults import Fault, Parameter
from twinfeed.emulators.plant.kernel.ratings import Range, Text

UNITS = {"°C": "C", "%": "%RH"}
"""A probe's unit as monitors of this kind write it."""

HALL_PROBES = ("inlet_c", "hottest_inlet_c", "return_c", "humidity_percent")

INPUTS = 6
"""Dry contacts of the monitor (HW group Poseidon 4002)."""

BOUNDS = {"°C": (10.0, 27.0), "%": (20.0, 80.0)}
"""Safe range of a new probe by its unit: ASHRAE recommends inlets of at most 27 degC; the limits of humidity are the
A1 allowable ones (8 to 80 %), rounded."""

BOUNDS_OF = {"return_c": (10.0, 45.0), "outdoor_c": (0.0, 50.0), "supply_c": (5.0, 15.0)}
"""Safe range of what is not breathed by servers: return air, the weather, chilled water (assumptions)."""

HYSTERESIS = {"°C": 0.5, "%": 2.0}
"""The distance from the threshold at which a reading ends the alarm."""


@dataclass(frozen=True)
class SensorParams(Params):
    probes: tuple[Annotated[str, Text(100)], ...] = ()
    """The quantity of each probe: `hall-1.inlet_c`, `outdoors.outdoor_c`. When none is given and `of` names a hall: its
    inlet, hottest inlet, return and humidity."""
    inputs: tuple[Annotated[str, Text(100)], ...] = ()
    """The state of the plant that each dry contact follows: `hall-1.fire`. The other contacts stay open."""
    names: tuple[Annotated[str, Text(100)], ...] = ()
    """Their names. The default name of a probe is its measured quantity."""
    delay_s: Annotated[float, Range(0.0, 86400.0, "s")] = 10.0
    """A reading must be out of its range so long, s."""


@dataclass
class SensorState(State):
    out: list[bool] = field(default_factory=list)
    """Of each probe: its reading is out of range (with hysteresis)."""


WHICH = Parameter(1, "", 1, 64, "which one", neutral=None, whole=True)


class Sensor(Device[SensorState]):
    """An environment monitor with one probe for each quantity its parameter `probes` names."""

    kind = "sensor"
    PARAMS = SensorParams
    STATE = SensorState
    FAULTS: ClassVar[Mapping[str, Fault]] = {
        **Device.FAULTS,
        "probe-failure": Fault("a probe does not answer", {"probe": WHICH}, family="sensor", actuator=True),
        "probe-drift": Fault(
            "a probe reads too much",
            {
                "probe": WHICH,
                "offset": Parameter(3.0, "K or %", -50.0, 50.0),
            },
            family="sensor",
        ),
    }
    params: SensorParams

    def numbered(self, parameter: str) -> int | None:
        return len(self.rows) if parameter == "probe" else None

    def start(self) -> None:
        of = self.params.of
        self._measured = self.params.probes or tuple(f"{of}.{q}" for q in HALL_PROBES if of)
        self._probes = [self._look_up(probe) for probe in self._measured]
        self._inputs = [self._look_up(contact) for contact in self.params.inputs]
        self.state.out = [False] * len(self._probes)
        self.rows = tuple(range(1, len(self._probes) + 1))

    def _look_up(self, name: str) -> tuple[Component, str]:
        id, _, quantity = name.partition(".")
        component = self.plant.find(id)
        if not isinstance(component, Component):
            raise PlantError(f"{self.name}: {name} names a device; a probe measures a component of the plant")
        if quantity not in component.QUANTITIES:
            raise PlantError(
                f"{self.name}: {id} has no quantity {quantity!r}; it has: {', '.join(component.QUANTITIES)}"
            )
        return component, quantity

    def closed(self, n: int) -> bool:
        """True if a dry contact is closed."""
        if n > len(self._inputs):
            return False
        component, quantity = self._inputs[n - 1]
        return bool(component.quantity(quantity))

    def indices(self, name: str) -> Sequence[Index]:
        if name == "input":
            return tuple(range(1, INPUTS + 1))
        return self.rows if name == "probe" else super().indices(name)

    def card_supplied(self) -> bool:
        """A monitor that names no feed has a supply of its own: what it measures does not power it."""
        return super().card_supplied() if self.params.powered_by else True

    # -- a probe --------------------------------------------------------------------------------------------

    def reading(self, n: int) -> float:
        """The reading of the probe, in its unit; NaN while it does not answer."""
        lost, drift = self.fault("probe-failure"), self.fault("probe-drift")
        if lost is not None and int(lost["probe"]) == n:
            return nan
        component, quantity = self._probes[n - 1]
        value = float(component.quantity(quantity))
        return value + drift["offset"] if drift is not None and int(drift["probe"]) == n else value

    def shown(self, n: int) -> float:
        """The reading after whatever is wrong with the probe or its wires."""
        return self.measured(f"probe.{n}.value", self.reading(n))

    def text(self, n: int) -> str:
        value = self.shown(n)
        return f"{value:.1f} {self.unit(n)}" if value == value else "Err"

    def domain(self, bound: BoundPoint) -> Domain:
        """A probe reads in the unit of what it measures, and its safe range lies where its reading can."""
        part, _, what = bound.name.rpartition(".")
        if not part.startswith("probe.") or what not in ("value", "low", "high"):
            return super().domain(bound)
        component, quantity = self._probes[int(part.removeprefix("probe.")) - 1]
        measured = of_quantity(component, quantity)
        if measured.kind != "number":
            return super().domain(bound)
        return measured if what == "value" else replace(measured, sentinels=False)

    def unit(self, n: int) -> str:
        return UNITS.get(self._quantity_unit(n), self._quantity_unit(n))

    def _quantity_unit(self, n: int) -> str:
        component, quantity = self._probes[n - 1]
        return component.QUANTITIES[quantity]

    def name_of(self, n: int) -> str:
        given = self.params.names[n - 1] if n <= len(self.params.names) else self._measured[n - 1]
        return str(self.state.settings.get(f"name {n}", given))

    def rename(self, n: int, name: str) -> None:
        self.state.settings[f"name {n}"] = name

    def bound(self, n: int, side: int) -> float:
        """Lower (0) or upper (1) end of its safe range."""
        by_unit = BOUNDS.get(self._quantity_unit(n), (-1e9, 1e9))
        given = BOUNDS_OF.get(self._probes[n - 1][1], by_unit)[side]
        return float(self.state.settings.get(f"bound {n} {side}", given))

    def set_bound(self, n: int, side: int, value: float) -> None:
        self.state.settings[f"bound {n} {side}"] = float(value)
        self.log_event(f"{self.name_of(n)}: {('low', 'high')[side]} limit {value:g}")
        self.touch()

    def alarming(self, n: int) -> bool:
        """Out of range for longer than the delay."""
        return self.state.out[n - 1] and (self.id, f"out {n}") not in self.plant.timers

    def status(self, n: int) -> str:
        if self.shown(n) != self.shown(n):
            return "invalid"
        if self.alarming(n):
            return "alarm"
        return "out" if self.state.out[n - 1] else "normal"

    # -- the clock's calls ----------------------------------------------------------------------------------

    def horizon(self) -> float:
        """Until a temperature passes a bound of its safe range."""
        reach = inf
        for n, (component, quantity) in enumerate(self._probes, 1):
            rate = component.rate_k_s(quantity) if isinstance(component, Body) else 0.0
            if rate:
                margin = HYSTERESIS["°C"] if self.state.out[n - 1] else 0.0
                reach = min(reach, passes_s(self.shown(n), rate, self.bound(n, 0) + margin, self.bound(n, 1) - margin))
        return reach

    def react(self) -> None:
        for n in self.rows:
            value, was_out = self.shown(n), self.state.out[n - 1]
            margin = HYSTERESIS.get(self._quantity_unit(n), 0.0) if was_out else 0.0
            out = value < self.bound(n, 0) + margin or value > self.bound(n, 1) - margin
            if out != was_out:
                self.state.out[n - 1] = out
                if out:
                    self.after(self.params.delay_s, f"out {n}")
                else:
                    self.cancel(f"out {n}")
        super().react()

    def on_timer(self, name: str) -> None:
        if name.startswith("out "):
            self.touch()
        else:
            super().on_timer(name)
