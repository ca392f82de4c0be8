"""What happened in a run and when: events, and the course of the quantities that somebody watches.

    journal = Journal()
    journal.record(12.0, "test", "command", device="ats-a", point="mode")
    Recorder(site, ["racks.*.supplied", "hall-1.inlet_c"], journal.trace).attach()

The trace holds exact event times. Between its points a float moves on a straight line (unless it jumps: two points at
one time) and everything else stays what it was.
"""

from __future__ import annotations

import difflib
import json
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from operator import attrgetter
from pathlib import Path
from typing import Any

from emulators.devices.points import Value
from emulators.plant.actor import Event
from emulators.site import Site
from harness import quantities

Point = tuple[float, Value]

DECIMALS = 6
"""Numbers are written to the microsecond (and to a millionth of their unit)."""


class Trace(Mapping[str, list[Point]]):
    """Quantity name -> its (t_s, value) points in order of time; unchanged values are not repeated.

    A number that stays the same has two points, where that begins and the last time it was seen, so that the straight
    line to a later value starts where it stopped being constant.
    """

    def __init__(self, points: Mapping[str, Iterable[Point]] | None = None) -> None:
        self._points: dict[str, list[Point]] = {}
        self.start_s: float | None = None
        """When the first sample of any quantity was taken, None while there is none."""
        self.end_s: float | None = None
        """When the last one was: what is known, is known until then."""
        self.sections: dict[str, str] = {}
        """The section of the site file that each component and device is in: patterns such as `racks.*.supplied`."""
        for name, series in (points or {}).items():
            for t, value in series:
                self.add(t, name, value)

    def add(self, t: float, name: str, value: Value) -> None:
        """Append a sample.

        Raises:
            ValueError: it is earlier than the last one of that quantity.
        """
        points = self._points.setdefault(name, [])
        self.reach(t)
        if not points:
            points.append((t, value))
            return
        last_t, last = points[-1]
        if t < last_t:
            raise ValueError(f"{name}: a sample at {t:g} s after one at {last_t:g} s; a trace only grows forward")
        if value != last or type(value) is not type(last):
            points.append((t, value))
        elif type(value) is float and t > last_t:
            if len(points) > 1 and points[-2][1] == last:
                points[-1] = (t, value)
            else:
                points.append((t, value))

    def reach(self, t: float) -> None:
        """Time has come to `t`, whether or not anything has changed."""
        if self.start_s is None:
            self.start_s = t
        if self.end_s is None or t > self.end_s:
            self.end_s = t

    def names(self, pattern: str) -> list[str]:
        """The recorded quantities that a name or pattern means.

        Raises:
            UnknownQuantity: none; the message names near ones.
        """
        if pattern in self._points:
            return [pattern]
        section, _, rest = pattern.partition(".")
        found = [
            name
            for name in self._points
            if fnmatchcase(name, pattern)
            or (self.sections.get(name.partition(".")[0]) == section and fnmatchcase(name, rest))
        ]
        if not found:
            near = difflib.get_close_matches(pattern, self._points, n=3)
            hint = f"; did you mean {', '.join(near)}?" if near else ""
            raise quantities.UnknownQuantity(f"nothing was recorded that is called {pattern}{hint} (was it watched?)")
        return found

    def at(self, name: str, t: float) -> Value:
        """The value at that time: the later one at a jump, the first before the first sample.

        Raises:
            KeyError: no such quantity was recorded.
        """
        points = self._points[name]
        after = bisect_right(points, t, key=_time)
        if after == 0:
            return points[0][1]
        t0, before = points[after - 1]
        if type(before) is not float or after == len(points):
            return before
        t1, then = points[after]
        if type(then) is not float:
            return before
        return before + (then - before) * (t - t0) / (t1 - t0)

    def __getitem__(self, name: str) -> list[Point]:
        return self._points[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._points)

    def __len__(self) -> int:
        return len(self._points)


def _time(point: Point) -> float:
    return point[0]


class Recorder:
    """Samples the named quantities of a site into a trace, each time it is called and, once attached, by itself.

    It is called when the plant has come to rest. Numbers are also sampled when time comes to an event, before anybody
    reacts: so what jumps there (the load of a board) is not taken to have moved there since the event before.
    """

    def __init__(self, site: Site, names: Iterable[str], trace: Trace | None = None) -> None:
        """
        Raises:
            UnknownQuantity: a name or pattern that names nothing on the site.
        """
        self.site = site
        self.trace = Trace() if trace is None else trace
        self._reads: dict[str, quantities.Read] = {}
        self.trace.sections.update(quantities.sections(site))
        for name in names:
            self._reads.update(quantities.resolve(site, name))
        self._last: dict[str, Value] = {}

    def attach(self) -> Recorder:
        """Sample now, and from now on whenever the plant moves; returns itself."""
        self()
        self.site.plant.watchers.append(self)
        self.site.plant.arrivals.append(self.arrive)
        return self

    def detach(self) -> None:
        """Sample no more by itself."""
        plant = self.site.plant
        if self in plant.watchers:
            plant.watchers.remove(self)
            plant.arrivals.remove(self.arrive)

    @property
    def names(self) -> list[str]:
        """All quantities that are sampled, patterns expanded."""
        return list(self._reads)

    def __call__(self) -> None:
        now, last, add = self.site.plant.now, self._last, self.trace.add
        for name, read in self._reads.items():
            value = read()
            if type(value) is float or name not in last or value != last[name]:
                last[name] = value
                add(now, name, value)
        self.trace.reach(now)

    def arrive(self) -> None:
        """Time has come to an event: sample what moves."""
        now, add = self.site.plant.now, self.trace.add
        for name, value in self._last.items():
            if type(value) is float:
                arrived = self._reads[name]()
                if type(arrived) is float:
                    add(now, name, arrived)


class Journal:
    """The timed record of a run: events in order of time, and the trace of the watched quantities."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.trace = Trace()

    def record(self, t: float, who: str, what: str, /, **data: Any) -> None:
        """At `t` seconds of the site's clock, `who` did `what`."""
        self.extend((Event(t, who, what, data),))

    def extend(self, events: Iterable[Event]) -> None:
        """Add events (those of a plant's journal); those of one time stay in the order they came."""
        self.events.extend(events)
        self.events.sort(key=attrgetter("t"))

    def __iter__(self) -> Iterator[Event]:
        return iter(self.events)

    def __len__(self) -> int:
        return len(self.events)

    def write(self, path: str | Path) -> None:
        """Write it as JSON lines: each event, each quantity, then from when to when and of which site.

        The same run gives the same bytes.
        """
        lines = [_line({"t": e.t, "who": e.who, "what": e.what, "data": dict(e.data)}) for e in self.events]
        lines += [_line({"quantity": name, "points": points}) for name, points in self.trace.items()]
        trace = self.trace
        lines.append(_line({"from": trace.start_s, "until": trace.end_s, "sections": trace.sections}))
        Path(path).write_text("".join(lines), encoding="utf-8")

    @classmethod
    def read(cls, path: str | Path) -> Journal:
        """A journal from its file.

        Raises:
            ValueError: a line that is not one of a journal; the message names file and line.
        """
        journal = cls()
        for number, text in enumerate(Path(path).read_text(encoding="utf-8").splitlines(), 1):
            try:
                line = json.loads(text)
                if "quantity" in line:
                    for t, value in line["points"]:
                        journal.trace.add(t, line["quantity"], value)
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
