"""The live world: the emulators on loopback, real sockets, wall clock at real or scaled speed.

Clients see each device at its usual address. They reach it through a proxy in this process, which is where faults of
the wire happen; the emulators themselves listen behind it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from twinfeed.emulators.plant.kernel.actor import PlantError
from twinfeed.emulators.serving import HIGH_PORTS, Endpoint, LiveSite, ServeError
from twinfeed.emulators.site import Site
from twinfeed.harness.faults import frames
from twinfeed.harness.faults.capture import Capture
from twinfeed.harness.faults.frames import Tamper
from twinfeed.harness.faults.proxy import Proxies, Proxy, TcpProxy, UdpProxy
from twinfeed.harness.worlds.capabilities import CAPABILITIES
from twinfeed.harness.worlds.emulated import EmulatedWorld
from twinfeed.harness.worlds.wire_faults import SPEAKS, hash_of
from twinfeed.harness.worlds.world import Cannot, Duration, span

BEHIND = 1000
"""How far above its usual port an emulator listens behind its proxy."""

APART = 10
"""How far the ports of one worker are from those of the next."""

LOOK_S = 0.02
"""How often `run` looks whether the site's time has come, s of the clock."""


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
        self._begin()

    def _in_front(self) -> dict[str, list[Proxy]]:
        """A proxy at each address, known under each device that answers there."""
        at: dict[tuple[str, int], Proxy] = {}
        found: dict[str, list[Proxy]] = {}
        for shown in self.endpoints:
            place = (shown.address, shown.port)
            if place not in at:
                at[place] = self._proxy(shown, (shown.address, shown.port + BEHIND))
            found.setdefault(shown.device, []).append(at[place])
        return found

    def _proxy(self, shown: Endpoint, target: tuple[str, int]) -> Proxy:
        seed = hash_of(self.seed, shown)
        tamper = Tamper(seed, SPEAKS[shown.protocol])
        carrier = UdpProxy if shown.protocol == "snmp" else TcpProxy
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
        while self.now < until_s:
            if self._live.failure is not None:
                raise self._live.failure
            await asyncio.sleep(min(LOOK_S, (until_s - self.now) / self.speed))

    def _advance(self) -> None:
        """The pacer moves the plant."""

    def _pace(self) -> float:
        return self.speed

    def write_frames(self, path: Path) -> bool:
        self._capture.path = path
        self._capture.close()
        return True

    # -- the wire -------------------------------------------------------------------------------------------------

    def _check_wire(self, device: str, kind: str, parameters: Mapping[str, float]) -> None:
        try:
            frames.chosen(kind, parameters)
        except ValueError as error:
            raise PlantError(f"{device}: {error}") from None
        if kind.startswith("traps-"):
            raise Cannot(
                f"{kind}: the live world does not stand between {device} and its trap receiver; put "
                "`twinfeed proxy --traps` there"
            )
        if not any(proxy.suffers(kind) for proxy in self._proxies.of.get(device, ())):
            raise PlantError(f"{device} cannot suffer {kind}: it has no address or does not speak that protocol")

    def _apply_wire(self, device: str, kind: str, parameters: Mapping[str, float]) -> None:
        self._background(self._proxies.apply(device, kind, parameters))

    def _lift_wire(self, device: str, kind: str) -> None:
        self._background(self._proxies.lift(device, kind))
