"""A recorded run as a world of the console."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from functools import cached_property
from typing import NoReturn

from twinfeed.emulators.plant.kernel.actor import PlantError
from twinfeed.emulators.site import Site
from twinfeed.harness.console.access.guard import Role
from twinfeed.harness.console.component import component
from twinfeed.harness.console.frames import Frame, frame
from twinfeed.harness.console.history import Point
from twinfeed.harness.console.playback.record import lines, series, timeline
from twinfeed.harness.console.playback.states import States
from twinfeed.harness.console.world import DRAWINGS, JsonObject, NotRecorded, can
from twinfeed.harness.control.requests import Action
from twinfeed.harness.journal import Journal
from twinfeed.harness.properties import Verdict

PLAYED = "a recording is only played; to go on by hand, start its site (twinfeed up) and run the scenario there"
"""The reason for which a run of a scenario is not continued."""

ELSEWHERE = "the run happened elsewhere and cannot be repeated here: only its journal is known"
"""The reason for which the journal of a test or of a bench is not continued."""

UNSEEN = {"state": "unknown", "text": "not recorded", "value": "", "unit": "", "load": None}
"""The state of a component that the recording does not have."""


class Playback:
    """A run that is over. Its states are shown where they were kept; else only its events and series are known."""

    def __init__(
        self, site: Site, journal: Journal, verdicts: Sequence[Verdict] = (), states: States | None = None
    ) -> None:
        self._site, self._journal, self._verdicts, self._states = site, journal, verdicts, states
        self.boot_id = secrets.token_hex(8)

    @cached_property
    def _timeline(self) -> JsonObject:
        return timeline(self._journal, self._verdicts)

    def timeline(self) -> JsonObject:
        return self._timeline

    def site_at(self, at_s: float | None) -> Site:
        if self._states is None:
            return self._site
        return self._states.show(self._timeline["from_s"] if at_s is None else at_s, self._journal.events)

    def look(self, at_s: float | None = None) -> Frame:
        now = frame(self.site_at(at_s))
        if self._states is not None:
            return now
        now_s = self._timeline["from_s"] if at_s is None else min(at_s, self._timeline["duration_s"])
        return Frame(
            now_s,
            {name: dict(UNSEEN) for name in now.nodes},
            {name: {"live": False, "source": None} for name in now.wires},
            [],
            [],
        )

    def about(self) -> JsonObject:
        return {"boot_id": self.boot_id, "running": False, "speed": 1.0}

    def component(self, name: str, points: int, at_s: float | None) -> JsonObject:
        site = self.site_at(at_s)
        if self._states is None:
            site.faults(name)  # refuses what is not there
            raise NotRecorded(f"the state of {name} was not recorded: only events and series are known")
        refused = {"refused": "it is a recording"}
        return {"boot_id": self.boot_id, **component(site, name, (), points), "procedure": refused}

    async def metrics(self) -> bytes:
        return b"# a recording has no metrics\n"

    def sample(self) -> None:
        """Nothing changes any more."""

    def series(self, names: Sequence[str], from_s: float, to_s: float, points: int) -> dict[str, list[Point]]:
        return series(self._journal.trace, names, from_s, to_s, points)

    def events(self, after: int, most: int) -> JsonObject:
        return lines(self._journal.events, after, most)

    def act(self, request: Action, who: str) -> NoReturn:
        raise PlantError("it is a recording: nothing can be done to it")

    def head(self, role: Role) -> JsonObject:
        reason = "it is a recording"
        reasons = {
            "write": reason, "pause": reason, "speed": reason,
            "branch": ELSEWHERE if self._states is None else PLAYED,
        }  # fmt: skip
        return {
            **self.about(),
            "site": self._site.name,
            "title": self._site.file.head.title,
            "world": "playback",
            "role": role,
            "language": "en",
            "drawings": DRAWINGS,
            "can": can(True, "", reasons),
            "now_s": round(self._timeline["from_s"], 3),
        }
