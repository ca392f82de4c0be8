"""A site that goes on from a moment of a recording, with a console of its own."""

from __future__ import annotations

from dataclasses import dataclass

from twinfeed.emulators.plant.kernel.actor import PlantError
from twinfeed.emulators.serving import LiveSite, ServeError
from twinfeed.emulators.site import Site
from twinfeed.harness.console.serving import ConsoleServer
from twinfeed.harness.console.world import Live
from twinfeed.harness.control import ControlError, ControlServer


@dataclass
class Branch:
    """A running site, as `twinfeed up` has one."""

    live: LiveSite
    control: ControlServer
    console: ConsoleServer

    @classmethod
    async def begin(cls, site: Site, ports: str | int = "high") -> Branch:
        """Let that site run from where it stands.

        Raises:
            PlantError: a site of its name is running, or an address is taken.
        """
        live = LiveSite(site, ports=ports)
        control = ControlServer(live)
        try:
            await control.start()
        except ControlError as error:
            raise PlantError(f"{error}; stop it to go on from a recording") from None
        try:
            await live.start()
            console = ConsoleServer(Live(control), 0)
            await console.start()
        except ServeError as error:
            await live.stop()
            await control.stop()
            raise PlantError(str(error)) from None
        return cls(live, control, console)

    async def stop(self) -> None:
        await self.console.stop()
        await self.live.stop()
        await self.control.stop()
