"""Which methods of which actors the engine calls, and in which order; an exception in one of them stops no other."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

from twinfeed.emulators.plant.kernel.actor import Actor

Raised = Callable[[Actor, Exception, str], None]
"""Called with an actor, the exception its code has raised, and the phase (`react`, `horizon`, `advance`)."""


class Calls:
    """The methods to call in each phase. Methods that a class has not overridden are not called at all."""

    def __init__(self, raised: Raised) -> None:
        self._raised = raised
        self._reactive: list[Actor] = []
        self._reactions: list[Callable[[], None]] = []
        self._bounded: list[Callable[[], float]] = []
        self._moving: list[Callable[[float], None]] = []

    def arrange(self, actors: Iterable[Actor]) -> None:
        """List the methods of these actors; of a crashed actor only `react_crashed`, which needs no program."""
        everyone = list(actors)
        running = [a for a in everyone if not a.crashed]
        self._reactive = [a for a in everyone if type(a).react is not Actor.react]
        self._reactions = [a.react_crashed if a.crashed else a.react for a in self._reactive]
        self._bounded = [a.horizon for a in running if type(a).horizon is not Actor.horizon]
        moving = [a for a in running if type(a).advance is not Actor.advance]
        self._moving = [a.advance for a in sorted(moving, key=lambda a: not a.COUPLED)]

    def shortest_horizon(self) -> float:
        """The smallest horizon of all actors, s; inf if none has one."""
        reach = math.inf
        horizons = iter(self._bounded)
        while True:  # the iterator goes on after the one that raised
            try:
                for horizon in horizons:
                    reach = min(reach, horizon())
            except Exception as error:
                self._raised(_owner(horizon), error, "horizon")
            else:
                return reach

    def advance(self, dt: float) -> None:
        """Move the continuous state of every actor `dt` seconds on."""
        moves = iter(self._moving)
        while True:  # as in shortest_horizon
            try:
                for move in moves:
                    move(dt)
            except Exception as error:
                self._raised(_owner(move), error, "advance")
            else:
                return

    def react(self) -> None:
        """Let every actor react once."""
        reactions = iter(self._reactions)
        while True:  # as in shortest_horizon
            try:
                for react in reactions:
                    react()
            except Exception as error:
                self._raised(_owner(react), error, "react")
            else:
                return

    def react_watched(self, touched: Callable[[], bool]) -> list[Actor]:
        """Let every actor react once and return those after which `touched` was true; it is asked after each one."""
        touching: list[Actor] = []
        for actor, react in zip(self._reactive, self._reactions, strict=True):
            try:
                react()
            except Exception as error:
                self._raised(actor, error, "react")
            if touched():
                touching.append(actor)
        return touching


def _owner(method: Callable[..., object]) -> Actor:
    """The actor that a bound method belongs to."""
    owner = getattr(method, "__self__", None)
    assert isinstance(owner, Actor), f"{method!r} is no actor's method"
    return owner
