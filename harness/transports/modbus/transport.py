"""Modbus through pymodbus: TCP, TLS, UDP, RTU over TCP and RTU on a serial line behind one interface.

    line = ModbusTransport.serial("/dev/ttyUSB0", unit=1, baud=19200)
    await line.read_registers("holding", 40, 2)      # b"\\x00\\x07\\x00\\x2a"
    await line.unit(2).write_coil(3, True)           # another unit on the same line

Timeouts. A request is tried 1 + `retries` times; each try has `timeout_s` for connecting, sending and the answer
together. A silent device therefore raises NoAnswer after (1 + retries) * timeout_s, sooner if the connection is
refused. Requests of one connection or line wait for each other, and the time of a request starts when it is its turn.
A try that fails closes the connection, so that a late answer is never taken for the next request's; a connection that
turns out to have been lost since the last request is opened again within the same try. A write whose answer is lost is
sent again like a read, and so may be carried out twice: where that matters, use retries=0.
"""

from __future__ import annotations

import ssl
import struct
from functools import partial
from typing import Any, Literal, Unpack

from pymodbus import FramerType
from pymodbus.client import (
    AsyncModbusSerialClient,
    AsyncModbusTcpClient,
    AsyncModbusTlsClient,
)
from pymodbus.pdu import ModbusPDU
from pymodbus.pdu.mei_message import ReadDeviceInformationResponse

from twinfeed._phrases import N_, Phrase
from twinfeed.harness.transports.answers.units import Undecodable
from twinfeed.harness.transports.errors import Refused, WrongAnswer, url
from twinfeed.harness.transports.modbus import udp
from twinfeed.harness.transports.modbus.line import Line
from twinfeed.harness.transports.modbus.rfc2217 import RemotePort
from twinfeed.harness.transports.tries import Tries, TryOptions

MODBUS_PORT, MODBUS_TLS_PORT = 502, 802
"""IANA: mbap and mbap-s."""

TIMEOUT_S = 3.0
"""Default time of one try, s of the loop's clock."""

EXCEPTIONS = {
    1: N_("illegal function"),
    2: N_("illegal data address"),
    3: N_("illegal data value"),
    4: N_("server device failure"),
    5: N_("acknowledge"),
    6: N_("server device busy"),
    7: N_("negative acknowledge"),
    8: N_("memory parity error"),
    10: N_("gateway path unavailable"),
    11: N_("gateway target device failed to respond"),
}
"""Modbus Application Protocol Specification V1.1b3, section 7."""

ILLEGAL_FUNCTION = 1
BASIC, REGULAR, EXTENDED = 1, 2, 3
"""Categories of function 43/14's objects (the same, section 6.21)."""

RegisterTable = Literal["holding", "input"]
BitTable = Literal["coil", "discrete"]


class ModbusTransport:
    """One unit on a connection or line. The docstring of the module explains timeouts and retries.

    The constructors below take the options of `TryOptions`; a try has `TIMEOUT_S` by default.
    """

    def __init__(self, line: Line, unit: int) -> None:
        self._line = line
        self._unit = unit
        self.where = f"{line.where}/{unit}"

    @classmethod
    def tcp(
        cls, address: str, port: int = MODBUS_PORT, unit: int = 1, **options: Unpack[TryOptions]
    ) -> ModbusTransport:
        """Modbus TCP: MBAP frames on a connection of its own."""
        make = partial(AsyncModbusTcpClient, address, port=port)
        return cls(Line(url("modbus", address, port), make, FramerType.SOCKET, Tries.of(options, TIMEOUT_S)), unit)

    @classmethod
    def tls(
        cls,
        address: str,
        port: int = MODBUS_TLS_PORT,
        unit: int = 1,
        *,
        context: ssl.SSLContext,
        **options: Unpack[TryOptions],
    ) -> ModbusTransport:
        """Modbus/TCP Security: MBAP frames in TLS. `context` decides whose certificate is trusted, and shows ours."""
        make = partial(AsyncModbusTlsClient, address, port=port, sslctx=context)
        # pymodbus's TLS framer takes whatever one TLS record holds for one frame; its MBAP framer counts.
        return cls(Line(url("modbus+tls", address, port), make, FramerType.SOCKET, Tries.of(options, TIMEOUT_S)), unit)

    @classmethod
    def udp(
        cls, address: str, port: int = MODBUS_PORT, unit: int = 1, **options: Unpack[TryOptions]
    ) -> ModbusTransport:
        """MBAP frames in datagrams, as many products offer beside TCP."""
        make = partial(udp.client, address, port=port)
        return cls(Line(url("modbus+udp", address, port), make, FramerType.SOCKET, Tries.of(options, TIMEOUT_S)), unit)

    @classmethod
    def rtu_over_tcp(
        cls, address: str, port: int = MODBUS_PORT, unit: int = 1, **options: Unpack[TryOptions]
    ) -> ModbusTransport:
        """RTU frames on a TCP connection, as serial device servers pass them."""
        make = partial(AsyncModbusTcpClient, address, port=port)
        return cls(Line(url("modbus+rtu", address, port), make, FramerType.RTU, Tries.of(options, TIMEOUT_S)), unit)

    @classmethod
    def rfc2217(
        cls,
        address: str,
        port: int,
        unit: int = 1,
        *,
        baud: int = 19200,
        parity: Literal["N", "E", "O"] = "E",
        stop_bits: int = 1,
        **options: Unpack[TryOptions],
    ) -> ModbusTransport:
        """RTU on a serial line of another computer or device server, configured by RFC 2217."""
        make = partial(AsyncModbusTcpClient, address, port=port)
        remote = partial(RemotePort, baud, parity, stop_bits)
        line = Line(url("modbus+rfc2217", address, port), make, FramerType.RTU, Tries.of(options, TIMEOUT_S), remote)
        return cls(line, unit)

    @classmethod
    def serial(
        cls,
        device: str,
        unit: int = 1,
        *,
        baud: int = 19200,
        parity: Literal["N", "E", "O"] = "E",
        stop_bits: int = 1,
        **options: Unpack[TryOptions],
    ) -> ModbusTransport:
        """RTU on a serial line; 19200 baud and even parity are the defaults of Modbus over Serial Line V1.02 §2.5.1.

        The device is opened for this line alone: reach other units of the line with `unit()`.
        """
        make = partial(AsyncModbusSerialClient, device, baudrate=baud, parity=parity, stopbits=stop_bits)
        return cls(
            Line(f"modbus+serial:{device}", make, FramerType.RTU, Tries.of(options, TIMEOUT_S), serial=device), unit
        )

    def unit(self, unit: int) -> ModbusTransport:
        """Another unit behind the same connection or on the same line."""
        return ModbusTransport(self._line, unit)

    @property
    def requests(self) -> int:
        """Requests sent on this connection or line so far, retries counted."""
        return self._line.requests

    @property
    def answered_by(self) -> int | None:
        """The unit number of answers that named another unit than the request; None if there were none.

        Over TCP and UDP such an answer is taken if it carries the number of the request's transaction; on a serial
        line nothing else gives its origin, and it is not.
        """
        return self._line.answered_by

    async def read_registers(self, table: RegisterTable, address: int, count: int) -> bytes:
        """`count` (1 to 125) registers from `address` on, as 2 * count octets.

        Raises:
            NoAnswer: nothing came back in any try.
            Refused: an exception response.
            WrongAnswer: something else came back.
        """
        name = "read_holding_registers" if table == "holding" else "read_input_registers"
        where = f"{self.where} {_span(table, address, count)}"
        answer = await self._ask(where, 3 if table == "holding" else 4, name, address, count=count)
        if len(answer.registers) != count:
            raise self._wrong(
                where,
                Phrase("{registers} registers came, expected {count}", registers=len(answer.registers), count=count),
            )
        return struct.pack(f">{count}H", *answer.registers)

    async def read_bits(self, table: BitTable, address: int, count: int) -> list[bool]:
        """`count` (1 to 2000) bits from `address` on. Raises as `read_registers`."""
        name = "read_coils" if table == "coil" else "read_discrete_inputs"
        where = f"{self.where} {_span(table, address, count)}"
        answer = await self._ask(where, 1 if table == "coil" else 2, name, address, count=count)
        if len(answer.bits) != (count + 7) // 8 * 8:
            raise self._wrong(
                where,
                Phrase(
                    "{bits} octets of bits came, expected {count}", bits=len(answer.bits) // 8, count=(count + 7) // 8
                ),
            )
        return [bool(bit) for bit in answer.bits[:count]]

    async def identification(self) -> dict[int, bytes]:
        """The identification of the unit, function 43/14, by object id: 0 vendor, 1 product code, 2 revision …

        All of it if the unit knows the extended category, else what it has of the regular or the basic one (V1.1b3
        §6.21). Raises as `read_registers`; most units know only the function's absence, which is Refused.
        """
        refusal: Refused | None = None
        for category in (EXTENDED, REGULAR, BASIC):
            try:
                return await self._identification(category)
            except Refused as error:
                refusal = error
                if error.code == ILLEGAL_FUNCTION:
                    break
        assert refusal is not None
        raise refusal

    async def _identification(self, category: int) -> dict[int, bytes]:
        where = f"{self.where} identification"
        found: dict[int, bytes] = {}
        ahead = 0
        while True:
            answer = await self._ask(where, 43, "read_device_information", read_code=category, object_id=ahead)
            assert isinstance(answer, ReadDeviceInformationResponse)
            fresh = {id: octets for id, octets in answer.information.items() if isinstance(octets, bytes)}
            if not answer.more_follows or not fresh.keys() - found.keys():
                return found | fresh
            found |= fresh
            ahead = answer.next_object_id

    async def write_registers(self, address: int, data: bytes) -> None:
        """Set holding registers from `address` on: function 6 for one, 16 for several. Raises as `read_registers`."""
        values = [value for (value,) in struct.iter_unpack(">H", data)]
        where = f"{self.where} {_span('holding', address, len(values))}"
        if len(values) == 1:
            answer = await self._ask(where, 6, "write_register", address, values[0])
            done = answer.address, list(answer.registers)
            if done != (address, values):
                raise self._wrong(
                    where,
                    Phrase(
                        "the echo names register {address} is {value}, written was {values}",
                        address=done[0],
                        value=done[1],
                        values=values,
                    ),
                )
        else:
            answer = await self._ask(where, 16, "write_registers", address, values)
            if (answer.address, answer.count) != (address, len(values)):
                raise self._wrong(
                    where,
                    Phrase(
                        "the echo names {count} registers from {address} on", count=answer.count, address=answer.address
                    ),
                )

    async def write_coil(self, address: int, value: bool) -> None:
        """Set one coil (function 5). Raises as `read_registers`."""
        where = f"{self.where} coil {address}"
        answer = await self._ask(where, 5, "write_coil", address, value)
        if (answer.address, list(answer.bits)) != (address, [value]):
            raise self._wrong(
                where,
                Phrase(
                    "the echo names coil {address} is {bits}, written was {value}",
                    address=answer.address,
                    bits=answer.bits,
                    value=value,
                ),
            )

    def close(self) -> None:
        """Close the connection or line, for all its units; the next request opens it again."""
        self._line.close()

    async def _ask(self, where: str, function: int, name: str, *arguments: Any, **options: Any) -> ModbusPDU:
        answer = await self._line.ask(
            where, lambda client: getattr(client, name)(*arguments, device_id=self._unit, **options)
        )
        if isinstance(answer, Undecodable):
            raise self._wrong(where, Phrase("not a Modbus response"))
        if answer.isError():
            code = answer.exception_code
            raise Refused(
                Phrase(
                    "exception {code} ({meaning})",
                    code=code,
                    meaning=EXCEPTIONS.get(code, Phrase("no code of the specification")),
                ),
                where,
                code=code,
            )
        if answer.function_code != function:
            raise self._wrong(
                where,
                Phrase(
                    "a response of function {function_code}, expected {function}",
                    function_code=answer.function_code,
                    function=function,
                ),
            )
        return answer

    def _wrong(self, where: str, what: str) -> WrongAnswer:
        octets = self._line.received
        self._line.close()
        return WrongAnswer(what, where, octets)


def _span(table: str, address: int, count: int) -> str:
    return f"{table} {address}" if count == 1 else f"{table} {address} to {address + count - 1}"
