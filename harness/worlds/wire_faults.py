"""Protocol and transport faults of the simulated network: the faults of each device, and their effect on its path."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from zlib import crc32

from twinfeed.emulators.plant.kernel.actor import PlantError
from twinfeed.emulators.serving import Endpoint
from twinfeed.emulators.site import Site
from twinfeed.harness.faults import frames
from twinfeed.harness.faults.frames import Tamper
from twinfeed.harness.faults.reference import FaultRef
from twinfeed.harness.faults.sinks import SPEAKS, OfWire, Strength
from twinfeed.harness.virtual.network import VirtualNetwork


class WireFaults(OfWire):
    """Applies and lifts faults of what passes between the station and each device."""

    def __init__(self, network: VirtualNetwork, site: Site, endpoints: Iterable[Endpoint], seed: int) -> None:
        super().__init__(site)
        self._network = network
        self._seed = seed
        self._endpoints: dict[str, list[Endpoint]] = {}
        self._tampers: dict[tuple[str, int], Tamper] = {}
        for endpoint in endpoints:
            self._endpoints.setdefault(endpoint.device, []).append(endpoint)
        self._active: dict[str, dict[str, Mapping[str, float]]] = {}

    def apply(self, fault: FaultRef, parameters: Strength) -> None:
        """The device suffers this from now on.

        Raises:
            PlantError: as for `check`.
        """
        self.check(fault, parameters)
        device, kind, chosen = fault.target, fault.kind, frames.chosen(fault.kind, parameters)
        endpoints = self._of(device)
        if frames.protocols(kind):
            for endpoint in self._speaking(endpoints, kind):
                self._tamper(endpoint).apply(kind, chosen)
        else:
            self._active.setdefault(device, {})[kind] = chosen
            self._settle(device)
            if kind == "reset":
                for host in _hosts(endpoints):
                    self._network.path(host).reset()

    def check(self, fault: FaultRef, parameters: Strength, for_s: float | None = None) -> None:
        """
        Raises:
            PlantError: the device does not speak the protocol or has no connections, or a parameter is wrong.
        """
        super().check(fault, parameters, for_s)
        device, kind = fault.target, fault.kind
        endpoints = self._of(device)
        if kind == "serial-noise" or (frames.protocols(kind) and not self._speaking(endpoints, kind)):
            raise PlantError(f"{device} does not speak what {kind} alters; it speaks {_protocols(endpoints)}")
        if kind in frames.STREAMS_ONLY and all(endpoint.protocol != "modbus" for endpoint in endpoints):
            raise PlantError(f"{device} has no TCP connections for {kind}; it speaks {_protocols(endpoints)}")

    @staticmethod
    def _speaking(endpoints: Iterable[Endpoint], kind: str) -> list[Endpoint]:
        return [e for e in endpoints if SPEAKS[e.protocol] in frames.protocols(kind)]

    def lift(self, fault: FaultRef) -> None:
        """The device suffers it no longer."""
        device, kind = fault.target, fault.kind
        if frames.protocols(kind):
            for endpoint in self._speaking(self._of(device), kind):
                self._tamper(endpoint).lift(kind)
        else:
            self._active.get(device, {}).pop(kind, None)
            self._settle(device)

    def _of(self, device: str) -> list[Endpoint]:
        endpoints = self._endpoints.get(device)
        if endpoints is None:
            raise PlantError(f"{device!r} has no management address; faults of the wire need a device that has one")
        return endpoints

    def _settle(self, device: str) -> None:
        """Give the device's path the conditions its faults make; a refusing device also drops its connections."""
        conditions = frames.path(self._active.get(device, {}), self._network.default)
        for host in _hosts(self._of(device)):
            path = self._network.path(host)
            path.set(conditions)
            if conditions.state == "refused":
                path.reset()

    def _tamper(self, endpoint: Endpoint) -> Tamper:
        place = (endpoint.address, endpoint.port)
        if place not in self._tampers:
            tamper = self._tampers[place] = Tamper(hash_of(self._seed, endpoint), SPEAKS[endpoint.protocol])
            self._network.path(endpoint.address).tampers[endpoint.port] = tamper
        return self._tampers[place]


def hash_of(seed: int, endpoint: Endpoint) -> int:
    """A seed of the endpoint's own, the same in every run."""
    return crc32(f"{seed}/{endpoint.device}/{endpoint.protocol}".encode())


def _hosts(endpoints: Iterable[Endpoint]) -> list[str]:
    return list(dict.fromkeys(endpoint.address for endpoint in endpoints))


def _protocols(endpoints: Iterable[Endpoint]) -> str:
    return " and ".join(endpoint.protocol for endpoint in endpoints)
