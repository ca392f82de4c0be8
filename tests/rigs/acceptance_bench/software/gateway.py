"""A serial gateway, Modbus TCP to one RTU line, as the boxes in switchboards are: `gateway.py ADDRESS PORT LINE`.

One request is on the line at a time. A unit that does not answer makes exception 0x0B (gateway target device failed to
respond; MODBUS Application Protocol V1.1b3, 7).
"""

from __future__ import annotations

import asyncio
import struct
import sys

import serial
from pymodbus.framer.rtu import FramerRTU

PATIENCE_S = 0.5
"""The time that a unit may take to begin its answer."""

SILENCE_S = 0.02
"""An answer is over when the line has been silent so long: 3.5 characters, and what the operating system needs."""

NO_ANSWER = 0x0B


class Line:
    """The master of the line."""

    def __init__(self, port: str) -> None:
        self._port = serial.Serial(port, 19200, parity="N", stopbits=2, timeout=PATIENCE_S)
        self._turn = asyncio.Lock()

    async def ask(self, unit: int, pdu: bytes) -> bytes:
        """The answer's PDU, or the gateway's own exception."""
        async with self._turn:
            return await asyncio.to_thread(self._ask, unit, pdu)

    def _ask(self, unit: int, pdu: bytes) -> bytes:
        frame = bytes([unit]) + pdu
        self._port.reset_input_buffer()
        self._port.write(frame + FramerRTU.compute_CRC(frame).to_bytes(2, "big"))
        self._port.timeout = PATIENCE_S
        answer = self._port.read(1)
        self._port.timeout = SILENCE_S
        while part := self._port.read(256):
            answer += part
        body, crc = answer[:-2], answer[-2:]
        if len(answer) < 4 or body[0] != unit or FramerRTU.compute_CRC(body).to_bytes(2, "big") != crc:
            return bytes([pdu[0] | 0x80, NO_ANSWER])
        return body[1:]


async def serve(line: Line, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while True:
            transaction, protocol, length, unit = struct.unpack(">HHHB", await reader.readexactly(7))
            pdu = await line.ask(unit, await reader.readexactly(length - 1))
            writer.write(struct.pack(">HHHB", transaction, protocol, len(pdu) + 1, unit) + pdu)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def main(address: str, port: str, device: str) -> None:
    line = Line(device)
    server = await asyncio.start_server(lambda reader, writer: serve(line, reader, writer), address, int(port))
    print("serving", flush=True)
    await server.serve_forever()


asyncio.run(main(*sys.argv[1:]))
