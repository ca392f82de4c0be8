"""A switch that nobody here wrote: a Linux bridge in a network namespace, managed by net-snmp's snmpd.

    root ── veth ── swp2 (management)      h3 ── swp3 ──┐
                                                        br0
                                           h4 ── swp4 ──┘

Its ports are real interfaces, `swpN` with ifIndex N. Two hosts in namespaces of their own talk through swp3 and swp4: ten
datagrams a second from h3 to h4. Setting ifAdminStatus takes the interface down; snmpd does that by itself.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from external import background, program, run, until

USER = ("bench", "bench-auth-1", "bench-priv-1")
"""SNMPv3 user, its passwords for SHA and AES-128."""

CONFIGURATION = """\
agentAddress udp:{address}:161
createUser {user} SHA {auth} AES {priv}
rwuser {user} priv
sysName switch-1
sysLocation bench
sysContact bench
sysServices 2
"""

TALKER = """
import socket, time
talker = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
while True:
    try:
        talker.sendto(b"bench" * 20, ("192.0.2.4", 9))  # TEST-NET-1, the discard service
    except OSError:
        pass  # the link is down
    time.sleep(0.1)
"""


@contextmanager
def linux_switch(folder: Path, network: str) -> Iterator[str]:
    """The switch while the block runs: its namespace. It is managed at `network`.2, the first three numbers being given."""
    ip, snmpd = program("ip", "iproute2"), program("snmpd", "snmpd")
    name = f"tf{os.getpid()}"
    with ExitStack() as stack:
        for end in ("sw", "h3", "h4"):
            stack.enter_context(_namespace(ip, f"{name}{end}"))
        for command in _cabling(name, network):
            _do(ip, *command.split())
        # A pair of interfaces is gone with either end's namespace.
        (folder / "snmpd.conf").write_text(
            CONFIGURATION.format(address=f"{network}.2", user=USER[0], auth=USER[1], priv=USER[2])
        )
        within = [ip, "netns", "exec"]
        environment = {**os.environ, "SNMPCONFPATH": str(folder), "SNMP_PERSISTENT_DIR": str(folder), "MIBS": ""}
        log = folder / "snmpd.log"
        agent = [snmpd, "-f", "-Lo", "-C", "-c", str(folder / "snmpd.conf")]
        stack.enter_context(background([*within, f"{name}sw", *agent], log, environment))
        stack.enter_context(background([*within, f"{name}h3", sys.executable, "-c", TALKER], folder / "talker.log"))
        until(lambda: log.exists() and "NET-SNMP version" in log.read_text(), log.read_text)
        yield f"{name}sw"


def _cabling(name: str, network: str) -> list[str]:
    """The commands of `ip`, in order: interfaces with the numbers that the ports have."""
    switch = f"-n {name}sw"
    commands = [f"{switch} link add br0 index 100 type bridge", f"{switch} link set br0 up"]
    for port in (3, 4):
        host = f"{name}h{port}"
        commands += [
            f"{switch} link add swp{port} index {port} type veth peer name eth0 netns {host}",
            f"{switch} link set swp{port} master br0 up",
            f"-n {host} addr add 192.0.2.{port}/24 dev eth0",
            f"-n {host} link set eth0 up",
        ]
    commands += [
        f"link add {name} type veth peer name swp2 index 2 netns {name}sw",
        f"addr add {network}.1/30 dev {name}",
        f"link set {name} up",
        f"{switch} addr add {network}.2/30 dev swp2",
        f"{switch} link set swp2 up",
    ]
    return commands


@contextmanager
def _namespace(ip: str, name: str) -> Iterator[None]:
    _do(ip, "netns", "add", name)
    try:
        _do(ip, "-n", name, "link", "set", "lo", "up")
        yield
    finally:
        _do(ip, "netns", "del", name)


def _do(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}"


def namespaces_can_be_made() -> bool:
    """True if this user may make network namespaces."""
    ip, name = program("ip", "iproute2"), f"tf{os.getpid()}try"
    if run([ip, "netns", "add", name]):
        return False
    run([ip, "netns", "del", name])
    return True
