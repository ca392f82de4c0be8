"""The faults of insulation that a piece of switchgear, a cable or a machine can suffer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from twinfeed.emulators.plant.kernel.faults import FailureMode, Fault, Parameter
from twinfeed.emulators.plant.power.electrical import NOMINAL_VOLTS, Short
from twinfeed.emulators.plant.power.faults.impedances import BOLTED_OHM

CURRENT = Parameter(
    0.0,
    "kA",
    0.0,
    100.0,
    "what 230 V would drive through the fault's own resistance; 0 for a bolted fault",
    neutral=None,
)
"""The impedances before the fault lower its current further: it is never more than they let pass."""


def short_circuit(
    where: str, more: Mapping[str, Parameter] | None = None, source: str = "", failure: FailureMode | None = None
) -> Fault:
    """A short circuit of all phases that are there."""
    parameters = {**(more or {}), "current": CURRENT}
    return Fault(f"all phases are shorted {where}", parameters, source=source, failure=failure)


def earth_fault(where: str, more: Mapping[str, Parameter] | None = None, failure: FailureMode | None = None) -> Fault:
    """A fault of one phase to the protective conductor (TN-S)."""
    phase = Parameter(1.0, "phase", 1.0, 3.0, neutral=None, whole=True)
    parameters = {**(more or {}), "phase": phase, "current": CURRENT}
    return Fault(f"one phase touches earth {where}", parameters, failure=failure)


def shorts_of(faults: Mapping[str, Mapping[str, float]]) -> Sequence[Short]:
    """The short circuits at a component's output that are among its active faults."""
    found = []
    if short := faults.get("short-circuit"):
        found.append(Short(fault_ohm(short)))
    if earth := faults.get("earth-fault"):
        found.append(Short(fault_ohm(earth), phases=(int(earth["phase"]) - 1,), earth=True))
    return found


def fault_ohm(given: Mapping[str, float]) -> complex:
    """The resistance of the fault itself, ohm."""
    return complex(max(BOLTED_OHM, NOMINAL_VOLTS / (1000.0 * given["current"]) if given["current"] else 0.0))
