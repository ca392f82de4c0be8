"""Limits watched over time: pure, fed with readings and the clock, they return when and why a bench must stop."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from twinfeed._phrases import N_, Phrase
from twinfeed.emulators.devices.firmware.points import Value
from twinfeed.hil_rigs.schema import Bench, Limit, OnBattery


class Interlock:
    """One limit. Feed it every reading with `see`, and ask `broken` whenever time has passed."""

    def __init__(self, name: str, limit: Limit, now_s: float) -> None:
        self.name, self.limit = name, limit
        self._seen_s = now_s
        """When the quantity was last known."""
        self._wrong_s: float | None = None
        """Since when it is not as it must be."""
        self._value: Value | None = None

    def see(self, now_s: float, value: Value) -> None:
        """A reading of its quantity."""
        self._seen_s, self._value = now_s, value
        if self._holds(value):
            self._wrong_s = None
        elif self._wrong_s is None:
            self._wrong_s = now_s

    def _holds(self, value: Value) -> bool:
        return self.limit.holds(value)

    def restart(self, now_s: float) -> None:
        """The bench is armed: what was unknown before does not count."""
        self._seen_s, self._wrong_s = now_s, None if self._wrong_s is None else now_s

    @property
    def limit_in_words(self) -> str:
        """The limit as people read it."""
        return str(self.limit)

    @property
    def known(self) -> bool:
        """True if there was any reading."""
        return self._value is not None

    def broken(self, now_s: float) -> str:
        """Why the bench must stop, empty if it need not."""
        if self._wrong_s is not None and now_s - self._wrong_s >= self._patience_s:
            return self._why()
        silent_s = now_s - self._seen_s
        if silent_s > self.limit.stale:
            return Phrase(
                "interlock {name}: nothing is known of {quantity} for {silent_s:.1f} s",
                name=self.name,
                quantity=self.limit.quantity,
                silent_s=silent_s,
            )
        return ""

    def wrong_now(self) -> str:
        """The way in which the last reading is not as it must be, empty if it is."""
        return self._why() if self._wrong_s is not None else ""

    @property
    def _patience_s(self) -> float:
        return self.limit.for_

    def _why(self) -> str:
        return Phrase(
            "interlock {name}: {quantity} is {value}, expected {limit}",
            name=self.name,
            quantity=self.limit.quantity,
            value=shown(self._value),
            limit=self.limit,
        )


class BatteryTime(Interlock):
    """The time for which a battery may carry the load at a stretch."""

    limit: OnBattery

    @property
    def limit_in_words(self) -> str:
        return Phrase("{limit} for {most:g} s at most", limit=self.limit, most=self.limit.most)

    def _holds(self, value: Value) -> bool:
        return not self.limit.holds(value)

    @property
    def _patience_s(self) -> float:
        return self.limit.most

    def _why(self) -> str:
        return Phrase(
            "limit on_battery: {limit} for {most:g} s, which is the most allowed",
            limit=self.limit,
            most=self.limit.most,
        )


class Interlocks:
    """Every limit of a bench: its interlocks, its emergency stop and its battery's time."""

    def __init__(self, every: Iterable[Interlock]) -> None:
        self.every = list(every)

    @classmethod
    def of(cls, bench: Bench, now_s: float) -> Interlocks:
        """The limits of a rig file, which are watched from now on."""
        limits = {**bench.interlocks}
        if bench.emergency_stop.input is not None:
            limits["emergency stop"] = bench.emergency_stop.input
        every = [Interlock(name, limit, now_s) for name, limit in limits.items()]
        if bench.limits.on_battery is not None:
            every.append(BatteryTime("on_battery", bench.limits.on_battery, now_s))
        return cls(every)

    @property
    def limits(self) -> dict[str, tuple[str, str]]:
        """Name -> (quantity, limit in words)."""
        return {each.name: (each.limit.quantity, each.limit_in_words) for each in self.every}

    def see(self, t_s: float, quantity: str, value: Value) -> None:
        """A reading."""
        for each in self.every:
            if each.limit.quantity == quantity:
                each.see(t_s, value)

    def broken(self, now_s: float, trouble: Mapping[str, str]) -> str:
        """Why the bench must stop, empty if it need not; `trouble` is why a quantity has no value now."""
        for each in self.every:
            if reason := each.broken(now_s):
                why = trouble.get(each.limit.quantity)
                return f"{reason} ({why})" if why else reason
        return ""


def shown(value: Value | None) -> str:
    """A value as people read it."""
    return N_("unknown") if value is None else f"{value:g}" if isinstance(value, float) else str(value)
