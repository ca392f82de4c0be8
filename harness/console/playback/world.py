"""A recorded run as a world of the console."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import NoReturn

from twinfeed.emulators.plant.kernel.actor import PlantError
from twinfeed.emulators.site import Site
from twinfeed.harness.console.access.guard import Role
from twinfeed.harness.console.component import component
from twinfeed.harness.console.frames import Frame, frame
from twinfeed.harness.console.history import Point
from twinfeed.harness.console.playback.branching import Branch
from twinfeed.harness.console.playback.record import lines, series, timeline
from twinfeed.harness.console.playback.states import States
from twinfeed.harness.console.world import DRAWINGS, JsonObject, NotRecorded, can
from twinfeed.harness.control.requests import Action
from twinfeed.harness.journal import Journal
from twinfeed.harness.properties import Verdict

ELSEWHERE = "the run happened elsewhere and cannot be repeated here: only its journal is known"
"""The reason for which the journal of a test or of a bench is not continued."""

UNSEEN = {"state": "unknown", "text": "not recorded", "value": "", "unit": "", "load": None}
"""The state of a component that the recording does not have."""


class Playback:
    """A run that is over. Its states are shown where they were kept; else only its events and series are known."""

    def __init__(
        self,
        site: Site,
        journal: Journal,
        verdicts: Sequence[Verdict] = (),
        states: States | None = None,
        another: Callable[[], Site] | None = None,
    ) -> None:
        """`another` builds one more such site, on which a branch goes on; None: the run is only played."""
        self._site, self._journal, self._verdicts, self._states = site, journal, verdicts, states
        self._another = another
        self._branch: Branch | None = None
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
        return self._first if at_s is None else self._frame(at_s)

    @cached_property
    def _first(self) -> Frame:
        """The state at the start: open pages are sent it again and again."""
        return self._frame(self._timeline["from_s"])

    def _frame(self, at_s: float) -> Frame:
        now = frame(self.site_at(at_s))
        if self._states is not None:
            return now
        return Frame(
            min(at_s, self._timeline["duration_s"]),
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

    async def branch(self, at_s: float) -> str:
        """The site runs on from that time of the recording, without the controller: faults that are active stay until
        somebody clears them, and no further ones come. A branch that ran before ends.

        Raises:
            PlantError: it cannot be continued; the message has the reason.
        """
        if self._states is None or self._another is None:
            raise PlantError(ELSEWHERE)
        await self.close()
        past, site = self.site_at(at_s), self._another()
        lines = list(past.plant.journal)
        site.plant.restore(past.plant.snapshot())
        site.plant.journal[:] = lines
        self._branch = await Branch.begin(site)
        return self._branch.console.link

    async def close(self) -> None:
        """End the branch, if there is one."""
        if self._branch is not None:
            branch, self._branch = self._branch, None
            await branch.stop()

    def head(self, role: Role) -> JsonObject:
        reason = "it is a recording"
        reasons = {"write": reason, "pause": reason, "speed": reason, "branch": ELSEWHERE}
        if role != "write":
            reasons["branch"] = "this link only looks"
        able = self._another is not None and role == "write"
        return {
            **self.about(),
            "site": self._site.name,
            "title": self._site.file.head.title,
            "world": "playback",
            "role": role,
            "language": "en",
            "drawings": DRAWINGS,
            "can": can(True, "", reasons, branch=able),
            "now_s": round(self._timeline["from_s"], 3),
        }
