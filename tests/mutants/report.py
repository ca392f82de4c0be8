"""The account of a run: killed of those that could be, with its interval, and every survivor with its diff."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from math import sqrt
from pathlib import Path

from mutants.sampling import Mutant
from mutants.trying import Outcome

EQUIVALENT = Path(__file__).with_name("equivalent.toml")


def wilson(hits: int, of: int, z: float = 1.96) -> tuple[float, float]:
    """Bounds of a proportion at 95 % (Wilson 1927, score interval without continuity correction)."""
    if not of:
        return 0.0, 1.0
    p, zz = hits / of, z * z / of
    middle, half = p + zz / 2.0, z * sqrt(p * (1.0 - p) / of + zz / of / 4.0)
    return max(0.0, (middle - half) / (1.0 + zz)), min(1.0, (middle + half) / (1.0 + zz))


class Equivalents:
    """Mutants that change nothing that could be seen, by module and diff, each with its reason."""

    def __init__(self, file: Path = EQUIVALENT) -> None:
        entries = tomllib.loads(file.read_text()).get("mutant", [])
        self._reasons = {(entry["module"], entry["diff"].strip()): str(entry["reason"]) for entry in entries}

    def reason(self, mutant: Mutant, root: Path) -> str | None:
        """Why it changes nothing; None if it is not listed."""
        return self._reasons.get((mutant.module, mutant.diff(root).strip()))


def account(layer: str, seed: int, outcomes: Sequence[Outcome], equivalents: Equivalents, root: Path) -> str:
    """The report of one layer, as text."""
    reasons = {o.mutant: equivalents.reason(o.mutant, root) for o in outcomes if o.word in ("survived", "never run")}
    equivalent = [mutant for mutant, reason in reasons.items() if reason is not None]
    unjudged = [o for o in outcomes if o.word == "not judged"]
    effective = [o for o in outcomes if o.mutant not in equivalent and o not in unjudged]
    dead = [o for o in effective if o.word in ("killed", "hung")]
    low, high = wilson(len(dead), len(effective))
    lines = [
        f"{layer}, seed {seed}: {len(dead)} of {len(effective)} killed "
        f"({100.0 * len(dead) / max(1, len(effective)):.0f} %, 95 % interval {100.0 * low:.0f} to {100.0 * high:.0f} %), "
        f"{len(equivalent)} equivalent"
    ]
    lines += [f"  hung: {o.mutant} in {o.by or 'its start'}" for o in effective if o.word == "hung"]
    lines += [f"  not judged, for this test fails without it too: {o.mutant} by {o.by}" for o in unjudged]
    for outcome in effective:
        if outcome.word in ("survived", "never run"):
            lines.append(f"  {outcome.word}: {outcome.mutant}")
            lines += [f"    {line}" for line in outcome.mutant.diff(root).splitlines()]
    lines += [f"  equivalent: {mutant}: {reasons[mutant]}" for mutant in equivalent]
    return "\n".join(lines)
