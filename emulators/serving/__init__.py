"""A site on the network: every device answers its protocols on its own loopback address, in one process."""

from twinfeed.emulators.serving.pacing import LiveSite
from twinfeed.emulators.serving.ports import HIGH_PORTS, STANDARD_PORTS, Endpoint, ServeError, by_device
from twinfeed.emulators.serving.servers import Servers, engine_of

__all__ = ["HIGH_PORTS", "STANDARD_PORTS", "Endpoint", "LiveSite", "ServeError", "Servers", "by_device", "engine_of"]
