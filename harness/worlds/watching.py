"""The samples of a world: states at every instant, numbers often enough, and the journal of the plant.

Of a whole site's 2,400 quantities most are numbers that follow from a few. Unless they are watched by name, numbers are
sampled only when `sample` is called, and `DETAILS` not at all.
"""

from __future__ import annotations

from twinfeed.emulators.plant.power.electrical import Electrical
from twinfeed.emulators.site import Site
from twinfeed.harness.journal import Journal, Sampler

WATCHING_S = 10.0
"""Period of samples of a quiet plant, s: rooms and water change by less than half a kelvin in it."""

DETAILS = frozenset(Electrical.QUANTITIES) - {"live"} | {
    "current_a", "current_percent", "heat_percent", "neutral_a", "worst_phase_a", "energy_kwh", "traffic_gbps",
    "utilisation_percent", "water_in_c", "water_out_c", "condensing_c", "supply_air_c", "return_air_c", "heat_kw",
    "heat_rejected_kw", "condenser_leaving_c", "cycling_percent", "makeup_l_s", "wet_bulb_c",
}  # fmt: skip
"""Numbers that hundreds of components have, or that cost much to compute: recorded only where they are watched."""


class Watching:
    """Samples a site into a journal. With `everything` all states and the important numbers, else the watched ones."""

    def __init__(self, site: Site, journal: Journal, everything: bool) -> None:
        self._site, self._journal = site, journal
        states, numbers = _survey(site) if everything else ([], [])
        self._states = states
        self._watched: tuple[str, ...] = ()
        self._sampled = Sampler(site, numbers, journal.trace)
        self._exact = Sampler(site, states, journal.trace).attach()
        self._told = len(site.plant.journal)

    def watch(self, *names: str) -> None:
        """Record these at every instant from now on.

        Raises:
            UnknownQuantity: a name that names nothing on the site.
        """
        self._watched += names
        exact = Sampler(self._site, [*self._states, *self._watched], self._journal.trace)
        self._exact.detach()
        self._exact = exact.attach()

    def sample(self) -> None:
        """Sample all quantities now, and take over the events of the plant since the last call."""
        self._exact()
        self._sampled()
        noted = self._site.plant.journal
        self._journal.extend(noted[self._told :])
        self._told = len(noted)

    def stop(self) -> None:
        self._exact.detach()


def _survey(site: Site) -> tuple[list[str], list[str]]:
    """All quantities of all components, states and numbers apart."""
    states: list[str] = []
    numbers: list[str] = []
    for name, component in site.components.items():
        for quantity in component.QUANTITIES:
            if quantity not in DETAILS:
                of = states if isinstance(component.quantity(quantity), (bool, str)) else numbers
                of.append(f"{name}.{quantity}")
    return states, numbers
