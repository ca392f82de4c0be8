"""Hypothesis strategies for the faults and deeds on a site. They shrink towards fewer, simpler and earlier ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from hypothesis import strategies as st

from twinfeed.harness.faults.deeds import Deed
from twinfeed.harness.faults.injection import Injection
from twinfeed.harness.faults.scenario import Scenario
from twinfeed.harness.search import drawing
from twinfeed.harness.search.drawing import FIRST_S, Choose
from twinfeed.harness.search.menu import Menu

T = TypeVar("T")


def _by(draw: st.DrawFn) -> Choose:
    """Choices by Hypothesis."""

    def choose(options: Sequence[T], /) -> T:
        return draw(st.sampled_from(options))

    return choose


@st.composite
def injections(
    draw: st.DrawFn, pairs: tuple[tuple[str, str], ...], menu: Menu, first_s: float, last_s: float
) -> Injection:
    """One fault from those pairs, its onset between those times."""
    return drawing.injection(_by(draw), pairs, menu, first_s, last_s)


@st.composite
def deeds(draw: st.DrawFn, menu: Menu, first_s: float, last_s: float) -> Deed:
    """One deed of a person, its onset between those times."""
    return drawing.deed(_by(draw), menu, first_s, last_s)


@st.composite
def mistaken(draw: st.DrawFn, deed: Deed, menu: Menu) -> Deed:
    """A planned deed as people may do it: right, left out, too late, or at another target that has the same deed."""
    return drawing.mistake(_by(draw), deed, menu)


@st.composite
def scenarios(
    draw: st.DrawFn,
    menu: Menu,
    frame: Scenario,
    at_once: int = 1,
    first_s: float = FIRST_S,
    last_s: float | None = None,
) -> Scenario:
    """The frame with faults and deeds (`drawing.scenario`)."""
    return drawing.scenario(_by(draw), menu, frame, at_once, first_s, last_s)
