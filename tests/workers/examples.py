"""How much a property is tried: with few examples in every run, with all that its test names in a thorough one.

`TWINFEED_THOROUGH=1` (`make thorough`, `tox -e thorough`) makes a run thorough. Counts of examples that are published were
drawn in a thorough run.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TypeVar

from hypothesis import HealthCheck, settings

Case = TypeVar("Case")

THOROUGH = os.environ.get("TWINFEED_THOROUGH") == "1"

QUICK = 20
"""Examples of a property in a run that is not thorough, where its test names no other number."""


def examples(thorough: int, quick: int = QUICK) -> int:
    """The number of examples to draw: `@settings(max_examples=examples(200))`."""
    return thorough if THOROUGH else min(thorough, quick)


def some(cases: Sequence[Case], quick: int) -> Sequence[Case]:
    """At most `quick` of many cases that show the same, evenly spread; all of them in a thorough run."""
    return cases if THOROUGH or len(cases) <= quick else [cases[n * len(cases) // quick] for n in range(quick)]


def profiles() -> None:
    """Load the profile of this run. It refuses nothing for the time that an example takes: the machine may be busy."""
    patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.register_profile("quick", patient, max_examples=QUICK)
    settings.register_profile("thorough", patient, max_examples=200)
    settings.load_profile("thorough" if THOROUGH else "quick")
