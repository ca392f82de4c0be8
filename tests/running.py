"""A live site beside the test: it runs on an event loop of its own thread, so that tests can call blocking programs."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from twinfeed.emulators.flash import Flash
from twinfeed.emulators.serving import Endpoint, LiveSite
from twinfeed.emulators.site import Site

Result = TypeVar("Result")


class Running:
    """A site that is being served; `do` runs a function on its thread, where the plant may be touched."""

    def __init__(self, live: LiveSite, loop: asyncio.AbstractEventLoop) -> None:
        self.live = live
        self.site = live.site
        self._loop = loop

    def do(self, function: Callable[[], Result]) -> Result:
        """The function's result, called between two of the plant's steps."""

        async def call() -> Result:
            return function()

        return asyncio.run_coroutine_threadsafe(call(), self._loop).result(30)

    def endpoint(self, device: str, protocol: str) -> Endpoint:
        return next(e for e in self.live.endpoints if (e.device, e.protocol) == (device, protocol))

    def at(self, device: str, protocol: str = "snmp") -> str:
        """`address:port`, as most clients take it."""
        endpoint = self.endpoint(device, protocol)
        return f"{endpoint.address}:{endpoint.port}"

    def advance(self, seconds: float) -> None:
        """Let plant time pass at once, without waiting for the clock."""
        self.do(lambda: self.site.advance(seconds))


@contextmanager
def running(site: Site, speed: float = 1.0, ports: str | int = "high", state: Path | None = None) -> Iterator[Running]:
    """Serve the site while the block runs; its devices keep their boots and settings in the folder `state`."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="site", daemon=True)
    thread.start()
    live = LiveSite(site, speed, ports)
    live.flash = None if state is None else Flash(site, state)
    try:
        asyncio.run_coroutine_threadsafe(live.start(), loop).result(60)
        yield Running(live, loop)
    finally:
        asyncio.run_coroutine_threadsafe(live.stop(), loop).result(30)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(120)
        loop.close()
