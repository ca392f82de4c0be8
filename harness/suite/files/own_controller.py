"""The controller under test. It does nothing yet: fill in `main`, or import your own here.

`inventory["devices"][name]` says where a device answers and how to log in; `store` is memory that survives a restart.
The devices of SITE:

DEVICES
"""

import asyncio


async def main(inventory, store):
    """Look after the site until cancelled."""
    while True:
        # ask the devices, decide, act …
        await asyncio.sleep(1.0)
