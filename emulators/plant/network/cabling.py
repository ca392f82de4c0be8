"""Cables and ports: links make trunks; devices, servers and the outside world are plugged into ports."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol, cast

from twinfeed.emulators.plant.kernel.actor import Actor, PlantError
from twinfeed.emulators.plant.network.links import Link
from twinfeed.emulators.plant.network.spanning_tree import INFORMATION_AGE_S, MAX_AGE_S, End
from twinfeed.emulators.plant.network.switch import AGGREGATE_BASE, Switch


class Card(Protocol):
    """A device with a management card, as far as the network sees it."""

    id: str
    state: Any
    params: Any

    @property
    def answers(self) -> bool: ...


class Row(Protocol):
    """A rack row, as far as the network sees it."""

    @property
    def heat_kw(self) -> float: ...


class Trunk:
    """One link in the view of spanning tree: a cable, or all cables of one aggregate."""

    def __init__(self, id: str, links: list[Link], a: tuple[Switch, int], b: tuple[Switch, int]) -> None:
        self.id, self.links, self.a, self.b = id, links, a, b
        self.ends = End(a[0].id, a[1]), End(b[0].id, b[1])
        self.aggregated = a[1] > AGGREGATE_BASE
        rapid = all(switch.params.protocol == "rstp" for switch in (a[0], b[0]))
        self.rapid = rapid and not any(link.params.shared for link in links)
        """True if both ends can agree at once (point to point, RSTP)."""
        self.age_s = INFORMATION_AGE_S if rapid else MAX_AGE_S


class Cabling:
    """The cables of a site. Each port takes one.

    Raises:
        PlantError: a cable leads to a port that is not there or already taken; the message names it.
    """

    def __init__(self, actors: Iterable[Actor], station: str, outside: Iterable[str]) -> None:
        everything = {actor.id: actor for actor in actors}
        self.switches = {id: actor for id, actor in everything.items() if isinstance(actor, Switch)}
        self.links = {id: actor for id, actor in everything.items() if isinstance(actor, Link)}
        self.far: dict[tuple[str, int], tuple[Link, Switch, int]] = {}
        """Switch and port -> the link plugged in there, and the switch and port at its other end."""
        self._taken: dict[tuple[str, int], str] = {}
        for link in self.links.values():
            link.start()
            for (switch, port), far in ((link.a, link.b), (link.b, link.a)):
                self._occupy(switch, port, link.id)
                self.far[switch.id, port] = (link, *far)
                switch.cabled[port] = link.params.gbps
        self.trunks = self._trunks()
        self.cards: dict[str, tuple[Card, Switch, int]] = {}
        """Devices and the ports their management cards are plugged into."""
        for actor in everything.values():
            ref = getattr(getattr(actor, "params", None), "switch_port", "")
            if ref:
                self.cards[actor.id] = (cast(Card, actor), *self.plug(ref, actor.id))
        self.station = self.plug(station, "the management station") if station else None
        self.outside = [self.plug(ref, "the outside world") for ref in outside]
        self.rows: dict[str, Row] = {}
        self.servers: dict[tuple[str, int], str] = {}
        """The row behind each server port."""
        for switch in self.switches.values():
            self._serve(switch, everything)
        self.hosts = [End(switch.id, port) for _, switch, port in self.cards.values()]
        """Every port that something other than a switch is plugged into."""
        self.hosts += [End(switch.id, port) for switch, port in self.outside]
        self.hosts += [End(*key) for key in self.servers]
        if self.station:
            self.hosts.append(End(self.station[0].id, self.station[1]))

    def plug(self, ref: str, what: str) -> tuple[Switch, int]:
        """The switch and port that `mgmt-1:12` names, now taken by `what`."""
        id, _, port = ref.partition(":")
        switch = self.switches.get(id)
        if switch is None or not port.isdigit():
            raise PlantError(f"{what}: {ref!r} is no switch port; expected switch:number, such as mgmt-1:12", what)
        switch.check_port(int(port))
        self._occupy(switch, int(port), what)
        return switch, int(port)

    def _occupy(self, switch: Switch, port: int, what: str) -> None:
        other = self._taken.setdefault((switch.id, port), what)
        if other != what:
            raise PlantError(f"{switch.id}:{port} is used by {other} and by {what}; a port takes one cable", what)

    def _serve(self, switch: Switch, everything: dict[str, Actor]) -> None:
        """The rows' servers take what is left of the switch's server ports, evenly."""
        rows = switch.params.serves
        for name in rows:
            if not hasattr(everything.get(name), "heat_kw"):
                raise PlantError(f"{switch.id}: serves {name!r}, which is no rack row", switch.id)
            self.rows[name] = cast(Row, everything[name])
        each = switch.params.server_ports // len(rows) if rows else 0
        for n in range(each * len(rows)):
            if (switch.id, n + 1) not in self._taken:
                self.servers[switch.id, n + 1] = rows[n // each]

    def _trunks(self) -> list[Trunk]:
        trunks: list[Trunk] = []
        aggregates: dict[tuple[str, str, str], list[Link]] = {}
        for link in self.links.values():
            if not link.params.lag:
                trunks.append(Trunk(link.id, [link], link.a, link.b))
                continue
            first, second = sorted((link.a[0].id, link.b[0].id))
            aggregates.setdefault((first, second, link.params.lag), []).append(link)
        for (first, second, lag), links in aggregates.items():
            digits = lag.removeprefix("lag")
            if not digits.isdigit() or not 1 <= int(digits) <= 256:
                raise PlantError(f"{links[0].id}: lag is {lag!r}, expected lag1 to lag256", links[0].id)
            number = AGGREGATE_BASE + int(digits)
            for id in (first, second):
                switch = self.switches[id]
                if number in switch.aggregates:
                    raise PlantError(f"{links[0].id}: {lag} of {id} already leads to another switch", links[0].id)
                ends = [end for link in links for end in (link.a, link.b) if end[0] is switch]
                switch.aggregates[number] = [port for _, port in ends]
            ends_ = (self.switches[first], number), (self.switches[second], number)
            trunks.append(Trunk(f"{first}/{second} {lag}", links, *ends_))
        return trunks
