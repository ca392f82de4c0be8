"""The effect of a network path on messages: delay, loss, duplication, reordering, a rate, or nothing arrives.

The same model serves the simulated world's network in memory and the inline proxy in front of real devices. It is
sans-IO: its callers pass the time and the size of what is sent, and it returns when that arrives.

Datagrams suffer each of these as they come. A TCP stream is reliable and in order, so for its users loss is delay: a
lost segment comes after a retransmission (RFC 6298), twice as late for each further loss; reordering and duplication
are mended by the stack and not seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Literal

State = Literal["up", "black-hole", "refused", "half-open"]
"""`black-hole`: nothing arrives either way. `refused`: new connections are refused, datagrams answered by ICMP (lost).
`half-open`: the far end has gone without a word: what is sent to it is lost, connections seem open."""

RETRANSMISSION_S = 0.2
"""First retransmission timeout of a TCP on a fast path, s: Linux' minimum (RFC 6298 §2.4 would have 1 s)."""

MOST_RETRANSMISSIONS = 8
"""Then the segment counts as arrived all the same, so that a loss of 100 % stalls a stream by 51 s and no longer."""


@dataclass(frozen=True)
class LinkConditions:
    """The state of a path at a moment; the default is a quiet local network.

    `latency_s` one way, s; `jitter_s` is added evenly from 0, s; `loss_percent`, `duplication_percent` and
    `reordering_percent` of packets; a reordered packet waits `reordering_s` longer, s; `bandwidth_bps` in bit/s, 0 for
    no limit.
    """

    latency_s: float = 0.0005
    jitter_s: float = 0.0
    loss_percent: float = 0.0
    duplication_percent: float = 0.0
    reordering_percent: float = 0.0
    reordering_s: float = 0.01
    bandwidth_bps: float = 0.0
    split_octets: int = 0
    """Answers of a stream arrive in pieces of so many octets, 0 for whole; see `shaping`."""
    split_gap_s: float = 0.0
    join_s: float = 0.0
    """Answers of a stream are held back for so long and those that come meanwhile arrive with them, s."""
    state: State = "up"

    @property
    def plain(self) -> bool:
        """True if the only effect is one constant delay."""
        return self == LinkConditions(latency_s=self.latency_s)


class LinkModel:
    """One direction of a path. `conditions` may be replaced at any time; `rng` is this direction's own."""

    __slots__ = ("_busy_until_s", "_conditions", "_plain", "_stream_until_s", "rng")

    def __init__(self, conditions: LinkConditions, rng: Random) -> None:
        self.rng = rng
        self._busy_until_s = 0.0
        self._stream_until_s = 0.0
        self.conditions = conditions

    @property
    def conditions(self) -> LinkConditions:
        return self._conditions

    @conditions.setter
    def conditions(self, value: LinkConditions) -> None:
        self._conditions = value
        self._plain = value.plain

    def datagram(self, now_s: float, size: int) -> list[float]:
        """When the copies of a datagram of `size` octets sent now arrive, s; empty if it is lost."""
        c = self._conditions
        if self._plain:
            return [now_s + c.latency_s]
        if c.state != "up" or self._happens(c.loss_percent):
            return []
        arrivals = [self._arrival(now_s, size)]
        if self._happens(c.reordering_percent):
            arrivals[0] += c.reordering_s
        if self._happens(c.duplication_percent):
            arrivals.append(self._arrival(now_s, size))
        return arrivals

    def segment(self, now_s: float, size: int, after_s: float | None = None) -> float | None:
        """When `size` octets of a stream sent now arrive, s, never before those sent earlier; None if they do not.

        None is for a path that is not up: the owner of the stream keeps the octets and asks again when it is. Where
        several streams share the model, `after_s` is when the octets sent earlier on this one arrive, s.
        """
        c = self._conditions
        if self._plain:
            arrival = now_s + c.latency_s
        elif c.state not in ("up", "refused"):  # `refused` concerns new connections
            return None
        else:
            arrival = self._arrival(now_s, size)
            timeout_s = RETRANSMISSION_S
            for _ in range(MOST_RETRANSMISSIONS):
                if not self._happens(c.loss_percent):
                    break
                arrival += timeout_s
                timeout_s *= 2.0
        if after_s is not None:
            return max(arrival, after_s)
        self._stream_until_s = arrival = max(arrival, self._stream_until_s)
        return arrival

    def _arrival(self, now_s: float, size: int) -> float:
        c = self._conditions
        start = now_s
        if c.bandwidth_bps > 0.0:
            start = self._busy_until_s = max(now_s, self._busy_until_s) + 8.0 * size / c.bandwidth_bps
        return start + c.latency_s + (self.rng.random() * c.jitter_s if c.jitter_s > 0.0 else 0.0)

    def _happens(self, percent: float) -> bool:
        return percent > 0.0 and self.rng.random() * 100.0 < percent
