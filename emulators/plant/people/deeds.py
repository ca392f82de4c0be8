"""Deeds of people on the plant, done now: what came of each, with the reason where it was refused.

A padlock, an interlock or a firmware that refuses a deed is an outcome, not an error: people meet them every day.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from twinfeed.emulators.nearness import did_you_mean
from twinfeed.emulators.plant.kernel.actor import Actor, Clock, Event, PlantError, Restless
from twinfeed.emulators.plant.kernel.deeds import Argument, DeedKind
from twinfeed.emulators.plant.kernel.ratings import shown


@dataclass(frozen=True)
class Outcome:
    """The outcome of a deed: `word` is done, refused, skipped or waiting, `reason` the reason. True if it was done."""

    word: str
    reason: str = ""

    def __bool__(self) -> bool:
        return self.done

    @property
    def done(self) -> bool:
        return self.word == "done"


REPLACE = DeedKind("put a new one in its place after it was destroyed", lambda actor, _: actor.rebuild())
"""The deed that makes a thing whole again: at everything that can be destroyed."""


def known_deeds(actor: Actor) -> Mapping[str, DeedKind]:
    """The deeds that people can do at an actor: those of its class, and its replacement."""
    own = "replace" in actor.DEEDS and not actor.state.lost
    return actor.DEEDS if own else {**actor.DEEDS, "replace": REPLACE}


def find(actors: Iterable[Actor], target: str, deed: str, given: Mapping[str, Argument]) -> tuple[Actor, DeedKind]:
    """The actor of a target that the deed is done at, and its kind.

    Raises:
        PlantError: none of them has such a deed, or an argument is wrong; the message names near deeds.
    """
    known: dict[str, tuple[Actor, DeedKind]] = {}
    for actor in actors:
        for name, kind in known_deeds(actor).items():
            known.setdefault(name, (actor, kind))
    if not isinstance(deed, str) or deed not in known:
        near = did_you_mean(deed, known) if isinstance(deed, str) else ""
        raise PlantError(f"{target} has no deed {shown(deed)}{near}; its deeds: {', '.join(known) or 'none'}")
    try:
        known[deed][1].chosen(given)
    except ValueError as error:
        raise PlantError(f"{target} {deed}: {error}") from None
    return known[deed]


def carry_out(plant: Clock, actor: Actor, deed: str, kind: DeedKind, given: Mapping[str, Argument]) -> Outcome:
    """Do it now, and write to the journal what came of it. The caller lets the plant settle."""
    plant.intervene()
    target = actor.id.partition("/")[0]
    before = len(plant.journal)
    try:
        obeyed = kind.act(actor, kind.chosen(given))
        outcome = Outcome("done") if obeyed is not False else Outcome("refused", _why(plant.journal[before:], actor))
    except Exception as error:
        if isinstance(error, Restless) or not isinstance(error, (*actor.REFUSALS, PlantError, ValueError)):
            raise
        outcome = Outcome("refused", str(error))
    data = {"deed": deed, **given, "outcome": outcome.word}
    if outcome.reason:
        data["reason"] = outcome.reason
    plant.journal.append(Event(plant.now, target, "deed", data))
    plant.dirty = True
    return outcome


def _why(noted: list[Event], actor: Actor) -> str:
    """The reason that the actor has just written to the journal."""
    last = next((event for event in reversed(noted) if event.who == actor.id), None)
    return str(last.data.get("reason", last.what)) if last is not None else "it did not obey"
