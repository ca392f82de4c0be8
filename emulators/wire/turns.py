"""How the devices of one process share its time: the figures for the servers of all protocols."""

from __future__ import annotations

TURN_S = 0.002
"""Time for which a device answers its waiting requests before the others have their turn, s. One request may take
longer, up to the limits of its length."""

LONG_S = 0.0005
"""A request that takes longer than this, s, is long. After one the device rests for as long, so that floods of
long requests (those that settle the plant) take at most half of the processor."""
