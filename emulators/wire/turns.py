"""How the devices of one process share its time: figures that the servers of all protocols have in common."""

from __future__ import annotations

TURN_S = 0.002
"""How long a device works off what waits for it before the others have their turn, s. One request may take longer; the
limits of its length bound that."""

LONG_S = 0.0005
"""A request that takes longer than this, s, is long. A device rests after one as long as it took, so that floods of
long requests (those that settle the plant) take at most half of the processor."""
