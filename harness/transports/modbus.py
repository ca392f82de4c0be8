"""Modbus TCP through pymodbus."""

from __future__ import annotations

import struct

from pymodbus import ModbusException
from pymodbus.client import AsyncModbusTcpClient

from emulators.profiles.registers import unpack
from emulators.profiles.schema import Bit, Register
from emulators.profiles.values import Raw
from harness.transports.errors import NoAnswer, WrongAnswer


class ModbusTransport:
    """One unit behind a Modbus TCP address. `timeout_s` and `retries` are for each request."""

    def __init__(self, address: str, port: int, unit: int = 1, timeout_s: float = 3.0, retries: int = 1) -> None:
        self.where = f"modbus://{address}:{port}/{unit}"
        self._unit = unit
        self._client = AsyncModbusTcpClient(address, port=port, timeout=timeout_s, retries=retries)

    async def read(self, entry: Register | Bit, address: int) -> Raw:
        """The raw value of one register entry or bit.

        Raises:
            NoAnswer: nothing came back within the timeout and its retries.
            WrongAnswer: an exception response, or one of the wrong length.
        """
        what = f"{entry.table} {address}"
        try:
            if not self._client.connected and not await self._client.connect():
                raise NoAnswer(f"{self.where}: cannot connect")
            if isinstance(entry, Bit):
                ask = self._client.read_coils if entry.table == "coil" else self._client.read_discrete_inputs
                answer = await ask(address, count=1, device_id=self._unit)
            else:
                read = (
                    self._client.read_holding_registers
                    if entry.table == "holding"
                    else self._client.read_input_registers
                )
                answer = await read(address, count=entry.words, device_id=self._unit)
        except ModbusException as error:
            raise NoAnswer(f"{self.where} {what}: {error}") from None
        if answer.isError():
            raise WrongAnswer(f"{self.where} {what}: answered exception {getattr(answer, 'exception_code', '?')}")
        if isinstance(entry, Bit):
            return bool(answer.bits[0])
        if len(answer.registers) != entry.words:
            raise WrongAnswer(f"{self.where} {what}: {len(answer.registers)} registers, expected {entry.words}")
        return unpack(entry, struct.pack(f">{entry.words}H", *answer.registers))

    def close(self) -> None:
        self._client.close()
