"""Relations within one device that hold in every state: P = U I pf, load = P / rating, energy = integral of power.

A number whose scale or unit is wrong breaks them, and the factor that would mend it shows the mistake. Readings
of one walk are seconds apart and rounded, so a relation counts as broken only where a power of ten, 60 or 3600 mends
it, or where it shows 0 and the others much.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from twinfeed.harness.characterise.drift.mistakes import FACTORS, Pair
from twinfeed.harness.characterise.drift.surfaces import Difference
from twinfeed.harness.transports.places import row_of

WATER_KJ = 4.19
"""Heat capacity of a litre of water, kJ/K."""

SLACK = 1.3
"""Factor by which a relation may be off between readings of one walk. Engineering judgement."""

COARSE = 10.0
"""A value of fewer steps than this is too coarse to judge by."""


@dataclass(frozen=True)
class Relation:
    """`result` is `times` the product of `of`, times something from `low` to `high`.

    The names are points; `{…}` stands for one row, `+` before a name for the sum over all its rows.
    """

    result: str
    of: tuple[str, ...]
    times: float = 1.0
    low: float = 1.0
    high: float = 1.0

    def __str__(self) -> str:
        return f"{self.result} = {' x '.join(self.of)}"


def _three(power: str, voltage: str, current: str, factor: str, apparent: str, kilo: float) -> tuple[Relation, ...]:
    return (
        Relation(power, (voltage, current, factor), 1.0 / kilo),
        Relation(apparent, (voltage, current), 1.0 / kilo),
        Relation(power, (apparent, factor)),
        Relation(power, (voltage, current), 1.0 / kilo, 0.2),
        Relation(power, (apparent,), low=0.2),
    )


def _scope(name: str, poles: float = 1.0) -> tuple[Relation, ...]:
    """Of a PDU: its inlet, a phase, a bank, an outlet; current and voltage are those of one pole of several."""
    return (
        Relation(f"{name}.apparent_power", (f"{name}.voltage", f"{name}.current"), low=0.3, high=poles),
        Relation(f"{name}.power", (f"{name}.apparent_power", f"{name}.power_factor")),
        Relation(f"{name}.power", (f"{name}.voltage", f"{name}.current"), low=0.2, high=poles),
    )


RELATIONS: Mapping[str, tuple[Relation, ...]] = {
    "meter": (
        *_three(
            "power.{phase}", "voltage.{phase}", "current.{phase}", "power_factor.{phase}", "apparent_power.{phase}", 1e3
        ),
        Relation("power.total", ("+power.{phase}",)),
        Relation("apparent_power.total", ("+apparent_power.{phase}",), low=0.8),
        Relation("reactive_power.total", ("+reactive_power.{phase}",)),
        Relation("power.total", ("apparent_power.total", "power_factor.total")),
        Relation("voltage.average", ("+voltage.{phase}",), 1.0 / 3.0),
        Relation("line_voltage.average", ("voltage.average",), math.sqrt(3.0)),
        Relation("current.average", ("+current.{phase}",), 1.0 / 3.0),
    ),
    "generator": (
        *_three(
            "generator.power.{phase}", "generator.voltage.{phase}", "generator.current.{phase}",
            "generator.power_factor.{phase}", "generator.apparent.{phase}", 1e3,
        ),
        Relation("generator.power.total", ("+generator.power.{phase}",)),
        Relation("generator.apparent.total", ("+generator.apparent.{phase}",), low=0.8),
        Relation("generator.reactive.total", ("+generator.reactive.{phase}",)),
        Relation("generator.line_voltage.{phase}", ("generator.voltage.{phase}",), math.sqrt(3.0), 0.8, 1.2),
    ),
    "ups": (
        *(
            Relation(f"{side}.{{line}}.power", (f"{side}.{{line}}.voltage", f"{side}.{{line}}.current"), low=0.3)
            for side in ("input", "bypass", "output")
        ),
        Relation("output.power", ("+output.{line}.power",)),
        Relation("input.power", ("+input.{line}.power",)),
        Relation("output.power", ("output.power.apparent",), low=0.3),
        Relation("input.power", ("input.power.apparent",), low=0.3),
        Relation("output.load", ("output.{line}.load",), low=0.4, high=3.0),
    ),
    "pdu": (
        *_scope("input", 3.0), *_scope("phase.{phase}"), *_scope("bank.{bank}", 3.0), *_scope("outlet.{outlet}", 3.0),
    ),
    "source_switch": (
        Relation("output.apparent_power", ("output.voltage.{phase}", "output.current.{phase}"), low=0.3, high=3.0),
        Relation("output.power", ("output.apparent_power",), low=0.3),
    ),
    "transfer_switch": (
        Relation("load.power", ("load.voltage.{phase}", "load.current.{phase}"), 1e-3, 0.3, 3.0),
    ),
    "chiller": (Relation("cooling.power", ("water.flow", "water.entering-water.leaving"), WATER_KJ, 0.5, 2.0),),
    "chilled_water_plant": (Relation("loop.load", ("loop.flow", "loop.return-loop.supply"), WATER_KJ, 0.5, 2.0),),
}  # fmt: skip
"""Relations that hold in each kind of device, by the definition of its points. Three-phase sums: IEEE 1459."""

RATED: Mapping[str, tuple[Relation, ...]] = {
    "ups": (
        Relation("output.load*ups.rating.power", ("output.power.apparent",), 100.0, 0.9, 2.0),
        Relation("output.load*ups.rating.realpower", ("output.power",), 100.0, 0.9, 2.0),
    ),
    "source_switch": (Relation("output.load*rating.current", ("output.current.{phase}",), 100.0, 0.9, 2.0),),
}
"""Load as a share of a rating, %: of the larger of real and apparent power."""

INTEGRALS: Mapping[str, tuple[tuple[str, str, float], ...]] = {
    "meter": (("energy.delivered", "power.total", 1.0), ("apparent_energy.delivered", "apparent_power.total", 1.0)),
    "generator": (("generator.energy", "generator.power.total", 1.0),),
    "ups": (("output.energy", "output.power", 1e-3),),
    "pdu": tuple(
        (f"{s}.energy", f"{s}.power", 1e-3) for s in ("input", "phase.{phase}", "bank.{bank}", "outlet.{outlet}")
    ),
}
"""Energy in kWh, the power it is the integral of, and that power's unit in kW."""

CLOCKS = ("system.uptime", "system.clock")
"""Points that grow by one second a second."""


def broken(kind: str, pairs: Sequence[Pair], times_s: Sequence[float]) -> Iterator[Difference]:
    """The relations that do not hold, with the factor that mends each: of the usual values, then over the walks."""
    by_name: dict[str, Pair] = {}
    for pair in pairs:
        if pair.is_number and pair.value is not None:
            by_name.setdefault(pair.device[0].place.point, pair)
    for relation in (*RELATIONS.get(kind, ()), *RATED.get(kind, ())):
        for involved, ratio in _instances(relation, by_name):
            factor = _mends(ratio / relation.times, relation.low, relation.high)
            if ratio == 0.0:
                yield involved[0].difference("relation", f"{relation} is not 0: the others are not")
            elif factor:
                culprit = _culprit(involved)
                note = f"{relation} holds if a value is {factor}; most suspicious is this one"
                yield culprit.difference("relation", note)
    yield from _over_time(kind, by_name, times_s)


def _instances(relation: Relation, by_name: Mapping[str, Pair]) -> Iterator[tuple[list[Pair], float]]:
    """The pairs of each row in which all of the relation can be had, and its result over the product."""
    for row in _rows(relation, by_name):
        involved: list[Pair] = []
        result = _product(relation.result.split("*"), row, by_name, involved)
        shows_zero = len(involved) == 1 and involved[0].value == 0.0
        product = _product(relation.of, row, by_name, involved) if result or shows_zero else 0.0
        if result and product and result * product > 0:
            yield involved, result / product
        elif shows_zero and abs(product * relation.times * relation.low) > COARSE * involved[0].step:
            yield involved, 0.0


def _rows(relation: Relation, by_name: Mapping[str, Pair]) -> list[dict[str, object]]:
    template = next((name for name in (relation.result, *relation.of) if "{" in name and name[0] != "+"), "")
    if not template:
        return [{}]
    rows = (row_of(template, name) for name in by_name)
    return [dict(row) for row in rows if row is not None]


def _product(
    names: Iterable[str], row: Mapping[str, object], by_name: Mapping[str, Pair], involved: list[Pair]
) -> float:
    """The product of these points; 0 if one is not there, is zero, or is too coarse."""
    product = 1.0
    for template in names:
        if template.startswith("+"):
            summed = [pair for name, pair in by_name.items() if row_of(template[1:], name) is not None]
            value = sum(pair.value or 0.0 for pair in summed)
            coarse = not summed or abs(value) < COARSE * max(pair.step for pair in summed)
            involved += summed
        elif "-" in template:
            ends = [by_name.get(name) for name in template.split("-")]
            there = [pair for pair in ends if pair is not None and pair.value is not None]
            value = (there[0].value or 0.0) - (there[1].value or 0.0) if len(there) == 2 else 0.0
            coarse = abs(value) < COARSE * max((pair.step for pair in there), default=0.0)
            involved += there
        else:
            pair = by_name.get(template.format(**row))
            if pair is None or pair.value is None:
                return 0.0
            value, coarse = pair.value, abs(pair.value) < COARSE * pair.step
            involved.append(pair)
        if coarse or not value:
            return 0.0
        product *= value
    return product


def _mends(ratio: float, low: float, high: float) -> str:
    """The factor that brings a ratio between the bounds, with slack; empty if it is there, or none does."""
    if ratio <= 0.0 or low / SLACK <= ratio <= high * SLACK:
        return ""
    for factor in FACTORS:
        if low / SLACK <= ratio / factor <= high * SLACK or low / SLACK <= ratio * factor <= high * SLACK:
            return f"{factor:g} times more or less"
    return ""


def _culprit(involved: Sequence[Pair]) -> Pair:
    """The value among these that is furthest from the twin's."""
    return max(involved, key=_off)


def _off(pair: Pair) -> float:
    if not pair.value or not pair.usual or pair.value * pair.usual < 0:
        return 0.0
    return abs(math.log(pair.value / pair.usual))


def _over_time(kind: str, by_name: Mapping[str, Pair], times_s: Sequence[float]) -> Iterator[Difference]:
    passed_s = times_s[-1] - times_s[0]
    if passed_s <= 0.0:
        return
    for name in CLOCKS:
        pair = by_name.get(name)
        grown = None if pair is None else _growth(pair, len(times_s))
        if pair is None or grown is None or grown < 0.0 or passed_s < COARSE * pair.step:
            continue  # it began again: a restart
        factor = _mends(grown / passed_s, 1.0, 1.0) if grown else "standing still"
        if factor:
            yield pair.difference("relation", f"it grew by {grown:g} s in {passed_s:g} s: {factor}")
    for energy, power, kw in INTEGRALS.get(kind, ()):
        relation = Relation(energy, (power,))
        for row in _rows(relation, by_name):
            counted, drawn = by_name.get(energy.format(**row)), by_name.get(power.format(**row))
            if counted is None or drawn is None or not drawn.value:
                continue
            grown, expected = _growth(counted, len(times_s)), drawn.value * kw * passed_s / 3600.0
            if grown is None or abs(grown) < COARSE * counted.step or abs(expected) < COARSE * counted.step:
                continue
            factor = _mends(grown / expected, 1.0, 1.0)
            if factor:
                note = f"{energy} grew by {grown:g} {counted.unit}, {power} over that time is {expected:g}: {factor}"
                yield _culprit([counted, drawn]).difference("relation", note)


def _growth(pair: Pair, walks: int) -> float | None:
    """By how much it grew from the first to the last walk, None if it is not known in each."""
    numbers = pair.theirs
    return numbers[-1] - numbers[0] if len(numbers) == walks else None
