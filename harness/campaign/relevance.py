"""The distance of each component and device from what the properties name: near faults are tried first."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping

from twinfeed.emulators.plant.power.electrical import Electrical
from twinfeed.emulators.site import Site
from twinfeed.emulators.sitefile.references import references
from twinfeed.harness.properties import parse, patterns
from twinfeed.harness.quantities import resolve


def distances(site: Site, properties: Iterable[str]) -> Mapping[str, int]:
    """The number of steps from each target to the nearest component that a property names; those without a way to one
    are left out.

    A step goes to what feeds a component, and along a name in its ratings either way: a hall to its air handlers, an
    air handler to its loop, a device to the switch that holds its cable.
    """
    ways = _ways(site)
    found = dict.fromkeys(_named(site, properties), 0)
    edge = deque(found)
    while edge:
        here = edge.popleft()
        for near in sorted(ways[here]):
            if near not in found:
                found[near] = found[here] + 1
                edge.append(near)
    return found


def _named(site: Site, properties: Iterable[str]) -> list[str]:
    wanted = patterns([parse(text) for text in properties])
    names = {name.partition(".")[0] for pattern in wanted for name in resolve(site, pattern)}
    return sorted(names.intersection({*site.components, *site.devices}))


def _ways(site: Site) -> Mapping[str, set[str]]:
    ways: dict[str, set[str]] = defaultdict(set)
    for name, component in site.components.items():
        if isinstance(component, Electrical):
            ways[name] |= {ref.partition(":")[0] for ref in component.feeds.values()}
    parameters = [(name, component.params) for name, component in site.components.items()]
    parameters += [(name, device.params) for name, device in site.devices.items()]
    for name, params in parameters:
        for _, _, ref in references(params):
            if (other := ref.partition(":")[0]) and other != name:
                ways[name].add(other)
                ways[other].add(name)
    return ways
