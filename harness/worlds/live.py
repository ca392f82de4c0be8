"""The live world: the emulators on loopback, real sockets, wall clock at real or scaled speed.

Clients see each device at its usual address. They reach it through a proxy in this process, which is where faults of
the wire happen; the emulators themselves listen behind it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from twinfeed.emulators.plant.kernel.actor import PlantError
from twinfeed.emulators.serving import HIGH_PORTS, Endpoint, LiveSite, ServeError
from twinfeed.emulators.site import Site
from twinfeed.harness.durations import spoken
from twinfeed.harness.faults.capture import Capture
from twinfeed.harness.faults.frames import Tamper
from twinfeed.harness.faults.proxy import Proxies, Proxy, TcpProxy, UdpProxy
from twinfeed.harness.faults.reference import FaultRef
from twinfeed.harness.faults.sinks import SPEAKS, OfWire, Strength
from twinfeed.harness.worlds.capabilities import CAPABILITIES
from twinfeed.harness.worlds.emulated import EmulatedWorld
from twinfeed.harness.worlds.wire_faults import hash_of
from twinfeed.harness.worlds.world import Cannot, Duration, span

BEHIND = 1000
"""The distance of an emulator's port from its usual one, behind its proxy."""

APART = 10
"""The distance between the ports of one worker and those of the next."""

LOOK_S = 0.02
"""Period in which `run` checks the time of the site, s of the clock."""


SLOW_S = 1.0
"""A standstill of the site that is worth a remark, s of its own clock: the usual timeout of a client, so that devices
which answer at once have seemed silent."""


class LiveWorld(EmulatedWorld):
    """A site on real sockets. `speed` seconds of it pass in one of the clock; `worker` sets parallel worlds apart."""

    kind = "live"
    capabilities: ClassVar[frozenset[str]] = frozenset(CAPABILITIES) - {"virtual-time", "deterministic"}

    def __init__(
        self, site: Site, seed: int | None = None, speed: float = 1.0, worker: int = 0, everything: bool = True
    ) -> None:
        super().__init__(site, seed, everything)
        self.speed = speed
        self._ports = {protocol: port + APART * worker for protocol, port in HIGH_PORTS.items()}
        self._capture = Capture("frames.pcapng")
        self._longest_s, self._longest_at_s = 0.0, 0.0
        self._live: LiveSite
        self._proxies: Proxies

    # -- life -----------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        behind = {protocol: port + BEHIND for protocol, port in self._ports.items()}
        self._live = LiveSite(self.model, self.speed, behind)
        await self._live.start()
        self.endpoints = [replace(e, port=self._ports[e.protocol]) for e in self._live.endpoints]
        self._proxies = Proxies(self._in_front())
        try:
            await self._proxies.start()
        except OSError as error:
            await self._live.stop()
            raise ServeError(f"an address is taken: {error}; is the site running (`twinfeed status`)?") from None
        self._begin(ProxyFaults(self.model, self._proxies, self._background))

    def _in_front(self) -> dict[str, list[Proxy]]:
        """A proxy at each address, known under each device that answers there."""
        at: dict[tuple[str, int], list[Proxy]] = {}
        found: dict[str, list[Proxy]] = {}
        for shown in self.endpoints:
            place = (shown.address, shown.port)
            if place not in at:
                behind = (shown.address, shown.port + BEHIND)
                at[place] = [self._proxy(shown, behind, carrier) for carrier in self._carriers(shown)]
            found.setdefault(shown.device, []).extend(at[place])
        return found

    def _carriers(self, shown: Endpoint) -> list[type[UdpProxy] | type[TcpProxy]]:
        """Modbus over TCP; SNMP over UDP, and over TCP where the agent answers there too (RFC 3430)."""
        if shown.protocol != "snmp":
            return [TcpProxy]
        access = next(entry.snmp for entry in self.model.file.devices if entry.name == shown.device)
        return [UdpProxy, TcpProxy] if access.tcp else [UdpProxy]

    def _proxy(self, shown: Endpoint, target: tuple[str, int], carrier: type[UdpProxy] | type[TcpProxy]) -> Proxy:
        seed = hash_of(self.seed, shown)
        tamper = Tamper(seed, SPEAKS[shown.protocol])
        return carrier((shown.address, shown.port), target, tamper, seed=seed, capture=self._capture)

    async def stop(self) -> None:
        try:
            await self._end()
        finally:
            await self._proxies.stop()
            await self._live.stop()
        self._raise_failure()

    # -- time -----------------------------------------------------------------------------------------------------

    @property
    def now(self) -> float:
        return self.model.now

    async def run(self, duration: Duration) -> None:
        until_s = self.now + span(duration)
        await self._pass(asyncio.ensure_future(self._reach(until_s)))

    async def _reach(self, until_s: float) -> None:
        clock = asyncio.get_running_loop().time
        while self.now < until_s:
            if self._live.failure is not None:
                raise self._live.failure
            pause_s = min(LOOK_S, (until_s - self.now) / self.speed)
            asked_s = clock()
            await asyncio.sleep(pause_s)
            self._note_standstill((clock() - asked_s - pause_s) * self.speed)

    def _note_standstill(self, stood_s: float) -> None:
        """Keep the longest time, s of the site's clock, in which this process answered nobody."""
        if stood_s > self._longest_s:
            self._longest_s, self._longest_at_s = stood_s, self.now

    def remarks(self) -> list[str]:
        if self._longest_s < SLOW_S:
            return []
        return [
            f"this machine was too slow for speed {self.speed:g}: no device could answer for {self._longest_s:.1f} s "
            f"of the site's clock before {spoken(self._longest_at_s)}, so devices may have seemed silent; choose a "
            "lower --speed, or run fewer tests at the same time"
        ]

    def _advance(self) -> None:
        """The pacer moves the plant."""

    def _pace(self) -> float:
        return self.speed

    def write_frames(self, path: Path) -> bool:
        self._capture.path = path
        self._capture.close()
        return True


class ProxyFaults(OfWire):
    """Faults of the wire, which proxies in front of the devices cause; `work` runs a coroutine in the background."""

    def __init__(self, site: Site, proxies: Proxies, work: Callable[[Coroutine[Any, Any, Any]], None]) -> None:
        super().__init__(site)
        self._proxies, self._work = proxies, work

    def check(self, fault: FaultRef, parameters: Strength, for_s: float | None = None) -> None:
        """
        Raises:
            PlantError: the device does not speak the protocol, or a parameter is wrong.
            Cannot: the live world has no place where the fault could be caused.
        """
        super().check(fault, parameters, for_s)
        if fault.kind.startswith("traps-"):
            raise Cannot(
                f"{fault.kind}: the live world does not stand between {fault.target} and its trap receiver; put "
                "`twinfeed proxy --traps` there"
            )
        if not any(proxy.suffers(fault.kind) for proxy in self._proxies.of.get(fault.target, ())):
            raise PlantError(
                f"{fault.target} cannot suffer {fault.kind}: it has no address or does not speak that protocol"
            )

    def apply(self, fault: FaultRef, parameters: Strength) -> None:
        self._work(self._proxies.apply(fault.target, fault.kind, parameters))

    def lift(self, fault: FaultRef) -> None:
        self._work(self._proxies.lift(fault.target, fault.kind))
