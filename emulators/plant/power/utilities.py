"""The utility's feed, and its disturbances.

A medium-voltage feed is modelled at the 230 V phase-to-neutral level: the model knows which phases are live, their
voltage and frequency, and with which sources they are in step.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar

from twinfeed.emulators.plant.kernel.actor import State
from twinfeed.emulators.plant.kernel.deeds import DeedKind
from twinfeed.emulators.plant.kernel.faults import FailureMode, Fault, Parameter
from twinfeed.emulators.plant.kernel.ratings import Range, Text
from twinfeed.emulators.plant.power.electrical import DEAD, NOMINAL_HERTZ, NOMINAL_VOLTS, Draw, Electrical, Emf, Supply
from twinfeed.emulators.plant.power.faults.impedances import network_ohm
from twinfeed.emulators.plant.power.transformers import Transformer


@dataclass(frozen=True)
class UtilityRatings:
    """A medium-voltage feed."""

    grid: Annotated[str, Text(100)] = ""
    """The network it hangs on: feeds of one grid are in step. Empty means a grid of its own."""
    capacity_kw: Annotated[float, Range(0.1, 1000000.0, "kW")] = 2500.0
    """Subscribed power, kW: the feed's weight where several sources share a load."""
    volts: Annotated[float, Range(90.0, 400.0, "V")] = NOMINAL_VOLTS
    """Declared voltage, phase to neutral on the low-voltage side, V (IEC 60038)."""
    hertz: Annotated[float, Range(45.0, 65.0, "Hz")] = NOMINAL_HERTZ
    """Nominal frequency, Hz."""
    short_circuit_mva: Annotated[float, Range(0.0, 100000.0, "MVA")] = 0.0
    """Three-phase short-circuit power of the network at the feed, MVA; 0 for the usual: 500 in front of a transformer
    of the site (Schneider Electric, Electrical Installation Guide, chapter G: 20 kV networks), else that behind a
    transformer of the subscribed power (uk = 4 % up to 630 kVA and 6 % above, EN 50588-1)."""
    x_to_r: Annotated[float, Range(0.0, 1000.0)] = 10.0
    """Reactance over resistance of that network (IEC 60909-0, 6.2: R = 0.1 X where it is not known)."""


MEDIUM_VOLTAGE_MVA = 500.0
"""Usual short-circuit power in front of a transformer, MVA."""

FEEDER = "feeder trips"
"""The timer of the overcurrent protection (ANSI 51) of the network's feeder."""

FEEDER_TIMES = 3.0
"""Its pickup, times the subscribed power (usual)."""

FEEDER_S = 1.0
"""Its delay, s: the site's own protections go first (usual)."""


@dataclass
class UtilityState(State):
    in_service: bool = True
    """Its operator takes it out of service for work on what hangs on it."""


class Utility(Electrical[UtilityState, UtilityRatings]):
    """The utility's feed. Its faults are the voltage events of EN 50160, measured as in IEC 61000-4-30.

    A dip (`sag`) is a residual voltage of 5 to 90 % of the declared one, an interruption (`outage`) is below 5 %, a
    swell is above 110 %; frequency is within +-1 % nearly always and +4/-6 % at all times (EN 50160:2010, 4.2.1;
    island grids +-2 % and +-15 %).
    """

    kind = "utility"
    PARAMS = UtilityRatings
    STATE = UtilityState
    TERMINALS = ()
    SOURCE = True
    DEEDS: ClassVar[Mapping[str, DeedKind]] = {
        "switch-off": DeedKind(
            "its operator takes it out of service", lambda grid, _: grid.switch_off(), undo="switch-on"
        ),
        "switch-on": DeedKind("its operator gives it back", lambda grid, _: grid.switch_on(), undo="switch-off"),
    }
    FAULTS: ClassVar[Mapping[str, Fault]] = {
        "outage": Fault(
            "interruption: all three phases below 5 % of the declared voltage",
            source="EN 50160; IEC 61000-4-30",
            actuator=True,
            failure=FailureMode("at once", "utility-feed"),
        ),
        "sag": Fault(
            "voltage dip on all phases",
            {"depth": Parameter(40.0, "%", 10.0, 95.0, "how far below the declared voltage")},
            source="EN 50160; IEC 61000-4-30",
            actuator=True,
        ),
        "swell": Fault(
            "voltage swell on all phases",
            {"height": Parameter(15.0, "%", 10.0, 80.0, "how far above the declared voltage")},
            source="EN 50160; IEC 61000-4-30",
            actuator=True,
        ),
        "phase-loss": Fault(
            "one phase is interrupted",
            {"phase": Parameter(1.0, "phase", 1.0, 3.0, neutral=None, whole=True)},
            actuator=True,
        ),
        "unbalance": Fault(
            "one phase is lower than the others",
            {
                "phase": Parameter(1.0, "phase", 1.0, 3.0, neutral=None, whole=True),
                "depth": Parameter(8.0, "%", 1.0, 30.0, "how far below the declared voltage"),
            },
            source="EN 50160",
            actuator=True,
        ),
        "frequency-drift": Fault(
            "frequency away from nominal",
            {"hertz": Parameter(-1.5, "Hz", -7.5, 7.5, "deviation from nominal")},
            source="EN 50160",
            actuator=True,
        ),
    }

    def react(self) -> None:
        """Time the trip of the network's own feeder on a short circuit that nobody in the site clears."""
        flow = self.fault_flow
        rated_a = 1000.0 * self.params.capacity_kw / (3.0 * self.params.volts)
        if flow is None or max(flow.amperes) < FEEDER_TIMES * rated_a:
            self.cancel(FEEDER)
        elif self.remaining_s(FEEDER) is None:
            self.after(FEEDER_S, FEEDER)

    def on_timer(self, name: str) -> None:
        if name != FEEDER:
            super().on_timer(name)
        self.log("feeder tripped", cause="overcurrent")
        self._serve(False)

    def switch_off(self) -> None:
        """Its operator takes it out of service, as agreed with the site."""
        self._serve(False)

    def switch_on(self) -> None:
        self._serve(True)

    def surge(self, cause: str, broken: bool) -> bool:
        """Its operator's feeder trips on a surge that nothing has broken: it is out of service until `switch_on`."""
        if not broken:
            self.log("feeder tripped", cause=cause)
            self._serve(False)
        return True

    def _serve(self, in_service: bool) -> None:
        if in_service != self.state.in_service:
            self.state.in_service = in_service
            self.log("back in service" if in_service else "out of service")
            self.touch()

    @property
    def capacity_kw(self) -> float:
        return self.params.capacity_kw

    medium_voltage = False
    """True if transformers of the site hang on it."""

    def start(self) -> None:
        self.medium_voltage = any(
            self in _above(actor) for actor in self.plant.actors.values() if isinstance(actor, Transformer)
        )

    @property
    def short_circuit_mva(self) -> float:
        """Short-circuit power of its network, MVA."""
        if self.params.short_circuit_mva or self.medium_voltage:
            return self.params.short_circuit_mva or MEDIUM_VOLTAGE_MVA
        mva = self.params.capacity_kw / 1000.0
        return mva / (0.04 if mva <= 0.63 else 0.06)

    def emf(self) -> Emf | None:
        volts = self.energise().volts
        if max(volts) <= 0.0:
            return None
        return Emf(volts, self.ohm)

    @property
    def ohm(self) -> complex:
        """Impedance of its network, ohm per phase."""
        return network_ohm(self.short_circuit_mva, self.params.volts, self.params.x_to_r)

    def energise(self) -> Supply:
        faults = self.state.faults
        if "outage" in faults or not self.state.in_service:
            return DEAD
        per_unit = [1.0, 1.0, 1.0]
        hertz = self.params.hertz
        if faults:
            everywhere = 1.0
            if sag := faults.get("sag"):
                everywhere -= sag["depth"] / 100.0
            if swell := faults.get("swell"):
                everywhere += swell["height"] / 100.0
            per_unit = [everywhere] * 3
            if unbalance := faults.get("unbalance"):
                per_unit[int(unbalance["phase"]) - 1] *= 1.0 - unbalance["depth"] / 100.0
            if loss := faults.get("phase-loss"):
                per_unit[int(loss["phase"]) - 1] = 0.0
            if drift := faults.get("frequency-drift"):
                hertz += drift["hertz"]
        volts = self.params.volts
        a, b, c = per_unit
        return Supply((a * volts, b * volts, c * volts), hertz, self.params.grid or self.id)

    def demand(self) -> dict[str, Draw]:
        return {}


def _above(component: Electrical) -> set[Electrical]:
    """All that a component may be fed from."""
    found = {component.upstream(terminal) for terminal in component.feeds}
    return found.union(*(_above(above) for above in found))
