"""Start this Python with a loopback interface of its own: `python own_network.py ARGUMENT …` is `python ARGUMENT …`.

A worker of pytest-xdist that runs so can bind every address of 127.0.0.0/8 and every port, whatever its neighbours
bind. Linux calls it a network namespace (network_namespaces(7)). Whoever is not root makes a user namespace first
(user_namespaces(7)), which some systems forbid; `possible` is False there, and on other systems.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import shlex
import socket
import struct
import subprocess
import sys
from contextlib import suppress

CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000
"""Of <sched.h>."""

SIOCGIFFLAGS, SIOCSIFFLAGS, SIOCSIFADDR, IFF_UP = 0x8913, 0x8914, 0x8916, 0x1
"""Of <linux/sockios.h> and <linux/if.h>."""

WITH_FLAGS, WITH_ADDRESS = struct.Struct("16sh14x"), struct.Struct("16sHxx4s8x")
"""`struct ifreq` of <linux/if.h>: name and flags, name and `sockaddr_in`."""

WITH_ADDRESS_6 = struct.Struct("16sIi")
"""`struct in6_ifreq` of <linux/ipv6.h>: address, length of the prefix in bits, number of the interface."""


def command() -> str:
    """The command in the place of the Python interpreter, as a shell would be given it."""
    return shlex.join([sys.executable, os.path.abspath(__file__)])


def possible() -> bool:
    """True if this user may have a network of their own on this machine."""
    if sys.platform != "linux":
        return False
    return subprocess.run([*shlex.split(command()), "-S", "-c", ""], capture_output=True, check=False).returncode == 0


def enter() -> None:
    """Leave the network of the machine; the new one has a loopback interface, which is up.

    Raises:
        OSError: the system does not allow it.
    """
    user, group = os.geteuid(), os.getegid()
    if user == 0:
        _unshare(CLONE_NEWNET)
    else:
        _unshare(CLONE_NEWUSER | CLONE_NEWNET)
        for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
            with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
                file.write(text)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        name, flags = WITH_FLAGS.unpack(fcntl.ioctl(any_socket, SIOCGIFFLAGS, WITH_FLAGS.pack(b"lo", 0)))
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, WITH_FLAGS.pack(name, flags | IFF_UP))
        # Without addresses other than 127.0.0.1 and ::1, getaddrinfo(3) takes the machine for one that has no IPv4 or no
        # IPv6: ser2net does not start, and mbpoll does not find its server.
        second = WITH_ADDRESS.pack(b"lo:1", socket.AF_INET, socket.inet_aton("127.0.0.2"))
        fcntl.ioctl(any_socket, SIOCSIFADDR, second)
    with suppress(OSError), socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as any_socket:  # IPv6 may be switched off
        second = WITH_ADDRESS_6.pack(socket.inet_pton(socket.AF_INET6, "fd00::1"), 128, socket.if_nametoindex("lo"))
        fcntl.ioctl(any_socket, SIOCSIFADDR, second)


def _unshare(flags: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(flags) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


if __name__ == "__main__":
    enter()
    os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
