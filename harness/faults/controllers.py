"""What can befall the controller under test itself; worlds realise it."""

from __future__ import annotations

from twinfeed.harness.faults.kinds import FaultKind

KINDS: tuple[FaultKind, ...] = (
    FaultKind(
        "controller-down",
        "controller",
        "the controller is off; it starts again when the fault is over, with what its store holds",
        ("controller",),
    ),
)
"""What can befall the controller itself; the target is called `controller`."""
