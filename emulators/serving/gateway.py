"""A gateway: the Modbus units of several devices behind one address."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from twinfeed.emulators.devices.firmware.device import Device
from twinfeed.emulators.wire.modbus import Unit


class Gateway(Mapping[int, Unit]):
    """The units behind one address, of which only the reachable ones answer. A look-up of a unit moves nothing.

    A device alone at its address also answers to 0 and 255, which the Modbus Messaging on TCP/IP Implementation
    Guide gives to a device that is no gateway.
    """

    def __init__(self) -> None:
        self._units: dict[int, tuple[Unit, Callable[[], bool]]] = {}
        self.devices: list[Device] = []

    def add(self, id: int, unit: Unit, device: Device, reachable: Callable[[], bool]) -> None:
        """Put a device behind the address, as the unit `id`."""
        self._units[id] = (unit, reachable)
        self.devices.append(device)

    def __getitem__(self, id: int) -> Unit:
        if len(self._units) == 1 and id in (0, 255):
            ((unit, reachable),) = self._units.values()
        else:
            unit, reachable = self._units[id]
        if not reachable():
            raise KeyError(id)
        return unit

    def __contains__(self, id: object) -> bool:
        """True if a device has that unit id, reachable or not."""
        return id in self._units

    def __iter__(self) -> Iterator[int]:
        return iter(self._units)

    def __len__(self) -> int:
        return len(self._units)

    def any_reachable(self) -> bool:
        """True if any device behind this address is reachable."""
        return any(reachable() for _, reachable in self._units.values())
