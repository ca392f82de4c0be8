"""People's works on the plant that get in each other's way.

A crew isolates a breaker: it opens it and hangs its padlock on it. Two crews at a time, each careful for itself, may
take away both of what the plant needs one of.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from twinfeed.emulators.plant.kernel.actor import Actor, PlantError
from twinfeed.emulators.plant.kernel.faults import Fault, Parameter, split
from twinfeed.emulators.plant.power.breakers import CircuitBreaker

NAME = "works"
"""Name of people's works where a fault needs a target: `works:q-ups-a1,q-ups-b1`."""

SLOW_S = 0.5
"""Time between two checks of a crew that a slow breaker has opened, s."""


class Works(Actor):
    """All crews of a site. What a crew has isolated carries its padlock, so clearing gives back just that."""

    FAULTS: ClassVar[Mapping[str, Fault]] = {
        "works-overlap": Fault(
            "two crews isolate a breaker each, at the same time; clearing it sends both home",
            {"gap_s": Parameter(60.0, "s", 0.0, 86400.0, "until the second crew opens its breaker", neutral=None)},
            "people",
            ("breaker", "breaker"),
        ),
    }

    def check_fault(self, kind: str, of: tuple[str, ...]) -> None:
        for name in of:
            if not isinstance(self.plant.find(name), CircuitBreaker):
                raise PlantError(f"{self.id} {kind}: {name} is not a breaker or a bus tie")
        if len(set(of)) != len(of):
            raise PlantError(f"{self.id} {kind}: found {of[0]} twice, expected two breakers")

    def on_fault(self, kind: str, active: bool) -> None:
        first, second = split(kind)[1]
        if active:
            self._isolate(first, kind)
            self.after(self.state.faults[kind]["gap_s"], f"isolate {second} {kind}")
            return
        for timer in (f"isolate {second} {kind}", f"lock {first} {kind}", f"lock {second} {kind}"):
            self.cancel(timer)
        self._give_back(second, kind)
        self._give_back(first, kind)

    def on_timer(self, name: str) -> None:
        step, breaker, crew = name.split(" ", 2)
        if step == "isolate":
            self._isolate(breaker, crew)
        else:
            self._lock(breaker, crew)

    def _isolate(self, name: str, crew: str) -> None:
        """Open it and lock it; one that is open already, or that does not open, is left as it is."""
        breaker = self._breaker(name)
        if breaker.closed and breaker.open():
            self._lock(name, crew)

    def _lock(self, name: str, crew: str) -> None:
        breaker = self._breaker(name)
        if breaker.closed:  # a slow mechanism is on its way
            self.after(SLOW_S, f"lock {name} {crew}")
        else:
            breaker.lock(crew)

    def _give_back(self, name: str, crew: str) -> None:
        breaker = self._breaker(name)
        if crew in breaker.state.locks:
            breaker.unlock(crew)
            breaker.close()

    def _breaker(self, name: str) -> CircuitBreaker:
        breaker = self.plant.find(name)
        assert isinstance(breaker, CircuitBreaker), "check_fault has looked"
        return breaker
