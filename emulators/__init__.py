"""The devices: plant, firmware, product profiles and wire protocols of a site, served live or in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

if not __name__.startswith("twinfeed."):  # a second copy of every class
    raise ImportError(f"found `import {__name__}`, expected `import twinfeed.{__name__}`")

if TYPE_CHECKING:
    from twinfeed.emulators.plant.kernel.actor import PlantError
    from twinfeed.emulators.serving import Endpoint, LiveSite, ServeError
    from twinfeed.emulators.site import Site
    from twinfeed.emulators.textfile import FileError
else:
    from twinfeed._lazy import lazily

    __getattr__, __dir__ = lazily(
        __name__,
        {
            "twinfeed.emulators.plant.kernel.actor": "PlantError",
            "twinfeed.emulators.serving": "Endpoint LiveSite ServeError",
            "twinfeed.emulators.site": "Site",
            "twinfeed.emulators.textfile": "FileError",
        },
    )

__all__ = [
    "Endpoint",
    "FileError",
    "LiveSite",
    "PlantError",
    "ServeError",
    "Site",
]
