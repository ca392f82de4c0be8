"""A single rack: a row of one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from twinfeed.emulators.plant.racks.racks import RackRow
from twinfeed.emulators.plant.racks.ratings import RackRatings


class Rack(RackRow):
    """One rack: `feeds: {a: pdu-r1-a:1, b: pdu-r1-b:1}`."""

    kind = "rack"
    PARAMS = RackRatings
    QUANTITIES: ClassVar[Mapping[str, str]] = {**RackRow.QUANTITIES, "utilisation": ""}

    @property
    def utilisation(self) -> float:
        """Work of its equipment, 0 to 1."""
        return self.state.utilisation[0]
