"""The events of a run beside its trace, and the file that holds both."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from operator import attrgetter
from pathlib import Path
from typing import Any

from twinfeed.emulators import textfile
from twinfeed.emulators.plant.kernel.actor import Event
from twinfeed.harness.journal.trace import Trace

DECIMALS = 6
"""Numbers are written to the microsecond (and to a millionth of their unit)."""


class Journal:
    """The events of a run in order of time, and the trace of the watched quantities."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.trace = Trace()

    def record(self, t: float, who: str, what: str, /, **data: Any) -> None:
        """Add an event: at `t` seconds of the site's clock, `who` did `what`."""
        self.extend((Event(t, who, what, data),))

    def extend(self, events: Iterable[Event]) -> None:
        """Add events (those of a plant's journal). Events of one time keep their order."""
        self.events.extend(events)
        self.events.sort(key=attrgetter("t"))

    def __iter__(self) -> Iterator[Event]:
        return iter(self.events)

    def __len__(self) -> int:
        return len(self.events)

    def write(self, path: str | Path) -> None:
        """Write it as JSON lines: each event, each quantity, then the interval and the sections of the site.

        The same run gives the same bytes.
        """
        lines = [_line({"t": e.t, "who": e.who, "what": e.what, "data": dict(e.data)}) for e in self.events]
        lines += [_line(series) for series in self.trace.written()]
        trace = self.trace
        lines.append(_line({"from": trace.start_s, "until": trace.end_s, "sections": trace.sections}))
        Path(path).write_text("".join(lines), encoding="utf-8")

    @classmethod
    def read(cls, path: str | Path) -> Journal:
        """A journal from its file.

        Raises:
            FileError: it cannot be read, or is too large.
            ValueError: a line that is not one of a journal; the message names file and line.
        """
        journal = cls()
        whole = textfile.text(Path(path), textfile.MOST_RECORDED_OCTETS)
        for number, text in enumerate(whole.splitlines(), 1):
            try:
                line = textfile.json_value(text)
                if "quantity" in line:
                    journal.trace.restore(line)
                elif "until" in line:
                    journal.trace.start_s, journal.trace.end_s = line["from"], line["until"]
                    journal.trace.sections = line["sections"]
                else:
                    journal.events.append(Event(line["t"], line["who"], line["what"], line["data"]))
            except (ValueError, KeyError, TypeError) as error:
                raise ValueError(
                    f"{path}:{number}: not a line of a journal ({error}); expected an event with t, who, what and "
                    "data, a quantity with its points, or the trace's from and until"
                ) from None
        return journal


def _line(content: Mapping[str, Any]) -> str:
    return json.dumps(_plain(content), ensure_ascii=False, separators=(",", ":")) + "\n"


def _plain(value: Any) -> Any:
    """JSON values only: numbers rounded, octets as hexadecimal text."""
    if isinstance(value, float):
        return round(value, DECIMALS)
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value.hex() if isinstance(value, bytes) else value
