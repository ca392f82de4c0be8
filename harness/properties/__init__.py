"""Temporal properties: what must hold over the time of a run, judged after the run or while it goes on.

    check(journal,
          always("racks.*.supplied", grace="20 ms"),
          within("15 s", "generator-1.running", after="utility-a.live falls"),
          "always hall-1.inlet_c < 27")

`docs/reference/properties.md` has the language; `tier3` and `maintenance` what a Tier III site has to keep to.
"""

from __future__ import annotations

from twinfeed.harness.properties import syntax
from twinfeed.harness.properties.binding import BindingError
from twinfeed.harness.properties.evaluation import Monitor, Stretch, check, course, distances, evaluate, patterns
from twinfeed.harness.properties.grammar import PropertySyntaxError
from twinfeed.harness.properties.language import (
    Property,
    always,
    eventually,
    falls,
    for_at_least,
    never,
    parse,
    rises,
    until,
    within,
)
from twinfeed.harness.properties.signals import WrongKind
from twinfeed.harness.properties.verdicts import PropertyViolated, Verdict, Violation, must_hold

__all__ = [
    "BindingError",
    "Monitor",
    "Property",
    "PropertySyntaxError",
    "PropertyViolated",
    "Stretch",
    "Verdict",
    "Violation",
    "WrongKind",
    "always",
    "check",
    "course",
    "distances",
    "evaluate",
    "eventually",
    "falls",
    "for_at_least",
    "must_hold",
    "never",
    "parse",
    "patterns",
    "rises",
    "syntax",
    "until",
    "within",
]
