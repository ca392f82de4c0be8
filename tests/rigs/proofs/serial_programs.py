"""A Modbus RTU unit on a line, and a line that changes octets: what a serial bench is made of here.

python serial_programs.py unit PORT          pymodbus' server: an ADAM-6060, unit 1
python serial_programs.py noise ONE OTHER    passes octets on; while the file ONE.noise is there, one in eight is changed
"""

from __future__ import annotations

import asyncio
import os
import random
import selectors
import sys
import tty

EIGHTH = 1 / 8


async def unit(port: str) -> None:
    from pymodbus.pdu.device import ModbusDeviceIdentification
    from pymodbus.server import ModbusSerialServer
    from pymodbus.simulator import DataType, SimData, SimDevice

    coils = [SimData(0, values=[True] * 16 + [False] * 16, datatype=DataType.BITS)]  # inputs closed, relays open
    registers = [SimData(0, values=[1000 + n for n in range(320)], datatype=DataType.REGISTERS)]
    identity = ModbusDeviceIdentification(info={0: "Advantech", 1: "ADAM-6060", 2: "1.0.0"})
    device = SimDevice(1, (coils, coils, registers, registers), identity=identity)
    server = ModbusSerialServer([device], port=port, baudrate=19200, parity="N", stopbits=2)
    print("serving", flush=True)
    await server.serve_forever()


def noise(one: str, other: str) -> None:
    chance = random.Random(0)
    ends = {os.open(path, os.O_RDWR | os.O_NOCTTY): path for path in (one, other)}
    first, second = ends
    with selectors.DefaultSelector() as ready:
        for end in ends:
            tty.setraw(end)
            ready.register(end, selectors.EVENT_READ, second if end == first else first)
        print("serving", flush=True)
        while True:
            for key, _ in ready.select():
                octets = bytearray(os.read(key.fd, 4096))
                if os.path.exists(f"{one}.noise"):
                    octets = bytearray(
                        octet ^ (1 << chance.randrange(8)) if chance.random() < EIGHTH else octet for octet in octets
                    )
                os.write(key.data, octets)


if sys.argv[1] == "unit":
    asyncio.run(unit(sys.argv[2]))
else:
    noise(*sys.argv[2:4])
