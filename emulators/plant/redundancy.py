"""Timers and rules of link aggregation (IEEE 802.1AX) and of the virtual router (RFC 5798)."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

LACP_PERIOD_S = {"fast": 1.0, "slow": 30.0}
"""Between two LACPDUs at each rate (802.1AX-2014 6.4.4: fast and slow periodic time), s."""

LACP_TIMEOUTS = 3
"""A partner is given up after so many periods without a word: 3 s or 90 s (802.1AX-2014 6.4.4)."""

AGGREGATE_WAIT_S = 2.0
"""How long a new member waits for others before it carries traffic (802.1AX-2014 6.4.4), s."""

ADVERTISEMENT_S = 1.0
"""Between two advertisements of a VRRP master (RFC 5798 5.2.7: default 100 centiseconds), s."""


def lacp_timeout_s(rate: str) -> float:
    """How long a silent member of an aggregate stays in it, s."""
    return LACP_TIMEOUTS * LACP_PERIOD_S[rate]


def skew_s(priority: int) -> float:
    """Lower priorities wait longer (RFC 5798 6.1), s."""
    return (256 - priority) * ADVERTISEMENT_S / 256


def master_down_s(priority: int) -> float:
    """How long a backup waits for an advertisement (RFC 5798 6.1): 3.609 s at priority 100, s."""
    return 3 * ADVERTISEMENT_S + skew_s(priority)


def last_advertisement(since: float, now: float) -> float:
    """When a master since `since` sent its last advertisement, s."""
    return since + math.floor((now - since) / ADVERTISEMENT_S + 1e-9) * ADVERTISEMENT_S


def rivals(
    router: str,
    routers: Sequence[str],
    roles: Mapping[str, str],
    hears: Callable[[str, str], bool],
) -> list[str]:
    """The other masters whose advertisements reach this router, in the site's order."""
    return [other for other in routers if other != router and roles.get(other) == "master" and hears(other, router)]
