"""A proxy of a serial line with Modbus RTU on it.

The client opens a pseudo-terminal that this proxy makes instead of the real line; or both ends are lines, and the proxy
runs on a computer between them.
"""

from __future__ import annotations

import asyncio
import os
import termios
import tty
from collections import deque
from collections.abc import Callable
from pathlib import Path

from twinfeed.harness.faults.capture import Capture, Place
from twinfeed.harness.faults.frames import STREAMS_ONLY, Tamper
from twinfeed.harness.faults.proxy.base import DIRECT, Proxy, answered, asked, made
from twinfeed.harness.faults.proxy.tcp import IDLE_S
from twinfeed.harness.virtual.links.link import LinkConditions, LinkModel

SPEEDS = {
    number: getattr(termios, f"B{number}")
    for number in (1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200)
    if hasattr(termios, f"B{number}")
}
"""bit/s -> what termios calls it."""

CLIENT, LINE = ("192.0.2.1", 50200), ("192.0.2.2", 502)
"""The place of a line's frames in a capture: UDP between addresses reserved for documentation (RFC 5737)."""


class SerialProxy(Proxy):
    """Between a client's line and the device's, raw, at `baud` bit/s, with `parity` N, E or O (Modbus' own is E).

    `client` is a line's path; or it is made: a pseudo-terminal, with a link to it at that path if `pseudo`. `path` is
    what the client is to open once started.

    Raises:
        ValueError: no speed or parity of a serial line.
    """

    MEANINGLESS = ("reset", "duplication", "reordering", *STREAMS_ONLY)

    def __init__(
        self,
        client: str | None,
        device: str,
        tamper: Tamper,
        *,
        pseudo: bool = False,
        baud: int = 19200,
        parity: str = "E",
        healthy: LinkConditions = DIRECT,
        seed: int = 0,
        capture: Capture | None = None,
    ) -> None:
        if baud not in SPEEDS or parity not in ("N", "E", "O"):
            speeds = ", ".join(map(str, SPEEDS))
            raise ValueError(f"found {baud} bit/s with parity {parity}, expected one of {speeds} with N, E or O")
        super().__init__(tamper, healthy=healthy, seed=seed, capture=capture)
        self.path = client or ""
        self._device = device
        self._pseudo = pseudo or client is None
        self._line = baud, parity
        self._conversation = tamper.conversation()
        self._there, self._back = _Way(self._model(), self._asked), _Way(self._model(), self._answered)
        self._kept_open: list[int] = []
        self._silence: asyncio.TimerHandle | None = None

    @property
    def _clients_see(self) -> Place:
        return LINE

    async def start(self) -> None:
        self._start_clock()
        if self.capture is not None:
            self.capture.decode_as("udp", LINE[1], "mbrtu")
        device = _open(self._device, *self._line)
        self._kept_open.append(device)
        client = self._make_terminal() if self._pseudo else _open(self.path, *self._line)
        self._kept_open.append(client)
        await self._there.connect(client, device)
        await self._back.connect(device, client)

    async def stop(self) -> None:
        for way in (self._there, self._back):
            way.close()
        for descriptor in self._kept_open:
            os.close(descriptor)
        if self._kept_open and self._pseudo and os.path.islink(self.path):
            os.unlink(self.path)
        self._kept_open.clear()
        if self._silence is not None:
            self._silence.cancel()

    async def _set(self, conditions: LinkConditions) -> None:
        self.conditions = self._there.model.conditions = self._back.model.conditions = conditions

    def _make_terminal(self) -> int:
        """A pseudo-terminal; the client's side stays open here too, so that clients may come and go."""
        ours, theirs = os.openpty()
        tty.setraw(theirs)
        name = os.ttyname(theirs)
        if self.path:
            Path(self.path).symlink_to(name)
        else:
            self.path = name
        self._kept_open.append(theirs)
        return ours

    def _asked(self, data: bytes) -> None:
        onward, instead, comment = asked(self._conversation, self.tamper, data)
        self._record(CLIENT, LINE, "udp", data, comment)
        for frame in onward:
            self._there.send(frame)
        for frame in instead:
            self._reply(frame, made(self.tamper))
        self._watch()

    def _answered(self, data: bytes) -> None:
        for frame, comment in answered(self._conversation, self.tamper, data):
            self._reply(frame, comment)
        self._watch()

    def _reply(self, frame: bytes, comment: str) -> None:
        if self._back.send(frame):
            self._record(LINE, CLIENT, "udp", frame, comment)

    def _watch(self) -> None:
        if self._silence is not None:
            self._silence.cancel()
            self._silence = None
        if self._conversation.waiting:
            self._silence = asyncio.get_running_loop().call_later(IDLE_S, self._idle)

    def _idle(self) -> None:
        there, back = self._conversation.idle()
        if there:
            self._there.send(there)
        if back:
            self._reply(back, "")


class _Way(asyncio.Protocol):
    """One direction of the line."""

    def __init__(self, model: LinkModel, receive: Callable[[bytes], None]) -> None:
        self.model = model
        self._receive = receive
        self._reading: asyncio.ReadTransport | None = None
        self._writing: asyncio.WriteTransport | None = None
        self._until_s = 0.0
        self._travelling: deque[bytes] = deque()  # timers of one instant fire in any order

    async def connect(self, source: int, sink: int) -> None:
        loop = asyncio.get_running_loop()
        # Each transport closes its file, so it gets one of its own.
        self._writing, _ = await loop.connect_write_pipe(asyncio.BaseProtocol, os.fdopen(os.dup(sink), "wb", 0))
        self._reading, _ = await loop.connect_read_pipe(lambda: self, os.fdopen(os.dup(source), "rb", 0))

    def data_received(self, data: bytes) -> None:
        self._receive(data)

    def send(self, data: bytes) -> bool:
        """True if the octets will arrive. Later ones never arrive earlier."""
        loop = asyncio.get_running_loop()
        arrivals = self.model.datagram(loop.time(), len(data))
        if arrivals:
            self._until_s = max(self._until_s, arrivals[0])
            self._travelling.append(data)
            loop.call_at(self._until_s, self._arrive)
        return bool(arrivals)

    def close(self) -> None:
        for transport in (self._reading, self._writing):
            if transport is not None:
                transport.close()
        self._reading = self._writing = None

    def _arrive(self) -> None:
        data = self._travelling.popleft()
        if self._writing is not None:
            self._writing.write(data)


def _open(path: str, baud: int, parity: str) -> int:
    """A line, raw: 8 data bits, one stop bit (two without parity, Modbus over Serial Line V1.02 §2.5.1).

    Raises:
        OSError: there is no such line, or it is no line.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    try:
        tty.setraw(descriptor)
        attributes = termios.tcgetattr(descriptor)
        parity_bits = {"N": termios.CSTOPB, "E": termios.PARENB, "O": termios.PARENB | termios.PARODD}[parity]
        cleared = termios.CSIZE | termios.CSTOPB | termios.PARENB | termios.PARODD
        attributes[2] = attributes[2] & ~cleared | termios.CS8 | termios.CREAD | termios.CLOCAL | parity_bits
        attributes[4] = attributes[5] = SPEEDS[baud]
        termios.tcsetattr(descriptor, termios.TCSANOW, attributes)
    except termios.error as error:
        os.close(descriptor)
        raise OSError(f"{path} is not a serial line: {error}") from None
    return descriptor
