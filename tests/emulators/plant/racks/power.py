"""A source of one phase, and a plant of two PDUs and a row of racks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from small_plant import Source, plant_of

from twinfeed.emulators.plant.power.electrical import DEAD, Supply
from twinfeed.emulators.plant.power.pdu import Pdu
from twinfeed.emulators.plant.power.pdu_ratings import PduRatings
from twinfeed.emulators.plant.racks.racks import RackRow
from twinfeed.emulators.plant.racks.ratings import RackRowRatings


class OnePhaseSource(Source):
    """Phase 1 alone, as a small UPS has it."""

    def energise(self) -> Supply:
        v = self.state.volts
        return Supply((v, 0.0, 0.0), 50.0, self.id) if v else DEAD


class Row:
    """Two sources, two PDUs, one row of racks, and other things of the test."""

    def __init__(self, pdu: Mapping[str, Any] | None = None, *others: Any, cords: str = "ab", **racks: Any) -> None:
        self.a, self.b = Source("source-a"), Source("source-b")
        ratings = PduRatings(**(pdu or {}))
        self.pdu_a = Pdu("pdu-a", ratings, {"input": "source-a"})
        self.pdu_b = Pdu("pdu-b", ratings, {"input": "source-b"})
        self.racks = RackRow("racks", RackRowRatings(**racks), {c: f"pdu-{c}" for c in cords})
        self.plant = plant_of(self.a, self.b, self.pdu_a, self.pdu_b, self.racks, *others)

    def run(self, seconds: float) -> None:
        self.plant.advance(self.plant.now + seconds)

    def happened(self, who: str) -> list[tuple[float, str]]:
        """The journal's lines of it, times to the millisecond."""
        return [(round(e.t, 3), e.what) for e in self.plant.journal if e.who == who]
