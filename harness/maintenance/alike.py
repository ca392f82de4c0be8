"""Components that are alike: the same ratings and state, in the same place of the power paths. One is studied for all.

Colours are refined as in the Weisfeiler-Leman test of graphs: a component's colour is that of its ratings and of its
neighbours, terminal by terminal. One that feeds several others, and one that is in no power path, has a colour of its
own: path A is not path B.
"""

from __future__ import annotations

from collections.abc import Collection

from twinfeed.emulators.plant.power.electrical import Electrical
from twinfeed.emulators.site import Site

ROUNDS = 6
"""Rounds of refinement: ways between two boards of several consumers are shorter."""


def classes(site: Site, names: Collection[str], near: Collection[str] = ()) -> list[list[str]]:
    """The components of that name in groups of alike ones, in the order of the first of each.

    A component that is in `near` is alike only to others that are, too.
    """
    edges: dict[str, list[tuple[str, bool, str]]] = {name: [] for name in site.components}
    consumers: dict[str, set[str]] = {name: set() for name in site.components}
    for name, component in site.components.items():
        for terminal, ref in component.feeds.items() if isinstance(component, Electrical) else ():
            above = ref.partition(":")[0]
            edges[name].append((terminal, True, above))
            edges[above].append((terminal, False, name))
            consumers[above].add(name)

    def first(name: str) -> object:
        component = site.components[name]
        if len(consumers[name]) > 1 or not edges[name]:
            return name
        running = component.quantity("running") if "running" in component.QUANTITIES else None
        return component.kind, repr(component.params), running, name in near

    colours: dict[str, object] = {name: first(name) for name in site.components}
    for _ in range(ROUNDS):
        known: dict[object, int] = {}
        refined = {
            name: (
                colours[name],
                tuple(sorted((terminal, up, str(colours[other])) for terminal, up, other in edges[name])),
            )
            for name in site.components
        }
        colours = {name: known.setdefault(colour, len(known)) for name, colour in refined.items()}
    groups: dict[object, list[str]] = {}
    for name in names:
        groups.setdefault(colours[name], []).append(name)
    return list(groups.values())
