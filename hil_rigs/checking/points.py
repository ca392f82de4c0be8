"""Every point of a device, read once: refused, without a value, or impossible."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from twinfeed._phrases import Phrase
from twinfeed.emulators.devices.firmware.points import AnyPoint, Value
from twinfeed.emulators.site import Site
from twinfeed.harness.transports import NoAnswer, Reading, Refused, TransportError
from twinfeed.harness.transports.places import NO_VALUE, point_of
from twinfeed.hil_rigs.checking.asking import Asked
from twinfeed.hil_rigs.checking.findings import Finding, Level

NAMED = 3
"""Points that a finding names before it counts."""

SILENT_IN_A_ROW = 2
"""Requests without an answer after which a device is given up."""

ANOTHER_PRODUCT = 0.5
"""A device that refuses more than this share of its profile's points is hardly that product."""

NOMINAL_UNITS = ("V", "Hz")
"""Quantities whose value is about the same on every bench of that wiring: a factor of ten shows a wrong scale."""

TENS = {0.001: "1/1000", 0.01: "1/100", 0.1: "1/10", 10.0: "10/1", 100.0: "100/1", 1000.0: "1000/1"}
TENS_WITHIN = 0.25
"""The distance from a power of ten that the factor may have, as a share of it."""


@dataclass
class Points:
    """The results of reading all points of a device."""

    readings: dict[str, Reading] = field(default_factory=dict)
    errors: dict[str, TransportError] = field(default_factory=dict)
    """Why a point could not be read."""
    fell_silent: TransportError | None = None

    @property
    def values(self) -> dict[str, Value]:
        return {name: reading.value for name, reading in self.readings.items()}

    @property
    def refused(self) -> list[str]:
        return [point for point, error in self.errors.items() if isinstance(error, Refused)]


def of_another_product(points: Points) -> bool:
    """True if so many points are refused that the device can hardly be its profile's product."""
    return len(points.refused) > ANOTHER_PRODUCT * (len(points.readings) + len(points.errors))


async def read_all(asked: Asked) -> Points:
    """Every point that the device should have, in as few requests as it allows.

    Raises:
        TransportError: it cannot be asked for its tables.
    """
    found = Points()
    silent = 0
    waiting = asked.requests(await asked.handle.points())
    while waiting:
        names = waiting.pop(0)
        try:
            found.readings |= await asked.ask(lambda names=names: asked.handle.read_many(names))  # type: ignore[misc]
            silent = 0
        except NoAnswer as error:
            silent += 1
            found.errors |= dict.fromkeys(names, error)
            if silent == SILENT_IN_A_ROW:
                found.fell_silent = error
                return found
        except TransportError as error:
            silent = 0
            if len(names) == 1:
                found.errors[names[0]] = error
            else:  # one of them, and the others are to be read all the same
                half = len(names) // 2
                waiting[:0] = [names[:half], names[half:]]
    return found


def judged(asked: Asked, points: Points, twin: Site) -> list[Finding]:
    """The troubles of the points of a device, grouped."""
    name, profile = asked.name, asked.handle.profile
    if points.fell_silent is not None:
        return [_fell_silent(asked, points, points.fell_silent)]
    if of_another_product(points):
        refused = points.refused
        total = len(points.readings) + len(points.errors)
        return [
            Finding(
                name,
                "identity",
                Level.PROBLEM,
                Phrase(
                    "{n} of {total} points are refused: hardly a {product}",
                    n=len(refused),
                    total=total,
                    product=profile.product,
                ),
                Phrase("the points of {profile}", profile=profile.profile),
                Phrase("check that this device, or this unit behind a gateway, is the one that is meant"),
                tuple(refused),
            )
        ]
    return [*_unread(asked, points), *_without_value(name, points), *_impossible(asked, points, twin)]


def _fell_silent(asked: Asked, points: Points, error: TransportError) -> Finding:
    return Finding(
        asked.name,
        "points",
        Level.UNREACHABLE,
        Phrase("fell silent after {n} points: {what}", n=len(points.readings), what=error.what),
        None,
        Phrase("read it more slowly (rate: 2), look at the line, and whether another master is on it"),
    )


def _unread(asked: Asked, points: Points) -> Iterator[Finding]:
    alike: dict[tuple[type[TransportError], str], list[str]] = {}
    for point, error in points.errors.items():
        what = error.what if isinstance(error, Refused | NoAnswer) or len(points.errors) <= NAMED else ""
        alike.setdefault((type(error), what), []).append(point)
    for (kind, what), names in alike.items():
        error = points.errors[names[0]]
        if kind is Refused:
            do = Phrase("if this model lacks them, use another profile; if the user's view hides them, widen it")
        elif kind is NoAnswer:
            do = Phrase("read it more slowly (rate: 2) and look at the line")
        else:
            do = Phrase("compare type, words and scale with the product's manual; then correct the profile")
        yield Finding(
            asked.name,
            "points",
            Level.PROBLEM,
            Phrase("{points}: {what}", points=_listed(names), what=what or error.what),
            None,
            do,
            tuple(names),
        )


def _without_value(name: str, points: Points) -> Iterator[Finding]:
    missing = [point for point, reading in points.readings.items() if reading.unknown == NO_VALUE]
    if missing:
        yield Finding(
            name,
            "points",
            Level.NOTICE,
            Phrase("{points}: no value now", points=_listed(missing)),
            None,
            Phrase("fine if nothing is connected there or nothing has happened yet"),
            tuple(missing),
        )


def _impossible(asked: Asked, points: Points, twin: Site) -> Iterator[Finding]:
    for name, reading in points.readings.items():
        value, point = reading.value, point_of(asked.handle.profile.kind, name)
        if reading.unknown and reading.unknown != NO_VALUE:
            shown = f"{reading.raw:g}" if isinstance(reading.raw, int | float) else repr(reading.raw)
            what = Phrase("{point} is {value}", point=name, value=f"{shown} {reading.unit}".strip())
            yield _range(asked, name, what, _expected(point, reading))
        elif point is not None and isinstance(value, int | float) and not _in_range(point, value):
            yield _range(asked, name, _is(reading), f"{point.low:g} … {point.high:g} {reading.unit}".strip())
        elif (
            isinstance(value, int | float)
            and value > 0.0
            and reading.unit in NOMINAL_UNITS
            and (usual := _on_the_twin(twin, asked.name, name))
        ):
            factor = next((text for ten, text in TENS.items() if abs(value / usual / ten - 1.0) < TENS_WITHIN), "")
            if factor:
                yield _range(
                    asked,
                    name,
                    Phrase("{what}: {factor} of what the twin has", what=_is(reading), factor=factor),
                    f"{usual:g} {reading.unit}",
                )


def _in_range(point: AnyPoint, value: float) -> bool:
    """True if a setting lies in the range in which it can be written; a number that is only read has none."""
    return value != value or point.low is None or point.high is None or point.low <= value <= point.high


def _expected(point: AnyPoint | None, reading: Reading) -> str:
    """The values that the point can show."""
    domain = None if point is None else point.domain
    if domain is None or domain.kind != "number":
        return ", ".join(domain.words) if domain is not None and domain.words else reading.unknown
    outside = isinstance(reading.raw, int | float) and not domain.least <= reading.raw <= domain.most
    return f"{domain.least:g} … {domain.most:g} {domain.unit}".strip() if outside else reading.unknown


def _is(reading: Reading) -> Phrase:
    assert isinstance(reading.value, int | float), "only numbers have a range"
    return Phrase("{point} is {value}", point=reading.point, value=f"{reading.value:g} {reading.unit}".strip())


def _range(asked: Asked, point: str, found: Phrase, expected: str) -> Finding:
    return Finding(
        asked.name,
        "range",
        Level.PROBLEM,
        found,
        str(expected),
        Phrase("compare scale, unit and word order with the product's manual, and the value with its display"),
        (point,),
    )


def _on_the_twin(twin: Site, device: str, name: str) -> float | None:
    """The point's value on the twin at rest, None if it has none above zero."""
    bound = twin.devices[device].find_point(name) if device in twin.devices else None
    value = bound.read() if bound is not None else None
    return float(value) if isinstance(value, int | float) and value > 0 else None


def _listed(names: Sequence[str]) -> object:
    shown = ", ".join(names[:NAMED])
    return shown if len(names) <= NAMED else Phrase("{shown} and {n} more", shown=shown, n=len(names) - NAMED)
