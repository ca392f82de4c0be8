"""The clock of a running site in the hands of a person: pause, speed, step, run until."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from twinfeed.emulators.plant.kernel.actor import PlantError
from twinfeed.emulators.serving import LiveSite
from twinfeed.harness.properties import BindingError, PropertySyntaxError, WrongKind
from twinfeed.harness.properties.conditions import Conditions
from twinfeed.harness.quantities import UnknownQuantity

MOST_EVENTS = 30
"""Events of the plant within one step; a quiet site has some each quarter of an hour that change nothing to see."""


@dataclass(frozen=True, eq=False)
class Until:
    """A condition at which the clock stops. Each is one of its own, with its own memory."""

    until: str | None


class Clock:
    """Pauses, paces and steps one running site."""

    def __init__(self, live: LiveSite) -> None:
        self._live = live
        self._conditions = Conditions.of_site(live.site)

    def state(self) -> dict[str, Any]:
        live = self._live
        until_s = None if live.until_s == float("inf") else live.until_s
        return {
            "t_s": round(live.site.now, 3), "running": not live.paused, "speed": live.speed, "until_s": until_s,
        }  # fmt: skip

    def pause(self) -> dict[str, Any]:
        self._live.pause()
        return self.state()

    def resume(self) -> dict[str, Any]:
        self._live.resume()
        return self.state()

    def pace(self, speed: float) -> dict[str, Any]:
        """Let so many seconds of the site pass in one."""
        self._live.speed = speed
        return self.state()

    def step(self) -> dict[str, Any]:
        """Pause, and let time pass until the journal has a new line, or `MOST_EVENTS` have brought none."""
        live, plant = self._live, self._live.site.plant
        live.pause()
        before = len(plant.journal)
        for _ in range(MOST_EVENTS):
            plant.advance(plant.next_event_s)
            if len(plant.journal) > before:
                break
        events = [{"who": e.who, "what": e.what, "t_s": round(e.t, 3)} for e in plant.journal[before:][:50]]
        return {**self.state(), "events": events}

    def run_until(self, at_s: float | None, when: str | None, speed: float | None) -> dict[str, Any]:
        """Let time pass, and pause at `at_s` or as soon as the condition `when` is true.

        Raises:
            PlantError: the time is past, or the condition does not fit the site.
        """
        live = self._live
        if (at_s is None) == (when is None):
            raise PlantError("expected either at_s or when")
        if at_s is not None and at_s <= live.site.now:
            raise PlantError(f"at_s: found {at_s:g}, expected more than the site's clock, {live.site.now:.3f}")
        if when is not None:
            try:
                self._conditions.check(when)
            except (BindingError, PropertySyntaxError, UnknownQuantity, WrongKind) as error:
                raise PlantError(f"when: {error}") from None
        if speed is not None:
            self.pace(speed)
        live.resume()
        if at_s is not None:
            live.until_s = at_s
        if when is not None:
            waiting = Until(when)
            live.stop_when = lambda: self._conditions.hold(waiting, live.site.now)
        return self.state()
