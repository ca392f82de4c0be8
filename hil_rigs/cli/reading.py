"""Commands that only read a bench: alone, or beside a supervisor whose bench is at rest or in its safe state.

Devices on the network bear two clients. A serial line does not: a device on one is left to the supervisor.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from twinfeed.hil_rigs.lock import BenchLock, Held
from twinfeed.hil_rigs.rigfile import Rig
from twinfeed.hil_rigs.supervisor.client import Client, SupervisorGone
from twinfeed.hil_rigs.supervisor.places import socket_of


@contextmanager
def free_to_read(rig: Rig, what: str) -> Iterator[bool]:
    """The bench to read while the block runs; true if a supervisor has it, too.

    Raises:
        Held: another process has the bench, or its supervisor and the bench is armed.
        OSError: the lock file cannot be opened.
    """
    lock = BenchLock(rig.name, what=what)
    try:
        lock.acquire()
    except Held:
        if asyncio.run(_state(rig)) not in ("tripped", "read-only"):
            raise
        yield True
        return
    try:
        yield False
    finally:
        lock.release()


def on_serial_lines(rig: Rig) -> list[str]:
    """The devices that are reached over a serial line."""
    devices = rig.bench.devices.items()
    return [name for name, device in devices if device.modbus is not None and device.modbus.serial is not None]


async def _state(rig: Rig) -> str:
    """The supervisor's state of the bench; empty if none answers."""
    try:
        client = await Client.connect(socket_of(rig))
    except SupervisorGone:
        return ""
    try:
        return str((await client.ask("status"))["state"])
    except SupervisorGone:
        return ""
    finally:
        await client.close()
