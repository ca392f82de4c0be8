"""A serial line without hardware: two pseudo-terminals with a wire between them."""

from __future__ import annotations

import asyncio
import os
import tty
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


@asynccontextmanager
async def serial_line() -> AsyncIterator[tuple[str, str]]:
    """The two ends of a line, as device paths; what is written to one is read from the other."""
    loop = asyncio.get_running_loop()
    pairs = [os.openpty() for _ in range(2)]
    (one, _), (other, _) = pairs
    for descriptor in (end for pair in pairs for end in pair):
        tty.setraw(descriptor)
    loop.add_reader(one, lambda: os.write(other, os.read(one, 4096)))
    loop.add_reader(other, lambda: os.write(one, os.read(other, 4096)))
    try:
        yield os.ttyname(pairs[0][1]), os.ttyname(pairs[1][1])
    finally:
        for master, slave in pairs:
            loop.remove_reader(master)
            os.close(master)
            os.close(slave)
