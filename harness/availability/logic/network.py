"""The rules of the network: when a row cannot be reached.

1. A row with switches of its own cannot be reached when none of them works and has a way to a gateway.
2. A way leads over links that are whole, from switch to switch, each nearer to a gateway than the one before.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from twinfeed.emulators.plant.network.links import Link
from twinfeed.emulators.plant.network.network import ManagementNetwork
from twinfeed.emulators.plant.network.switch import Switch
from twinfeed.emulators.site import Site
from twinfeed.harness.availability.logic.design import every, name_of
from twinfeed.harness.availability.logic.events import Events
from twinfeed.harness.availability.logic.gates import NO, Gates, all_of, any_of
from twinfeed.harness.availability.logic.power import Power
from twinfeed.harness.availability.tree import Formula


class Network:
    """The gates of the network."""

    def __init__(self, site: Site, events: Events, gates: Gates, power: Power) -> None:
        self._site, self._events, self._gates, self._power = site, events, gates, power

    def unreachable(self, row: str) -> Formula:
        """True if nobody can reach that row; never for a row that no switch serves."""
        serving = [switch.id for switch in every(self._site, Switch) if row in map(name_of, switch.params.serves)]
        return all_of(*(self._cut_off(name) for name in serving)) if serving else NO

    def _cut_off(self, name: str) -> Formula:
        return self._gates.gate(f"{name} is cut off", lambda: any_of(self._switch_dead(name), self._no_way(name)))

    def _no_way(self, name: str) -> Formula:
        if name not in self._steps or self._steps[name] == 0:
            return NO
        nearer = [(link, to) for link, to in self._links(name) if self._steps.get(to, 1 << 30) < self._steps[name]]
        return all_of(*(any_of(self._events.of(link, "network-cable"), self._cut_off(to)) for link, to in nearer))

    def _switch_dead(self, name: str) -> Formula:
        switch = self._site.components[name]
        assert isinstance(switch, Switch)
        supplies = [
            any_of(self._power.dead(ref), self._events.of(name, "switch-supply", part=terminal))
            for terminal, ref in switch.feeds.items()
        ]
        return any_of(self._events.of(name, "switch"), all_of(*supplies) if supplies else NO, self._power.burnt(name))

    def _links(self, name: str) -> Iterator[tuple[str, str]]:
        for link in every(self._site, Link):
            a, b = name_of(link.params.a), name_of(link.params.b)
            if name in (a, b):
                yield link.id, b if name == a else a

    @cached_property
    def _steps(self) -> dict[str, int]:
        """Switch -> links to the nearest gateway."""
        gateways = [gate for network in every(self._site, ManagementNetwork) for gate in network.params.gateways]
        found = dict.fromkeys(gateways, 0)
        edge = list(found)
        while edge:
            here = edge.pop(0)
            for _, to in self._links(here):
                if to not in found:
                    found[to] = found[here] + 1
                    edge.append(to)
        return found
