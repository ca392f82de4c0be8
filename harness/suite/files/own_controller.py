"""The controller under test. It does nothing yet: write `main`, or import your own.

`inventory["devices"][name]` holds the addresses and credentials of a device; `store` is memory that survives a restart.
The devices of SITE:

DEVICES
"""

import asyncio


async def main(inventory, store):
    """Control the site until cancelled."""
    while True:
        # poll the devices, decide, act …
        await asyncio.sleep(1.0)
