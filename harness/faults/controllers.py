"""Faults of the controller under test; worlds realise them."""

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
"""Faults of the controller; their target is `controller`."""
