"""What is said of a property after a run: whether it holds, by how much, and what was violated when."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby

from emulators.devices.points import Value
from emulators.plant.actor import Event
from harness.properties.language import Property

EVENTS_BEFORE = 12
"""How many lines of what had happened before a violation are told."""

_QUANTITIES_SHOWN = 8
_NAMES_SHOWN = 4


@dataclass(frozen=True)
class Violation:
    """A property was violated: since when, what the quantities were, and what had happened before."""

    about: Property
    t_s: float
    """Since when it is violated, s of the site's clock: the crossing, the missed deadline, the end of the record."""
    values: Mapping[str, Value]
    """Quantities that are to blame, at that time."""
    expected: str = ""
    """What the property adds to its expression: by then, for at least 5 s."""
    started_s: float = 0.0
    """When the time began that the property counts from, s of the site's clock."""
    events: tuple[Event, ...] = ()
    """What the journal has until then, from the last that is of interest."""
    active: tuple[Event, ...] = ()
    """The faults that were active then."""

    def __str__(self) -> str:
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        yield f"violated at {clock(self.t_s)} ({self.t_s:.3f} s): {self.about}"
        yield f"  {self.what}"
        for event in self.active:
            yield f"  with {event.who} {event.data.get('kind', '')} since {event.t:.3f} s{_parameters(event)}"
        if self.events:
            yield "  what had happened before:"
        for line in told(self.events, EVENTS_BEFORE):
            yield f"    {line}"

    @property
    def what(self) -> str:
        """What was expected and what was found instead, in one line."""
        shown = list(self.values.items())[:_QUANTITIES_SHOWN]
        found = ", ".join(f"{name} was {readable(value)}" for name, value in shown)
        more = f" and {len(self.values) - len(shown)} more" if len(self.values) > len(shown) else ""
        since = f" (counted from {self.started_s:.3f} s)" if self.about.after is not None else ""
        wanted = f"expected {'never ' if self.about.kind == 'never' else ''}{self.about.expression}"
        return f"{wanted}{' ' + self.expected if self.expected else ''}{since}; {found or 'it was not so'}{more}"


@dataclass(frozen=True)
class Verdict:
    """How a property fared in one record."""

    about: Property
    margin: float
    """How far it was from being violated, negative if it was.

    In the unit of the comparison that came nearest for always, never, eventually and until; in seconds (of time that
    was left, or by which it was missed) for within, for at least, and where a grace or a hold is given. Infinite
    where only states are compared, or nothing was judged.
    """
    violations: tuple[Violation, ...] = ()
    """In order of time."""
    undecided: int = 0
    """How often the record ended too early to tell."""
    starts: int = 1
    """How often it was counted from: 0 means that `after` never came, and nothing was tested."""
    quantities: tuple[str, ...] = field(default=(), repr=False)
    """All quantities the property is about, patterns expanded."""

    @property
    def violated(self) -> bool:
        return bool(self.violations)

    @property
    def holds(self) -> bool:
        """Whether it was judged and not violated. What the record is too short for does not hold."""
        return not self.violations and not self.undecided

    def __bool__(self) -> bool:
        return self.holds

    def __str__(self) -> str:
        if self.violations:
            more = len(self.violations) - 1
            return f"{self.violations[0]}" + (f"\n  and {more} more of it later" if more else "")
        if self.undecided:
            return f"undecided: {self.about} (the record ends too early for {self.undecided} of {self.starts}; run on)"
        margin = f", margin {self.margin:g}" if math.isfinite(self.margin) else ""
        return f"holds: {self.about}{margin}{'' if self.starts else ' (it was never put to the test)'}"


class PropertyViolated(AssertionError):
    """Some properties do not hold; the message is the whole report."""

    def __init__(self, verdicts: Iterable[Verdict]) -> None:
        self.verdicts = tuple(verdicts)
        super().__init__("\n\n".join(map(str, self.verdicts)))


def before(events: Iterable[Event], t: float) -> tuple[tuple[Event, ...], tuple[Event, ...]]:
    """(what had happened until `t`, the faults that were active then) from a journal."""
    past = [event for event in events if event.t <= t]
    active = [event for event, until in fault_spans(past, math.inf) if until == math.inf]
    return tuple(past[-40 * EVENTS_BEFORE :]), tuple(active)


def fault_spans(events: Iterable[Event], end_s: float) -> list[tuple[Event, float]]:
    """Each fault of a journal and until when it was active, `end_s` where it still is."""
    active: dict[tuple[str, str], Event] = {}
    spans: list[tuple[Event, float]] = []
    for event in events:
        key = (event.who, str(event.data.get("kind", "")))
        if event.what == "fault":
            active.setdefault(key, event)
        elif event.what == "fault cleared" and key in active:
            spans.append((active.pop(key), event.t))
    spans += [(event, end_s) for event in active.values()]
    return sorted(spans, key=lambda span: span[0].t)


def told(events: Iterable[Event], most: int) -> list[str]:
    """The last lines of a journal for people: those who do the same at the same time share one."""
    lines = []
    for (t, what, about), group in groupby(
        events, key=lambda e: (e.t, e.what, e.data.get("alarm", e.data.get("kind")))
    ):
        who = list(dict.fromkeys(event.who.removesuffix("/device") for event in group))
        names = ", ".join(who[:_NAMES_SHOWN]) + (
            f" and {len(who) - _NAMES_SHOWN} more" if len(who) > _NAMES_SHOWN else ""
        )
        lines.append(f"{t:.3f} s  {names}: {what}{f' {about}' if about is not None else ''}")
    return lines[-most:]


def clock(seconds: float) -> str:
    """A time as h:mm:ss.mmm."""
    milliseconds = round(seconds * 1000.0)
    whole, rest = divmod(milliseconds, 1000)
    return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}.{rest:03d}"


def readable(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.6g}"
    return str(value)


def _parameters(event: Event) -> str:
    shown = ", ".join(f"{name} {value:g}" for name, value in event.data.items() if isinstance(value, (int, float)))
    return f" ({shown})" if shown else ""
