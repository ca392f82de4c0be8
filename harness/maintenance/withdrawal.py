"""The total loss of one thing of a site: a feed, a board, a card, an outlet, a machine, a cable.

    with undone(site):
        take_away(site, "board-a")
        site.advance(60.0)

A thing that is gone gives nothing and takes nothing, whatever feeds it; what feeds it is whole. A short circuit or a
fire may do more: those are faults (`twinfeed faults`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from twinfeed._phrases import N_, Phrase
from twinfeed.emulators.nearness import did_you_mean
from twinfeed.emulators.plant.kernel.actor import PlantError
from twinfeed.emulators.plant.power.electrical import Electrical
from twinfeed.emulators.site import Site

CARD = "card"
"""The part of a component that is its management card: `ups-a1:card`."""

CAUSE = "taken away"

BY_FAULT = {
    "utility": "outage",
    "water_loop": "valve-shut",
    "bulk_tank": "empty",
    "day_tank": "empty",
    "link": "cut",
}
"""Kind -> the fault that is its total loss. Of other kinds that are fed, the whole is dead."""

NO_THING = {
    "hall": N_("a room: it is there or not"),
    "climate": N_("the weather"),
    "yard": N_("the air around the condensers"),
    "network": N_("all switches and cables together: name one of them"),
}
"""Kinds that cannot be lost as one thing, and why."""


@contextmanager
def undone(site: Site) -> Iterator[None]:
    """Whatever is done to the site inside is undone at the end: its state, its journal, what was taken away."""
    snapshot, journal, out = site.plant.snapshot(), list(site.plant.journal), set(site.flow.out)
    try:
        yield
    finally:
        site.flow.out = out
        site.plant.restore(snapshot)
        site.plant.rearrange()
        site.plant.journal[:] = journal


def kind_of(site: Site, thing: str) -> str:
    """The kind of that thing: `ups`, `outlet`, `card`, or the kind of a device that is no part of a component.

    Raises:
        PlantError: there is none of that name, or it cannot be lost.
    """
    name, colon, part = thing.partition(":")
    component, device = site.components.get(name), site.devices.get(name)
    if component is None and device is None:
        near = did_you_mean(name, [*site.components, *site.devices])
        raise PlantError(Phrase("nothing in {site} is called {name!r}{near}", site=site.name, name=name, near=near))
    if part == CARD or component is None:
        if device is None:
            raise PlantError(Phrase("{name} has no management card", name=name))
        if part not in ("", CARD):
            raise PlantError(Phrase("{name} has no part {part!r}, expected {card}", name=name, part=part, card=CARD))
        return CARD if component is not None else device.kind
    if colon:
        if device is None or device.find_point(f"outlet.{part}.control") is None:
            raise PlantError(
                Phrase(
                    "{name} has no part {part!r}: expected the number of an outlet, or {card}",
                    name=name,
                    part=part,
                    card=CARD,
                )
            )
        return "outlet"
    if component.kind in NO_THING:
        raise PlantError(Phrase("{name} cannot be lost: {reason}", name=name, reason=NO_THING[component.kind]))
    return component.kind


def take_away(site: Site, thing: str) -> None:
    """Let that thing be gone from this instant on.

    Raises:
        PlantError: as `kind_of`.
    """
    kind, name = kind_of(site, thing), thing.partition(":")[0]
    if kind == "outlet":
        site[name].write(f"outlet.{thing.partition(':')[2]}.control", "off")
    elif kind in BY_FAULT:
        site.inject(name, BY_FAULT[kind])
    else:
        site.plant.intervene()
        component = site.components.get(name)
        if component is not None and kind != CARD:
            component.destroy(CAUSE)
            if isinstance(component, Electrical):
                site.flow.out = {*site.flow.out, name}
        if name in site.devices:
            site.devices[name].destroy(CAUSE)
        site.plant.rearrange()
        site.plant.settle()
