"""The states that a plant goes through in a run, kept so that each can be shown afterwards."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from twinfeed.emulators.plant.kernel.actor import Event
from twinfeed.emulators.site import Site

Snapshot = dict[str, Any]


class States:
    """The states of a site at each event of a run, and between events once in `period_s` of the site's clock.

    What has not changed from one to the next is kept once.
    """

    def __init__(self, site: Site, period_s: float) -> None:
        self.site = site
        self._period_s = period_s
        self._times: list[float] = []
        self._snapshots: list[Snapshot] = []
        self._lines = 0
        self._shown_s: float | None = None

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Keep the states that the site goes through in this block."""
        plant = self.site.plant
        self._keep()
        plant.watchers.append(self._keep)
        try:
            yield
        finally:
            plant.watchers.remove(self._keep)

    def _keep(self) -> None:
        plant = self.site.plant
        now_s, lines = plant.now, len(plant.journal)
        if self._times and lines == self._lines and now_s - self._times[-1] < self._period_s:
            return
        self._lines = lines
        snapshot = plant.remembered()
        if self._snapshots:
            _share(self._snapshots[-1], snapshot)
        if self._times and self._times[-1] == now_s:
            self._snapshots[-1] = snapshot
        else:
            self._times.append(now_s)
            self._snapshots.append(snapshot)

    def show(self, at_s: float, events: Sequence[Event]) -> Site:
        """The site as it was at that time, with the events until then. It is the same object each time.

        From the last state that was kept the plant goes on by itself to that time: nothing happened in between, or it
        would be in a later state. Before the first state it is in the first one, after the last in the last one.
        """
        at_s = min(max(at_s, self._times[0]), self._times[-1])
        if at_s != self._shown_s:
            plant, number = self.site.plant, bisect_right(self._times, at_s) - 1
            plant.restore(self._snapshots[number])
            if at_s > plant.now:
                plant.advance(at_s)
            plant.journal[:] = [event for event in events if event.t <= at_s]
            self._shown_s = at_s
        return self.site


def _share(before: Snapshot, now: Snapshot) -> None:
    """Let the later snapshot have the objects of the earlier one where they are equal."""
    for part, value in now.items():
        if value == before[part]:
            now[part] = before[part]
    if now["actors"] is not before["actors"]:
        earlier = before["actors"]
        now["actors"] = {id: earlier[id] if state == earlier[id] else state for id, state in now["actors"].items()}
