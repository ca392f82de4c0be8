"""The way of the heat: outdoors at the top, then heat rejection, chillers and pumps, water, air handlers, rooms.

Water loops, rooms and the climate are bars, as boards are in the power paths. A wire is named by the component and the
rating that names its partner (`chiller-1.loop`), whichever end it begins at.
"""

from __future__ import annotations

from collections.abc import Iterable

from twinfeed.emulators.plant.kernel.component import Component
from twinfeed.emulators.plant.kernel.ratings import Names
from twinfeed.emulators.site import Site
from twinfeed.emulators.sitefile.references import references
from twinfeed.harness.console.drawing.composing import compose
from twinfeed.harness.console.drawing.folding import Edge, Part, folded
from twinfeed.harness.console.drawing.layers import layered
from twinfeed.harness.console.drawing.shapes import Drawing

BARS = frozenset({"climate", "yard", "water_loop", "hall", "room"})
"""Kinds that are drawn as bars."""

KINDS = BARS | {"cooling_tower", "dry_cooler", "chiller", "pump", "crah", "crac", "ventilation_fan", "humidifier"}
"""Kinds of the cooling drawing."""

INWARDS = frozenset({"condenser_loop", "climate"})
"""Ratings that name where heat goes to: the partner is above."""

ENVELOPE = frozenset({"hall", "room", "water_loop"})
"""Kinds whose climate only warms their walls, which is no wire."""


def cooling(site: Site) -> Drawing:
    """The cooling of a site: water, air and what moves them."""
    components = [c for c in site.components.values() if c.kind in KINDS]
    known = {c.id: c for c in components}
    fixed = {e.name: e.screen for e in site.file.components if e.screen and e.name in known}
    edges = [edge for c in components for edge in _edges(c, known)]
    parts = [Part(c.id, c.kind, 0, c.kind in BARS) for c in components]
    graph = folded(parts, edges, fixed)
    plan = layered(graph, _rows(graph.feeders(), {unit: graph.units[unit].kind for unit in graph.units}))
    plan.fixed = fixed
    return compose(plan)


def _edges(component: Component, known: dict[str, Component]) -> Iterable[Edge]:
    for field, mark, name in references(component.params):
        if not isinstance(mark, Names) or name not in known or name == component.id:
            continue
        other = known[name]
        if field == "climate" and component.kind in ENVELOPE:
            continue
        id = f"{component.id}.{field}"
        above = field in INWARDS or (other.kind == "water_loop" and component.kind in ("crah", "crac"))
        ends = (name, component.id) if above else (component.id, name)
        yield Edge(id, *ends, field, field.startswith("alternate"))


def _rows(feeders: dict[str, list[str]], kinds: dict[str, str]) -> dict[str, int]:
    """The longest way from outdoors; what nothing feeds stands just above what it feeds."""
    row: dict[str, int] = {}

    def distance(unit: str) -> int:
        if unit not in row:
            row[unit] = 0
            row[unit] = 1 + max((distance(feeder) for feeder in feeders[unit]), default=-1)
        return row[unit]

    for unit in feeders:
        distance(unit)
    for unit, kind in kinds.items():
        fed = [row[other] for other, others in feeders.items() if unit in others]
        if not feeders[unit] and fed and kind not in ("climate", "yard"):
            row[unit] = min(fed) - 1
    least = min(row.values(), default=0)
    return {unit: n - least for unit, n in row.items()}
