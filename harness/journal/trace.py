"""The course of quantities over a run: points, gaps, and what is known between them."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, replace
from fnmatch import fnmatchcase
from itertools import pairwise
from typing import Any

from twinfeed.emulators.devices.firmware.domain import Domain
from twinfeed.emulators.devices.firmware.points import Value
from twinfeed.emulators.nearness import did_you_mean
from twinfeed.harness import quantities
from twinfeed.harness.uncertainty import Instrument, Samples, Taken
from twinfeed.harness.unknown import Gap, Unknown, raw_as_json, raw_from_json

Point = tuple[float, Value | Unknown]

NO_READING = "no reading"
"""The reason for which a quantity is unknown that was not read for too long, where nobody gives another."""

_ROUNDING_S = 1e-9
"""Two times that are no further apart are the same, s."""


class Trace(Mapping[str, list[Point]]):
    """Quantity name -> its (t_s, value) points in order of time; unchanged values are not repeated.

    A number that stays the same has two points, where that begins and the last time it was seen, so that the straight
    line to a later value starts where it stopped being constant.

    A series also has its gaps. The value of a point may be an `Unknown`: nothing is known from there to the next point.

        trace.known_for("relay-1.input.1", 0.04)                      # polled every 20 ms: two periods
        trace.add(1.00, "relay-1.input.1", True)
        trace.add(7.00, "relay-1.input.1", True)                      # unknown from 1.04 s to 7.00 s
        trace.add(7.02, "relay-1.input.1", Unknown("no such value", raw=65535))     # no reading, the raw value kept

    A quantity for which `known_for` was never called is known from its first point on, as long as it has no `Unknown`:
    so are all quantities of the simulated and the live world, whose truth is recorded at every instant. `known_for`
    counts from the last sign of life: a sample (`add`) or, of an instrument that sends events only, a heartbeat
    (`alive`). The point at which a silence begins to count is written when time has gone beyond it (`add`, `reach`),
    and taken back if a sample from before comes late.
    """

    def __init__(self, points: Mapping[str, Iterable[Point]] | None = None) -> None:
        self._points: dict[str, list[Point]] = {}
        self._known_for_s: dict[str, float] = {}
        self._alive_s: dict[str, float] = {}
        """When there was the last sign of life of each quantity, s."""
        self._why_silent: dict[str, str] = {}
        """Why each quantity could not be read, since it was read last."""
        self._silenced: set[str] = set()
        """Quantities whose last point means that they have been silent for too long."""
        self.start_s: float | None = None
        """When the first sample of any quantity was taken, None while there is none."""
        self.end_s: float | None = None
        """When the last one was: what is known, is known until then."""
        self.samples: dict[str, Samples] = {}
        """Of each quantity that is polled: how often it was read, and how long the answers took."""
        self.instruments: dict[str, Instrument] = {}
        """The instrument of each quantity; one that is not here is recorded by the emulated site itself."""
        self.sections: dict[str, str] = {}
        """The section of the site file that each component and device is in: patterns such as `racks.*.supplied`."""
        self.domain: Callable[[str], Domain | None] = _no_domain
        """Which values each quantity can have, None where that is not known: what expressions are checked with."""
        for name, series in (points or {}).items():
            for t, value in series:
                self.add(t, name, value)

    def known_for(self, name: str, for_s: float) -> None:
        """From now on each sign of life of that quantity makes it known for so long, s.

        Two poll periods of an instrument that is polled, one heartbeat period of one that sends events.
        """
        self._known_for_s[name] = for_s

    def add(self, t: float, name: str, value: Value | Unknown) -> None:
        """Append a sample, or that there is no reading from then on.

        Raises:
            ValueError: it is earlier than the last one of that quantity.
        """
        points = self._points.setdefault(name, [])
        if self._silenced and name in self._silenced and t <= points[-1][0]:  # a late sample: it was not silent
            points.pop()
            self._silenced.discard(name)
        self.reach(t)
        if points and t < points[-1][0]:
            raise ValueError(
                f"{name}: a sample at {t:g} s after one at {points[-1][0]:g} s; a trace only grows forward"
            )
        if type(value) is Unknown:
            self._silenced.discard(name)
            self._lose(t, name, value)
            return
        self._alive_s[name] = t
        if self._why_silent or self._silenced:
            self._why_silent.pop(name, None)
            self._silenced.discard(name)
        if not points:
            points.append((t, value))
            return
        last_t, last = points[-1]
        if value != last or type(value) is not type(last):
            points.append((t, value))
        elif type(value) is float and t > last_t:
            if len(points) > 1 and points[-2][1] == last:
                points[-1] = (t, value)
            else:
                points.append((t, value))

    def unknown_before(self, t: float, name: str, why: str) -> None:
        """Nothing is known of that quantity from the start of the record to `t`, if nothing was recorded of it yet."""
        if name not in self._points and self.start_s is not None and self.start_s < t:
            self._points[name] = [(self.start_s, Unknown(why))]

    def sample(self, t: float, name: str, value: Value, trip_s: float) -> None:
        """Append a reading of an instrument that is polled; its answer took `trip_s`.

        Raises:
            ValueError: as `add`.
        """
        points = self._points.get(name)
        changed = bool(points) and (points is not None and points[-1][1] != value)
        self.samples.setdefault(name, Samples()).take(t, trip_s, changed)
        self.add(t, name, value)

    def taken(self, name: str) -> Taken:
        """The instrument of a quantity, and how it has been read so far."""
        samples = self.samples.get(name)
        instrument = self.instruments.get(name, Instrument(name))
        if samples is None:
            return Taken(instrument)
        return Taken(instrument, samples.count, round(samples.largest_gap_s, 6), round(samples.worst_trip_s, 6))

    def alive(self, t: float, name: str) -> None:
        """A heartbeat of an instrument that sends events: its last value still holds.

        After a silence it does not bring the value back, for an event may have been missed; a sample does.
        """
        self.reach(t)
        points = self._points.get(name)
        if points and type(points[-1][1]) is not Unknown:
            self._alive_s[name] = t

    def silent(self, t: float, name: str, why: str) -> None:
        """It could not be read: unknown once what was read last is too old, for this reason."""
        self._why_silent[name] = why
        if name in self._silenced and (points := self._points[name]):
            began_s, unknown = points[-1]
            if isinstance(unknown, Unknown) and unknown.why == NO_READING:
                points[-1] = (began_s, replace(unknown, why=why))
        self.reach(t)

    def reach(self, t: float) -> None:
        """Time has come to `t`, whether or not anything has changed."""
        if self.start_s is None:
            self.start_s = t
        if self.end_s is None or t > self.end_s:
            self.end_s = t
        for name, for_s in self._known_for_s.items():
            alive_s = self._alive_s.get(name)
            if alive_s is not None and t - alive_s > for_s + _ROUNDING_S and type(self[name][-1][1]) is not Unknown:
                unknown = Unknown(self._why_silent.get(name, NO_READING))
                self._lose(max(alive_s + for_s, self[name][-1][0]), name, unknown)
                self._silenced.add(name)

    def _lose(self, t: float, name: str, unknown: Unknown) -> None:
        """Nothing is known of it from `t` on."""
        points = self._points[name]
        if not points or points[-1][1] != unknown:
            points.append((t, Unknown(unknown.why, unknown.raw, self._alive_s.get(name))))

    def gaps(self, name: str, start_s: float = -math.inf, end_s: float = math.inf) -> list[Gap]:
        """The stretches between the two times over which nothing is known of that quantity.

        Raises:
            KeyError: no such quantity was recorded.
        """
        found: list[Gap] = []
        points = self._points[name]
        for n, (t, value) in enumerate(points):
            until = points[n + 1][0] if n + 1 < len(points) else (self.end_s or t)
            begins, ends = max(t, start_s), min(until, end_s)
            last = n + 1 == len(points)
            if type(value) is not Unknown or begins > ends or (begins == ends and not last):
                continue
            why = str(value).removeprefix("unknown").strip(", ").removeprefix("(").removesuffix(")")
            if found and found[-1].end_s == begins:
                found[-1] = replace(found[-1], end_s=ends)
            else:
                found.append(Gap(name, begins, ends, why))
        return found

    def bridged(self, max_gap_s: float) -> Trace:
        """The same record for a reader who takes a reading as known for `max_gap_s` after it was taken.

        A gap between two readings that are no further apart is gone, a longer one begins that much after the last
        reading. It is this trace itself where that changes nothing.
        """
        if max_gap_s <= 0.0 or not any(type(v) is Unknown for series in self._points.values() for _, v in series):
            return self
        view = Trace()
        view.start_s, view.end_s, view.sections = self.start_s, self.end_s, self.sections
        view.samples, view.instruments = self.samples, self.instruments
        view._points = {name: _bridged(series, max_gap_s, self.end_s or 0.0) for name, series in self._points.items()}
        return view

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
            there = self.domain(pattern) is not None
            hint = " (the site has it)" if there else did_you_mean(pattern, self._points)
            raise quantities.UnknownQuantity(
                f"nothing was recorded that is called {pattern}{hint}; what is not a quantity of a component is "
                f'recorded if it is named before the run: @pytest.mark.watch("{pattern}") or site.watch("{pattern}")'
            )
        return found

    def at(self, name: str, t: float) -> Value | Unknown:
        """The value at that time, if it is known: the later one at a jump, the first before the first sample.

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

    def written(self) -> Iterator[dict[str, Any]]:
        """Each series as what JSON can hold; `restore` takes it back."""
        for name, points in self._points.items():
            line: dict[str, Any] = {"quantity": name, "points": [(t, _as_json(value)) for t, value in points]}
            if name in self._known_for_s:
                line |= {"known_for": self._known_for_s[name], "alive": self._alive_s.get(name)}
            if name in self.samples:
                line["samples"] = self.samples[name].as_json()
            if name in self.instruments:
                line["instrument"] = asdict(self.instruments[name])
            yield line

    def restore(self, line: Mapping[str, Any]) -> None:
        """Take back one series that `written` gave.

        Raises:
            KeyError, TypeError, ValueError: it is none.
        """
        name, points = str(line["quantity"]), [(float(t), _from_json(value)) for t, value in line["points"]]
        if any(t1 < t0 for (t0, _), (t1, _) in pairwise(points)):
            raise ValueError(f"{name}: its points are not in order of time")
        self._points[name] = points
        if "samples" in line:
            self.samples[name] = Samples.from_json(line["samples"])
        if "instrument" in line:
            self.instruments[name] = Instrument(**line["instrument"])
        if "known_for" in line:
            self._known_for_s[name] = float(line["known_for"])
            if line["alive"] is not None:
                self._alive_s[name] = float(line["alive"])

    def __getitem__(self, name: str) -> list[Point]:
        return self._points[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._points)

    def __len__(self) -> int:
        return len(self._points)


def _no_domain(name: str) -> Domain | None:
    return None


def _time(point: Point) -> float:
    return point[0]


def _bridged(series: list[Point], max_gap_s: float, end_s: float) -> list[Point]:
    """The points of one quantity, each gap beginning `max_gap_s` after the last reading at the earliest."""
    kept: list[Point] = []
    for t, value in reversed(series):
        if type(value) is not Unknown:
            kept.append((t, value))
            continue
        begins_s = t if value.seen_s is None else max(t, value.seen_s + max_gap_s)
        if begins_s < kept[-1][0] - _ROUNDING_S if kept else begins_s < end_s or begins_s == t:
            kept.append((begins_s, value))
    return kept[::-1]


def _as_json(value: Value | Unknown) -> Any:
    if not isinstance(value, Unknown):
        return value
    return {"unknown": value.why, "raw": raw_as_json(value.raw), "seen": value.seen_s}


def _from_json(value: Any) -> Value | Unknown:
    if not isinstance(value, dict):
        return value  # type: ignore[no-any-return]  # JSON has numbers, texts and truths
    return Unknown(value["unknown"], raw_from_json(value["raw"]), value["seen"])
