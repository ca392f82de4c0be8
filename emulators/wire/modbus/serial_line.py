"""A Modbus RTU server on a serial line or a pseudo-terminal.

The line is opened and set by pyserial, which knows every system's; its file descriptor, which does not block, is read
and written when the event loop reports that it can be. (asyncio's pipe transports would do the same, but uvloop's read
from what they are to write to, which on a line is the client's next request.)
"""

from __future__ import annotations

import asyncio
import os
import termios
from collections.abc import Callable, Mapping
from functools import partial
from typing import Literal

import serial

from twinfeed.emulators.wire.backlog import BUFFERS, Backlog, always, promptly
from twinfeed.emulators.wire.modbus.diagnostics import Counters
from twinfeed.emulators.wire.modbus.rtu import ModbusRtuConnection
from twinfeed.emulators.wire.modbus.server import log_failure
from twinfeed.emulators.wire.modbus.unit import Unit

READ_BYTES = 4096


class ModbusSerialServer:
    """The units on one serial line.

    `device` is the line (`/dev/ttyS0`); 19200 baud and even parity are the defaults of Modbus over Serial Line V1.02
    §2.5.1. `units` maps addresses (1 to 247) to units. While `gate` returns False, arriving octets are swallowed;
    `delay_s` is asked before each answer how many seconds the device takes over it; while `buffers` answers wait,
    further ones are lost. `failed` is called with an exception in a device's code; the request gets no answer.
    """

    def __init__(
        self,
        units: Mapping[int, Unit],
        device: str,
        *,
        baud: int = 19200,
        parity: Literal["N", "E", "O"] = "E",
        stop_bits: int = 1,
        gate: Callable[[], bool] = always,
        delay_s: Callable[[], float] = promptly,
        buffers: int = BUFFERS,
        failed: Callable[[Exception], None] = log_failure,
        counters: Counters | None = None,
    ) -> None:
        self.counters = counters if counters is not None else Counters()
        self.device = device
        self._settings = {"baudrate": baud, "parity": parity, "stopbits": stop_bits}
        self._gate = gate
        self._delay_s = delay_s
        self._backlog = Backlog(delay_s, buffers)
        self._failed = failed
        self._modbus = ModbusRtuConnection(units, self.counters)
        self._line: serial.Serial | None = None
        self._unsent = b""

    async def start(self) -> None:
        """Open the line, on the running loop. Raises OSError if it is missing or in use."""
        if self._line is not None:
            raise RuntimeError(f"Modbus server on {self.device} is already started: stop it first")
        try:
            self._line = serial.Serial(self.device, exclusive=True, timeout=0, **self._settings)
        except termios.error as error:  # pyserial passes it on; a pseudo-terminal has no parity, for one
            raise OSError(f"{self.device} does not take {self._settings}: {error.args[1]}") from None
        asyncio.get_running_loop().add_reader(self._line.fileno(), self._readable)

    async def stop(self) -> None:
        """Close the line. Does nothing if not started."""
        self._backlog.clear()
        if self._line is not None:
            loop, descriptor = asyncio.get_running_loop(), self._line.fileno()
            loop.remove_reader(descriptor)
            loop.remove_writer(descriptor)
            self._line.close()
            self._line, self._unsent = None, b""
            self._modbus.forget()

    def _readable(self) -> None:
        assert self._line is not None
        descriptor = self._line.fileno()
        try:
            data = os.read(descriptor, READ_BYTES)
        except BlockingIOError:
            return
        except OSError:  # unplugged, or the other end of a pseudo-terminal is closed
            data = b""
        if data:
            self._received(data)
        else:
            asyncio.get_running_loop().remove_reader(descriptor)

    def _received(self, data: bytes) -> None:
        if not self._gate():
            self._modbus.forget()
            return
        try:
            answers = self._modbus.receive(data)
        except Exception as error:
            self._failed(error)
            return
        if not answers:
            return
        if self._delay_s() > 0.0 or self._backlog.waiting:
            self._backlog.put(partial(self._send, answers))
        else:
            self._send(answers)

    def hasten(self) -> None:
        """Send the waiting answers that are due. Call this after the delay may have changed."""
        self._backlog.hasten()

    def _send(self, answers: bytes) -> None:
        self._unsent += answers
        self._writable()

    def _writable(self) -> None:
        """Write as much as the line accepts now, the rest when it accepts more."""
        if self._line is None:
            return
        loop, descriptor = asyncio.get_running_loop(), self._line.fileno()
        try:
            self._unsent = self._unsent[os.write(descriptor, self._unsent) :]
        except BlockingIOError:
            pass
        except OSError:  # as in _readable
            self._unsent = b""
        if self._unsent:
            loop.add_writer(descriptor, self._writable)
        else:
            loop.remove_writer(descriptor)
