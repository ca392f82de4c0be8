"""The local control socket of a running site, for `twinfeed status`, `read`, `fault` ….

One JSON object a line in each direction: `{"do": "read", "device": "ups-a1", "point": "battery.charge"}` is answered
with `{"ok": true, …}` or `{"ok": false, "error": "…"}`. The socket is a Unix socket in a folder only its owner can
enter; nothing listens on the network.

`requests` has the requests, `verbs` carries them out on a site, `server` answers the socket, `client` sends to it.
"""

from twinfeed.harness.control.client import ask, running
from twinfeed.harness.control.places import ControlError, Refused
from twinfeed.harness.control.server import ControlServer

__all__ = ["ControlError", "ControlServer", "Refused", "ask", "running"]
