"""What a failed test leaves behind: how to run it again, what had happened, the journal, the frames and a plot."""

from __future__ import annotations

import re
from pathlib import Path

from emulators.plant.engine import Event
from harness.durations import spoken
from harness.properties import PropertyViolated
from harness.worlds.world import World

LAST_EVENTS = 30
"""Lines of the timeline that are printed."""


class Evidence:
    """Keeps what is needed to explain a failure in this world; `leave` writes it down."""

    def __init__(self, world: World) -> None:
        self.world = world

    def leave(self, folder: Path, test: str, again: str, error: BaseException | None) -> str:
        """Write the files of a failed test into a folder of its own and return what to print."""
        world = self.world
        world.look()
        place = folder / re.sub(r"[^\w.-]+", "_", test).strip("_")
        place.mkdir(parents=True, exist_ok=True)
        world.journal.write(place / "journal.jsonl")
        kept = ["journal.jsonl"]
        if world.write_frames(place / "frames.pcapng"):
            kept.append("frames.pcapng")
        note = ""
        if isinstance(error, PropertyViolated):
            try:
                from harness.properties.plots import PlottingMissing, plot
            except ImportError:
                return again
            for number, verdict in enumerate(error.verdicts, 1):
                try:
                    plot(verdict, world.journal, place / f"violation-{number}.svg")
                except PlottingMissing as missing:
                    note = f"\n(no plot: {missing})"
                    break
                kept.append(f"violation-{number}.svg")
        lines = [f"{spoken(event.t)}  {told(event)}" for event in world.journal.events[-LAST_EVENTS:]]
        return "\n".join(
            [
                f"site {world.model.name}, {world.kind} world, seed {world.seed}, site's clock {spoken(world.now)}",
                f"again: {again}",
                f"evidence in {place}: {', '.join(kept)}{note}",
                f"the last {len(lines)} events:",
                *(f"  {line}" for line in lines),
            ]
        )


def told(event: Event) -> str:
    """An event in a line: who, what, and the details."""
    details = " ".join(f"{name}={value}" for name, value in event.data.items())
    return f"{event.who} {event.what} {details}".rstrip()
