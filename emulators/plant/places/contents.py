"""The contents of a place: components and devices, and the cards built into the components."""

from __future__ import annotations

from twinfeed.emulators.plant.kernel.actor import Actor
from twinfeed.emulators.plant.kernel.component import Component
from twinfeed.emulators.plant.power.breakers import CircuitBreaker


def standing_in(place: Actor, air: str) -> tuple[list[Actor], list[tuple[Actor, Actor]]]:
    """All that stands in a place with the air of that hall or room ('' for none), and the components with their cards.

    A device that names no place stands where the component stands that it manages or measures.
    """
    actors = place.plant.actors
    inside = [a for a in actors.values() if a.place == place.id or (air and not a.place and _air_of(a) == air)]
    names = {a.id for a in inside} | ({air} if air else set())
    near = [a for a in actors.values() if not a.place and _managed(a) in names]
    cards = [(actors[_managed(a)], a) for a in near if a.id == f"{_managed(a)}/device"]
    built_in = {card.id for _, card in cards}
    return [a for a in inside if a is not place] + [a for a in near if a.id not in built_in], cards


def cut_off(actor: Actor, cause: str) -> None:
    """Trip a breaker; inform every other component that its supply is cut for good."""
    if isinstance(actor, CircuitBreaker):
        actor.trip(cause)
    elif isinstance(actor, Component):
        actor.cut_off(cause)


def _air_of(actor: Actor) -> str:
    """The hall or room that its ratings name, '' for none."""
    params = getattr(actor, "params", None)
    return getattr(params, "room", "") or getattr(params, "hall", "")


def _managed(actor: Actor) -> str:
    """The component that a device manages or measures, '' for a component."""
    return "" if isinstance(actor, Component) else getattr(getattr(actor, "params", None), "of", "")
