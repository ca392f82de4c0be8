"""The server under measurement: 128 holding registers. Prints its port and serves until killed.

`twinfeed_modbus_server.py uvloop` runs it on uvloop instead of asyncio's own event loop.
"""

import asyncio
import sys

from twinfeed.emulators.wire.modbus import ModbusTcpServer, TableUnit, direct


async def main() -> None:
    server = ModbusTcpServer(direct(TableUnit(holding=range(128))), "127.0.0.1", 0)
    await server.start()
    print(server.address[1], flush=True)
    await asyncio.Event().wait()


if sys.argv[1:] == ["uvloop"]:
    import uvloop

    uvloop.run(main())
else:
    asyncio.run(main())
