"""The user at the other end of a Unix socket, as the kernel knows them: nobody can pretend to be somebody else."""

from __future__ import annotations

import socket
import struct
import sys

from twinfeed.harness.record import Person, login_of

_UCRED = struct.Struct("3i")
"""Linux: struct ucred { pid, uid, gid } (unix(7), SO_PEERCRED)."""

_SOL_LOCAL, _LOCAL_PEERCRED = 0, 1
"""macOS: level and option that give a struct xucred (sys/un.h, sys/ucred.h)."""
_XUCRED = struct.Struct("IIh")
"""Its first fields: version, uid, number of groups."""


def peer_of(connection: socket.socket) -> Person | None:
    """The user of the process that connected; None where the system does not give it.

    The credentials are those at the time of connect(2).
    """
    try:
        if hasattr(socket, "SO_PEERCRED"):
            _, uid, _ = _UCRED.unpack(connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size))
        elif sys.platform == "darwin":
            _, uid, _ = _XUCRED.unpack_from(connection.getsockopt(_SOL_LOCAL, _LOCAL_PEERCRED, 76))
        else:
            return None
    except (OSError, struct.error):
        return None
    return Person(uid, login_of(uid))
