"""A serial port behind a telnet connection whose settings the client gives (RFC 2217), as serial device servers have.

    port = RemotePort(baud=9600, parity="N", stop_bits=1)
    send(port.greeting())                 # asks for the settings
    line = port.received(octets)          # what came from the line, without telnet's commands
    await port.ready()                    # once the port has taken every setting
    send(port.escaped(frame))

No I/O here. Options the server offers and nobody asked for stay unanswered, which leaves them off (RFC 854).
"""

from __future__ import annotations

import asyncio
import struct
from typing import Literal

from twinfeed._phrases import N_, Phrase

IAC, DO, WILL, SB, SE = 255, 253, 251, 250, 240
OPTION_VERBS = range(251, 255)
"""WILL, WONT, DO and DONT: the commands that name one option (RFC 854)."""
BINARY, SUPPRESS_GO_AHEAD, COM_PORT = 0, 3, 44
"""RFC 856, RFC 858, RFC 2217."""

BAUD, DATA_BITS, PARITY, STOP_BITS, CONTROL = 1, 2, 3, 4, 5
"""RFC 2217 section 3; the server answers with the same plus SERVER."""
SERVER = 100
PARITIES = {"N": 1, "O": 2, "E": 3}
NO_FLOW_CONTROL = 1

NAMES = {BAUD: "baud", DATA_BITS: N_("data bits"), PARITY: N_("parity"), STOP_BITS: N_("stop bits")}


class RemotePort:
    """The client's side of one connection."""

    def __init__(self, baud: int, parity: Literal["N", "E", "O"], stop_bits: int) -> None:
        self._asked = {
            BAUD: struct.pack(">I", baud),
            DATA_BITS: b"\x08",
            PARITY: bytes([PARITIES[parity]]),
            STOP_BITS: bytes([stop_bits]),
        }
        self._taken: dict[int, bytes] = {}
        self._complete = asyncio.Event()
        self._rest = b""
        """The beginning of a telnet command whose end has not come yet."""

    @property
    def is_ready(self) -> bool:
        """True if the port has answered to every setting."""
        return self._complete.is_set()

    def greeting(self) -> bytes:
        """The first octets of the client: eight bits both ways, and the settings of the line."""
        options = [(WILL, BINARY), (DO, BINARY), (WILL, SUPPRESS_GO_AHEAD), (DO, SUPPRESS_GO_AHEAD), (WILL, COM_PORT)]
        settings = self._asked | {CONTROL: bytes([NO_FLOW_CONTROL])}
        return b"".join(bytes([IAC, verb, option]) for verb, option in options) + b"".join(
            bytes([IAC, SB, COM_PORT, code]) + self.escaped(value) + bytes([IAC, SE])
            for code, value in settings.items()
        )

    async def ready(self) -> None:
        """Wait until the port has answered to every setting.

        Raises:
            ConnectionError: it took another value than was asked for.
        """
        await self._complete.wait()
        for code, asked in self._asked.items():
            if self._taken[code] != asked:
                took = int.from_bytes(self._taken[code], "big")
                raise ConnectionError(
                    Phrase(
                        "the remote port refuses {names} {asked}, it took {took} (RFC 2217)",
                        names=NAMES[code],
                        asked=int.from_bytes(asked, "big"),
                        took=took,
                    )
                )

    def escaped(self, data: bytes) -> bytes:
        """Octets for the line, as they are sent."""
        return data.replace(b"\xff", b"\xff\xff")

    def received(self, octets: bytes) -> bytes:
        """The octets of the line among the received ones. Answers to settings are stored."""
        data = self._rest + octets
        line = bytearray()
        at = 0
        while at < len(data):
            if data[at] != IAC:
                line.append(data[at])
                at += 1
                continue
            end = _end_of_command(data, at)
            if end is None:
                break
            if data[at + 1] == IAC:
                line.append(IAC)
            elif data[at + 1] == SB:
                self._answer(data[at + 2 : end - 2].replace(b"\xff\xff", b"\xff"))
            at = end
        self._rest = data[at:]
        return bytes(line)

    def _answer(self, content: bytes) -> None:
        if len(content) < 3 or content[0] != COM_PORT or content[1] - SERVER not in self._asked:
            return
        self._taken[content[1] - SERVER] = content[2:]
        if self._taken.keys() == self._asked.keys():
            self._complete.set()


def _end_of_command(data: bytes, at: int) -> int | None:
    """The end of the command that begins there, None if its end has not come."""
    if at + 1 >= len(data):
        return None
    if data[at + 1] in OPTION_VERBS:
        return at + 3 if at + 3 <= len(data) else None
    if data[at + 1] != SB:
        return at + 2
    end = at + 2
    while end + 1 < len(data):
        if data[end] == IAC and data[end + 1] == SE:
            return end + 2
        end += 2 if data[end] == IAC else 1
    return None
