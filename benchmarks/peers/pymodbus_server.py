"""The Python server to compare with: pymodbus, 128 holding registers. Prints its port and serves until killed."""

import asyncio
import logging
import socket

from pymodbus import pymodbus_apply_logging_config
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

# It logs every client that leaves as an error.
pymodbus_apply_logging_config(logging.CRITICAL)


async def main() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    registers = SimData(0, values=list(range(128)), datatype=DataType.REGISTERS)
    server = ModbusTcpServer(SimDevice(1, [registers]), address=("127.0.0.1", port))
    await server.serve_forever(background=True)
    print(port, flush=True)
    await server.serving


asyncio.run(main())
