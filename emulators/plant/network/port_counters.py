"""The counters of a switch's ports: they grow at the rates of the present traffic, and start anew when it boots."""

from __future__ import annotations

from typing import Protocol

from twinfeed.emulators.plant.kernel.actor import Clock
from twinfeed.emulators.plant.network.ratings import SwitchState

COUNTERS = (
    "in_octets",
    "in_unicast",
    "in_multicast",
    "in_broadcast",
    "in_discards",
    "in_errors",
    "out_octets",
    "out_unicast",
    "out_multicast",
    "out_broadcast",
    "out_discards",
    "out_errors",
)
"""Counters of a port, in the order of its counter and rate lists (IF-MIB; octets, otherwise frames)."""

IDLE = [0.0] * len(COUNTERS)


class Counted(Protocol):
    """The switch whose ports count."""

    plant: Clock
    state: SwitchState
    aggregates: dict[int, list[int]]


class PortCounters:
    """The counters of all ports of a switch; an aggregate has the sum of its members'."""

    def __init__(self, switch: Counted) -> None:
        self._switch = switch

    def count(self, port: int, name: str) -> float:
        """Count of the port since the switch booted (`COUNTERS`)."""
        which, state = COUNTERS.index(name), self._switch.state
        elapsed = self._switch.plant.now - state.counted_at
        total = 0.0
        for member in self._members(port):
            key = str(member)
            total += state.counts.get(key, IDLE)[which]
            total += state.rates.get(key, IDLE)[which] * elapsed
        return total

    def rate(self, port: int, name: str) -> float:
        """Present growth of that counter, per second."""
        which, rates = COUNTERS.index(name), self._switch.state.rates
        return sum(rates.get(str(member), IDLE)[which] for member in self._members(port))

    def grow(self, rates: dict[str, list[float]]) -> None:
        """From now on the ports count at these rates, per second; what they counted so far stays."""
        state, now = self._switch.state, self._switch.plant.now
        if rates == state.rates:
            return
        elapsed = now - state.counted_at
        if elapsed > 0.0:
            for port, old in state.rates.items():
                base = state.counts.get(port, IDLE)
                state.counts[port] = [a + b * elapsed for a, b in zip(base, old, strict=True)]
        state.counted_at, state.rates = now, rates

    def restart(self) -> None:
        """The switch has booted: all counters are at zero."""
        self._switch.state.counts, self._switch.state.rates = {}, {}

    def _members(self, port: int) -> list[int]:
        return self._switch.aggregates.get(port, [port])
