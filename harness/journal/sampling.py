"""Samples the quantities of a site into a trace."""

from __future__ import annotations

from collections.abc import Iterable

from twinfeed.emulators.devices.firmware.points import Value
from twinfeed.emulators.site import Site
from twinfeed.harness import quantities
from twinfeed.harness.journal.trace import Trace
from twinfeed.harness.unknown import Unknown


class Sampler:
    """Samples the named quantities of a site into a trace, each time it is called and, once attached, by itself.

    It is called when the plant has come to rest. Numbers are also sampled when time comes to an event, before anybody
    reacts: so what jumps there (the load of a board) is not taken to have moved there since the event before.
    """

    def __init__(self, site: Site, names: Iterable[str], trace: Trace | None = None) -> None:
        """
        Raises:
            UnknownQuantity: a name or pattern that names nothing on the site.
        """
        self.site = site
        self.trace = Trace() if trace is None else trace
        self._reads: dict[str, quantities.Read] = {}
        self.trace.sections.update(quantities.sections(site))
        for name in names:
            self._reads.update(quantities.resolve(site, name))
        self._last: dict[str, Value | Unknown] = {}

    def attach(self) -> Sampler:
        """Sample now, and from now on whenever the plant moves; returns itself."""
        self()
        self.site.plant.watchers.append(self)
        self.site.plant.arrivals.append(self.arrive)
        return self

    def detach(self) -> None:
        """Sample no more by itself."""
        plant = self.site.plant
        if self in plant.watchers:
            plant.watchers.remove(self)
            plant.arrivals.remove(self.arrive)

    @property
    def names(self) -> list[str]:
        """All quantities that are sampled, patterns expanded."""
        return list(self._reads)

    def __call__(self) -> None:
        now, last, add = self.site.plant.now, self._last, self.trace.add
        for name, read in self._reads.items():
            value = read()
            if type(value) is float or name not in last or value != last[name]:
                last[name] = value
                add(now, name, value)
        self.trace.reach(now)

    def arrive(self) -> None:
        """Time has come to an event: sample what moves."""
        now, add = self.site.plant.now, self.trace.add
        for name, value in self._last.items():
            if type(value) is float:
                arrived = self._reads[name]()
                if type(arrived) is float:
                    add(now, name, arrived)
