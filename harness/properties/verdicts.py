"""The verdict on a property after a run: it holds or not, its margin, and its violations."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from twinfeed.emulators.plant.kernel.actor import Event
from twinfeed.harness.properties.language import Property
from twinfeed.harness.properties.syntax import duration, premises
from twinfeed.harness.unknown import Bounds, Gap, Seen

EVENTS_BEFORE = 12
"""The number of lines of the history before a violation that are printed."""

_QUANTITIES_SHOWN = 8
_NAMES_SHOWN = 4


@dataclass(frozen=True)
class Violation:
    """A property was violated: since when, what the quantities were, and what had happened before."""

    about: Property
    t_s: float
    """Since when it is violated, s of the site's clock: the crossing, the missed deadline, the end of the record."""
    values: Mapping[str, Seen]
    """Quantities that are to blame, at that time."""
    expected: str = ""
    """The bounds that the property adds to its expression: by then, for at least 5 s."""
    started_s: float = 0.0
    """When the time began that the property counts from, s of the site's clock."""
    events: tuple[Event, ...] = ()
    """The lines of the journal until then, from the last that is of interest."""
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
        """The expected value and the one found instead, in one line."""
        shown = list(self.values.items())[:_QUANTITIES_SHOWN]
        found = ", ".join(f"{name} was {readable(value)}" for name, value in shown)
        more = f" and {len(self.values) - len(shown)} more" if len(self.values) > len(shown) else ""
        since = f" (counted from {self.started_s:.3f} s)" if self.about.after is not None else ""
        wanted = f"expected {'never ' if self.about.kind == 'never' else ''}{self.about.expression}"
        return f"{wanted}{' ' + self.expected if self.expected else ''}{since}; {found or 'it was not so'}{more}"


@dataclass(frozen=True)
class Verdict:
    """The result of a property on one trace."""

    about: Property
    margin: float
    """The robustness: how far the property was from being violated, negative if it was.

    In the unit of the comparison that came nearest for always, never, eventually and until; in seconds (of time that
    was left, or by which it was missed) for within, for at least, and where a grace or a hold is given. Infinite
    where only states are compared, or nothing was judged.
    """
    violations: tuple[Violation, ...] = ()
    """In order of time."""
    undecided: int = 0
    """Number of obligations that the run ended too early to decide."""
    starts: int = 1
    """The number of times that it was counted from: 0 means that `after` never came, and nothing was tested."""
    quantities: tuple[str, ...] = field(default=(), repr=False)
    """All quantities of the property, patterns expanded."""
    unknown: int = 0
    """Number of obligations that depend on unknown values."""
    vacuous: bool = False
    """True if it was never put to the test: `after` never came, the premise of `implies` was never true."""
    gaps: tuple[Gap, ...] = field(default=(), repr=False)
    """The stretches of time in which one of its quantities is unknown, in order."""
    unmeasured: tuple[str, ...] = field(default=(), repr=False)
    """Quantities that its patterns mean on the site and that this world does not measure: the verdict excludes them."""

    @property
    def violated(self) -> bool:
        return bool(self.violations)

    @property
    def inconclusive(self) -> bool:
        """True if it is not decided: something was unknown, or the record ends too early."""
        return not self.violations and bool(self.undecided or self.unknown)

    @property
    def holds(self) -> bool:
        """True if the property is decided and not violated. A vacuous property holds too, but was not seen to."""
        return not self.violations and not self.inconclusive

    @property
    def word(self) -> str:
        """violated, inconclusive, vacuous or holds."""
        return (
            "violated"
            if self.violated
            else "inconclusive"
            if self.inconclusive
            else "vacuous"
            if self.vacuous
            else "holds"
        )

    @property
    def largest_gap(self) -> Gap | None:
        """The longest of the gaps."""
        return max(self.gaps, key=lambda gap: gap.length_s, default=None)

    def __bool__(self) -> bool:
        """True if it was seen to hold: neither violated nor inconclusive nor vacuous."""
        return self.word == "holds"

    def __str__(self) -> str:
        return "\n  ".join(self._lines())

    def _lines(self) -> Iterator[str]:
        match self.word:
            case "violated":
                more = len(self.violations) - 1
                yield f"{self.violations[0]}" + (f"\n  and {more} more of it later" if more else "")
            case "inconclusive":
                yield f"inconclusive: {self.about} ({'; '.join(self._why_not_decided())})"
            case "vacuous":
                yield f"vacuous: {self.about} (it was never put to the test: {self._what_never_came()})"
            case _:
                margin = f", margin {self.margin:g}" if math.isfinite(self.margin) else ""
                yield f"holds: {self.about}{margin}"
        if self.about.max_gap_s:
            yield f"a reading counts as known for {duration(self.about.max_gap_s)} (max_gap)"
        if self.unmeasured:
            yield f"this says nothing of {_named(self.unmeasured)}, which nothing measures here"
        if self.gaps:
            many = f" (the longest of {len(self.gaps)} gaps)" if len(self.gaps) > 1 else ""
            yield f"{self.largest_gap}{many}"

    def _why_not_decided(self) -> Iterator[str]:
        if self.undecided:
            yield f"the record ends too early for {self.undecided} of {self.starts}; run on"
        if self.unknown:
            names = list(dict.fromkeys(gap.quantity for gap in self.gaps))
            yield f"it depends on what is not known of {_named(names) or 'its quantities'}"

    def _what_never_came(self) -> str:
        if self.starts:
            return " and ".join(f"{premise} was never true" for premise in premises(self.about.expression))
        if self.about.after is not None:
            return f"{self.about.after} was never true"
        return f"{self.about.expression} never became true"


class PropertyViolated(AssertionError):
    """At least one property was not seen to hold. The message is the whole report."""

    def __init__(self, verdicts: Iterable[Verdict]) -> None:
        self.verdicts = tuple(verdicts)
        super().__init__("\n\n".join(map(str, self.verdicts)))


def must_hold(
    verdicts: Iterable[Verdict],
    *,
    allow_undecided: bool = False,
    allow_inconclusive: bool = False,
    allow_vacuous: bool = False,
) -> None:
    """Of inconclusive ones `allow_undecided` accepts only those that the record is too short for.

    Raises:
        PropertyViolated: some are violated, or inconclusive or vacuous without being allowed to be.
    """
    __tracebackhide__ = True
    if wrong := [v for v in verdicts if not _accepted(v, allow_undecided, allow_inconclusive, allow_vacuous)]:
        raise PropertyViolated(wrong)


def _accepted(verdict: Verdict, undecided: bool, inconclusive: bool, vacuous: bool) -> bool:
    if verdict.inconclusive:
        return inconclusive or (undecided and not verdict.unknown)
    return bool(verdict) or (vacuous and verdict.vacuous and not verdict.violated)


def _named(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMES_SHOWN} more" if len(names) > _NAMES_SHOWN else ""
    return f"{', '.join(names[:_NAMES_SHOWN])}{more}"


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


def readable(value: Seen) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, Bounds):
        return f"from {value.low:g} to {value.high:g}"
    return str(value)


def _parameters(event: Event) -> str:
    shown = ", ".join(f"{name} {value:g}" for name, value in event.data.items() if isinstance(value, (int, float)))
    return f" ({shown})" if shown else ""
