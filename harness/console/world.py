"""The sites that a console can show: a running one here, a recorded one in `playback`."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from twinfeed.emulators.plant.kernel.actor import PlantError
from twinfeed.emulators.site import Site
from twinfeed.harness.console.access.guard import Role
from twinfeed.harness.console.component import component
from twinfeed.harness.console.frames import Frame, frame, line
from twinfeed.harness.console.history import History, Point
from twinfeed.harness.console.metrics import Metrics
from twinfeed.harness.control import ControlServer
from twinfeed.harness.control.requests import Action

DRAWINGS = ("power", "cooling", "network")

NOT_RECORDED = "a running site is not a recording"

JsonObject = dict[str, Any]


class NotRecorded(Exception):
    """The recording does not have it; the message is the reason."""


class World(Protocol):
    """A site to show. A running one is asked for no time (`at_s` is None)."""

    boot_id: str
    """Different after every start: a page must not mix the values of two runs."""

    def site_at(self, at_s: float | None) -> Site:
        """The site at that time of its clock, s; now (in a recording: at its start) for None."""

    def look(self, at_s: float | None = None) -> Frame:
        """The state at that time."""

    def about(self) -> JsonObject:
        """The fields of every message: boot id, speed, whether time passes."""

    def head(self, role: Role) -> JsonObject:
        """The answer of `/api/v1/site`."""

    def component(self, name: str, points: int, at_s: float | None) -> JsonObject:
        """All that is known of a component or device at that time, with its first `points` points.

        Raises:
            PlantError: nothing is called that.
            NotRecorded: the recording does not have it.
        """

    def timeline(self) -> JsonObject | None:
        """The whole of a recorded run: its duration, its events in groups, its verdicts. None: it is not recorded."""

    async def metrics(self) -> bytes:
        """The metrics in the text format of Prometheus."""

    def sample(self) -> None:
        """Note the present values for trends."""

    def series(self, names: Sequence[str], from_s: float, to_s: float, points: int) -> dict[str, list[Point]]:
        """The values of quantities between two times.

        Raises:
            UnknownQuantity, TooMany: see `History`.
        """

    def events(self, after: int, most: int) -> JsonObject:
        """The lines of the journal after that number, and the number of the last one."""

    async def branch(self, at_s: float) -> str:
        """Let the site of a recording run on from that time; returns the link to its console.

        Raises:
            PlantError: it cannot be done.
        """

    def act(self, request: Action, who: str) -> JsonObject:
        """Carry out an action.

        Raises:
            PlantError, PointError: it is refused.
        """


class Live:
    """A running site."""

    def __init__(self, control: ControlServer) -> None:
        self.control = control
        self.live = control.live
        self._metrics = Metrics(self.live)
        self._history = History(self.live.site)
        self.boot_id = secrets.token_hex(8)

    def site_at(self, at_s: float | None) -> Site:
        return self.live.site

    def look(self, at_s: float | None = None) -> Frame:
        return frame(self.live.site)

    def about(self) -> JsonObject:
        running = self.live.failure is None and not self.live.paused
        return {"boot_id": self.boot_id, "running": running, "speed": self.live.speed}

    def component(self, name: str, points: int, at_s: float | None) -> JsonObject:
        known = component(self.live.site, name, self.live.endpoints, points)
        return {"boot_id": self.boot_id, **known, "procedure": self._procedure(known["id"])}

    def timeline(self) -> JsonObject | None:
        return None

    def _procedure(self, name: str) -> JsonObject:
        if name not in self.live.site.components:
            return {"refused": "it is a device, not a component of the plant"}
        return self.control.verbs.isolations.described(name)

    async def metrics(self) -> bytes:
        return await self._metrics.text()

    def sample(self) -> None:
        self._history.sample()

    def series(self, names: Sequence[str], from_s: float, to_s: float, points: int) -> dict[str, list[Point]]:
        return self._history.series(names, from_s, to_s, points)

    def events(self, after: int, most: int) -> JsonObject:
        journal, dropped = self.live.site.plant.journal, self.live.dropped_lines
        first = max(0, after - dropped)
        lines = journal[first : first + most]
        return {"seq": dropped + first + len(lines), "events": [line(event) for event in lines]}

    async def branch(self, at_s: float) -> str:
        raise PlantError(NOT_RECORDED)

    def act(self, request: Action, who: str) -> JsonObject:
        return self.control.verbs.carry_out(request, who)

    def head(self, role: Role) -> JsonObject:
        site, acts = self.live.site, role == "write"
        return {
            **self.about(),
            "site": site.name,
            "title": site.file.head.title,
            "world": "live",
            "role": role,
            "language": "en",
            "drawings": DRAWINGS,
            "can": can(acts, "this link only looks", write=acts, pause=acts, speed=acts),
            "now_s": round(site.now, 3),
        }


def can(acts: bool, why_not: str, reasons: Mapping[str, str] | None = None, **abilities: bool) -> JsonObject:
    """The abilities of a client, with the reason for each that is missing."""
    known = {"write": False, "pause": False, "speed": False, "branch": False, **abilities}
    told = {"branch": NOT_RECORDED, **(reasons or {})}
    missing = {name: why_not if not acts and name != "branch" else told.get(name, "") for name in known}
    return {**known, "reasons": {name: missing[name] for name, able in known.items() if not able}}
