"""However time is cut into calls, the whole weak twin of Bamako does the same: readers change nothing."""

from __future__ import annotations

from functools import cache
from math import isclose
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from twinfeed.emulators.plant.kernel.engine import SHORTEST_STEP_S
from twinfeed.emulators.site import Site

OUTAGE_S = 240.0
END_S = 600.0


@cache
def bamako() -> tuple[Site, dict[str, Any]]:
    """The site, and a snapshot of it at rest."""
    site = Site.load("bamako-weak")
    return site, site.plant.snapshot()


def outage(*moments: float) -> tuple[list[Any], list[float], dict[str, Any]]:
    """Both utilities fail and return while time passes up to those moments: what happened, when, and how it ended."""
    site, at_rest = bamako()
    site.plant.restore(at_rest)
    for utility in ("utility-a", "utility-b"):
        site.inject(utility, "outage", for_s=OUTAGE_S)
    for moment in sorted(moments):
        site.plant.advance(moment)
    journal = site.plant.journal
    end = {f"{c.id}.{name}": c.quantity(name) for c in site.components.values() for name in c.QUANTITIES}
    return [(e.who, e.what, dict(e.data)) for e in journal], [e.t for e in journal], end


@cache
def outage_in_one() -> tuple[list[Any], list[float], dict[str, Any]]:
    return outage(END_S)


@settings(max_examples=6, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(
    pieces=st.lists(st.floats(0.001, END_S), max_size=60),
    beat_s=st.sampled_from([0.25, 1.0, 7.3]),
)
def test_an_outage_told_in_pieces_is_the_outage_told_in_one(pieces: list[float], beat_s: float) -> None:
    told, times, end = outage_in_one()
    beats = [beat_s * n for n in range(1, int(END_S / beat_s) + 1)]
    cut_told, cut_times, cut_end = outage(*pieces, *beats, END_S)
    assert cut_told == told
    assert cut_times == pytest.approx(times, abs=SHORTEST_STEP_S)
    # Horizons may round to the next millisecond: what moves in those few is the only difference.
    assert {name: (end[name], value) for name, value in cut_end.items() if not alike(value, end[name])} == {}


def alike(one: Any, other: Any) -> bool:
    return isclose(one, other, rel_tol=1e-3, abs_tol=1e-3) if isinstance(one, float) else bool(one == other)
