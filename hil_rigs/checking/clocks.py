"""The clocks of a device: the time of day it shows, how long it has been up, and the engine time of SNMPv3."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from twinfeed._phrases import Phrase
from twinfeed.harness.transports import DeviceHandle, TransportError
from twinfeed.hil_rigs.checking.asking import Asked
from twinfeed.hil_rigs.checking.findings import Finding, Level

SYS_UPTIME = "1.3.6.1.2.1.1.3.0"
"""Hundredths of a second (RFC 3418)."""

ENGINE_BOOTS, ENGINE_TIME = "1.3.6.1.6.3.10.2.1.2.0", "1.3.6.1.6.3.10.2.1.3.0"
"""The number of starts of the SNMP engine, and the seconds since the last (RFC 3411)."""

CLOCK_POINT = "system.clock"

EPOCH_S = 1_767_225_600
"""1 January 2026 in seconds since 1970: where the clock of a profile begins (emulators/profiles, `system.clock`)."""

CLOCK_WITHIN_S = 30.0
"""Two logs cannot be laid side by side when their clocks are farther apart. Engineering judgement."""

WINDOW_S = 150.0
"""An SNMPv3 agent whose engine time is farther away from the last one is refused (RFC 3414 §3.2)."""

PACE_WITHIN, TICK_S = 0.02, 2.0
"""The drift that a clock may have from this computer's: a share of the time that passed, and that of whole seconds."""


@dataclass(frozen=True)
class Clocks:
    """A device's clocks at one moment."""

    at_s: float
    """This computer's monotonic clock, s."""
    now_s: float
    """This computer's time of day, seconds since 1970."""
    uptime_s: float | None = None
    engine_boots: int | None = None
    engine_s: float | None = None
    day_s: float | None = None
    """The device's time of day, seconds since 1970."""


async def look(asked: Asked, monotonic: Callable[[], float], now: Callable[[], float]) -> Clocks:
    """The present values of the clocks of a device; a missing clock is None."""
    handle = asked.handle
    uptime = engine = boots = None
    if handle.snmp is not None:
        uptime = await _number(asked, handle, SYS_UPTIME)
        if asked.access.snmp is not None and asked.access.snmp.version == "v3":
            boots = await _number(asked, handle, ENGINE_BOOTS)
            engine = await _number(asked, handle, ENGINE_TIME)
    return Clocks(
        monotonic(),
        now(),
        None if uptime is None else uptime / 100.0,
        None if boots is None else int(boots),
        engine,
        await day_of(asked),
    )


async def day_of(asked: Asked) -> float | None:
    """The time of day of a device, seconds since 1970; None where its profile has no clock, or it gives no time."""
    try:
        value = (await asked.ask(lambda: asked.handle.read(CLOCK_POINT))).value
    except TransportError:
        return None
    return EPOCH_S + float(value) if isinstance(value, int | float) and value == value else None


async def _number(asked: Asked, handle: DeviceHandle, oid: str) -> float | None:
    assert handle.snmp is not None
    snmp = handle.snmp
    try:
        value = (await asked.ask(lambda: snmp.get([oid])))[oid]
    except TransportError:
        return None
    return float(value) if isinstance(value, int) else None


def judged(name: str, first: Clocks, last: Clocks) -> Iterator[Finding]:
    """The findings from two readings of the clocks."""
    passed = last.at_s - first.at_s
    if _went(first.uptime_s, last.uptime_s) < -TICK_S or (last.engine_boots or 0) > (first.engine_boots or 0):
        yield Finding(
            name,
            "clock",
            Level.PROBLEM,
            Phrase("it was restarted during the check"),
            None,
            Phrase("look at its supply, then check again"),
        )
        return
    for what, went in (
        (Phrase("sysUpTime"), _went(first.uptime_s, last.uptime_s, passed)),
        (Phrase("the SNMPv3 engine time"), _went(first.engine_s, last.engine_s, passed)),
    ):
        if abs(went - passed) > TICK_S + PACE_WITHIN * passed:
            yield Finding(
                name,
                "clock",
                Level.PROBLEM,
                Phrase("{what} went on by {went} s", what=what, went=f"{went:.1f}"),
                Phrase("{passed} s", passed=f"{passed:.1f}"),
                Phrase(
                    "restart its management card; beyond {window} s SNMPv3 refuses every request",
                    window=f"{WINDOW_S:g}",
                ),
            )
    yield from day_judged(name, last.day_s, last.now_s)


def day_judged(name: str, day_s: float | None, now_s: float) -> Iterator[Finding]:
    """The finding from the time of day of a device, beside that of this computer, both in seconds since 1970."""
    if day_s is None or abs(day_s - now_s) <= CLOCK_WITHIN_S:
        return
    off = day_s - now_s
    yield Finding(
        name,
        "clock",
        Level.PROBLEM,
        Phrase("its clock is {off} ahead", off=_span(off))
        if off > 0
        else Phrase("its clock is {off} behind", off=_span(-off)),
        Phrase("this computer's time, within {within} s", within=f"{CLOCK_WITHIN_S:g}"),
        Phrase("set it, or this computer's: its log cannot be laid beside the record"),
    )


def _went(first: float | None, last: float | None, unknown: float = 0.0) -> float:
    return unknown if first is None or last is None else last - first


def _span(seconds: float) -> str:
    """A time in the largest unit that it has two of."""
    for unit, size in (("d", 86400.0), ("h", 3600.0), ("min", 60.0)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
