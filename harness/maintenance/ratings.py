"""The load of a component as a part of its rating."""

from __future__ import annotations

from twinfeed.emulators.plant.kernel.component import Component
from twinfeed.emulators.plant.power.electrical import NOMINAL_VOLTS, Electrical

OWN = ("load_percent", "current_percent", "airflow_percent")
"""Quantities in which a component itself gives its load, % of its rating: the first that it has counts."""


def load_percent(component: Component) -> float | None:
    """Its load now, % of its rating; None if it has no rating, or nothing is carried by it.

    A component without such a quantity of its own is judged by the worst phase of the current that is drawn from it,
    against `rated_a`.
    """
    for quantity in OWN:
        if quantity in component.QUANTITIES:
            return float(component.quantity(quantity))
    rated_a = getattr(component.params, "rated_a", 0.0)
    if not rated_a or not isinstance(component, Electrical):
        return None
    volts = component.output.volts if component.live else (NOMINAL_VOLTS,) * 3
    return 100.0 * max(component.load.amperes(volts)) / float(rated_a)
