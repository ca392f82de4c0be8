"""A Modbus RTU server on a serial line, or on a pseudo-terminal that stands for one.

The line is opened and set by pyserial, which knows every system's; its file descriptor is read and written by asyncio's
own pipe transports, so that nothing polls and no thread waits. (pyserial-asyncio and pymodbus's serial transport do the
same by hand, with add_reader and buffers of their own.)
"""

from __future__ import annotations

import asyncio
import os
import termios
from collections.abc import Callable, Mapping
from typing import Literal

import serial

from emulators.wire.modbus.diagnostics import Counters
from emulators.wire.modbus.rtu import ModbusRtuConnection
from emulators.wire.modbus.server import always, promptly
from emulators.wire.modbus.unit import Unit


class ModbusSerialServer:
    """The units on one serial line.

    `device` is the line (`/dev/ttyS0`); 19200 baud and even parity are the defaults of Modbus over Serial Line V1.02
    §2.5.1. `units` maps addresses (1 to 247) to units. While `gate` says False what arrives is swallowed;
    `delay_s` is asked before each answer how many seconds the device takes over it.
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
        counters: Counters | None = None,
    ) -> None:
        self.counters = counters if counters is not None else Counters()
        self.device = device
        self._settings = {"baudrate": baud, "parity": parity, "stopbits": stop_bits}
        self._gate = gate
        self._delay_s = delay_s
        self._modbus = ModbusRtuConnection(units, self.counters)
        self._reading: asyncio.ReadTransport | None = None
        self._writing: asyncio.WriteTransport | None = None

    async def start(self) -> None:
        """Open the line, on the running loop. Raises OSError if it is not there or somebody else has it."""
        if self._reading is not None:
            raise RuntimeError(f"Modbus server on {self.device} is already started: stop it first")
        loop = asyncio.get_running_loop()
        try:
            line = serial.Serial(self.device, exclusive=True, timeout=0, **self._settings)
        except termios.error as error:  # pyserial passes it on; a pseudo-terminal has no parity, for one
            raise OSError(f"{self.device} does not take {self._settings}: {error.args[1]}") from None
        self._reading, _ = await loop.connect_read_pipe(lambda: _Line(self._received), line)
        # Each transport closes what it was given, so the second gets a descriptor of its own.
        answers = os.fdopen(os.dup(line.fileno()), "wb", buffering=0)
        self._writing, _ = await loop.connect_write_pipe(asyncio.BaseProtocol, answers)

    async def stop(self) -> None:
        """Leave the line. Does nothing if not started."""
        if self._reading is not None and self._writing is not None:
            self._reading.close()
            self._writing.abort()
            self._reading = self._writing = None
            await asyncio.sleep(0)  # they close what they hold in the loop's next turn

    def _received(self, data: bytes) -> None:
        if not self._gate():
            self._modbus.forget()
            return
        answers = self._modbus.receive(data)
        if not answers:
            return
        delay_s = self._delay_s()
        if delay_s > 0.0:
            asyncio.get_running_loop().call_later(delay_s, self._send, answers)
        else:
            self._send(answers)

    def _send(self, answers: bytes) -> None:
        if self._writing is not None:
            self._writing.write(answers)


class _Line(asyncio.Protocol):
    """Passes octets on."""

    def __init__(self, received: Callable[[bytes], None]) -> None:
        self._received = received

    def data_received(self, data: bytes) -> None:
        self._received(data)
