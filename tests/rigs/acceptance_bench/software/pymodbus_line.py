"""A serial line with meters on it, played by pymodbus' server: `pymodbus_line.py PORT FILE UNIT=METER …`.

19200 baud, no parity, two stop bits (MODBUS over Serial Line V1.02, 2.5.1): a pseudo-terminal knows no parity.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from pymodbus.pdu.device import ModbusDeviceIdentification
from pymodbus.server import ModbusSerialServer
from pymodbus.simulator import DataType, SimData, SimDevice
from registers import words

IDENTITY = {0: "Schneider Electric", 1: "METSEPM5560", 2: "2.3.0", 4: "PM5560"}
"""Function 43/14 of each meter."""


def device(unit: int, registers: list[int]) -> SimDevice:
    data = SimData(0, values=registers, datatype=DataType.REGISTERS)
    return SimDevice(unit, [data], identity=ModbusDeviceIdentification(info=IDENTITY))


async def main(port: str, file: str, *units: str) -> None:
    line = [device(int(unit), words(Path(file), meter)) for unit, _, meter in (text.partition("=") for text in units)]
    server = ModbusSerialServer(line, port=port, baudrate=19200, parity="N", stopbits=2)
    print("serving", flush=True)
    await server.serve_forever()


asyncio.run(main(*sys.argv[1:]))
