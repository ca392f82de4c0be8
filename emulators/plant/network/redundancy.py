"""Timers and rules of link aggregation (IEEE 802.1AX) and of the virtual router (RFC 5798)."""

from __future__ import annotations

import math

from twinfeed.emulators.plant.network.fabric import Fabric
from twinfeed.emulators.plant.network.state import ADVERTISEMENT_S, LACP_PERIOD_S

LACP_TIMEOUTS = 3
"""A partner is given up after so many periods without a word: 3 s or 90 s (802.1AX-2014 6.4.4)."""

AGGREGATE_WAIT_S = 2.0
"""Time that a new member waits for others before it carries traffic (802.1AX-2014 6.4.4), s."""


def lacp_timeout_s(rate: str) -> float:
    """Time for which a silent member of an aggregate stays in it, s."""
    return LACP_TIMEOUTS * LACP_PERIOD_S[rate]


def skew_s(priority: int) -> float:
    """Lower priorities wait longer (RFC 5798 6.1), s."""
    return (256 - priority) * ADVERTISEMENT_S / 256


def master_down_s(priority: int) -> float:
    """Time that a backup waits for an advertisement (RFC 5798 6.1): 3.609 s at priority 100, s."""
    return 3 * ADVERTISEMENT_S + skew_s(priority)


def last_advertisement(since: float, now: float) -> float:
    """When a master since `since` sent its last advertisement, s."""
    return since + math.floor((now - since) / ADVERTISEMENT_S + 1e-9) * ADVERTISEMENT_S


class Aggregation:
    """Which members of the network's link aggregates carry traffic."""

    def __init__(self, network: Fabric) -> None:
        self.net = network

    def settle(self, at_once: bool) -> None:
        """Members without light leave at once, silent ones time out, new ones wait to join."""
        for trunk in self.net.trunks:
            for link in trunk.links if trunk.aggregated else ():
                heard = link.passes and link.a[0].speaks and link.b[0].speaks
                active = link.id in self.net.state.active
                if not link.up:
                    self.net.cancel(f"join {link.id}")
                    self.net.cancel(f"expire {link.id}")
                    if active:
                        self.leave(link.id)
                elif not heard:
                    self.net.cancel(f"join {link.id}")
                    if active and self.net.remaining_s(f"expire {link.id}") is None:
                        self.net.after(lacp_timeout_s(link.params.lacp), f"expire {link.id}")
                else:
                    self.net.cancel(f"expire {link.id}")
                    if not active and at_once:
                        self.net.state.active.append(link.id)
                    elif not active and self.net.remaining_s(f"join {link.id}") is None:
                        self.net.after(AGGREGATE_WAIT_S, f"join {link.id}")

    def leave(self, link: str) -> None:
        self.net.state.active.remove(link)
        self.net.log("aggregate member lost", link=link)

    def join(self, link: str) -> None:
        self.net.state.active.append(link)
        self.net.log("aggregate member active", link=link)


class VirtualRouter:
    """The gateways that share one address: which of them is master."""

    def __init__(self, network: Fabric) -> None:
        self.net = network

    def role(self, router: str) -> str:
        """initialize, backup or master."""
        return self.net.state.vrrp.get(router, "initialize")

    @property
    def master(self) -> str:
        """The gateway whose advertisements win, '' when there is none."""
        net = self.net
        masters = [g for g in net.params.gateways if self.role(g) == "master"]
        speaking = [g for g in masters if net.switches[g].speaks]
        return max(speaking or masters, key=lambda g: net.priority[g], default="")

    def rivals(self, router: str) -> list[str]:
        """The other masters whose advertisements reach this router."""
        others = [other for other in self.net.params.gateways if other != router]
        return [other for other in others if self.role(other) == "master" and self._hears(other, router)]

    def resign(self, gateway: str) -> None:
        """A master that goes down properly announces priority 0: the backup waits its skew only (RFC 5798 6.4.2)."""
        if self.role(gateway) != "master":
            return
        self.net.state.vrrp_resigned[gateway] = self.net.plant.now
        for other in self.net.params.gateways:
            if self.role(other) == "backup" and self.net.connected(gateway, other):
                self.net.after(skew_s(self.net.priority[other]), f"master {other}")

    def settle(self, at_once: bool) -> None:
        """Let every gateway draw its conclusions from the advertisements that it receives."""
        routers = self.net.params.gateways
        if at_once and routers:
            best = max(
                (r for r in routers if self.net.switches[r].running), key=lambda r: self.net.priority[r], default=""
            )
            for router in routers:
                running = self.net.switches[router].running
                role = ("master" if router == best else "backup") if running else "initialize"
                self.net.state.vrrp[router], self.net.state.vrrp_since[router] = role, self.net.plant.now
                self.net.state.vrrp_transitions[router] = int(role == "master")
            return
        for router in routers:
            switch, role = self.net.switches[router], self.role(router)
            if not switch.running:
                if role != "initialize":
                    self.become(router, "initialize")
            elif role == "initialize":
                self.become(router, "backup")
            elif role == "master":
                self._challenge(router)
        for router in routers:
            if self.role(router) == "backup":
                self._wait(router)

    def _hears(self, sender: str, receiver: str) -> bool:
        return (
            self.net.switches[sender].speaks
            and self.net.switches[receiver].speaks
            and self.net.connected(sender, receiver)
            and sender not in self.net.state.storm
        )

    def _challenge(self, router: str) -> None:
        """A master that receives a better one's advertisement steps back at the next one."""
        better = [other for other in self.rivals(router) if self.net.priority[other] > self.net.priority[router]]
        name = f"yield {router}"
        if not better:
            self.net.cancel(name)
        elif self.net.remaining_s(name) is None:
            since, now = self.net.state.vrrp_since[better[0]], self.net.plant.now
            self.net.after(0.0 if since == now else last_advertisement(since, now) + ADVERTISEMENT_S - now, name)

    def _wait(self, router: str) -> None:
        """A backup without advertisements of its rank or better becomes master after its master-down interval."""
        heard = [
            other
            for other in self.rivals(router)
            if not self.net.params.preempt or self.net.priority[other] >= self.net.priority[router]
        ]
        name = f"master {router}"
        if heard or not self.net.switches[router].speaks:
            self.net.cancel(name)
        elif self.net.remaining_s(name) is None:
            last = self.net.state.vrrp_since[router]
            for other in self.net.params.gateways:
                if other != router and (
                    not self.net.params.preempt or self.net.priority[other] >= self.net.priority[router]
                ):
                    last = max(last, self._last_advertisement(other))
            self.net.after(max(0.0, last + master_down_s(self.net.priority[router]) - self.net.plant.now), name)

    def _last_advertisement(self, router: str) -> float:
        if self.role(router) == "master":
            return last_advertisement(self.net.state.vrrp_since[router], self.net.plant.now)
        return self.net.state.vrrp_last.get(router, 0.0)

    def become(self, router: str, role: str) -> None:
        self.net.cancel(f"master {router}")
        self.net.cancel(f"yield {router}")
        if self.role(router) == "master":
            self.net.state.vrrp_last[router] = self._last_advertisement(router)
        self.net.state.vrrp[router] = role
        self.net.state.vrrp_since[router] = self.net.plant.now
        if role == "master":
            self.net.state.vrrp_reason[router] = self._reason(router)
            self.net.state.vrrp_transitions[router] = self.net.state.vrrp_transitions.get(router, 0) + 1
        self.net.switches[router].log(f"vrrp {role}")
        self.net.stale = True
        self.net.touch()

    def _reason(self, router: str) -> str:
        """Why that gateway becomes master: it preempts a lower one, the master resigned, or the master is silent."""
        if self.rivals(router):
            return "preempted"
        since = self.net.plant.now - 1.001 * skew_s(self.net.priority[router])
        resigned = [t for other, t in self.net.state.vrrp_resigned.items() if other != router and t >= since]
        return "priority" if resigned else "no-response"
