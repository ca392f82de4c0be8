"""The limits that stop a bench, tried dry: does the instrument answer, does the limit hold now, with which margin."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from twinfeed._phrases import Phrase
from twinfeed.emulators.devices.firmware.points import Value
from twinfeed.hil_rigs.checking.asking import Asked
from twinfeed.hil_rigs.checking.findings import Finding, Level
from twinfeed.hil_rigs.checking.measuring import device_of, measured, shown
from twinfeed.hil_rigs.instruments import NoReading
from twinfeed.hil_rigs.rigfile import Rig
from twinfeed.hil_rigs.schema import Limit, OnBattery

TIGHT = 0.05
"""A limit nearer to the value than this share of itself is reported as tight. Engineering judgement."""


def limits_of(rig: Rig) -> dict[str, Limit]:
    """Everything that stops the bench, by what the file calls it."""
    limits: dict[str, Limit] = dict(rig.bench.interlocks)
    if rig.bench.limits.on_battery is not None:
        limits["limits.on_battery"] = rig.bench.limits.on_battery
    if rig.bench.emergency_stop.input is not None:
        limits["emergency_stop.input"] = rig.bench.emergency_stop.input
    return limits


async def tried(rig: Rig, asked: Mapping[str, Asked]) -> list[Finding]:
    """The findings on each of them."""
    limits = limits_of(rig)
    if not limits:
        nothing = Phrase("no interlock watches this bench")
        return [
            Finding(
                "", "interlock", Level.NOTICE, nothing, None, Phrase("enter the limits that must stop it: interlocks")
            )
        ]
    found: list[Finding] = []
    for name, limit in limits.items():
        found += [*_silence(rig, name, limit, asked), await _held(rig, name, limit, asked)]
    return found


async def _held(rig: Rig, name: str, limit: Limit, asked: Mapping[str, Asked]) -> Finding:
    section, device = rig.instrument_for(limit.quantity), device_of(rig, limit.quantity)
    must = str(limit)
    if section is not None and section.operator is not None:
        asks = Phrase("a person reads {quantity}, whom a check does not ask", quantity=limit.quantity)
        return Finding(name, "interlock", Level.NOTICE, asks, must)
    if device and device not in asked:
        unread = Phrase("{device} was not read: see there", device=device)
        return Finding(
            name,
            "interlock",
            Level.PROBLEM,
            unread,
            must,
            Phrase("put {device} right, then check again", device=device),
        )
    try:
        value = await measured(rig, limit.quantity, asked)
    except NoReading as error:
        silent = Phrase("its instrument does not answer: {why}", why=error)
        return Finding(
            name,
            "interlock",
            Level.PROBLEM,
            silent,
            must,
            Phrase("put the instrument right: without it the bench cannot be armed"),
        )
    now = Phrase("{quantity} is {value}", quantity=limit.quantity, value=shown(value))
    if isinstance(limit, OnBattery):
        return _battery(name, limit, value, now)
    if not limit.holds(value):
        stops = Phrase("{now}: it would stop the bench at once", now=now)
        return Finding(
            name,
            "interlock",
            Level.PROBLEM,
            stops,
            must,
            Phrase("bring the bench there, or correct the limit if it is wrong"),
        )
    margin = _margin(limit, value)
    if margin is None:
        return _fine(name, limit, Phrase("{now}: it holds", now=now))
    if margin < TIGHT * _size(limit):
        tight = Phrase("{now}: only {margin} from its limit", now=now, margin=f"{margin:.3g}")
        return Finding(
            name, "interlock", Level.NOTICE, tight, must, Phrase("expect it to stop the bench at the first disturbance")
        )
    return _fine(name, limit, Phrase("{now}: margin {margin}", now=now, margin=f"{margin:.3g}"))


def _battery(name: str, limit: OnBattery, value: Value, now: Phrase) -> Finding:
    if limit.holds(value):
        carries = Phrase("{now}: a battery carries the load now", now=now)
        return Finding(
            name,
            "interlock",
            Level.PROBLEM,
            carries,
            Phrase("not {limit}", limit=limit),
            Phrase("bring the mains back and let the battery charge"),
        )
    return _fine(
        name, limit, Phrase("{now}: no battery carries the load; it may for {most} s", now=now, most=f"{limit.most:g}")
    )


def _fine(name: str, limit: Limit, holds: Phrase) -> Finding:
    found = Phrase("{holds}; silence stops the bench after {stale} s", holds=holds, stale=f"{limit.stale:g}")
    return Finding(name, "interlock", Level.FINE, found, str(limit))


def _silence(rig: Rig, name: str, limit: Limit, asked: Mapping[str, Asked]) -> Iterator[Finding]:
    """True if the instrument can be silent for so short that the interlock would trip without a reason."""
    section = rig.instrument_for(limit.quantity)
    if section is None:
        return
    if section.every >= limit.stale:
        yield Finding(
            name,
            "interlock",
            Level.PROBLEM,
            Phrase(
                "{quantity} is read every {every} s, and may not be unknown for {stale} s: it always stops the bench",
                quantity=limit.quantity,
                every=f"{section.every:g}",
                stale=f"{limit.stale:g}",
            ),
            Phrase("`stale` longer than `every`"),
            Phrase("read it more often (every), or allow more (stale)"),
        )
        return
    device = asked.get(device_of(rig, limit.quantity))
    if device is not None and section.every + device.silence_s > limit.stale:
        yield Finding(
            name,
            "interlock",
            Level.NOTICE,
            Phrase(
                "a lost answer of {device} takes up to {silence} s, and {quantity} may be unknown for {stale} s only",
                device=device.name,
                silence=f"{device.silence_s:g}",
                quantity=limit.quantity,
                stale=f"{limit.stale:g}",
            ),
            Phrase("`stale` of {stale} s or more", stale=f"{section.every + device.silence_s:g}"),
            Phrase("shorten timeout and retries of {device}, or allow more (stale)", device=device.name),
        )


def _margin(limit: Limit, value: Value) -> float | None:
    """The distance that the value may still move, None for a value that is no number."""
    if isinstance(value, str | bytes | bool) or (limit.above is None and limit.below is None):
        return None
    above = math.inf if limit.above is None else value - limit.above
    below = math.inf if limit.below is None else limit.below - value
    return min(above, below)


def _size(limit: Limit) -> float:
    return max(abs(bound) for bound in (limit.above, limit.below) if bound is not None)
