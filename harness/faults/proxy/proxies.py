"""The proxies of several devices, by the devices' names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from twinfeed.harness.faults.frames import chosen
from twinfeed.harness.faults.proxy.base import Proxy


class Proxies:
    """`of` maps a device to the proxies in front of it: its Modbus, its SNMP, the way of its traps.

    A fault of a device is applied to each of its proxies that can suffer it.
    """

    def __init__(self, of: Mapping[str, Sequence[Proxy]]) -> None:
        self.of = {device: tuple(proxies) for device, proxies in of.items()}

    async def start(self) -> None:
        """Start all; if one cannot, those started before are stopped again. Raises OSError."""
        try:
            for proxies in self.of.values():
                for proxy in proxies:
                    await proxy.start()
        except OSError:
            await self.stop()
            raise

    async def stop(self) -> None:
        for proxies in self.of.values():
            for proxy in proxies:
                await proxy.stop()

    async def apply(self, device: str, kind: str, parameters: Mapping[str, float] | None = None) -> None:
        """A fault of a device begins.

        Raises:
            ValueError: no such device, fault or parameter, a number out of range, or none of its proxies can suffer it.
        """
        if device not in self.of:
            raise ValueError(f"there is no proxy of {device!r}; there are those of {', '.join(self.of) or 'nothing'}")
        chosen(kind, parameters)
        suffering = [proxy for proxy in self.of[device] if proxy.suffers(kind)]
        if not suffering:
            speaks = ", ".join(proxy.tamper.speaks for proxy in self.of[device]) or "nothing"
            raise ValueError(f"{device} speaks {speaks} here, which cannot suffer {kind}")
        for proxy in suffering:
            await proxy.apply(kind, parameters)

    async def lift(self, device: str | None = None, kind: str | None = None) -> list[tuple[str, str]]:
        """End faults: of one device or all, of one kind or all. Returns them as (device, kind)."""
        ended: dict[tuple[str, str], None] = {}
        for name, proxies in self.of.items():
            if device in (None, name):
                for proxy in proxies:
                    ended |= dict.fromkeys((name, lifted) for lifted in await proxy.lift(kind))
        return list(ended)

    async def __aenter__(self) -> Proxies:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()
