"""Drawings of a site for the screen: pure functions from a site to boxes and wires with coordinates.

`power` is the single-line diagram, `cooling` the way of the heat, `network` the switches and what is behind them.
Nothing here does I/O or knows a state: the page colours the drawing by the states that it receives.
"""

from __future__ import annotations

from typing import Any, Literal

from twinfeed.emulators.site import Site
from twinfeed.harness.console.drawing.cooling import cooling
from twinfeed.harness.console.drawing.network import network
from twinfeed.harness.console.drawing.power import power
from twinfeed.harness.console.drawing.shapes import Box, Cell, Drawing, Lane, Node, Wire

__all__ = ["Box", "Cell", "Drawing", "Lane", "Node", "Wire", "cooling", "drawing", "network", "power"]

Which = Literal["power", "cooling", "network"]


def drawing(site: Site, which: Which) -> dict[str, Any]:
    """One drawing of a site as JSON values. It depends on nothing but the site file."""
    return {"power": power, "cooling": cooling, "network": network}[which](site).to_dict()
