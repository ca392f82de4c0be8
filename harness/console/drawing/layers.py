"""Rows of units without a tree: each unit as near as possible to what it is joined to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from twinfeed.harness.console.drawing.composing import Plan
from twinfeed.harness.console.drawing.folding import Graph
from twinfeed.harness.console.drawing.placing import GAP_PX, spread

SWEEPS = 6
"""Times that the rows are gone through, downwards and upwards."""


def layered(graph: Graph, row: Mapping[str, int]) -> Plan:
    """A plan with these rows. Bars become as wide as what they join."""
    plan = Plan(graph, dict(row))
    rows: dict[int, list[str]] = {}
    for unit in graph.units:
        rows.setdefault(row[unit], []).append(unit)
    plan.width = {unit: graph.units[unit].width for unit in graph.units}
    joined = _joined(graph)
    for units in rows.values():
        total = sum(plan.width[unit] + GAP_PX for unit in units)
        left = -total / 2
        for unit in units:
            plan.centre[unit] = left + plan.width[unit] / 2
            left += plan.width[unit] + GAP_PX
    for sweep in range(SWEEPS):
        for n in sorted(rows, reverse=sweep % 2 == 1):
            wanted = {unit: _middle(plan, joined[unit], plan.centre[unit]) for unit in rows[n]}
            rows[n].sort(key=lambda unit: wanted[unit])
            plan.centre.update(spread(rows[n], wanted, plan.width))
    for n in sorted(rows):
        _widen(plan, [unit for unit in rows[n] if graph.units[unit].bar], rows[n], joined)
    return plan


def _joined(graph: Graph) -> dict[str, list[str]]:
    found: dict[str, dict[str, None]] = {unit: {} for unit in graph.units}
    for edge in graph.edges:
        a, b = graph.unit_of[edge.source], graph.unit_of[edge.target]
        found[a].setdefault(b)
        found[b].setdefault(a)
    return {unit: list(others) for unit, others in found.items()}


def _middle(plan: Plan, others: Sequence[str], own: float) -> float:
    return sum(plan.centre[other] for other in others) / len(others) if others else own


def _widen(plan: Plan, bars: Sequence[str], row: Sequence[str], joined: Mapping[str, Sequence[str]]) -> None:
    """Let each bar reach over what it joins, but not over its neighbours."""
    order = sorted(row, key=lambda unit: plan.centre[unit])
    edges = {unit: plan.span(unit) for unit in order}
    for n, unit in enumerate(order):
        if unit not in bars or not joined[unit]:
            continue
        left, right = edges[unit]
        ends = [plan.centre[other] for other in joined[unit]]
        floor = edges[order[n - 1]][1] + GAP_PX if n else float("-inf")
        ceiling = edges[order[n + 1]][0] - GAP_PX if n + 1 < len(order) else float("inf")
        left = min(left, max(min(ends) - 12.0, floor))
        right = max(right, min(max(ends) + 12.0, ceiling))
        edges[unit] = left, right
        plan.centre[unit], plan.width[unit] = (left + right) / 2, right - left
