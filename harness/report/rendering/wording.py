"""The language of a report: words from the catalogue, numbers and dates formatted by Babel."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from twinfeed.harness.language import N_, Words, language, locale_name, translator
from twinfeed.harness.report.account import Account
from twinfeed.harness.report.facts import Bench
from twinfeed.harness.report.judgement import Judgement
from twinfeed.harness.report.measurement import Measurement, Value
from twinfeed.harness.report.notes import Identity
from twinfeed.harness.report.outcomes import WORDS, Ending, Outcome
from twinfeed.harness.report.verifying import Standing
from twinfeed.harness.uncertainty import Taken, decimals, rounded

if TYPE_CHECKING:
    from babel import Locale

DIGITS = 6
"""Significant digits of a number that is shown."""

WHAT = {
    ("session", "started"): N_("run started"),
    ("session", "ended"): N_("run ended"),
    ("test", "started"): N_("test started"),
    ("test", "finished"): N_("test finished"),
    ("test", "passed earlier"): N_("test passed earlier, left out"),
    ("device", "identified"): N_("device identified"),
    ("instrument", "calibrated"): N_("instrument calibrated"),
    ("operator", "confirmed"): N_("operator confirmed"),
    ("bench", "file was edited"): N_("the bench file was edited"),
    ("clock", "was set"): N_("the computer's clock was set"),
    ("record", "half a line was put aside"): N_("half a line was put aside: a process had died while it wrote"),
}
"""Lines of a record that are translated; others appear as they were written."""

DONE_BY = {
    "started": N_("{who} started"),
    "ended": N_("{who} ended"),
    "armed the bench": N_("{who} armed the bench"),
    "was not allowed to arm the bench": N_("{who} was not allowed to arm the bench"),
    "disarmed the bench": N_("{who} disarmed the bench"),
    "was not allowed to disarm the bench": N_("{who} was not allowed to disarm the bench"),
    "resets the bench": N_("{who} resets the bench"),
    "reset the bench": N_("{who} reset the bench"),
    "could not reset the bench": N_("{who} could not reset the bench"),
    "was not allowed to reset the bench": N_("{who} was not allowed to reset the bench"),
    "holds the bench": N_("{who} holds the bench"),
    "lets the bench go": N_("{who} lets the bench go"),
    "moves": N_("{who} moves"),
    "moved": N_("{who} moved"),
    "failed": N_("{who} failed"),
    "proven": N_("{who}: the move is proven"),
    "not proven": N_("{who}: the move is not proven"),
    "cannot be used": N_("{who} cannot be used"),
    "deed": N_("a person was asked for a deed at {who}"),
    "was written": N_("{who} was written"),
    "was put back": N_("{who} was put back"),
    "was not put back": N_("{who} was not put back"),
    "has no reading": N_("{who} has no reading"),
    "trips": N_("{who} trips"),
    "takes over": N_("{who} takes over"),
    "makes the bench safe": N_("{who} makes the bench safe"),
    "tries again": N_("{who} tries again"),
    "makes the bench safe again": N_("{who} makes the bench safe again"),
    "is told to stop": N_("{who} is told to stop"),
    "could not note the state of the bench": N_("{who} could not note the state of the bench"),
    "cannot start a guard": N_("{who} cannot start a guard"),
    "has no place": N_("{who} has no place"),
    "noted": N_("{who} noted"),
    "is safe": N_("{who}: the bench is safe"),
    "is not safe": N_("{who}: THE BENCH IS NOT SAFE"),
    "has left the safe state": N_("{who}: the bench has left its safe state"),
    "lost the run": N_("{who} lost the test run"),
    "is asked": N_("{who} is asked"),
    "did not answer": N_("{who} did not answer"),
    "follows": N_("{who}: follows an earlier one"),
}
"""Actions of a person, a process, an actuator or a device."""

ACTORS = (
    N_("supervisor"), N_("guard"), N_("record"), N_("operator"), N_("test run"), N_("remark"), N_("nobody"),
)  # fmt: skip
"""Actors in a record besides persons, actuators and devices."""

WORLDS = {
    "simulated": N_("simulated: emulated devices, virtual time"),
    "live": N_("live: emulated devices, real network"),
    "rig": N_("rig: physical devices"),
}


STANDINGS = {
    Standing.VERIFIED: N_("verified"),
    Standing.UNVOUCHED: N_("not vouched for"),
    Standing.WRONG: N_("NOT AS WRITTEN"),
}
"""The states of a record."""

DECISIONS = {
    "simple": N_("simple acceptance: the reading decides (ILAC-G8:09/2019, 4.2.1)"),
    "guarded": N_("guard band: reading ± uncertainty must keep the limits (ILAC-G8:09/2019, 4.2.2)"),
}
"""Decision rules."""

VERDICTS = {
    "holds": N_("holds"),
    "violated": N_("violated"),
    "inconclusive": N_("inconclusive"),
    "vacuous": N_("never put to the test"),
}
"""The verdicts of a property."""


class ReportMissing(ImportError):
    """A library for reports is not installed. The message gives the command to install it."""


class Wording:
    """Words, numbers and dates in one language."""

    def __init__(self, lang: str = "") -> None:
        """`lang` is a locale such as `fr` or `fr_ML`, by default that of the environment.

        Raises:
            UnknownLanguage: there is no catalogue for it.
            ReportMissing: Babel is not installed.
        """
        try:
            from babel import Locale, UnknownLocaleError
        except ImportError as error:
            raise ReportMissing("reports need Babel: pip install 'twinfeed[report]'") from error
        self.lang = language(lang)
        self.translations = translator(lang)
        self.say = Words(self.lang)
        """Gives a text of twinfeed, or one out of a record, in this language."""
        name = (lang or locale_name() or "en").partition(".")[0].replace("-", "_")
        try:
            self.locale: Locale = Locale.parse(name)
        except (UnknownLocaleError, ValueError):
            self.locale = Locale.parse(self.lang)

    def ending(self, ending: Ending) -> str:
        return self.say(WORDS[ending])

    def outcome(self, measurement: Measurement) -> str:
        """The outcome of a measurement; a marginal one also by the side that its reading is on."""
        if measurement.outcome is Outcome.MARGINAL and not measurement.accepted:
            return self.say(N_("marginal, reading outside"))
        return self.say(WORDS[measurement.outcome])

    def standing(self, standing: Standing) -> str:
        return self.say(STANDINGS[standing])

    def world(self, world: str, bench: Bench | None = None) -> str:
        """The kind of world; a bench is called physical only if its devices are not programs on this computer."""
        if world != "rig" or bench is None or not bench.on_loopback:
            return self.say(WORLDS[world]) if world in WORLDS else world
        if bench.on_loopback == len(bench.devices):
            return self.say(N_("rig: programs on this computer, no physical devices"))
        text = N_("rig: {num} of {all} devices are programs on this computer")
        return self.say(text).format(num=bench.on_loopback, all=len(bench.devices))

    def verdict(self, word: str) -> str:
        """The outcome of a property."""
        return self.say(VERDICTS[word]) if word in VERDICTS else word

    def reading(self, measurement: Measurement) -> str:
        """The measured value; bounds, where it is not known exactly."""
        low, high, unit = measurement.low, measurement.high, measurement.unit
        if low is None:
            return self._figure(measurement, measurement.value)
        if high is None:
            return f"≥\N{NO-BREAK SPACE}{self.quantity(low, unit)}"
        return self.say(N_("{low} to {high}")).format(low=self.number(low), high=self.quantity(high, unit))

    def _figure(self, measurement: Measurement, value: Value | None) -> str:
        """A figure of a measurement with as many decimals as its uncertainty has."""
        if isinstance(value, bool | str) or value is None or not measurement.uncertainty:
            return self.quantity(value, measurement.unit)
        places = decimals(measurement.shown_uncertainty)
        text = self.number(rounded(value, measurement.uncertainty), max(0, places))
        return f"{text}\N{NO-BREAK SPACE}{measurement.unit}" if measurement.unit else text

    def uncertainty(self, measurement: Measurement) -> str:
        """In figures or in words: a measurement without an uncertainty states that."""
        if measurement.uncertainty:
            return f"±\N{NO-BREAK SPACE}{self._figure(measurement, measurement.shown_uncertainty)}"
        if measurement.outcome is Outcome.UNSET or isinstance(measurement.value, bool | str):
            return "–"
        exact = measurement.taken and all(not each.instrument.by for each in measurement.taken)
        return self.say(N_("exact: emulated")) if exact else self.say(N_("not stated"))

    def instrument(self, taken: Taken) -> str:
        """An instrument and how it was read, in a line."""
        of = taken.instrument
        if not of.by:
            return self.say(N_("{quantity}: the emulated site itself, every change recorded")).format(
                quantity=of.quantity
            )
        said = [f"{of.quantity}: {of.by}" if of.by != of.quantity else of.quantity]
        if of.accuracy is not None:
            said.append(f"±\N{NO-BREAK SPACE}{self.quantity(of.accuracy, of.unit)}")
        if taken.calibrated:
            due = self.say(N_("calibrated {day}, valid until {due}, {certificate}"))
            said.append(
                due.format(day=self.day(of.calibrated), due=self.day(of.due), certificate=of.certificate or "–")
            )
        else:
            said.append(self.say(N_("not calibrated")))
        if of.every_s is not None and taken.samples is not None:
            read = self.say(N_("read every {every}: {num} readings, largest gap {gap}, longest answer {trip}"))
            times = [self.time_span(t) for t in (of.every_s, taken.largest_gap_s, taken.worst_trip_s)]
            said.append(read.format(every=times[0], num=taken.samples, gap=times[1], trip=times[2]))
        return "; ".join(said)

    @staticmethod
    def devices(account: Account) -> list[tuple[str, str, Identity | None]]:
        """Each device with its address and its own identification, those of the bench file first."""
        known = {device.device: device for device in account.devices}
        bench = account.facts.bench
        listed = {} if bench is None else {each.device: each.where for each in bench.devices}
        return [(name, listed.get(name, ""), known.get(name)) for name in dict.fromkeys([*listed, *known])]

    def time_span(self, seconds: float | None) -> str:
        """A short time, in ms below a second."""
        if seconds is None:
            return "–"
        if seconds < 1.0:
            return self.quantity(float(f"{1000 * seconds:.3g}"), "ms")
        return self.quantity(float(f"{seconds:.4g}"), "s")

    def shortfall(self, measurement: Measurement) -> str:
        """The note that the method does not fit the standard, empty if it does."""
        if measurement.shortfall is None:
            return ""
        text = self.say(N_("not in accordance with {standard}: sampling"))
        return text.format(standard=measurement.shortfall.standard)

    def rule(self, rule: str) -> str:
        """A decision rule in words."""
        return self.say(DECISIONS[rule]) if rule in DECISIONS else rule

    def gaps(self, of: Measurement | Judgement) -> str:
        """The largest gap in what was recorded, and what was tolerated; empty without either."""
        said = []
        if (gap := of.largest_gap) is not None:
            length, start, end = (self.quantity(round(t, 3), "s") for t in (gap.length_s, gap.start_s, gap.end_s))
            quantity = f"{gap.quantity} ({self.say(gap.why)})" if gap.why else gap.quantity
            said.append(
                self.say(N_("unknown for {length}, from {start} to {end}: {quantity}")).format(
                    length=length, start=start, end=end, quantity=quantity
                )
            )
            if of.gap_count > 1:
                said.append(self.say(N_("the longest of {num} gaps")).format(num=of.gap_count))
        if of.max_gap_s:
            tolerated = self.quantity(of.max_gap_s, "s")
            said.append(self.say(N_("a reading counts as known for {time}")).format(time=tolerated))
        return "; ".join(said)

    def happening(self, who: str, what: str) -> str:
        if known := WHAT.get((who, what)):
            return self.say(known)
        by = self.say(who) if who in ACTORS else who
        return self.say(DONE_BY[what]).format(who=by) if what in DONE_BY else f"{by} {what}"

    # -- numbers and dates ------------------------------------------------------------------------------------------

    def number(self, value: float, places: int | None = None) -> str:
        """A number in the reader's language; with `places`, so many decimals."""
        from babel.numbers import format_decimal

        if places is not None:
            return format_decimal(value, "#,##0" + ("." + "0" * places if places > 0 else ""), locale=self.locale)
        shown = value if isinstance(value, int) else float(f"{value:.{DIGITS}g}")
        return format_decimal(shown, locale=self.locale, decimal_quantization=False)

    def value(self, value: Value | None) -> str:
        if value is None:
            return "–"
        if isinstance(value, bool):
            return self.say(N_("yes")) if value else self.say(N_("no"))
        return value if isinstance(value, str) else self.number(value)

    def quantity(self, value: Value | None, unit: str) -> str:
        return f"{self.value(value)}\N{NO-BREAK SPACE}{unit}" if unit else self.value(value)

    def duration(self, seconds: float | None) -> str:
        """h:mm:ss from a minute on, else seconds."""
        if seconds is None:
            return "–"
        if seconds < 60.0:
            return self.quantity(round(seconds, 2), "s")
        whole = round(seconds)
        return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"

    def day(self, text: str) -> str:
        """An ISO 8601 date in words; what is none stays as it is."""
        from babel.dates import format_date

        try:
            return format_date(date.fromisoformat(text[:10]), "long", locale=self.locale)
        except ValueError:
            return text or "–"

    def time(self, text: str) -> str:
        """An ISO 8601 time, with its day, UTC."""
        from babel.dates import format_datetime

        try:
            return format_datetime(datetime.fromisoformat(text), "medium", locale=self.locale)
        except ValueError:
            return text or "–"

    def clock(self, text: str) -> str:
        """The time of day of an ISO 8601 time, to the millisecond, UTC."""
        return text[11:].removesuffix("Z") if text[10:11] == "T" else text

    def limits(self, measurement: Measurement) -> str:
        limits, unit = measurement.limits, measurement.unit
        if limits.equals is not None:
            return self.quantity(limits.equals, unit)
        low = "" if limits.at_least is None else self.quantity(limits.at_least, unit)
        high = "" if limits.at_most is None else self.quantity(limits.at_most, unit)
        if low and high:
            return self.say(N_("{low} to {high}")).format(low=self.number(limits.at_least or 0.0), high=high)
        return f"≥\N{NO-BREAK SPACE}{low}" if low else f"≤\N{NO-BREAK SPACE}{high}" if high else "–"

    def details(self, data: Mapping[str, Any]) -> str:
        """Further data of a line of the timeline."""
        itself = [(name, data[name]) for name in _ITSELF if name in data]
        others = [(name, value) for name, value in data.items() if name not in _ITSELF and name not in _NOT_SHOWN]
        return " · ".join(self._detail(name, value) for name, value in itself + others if value not in ("", None))

    def _detail(self, name: str, value: Any) -> str:
        match name:
            case "outcome":
                return self.say(_ENDINGS[value]) if value in _ENDINGS else str(value)
            case "duration_s" | "for_s" | "took_s" if isinstance(value, int | float):
                return self.duration(value)
            case "to":
                return f"→ {value}"
            case "why" | "after" if isinstance(value, str):
                return self.say(value)
            case "instruction" | "answer":
                return self.say(str(value).partition("\n")[0])
            case "run" | "text":
                return str(value)
            case "failed" | "found" if isinstance(value, list):
                return "; ".join(self.say(str(each)) for each in value)
            case "readings" if isinstance(value, list):
                return "; ".join(map(self._reading_of, value))
            case "at":
                return self.time(str(value))
            case _ if name in _ITSELF:
                return str(value).partition("\n")[0]
        label = self.say(_LABELS.get(name, name))
        return f"{label}: {self.value(value)}" if isinstance(value, bool | float | int | str) else f"{label}: {value}"

    def _reading_of(self, watched: Mapping[str, Any]) -> str:
        """The readings of an interlock, from the line `interlocks were read`."""
        least, most = self.value(watched.get("least")), self.value(watched.get("most"))
        shown = least if least == most else f"{least} … {most}"
        gap = self.time_span(watched.get("largest_gap_s"))
        text = N_("{quantity}: {shown}, expected {limit}; {num} readings, largest gap {gap}")
        limit = self.say(str(watched.get("limit", "")))
        return self.say(text).format(
            quantity=watched.get("quantity", ""), shown=shown, limit=limit, num=watched.get("samples", 0), gap=gap
        )


_ENDINGS: Mapping[Any, str] = {str(ending): WORDS[ending] for ending in Ending}
_ITSELF = (
    "test", "device", "instrument", "person", "instruction", "answer", "command", "outcome", "duration_s", "reason",
)  # fmt: skip
"""Values that need no label in the timeline, in the order of the output."""
_LABELS = {
    "quantity": N_("quantity"), "value": N_("value"), "point": N_("point"), "rounds": N_("rounds"), "by": N_("by"),
    "state": N_("state"), "over_s": N_("over, s"), "attended": N_("attended"), "about": N_("about"), "raw": N_("raw"),
    "timeout_s": N_("time-out, s"), "line": N_("line"), "of": N_("of"), "before": N_("before"), "back": N_("back"),
    "step_s": N_("step, s"), "was": N_("was"), "product": N_("product"), "serial": N_("serial number"),
    "firmware": N_("firmware"), "source": N_("read from"), "accuracy": N_("accuracy"),
    "calibrated": N_("calibrated on"), "certificate": N_("certificate"),
    "due": N_("valid until"), "deed": N_("deed"), "site": N_("site"), "hash": N_("hash"),
}  # fmt: skip
"""Labels of values in the timeline; a name that is none of these is that of a parameter, and stays as it is."""

_NOT_SHOWN = (
    "bench", "bench_sha256", "code", "decision_rule", "doc", "document", "exit", "file", "requirements", "unit",
    "unit_serial", "pytest", "python", "resumes", "seed", "site_sha256", "speed", "system",
    "tester", "time", "twinfeed", "worker", "world",
)  # fmt: skip
"""Values that the report shows elsewhere, or that only programs read."""
