"""Faults of the controller under test; worlds realise them."""

from __future__ import annotations

from twinfeed.emulators.plant.kernel.faults import Parameter
from twinfeed.harness.faults.kinds import FaultKind

KINDS: tuple[FaultKind, ...] = (
    FaultKind(
        "controller-down",
        "controller",
        "the controller is off; it starts again when the fault is over, with what its store holds",
        ("controller",),
        {"which": Parameter(0, "", 0, 2, "of a pair: 0 both, 1 the first, 2 the second", None, True, (1, 2))},
    ),
    FaultKind(
        "controllers-apart",
        "controller",
        "the two controllers of a pair do not reach each other; both reach the devices",
        ("controller",),
        worlds=("simulated",),
    ),
)
"""Faults of the controller; their target is `controller`."""
