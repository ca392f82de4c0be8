"""Clients nobody here wrote: pymodbus, mbpoll (libmodbus) and Wireshark's dissector."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import ClassVar

import pytest
from pymodbus.client import AsyncModbusTcpClient
from scapy.all import IP, TCP, Ether, Raw, wrpcap

from twinfeed.emulators.wire.modbus import Counters, ModbusTcpConnection, ModbusTcpServer, TableUnit, direct

Serve = Callable[..., Awaitable[ModbusTcpServer]]


class TestPymodbus:
    @pytest.fixture
    async def client(self, serve: Serve) -> AsyncIterator[AsyncModbusTcpClient]:
        server = await serve()
        host, port = server.address
        client = AsyncModbusTcpClient(host, port=port, timeout=10, retries=0)
        assert await client.connect()
        yield client
        client.close()

    async def test_reads_bits(self, client: AsyncModbusTcpClient) -> None:
        expected = [n % 3 == 0 for n in range(5, 18)]
        assert (await client.read_coils(5, count=13)).bits[:13] == expected
        assert (await client.read_discrete_inputs(5, count=13)).bits[:13] == expected

    async def test_reads_registers(self, client: AsyncModbusTcpClient) -> None:
        assert (await client.read_holding_registers(10, count=125)).registers == list(range(10, 135))
        assert (await client.read_input_registers(10, count=3)).registers == [1010, 1011, 1012]

    async def test_writes_coils(self, client: AsyncModbusTcpClient) -> None:
        await client.write_coil(1, True)
        await client.write_coils(2, [True, False, True])
        assert (await client.read_coils(0, count=6)).bits[:6] == [True, True, True, False, True, False]

    async def test_writes_registers(self, client: AsyncModbusTcpClient) -> None:
        await client.write_register(0, 0xBEEF)
        await client.write_registers(1, [0xCAFE, 0x12])
        await client.mask_write_register(address=2, and_mask=0xF2, or_mask=0x25)
        assert (await client.read_holding_registers(0, count=4)).registers == [0xBEEF, 0xCAFE, 0x17, 3]

    async def test_reads_and_writes_at_once(self, client: AsyncModbusTcpClient) -> None:
        answer = await client.readwrite_registers(read_address=3, read_count=3, write_address=4, values=[40, 50])
        assert answer.registers == [3, 40, 50]

    async def test_reads_the_identification(self, client: AsyncModbusTcpClient, unit: TableUnit) -> None:
        answer = await client.read_device_information(read_code=3, object_id=0)
        assert answer.information == unit.identification
        assert answer.conformity == 0x83
        one = await client.read_device_information(read_code=4, object_id=4)
        assert one.information == {4: b"Static UPS"}

    async def test_reads_the_diagnostic_counters(self, client: AsyncModbusTcpClient) -> None:
        assert (await client.diag_query_data(b"\xa5\x37")).message == b"\xa5\x37"
        await client.read_coils(9999)
        assert (await client.diag_read_bus_message_count()).message == 3
        assert (await client.diag_read_bus_exception_error_count()).message == 1

    @pytest.mark.parametrize(("address", "count", "device", "code"), [(199, 2, 1, 2), (0, 1, 9, 11)])
    async def test_understands_exceptions(
        self, client: AsyncModbusTcpClient, address: int, count: int, device: int, code: int
    ) -> None:
        answer = await client.read_holding_registers(address, count=count, device_id=device)
        assert answer.isError()
        assert answer.exception_code == code


@pytest.mark.interop
@pytest.mark.skipif(shutil.which("mbpoll") is None, reason="mbpoll is missing: apt install mbpoll")
class TestMbpoll:
    @staticmethod
    async def mbpoll(server: ModbusTcpServer, *arguments: str) -> str:
        host, port = server.address
        command = ["mbpoll", "-0", "-1", "-p", str(port), *arguments[:-1], host, *arguments[-1:]]
        process = await asyncio.create_subprocess_exec(*[part for part in command if part], stdout=-1, stderr=-2)
        output, _ = await asyncio.wait_for(process.communicate(), 20)
        assert process.returncode == 0, output.decode()
        return output.decode()

    @staticmethod
    def values(output: str) -> list[str]:
        return re.findall(r"^\[\d+\]:\s+(\S+)", output, re.MULTILINE)

    async def test_reads_every_table(self, serve: Serve) -> None:
        server = await serve()
        read = {table: await self.mbpoll(server, "-t", table, "-r", "6", "-c", "4", "") for table in "0134"}
        assert self.values(read["0"]) == self.values(read["1"]) == ["1", "0", "0", "1"]
        assert self.values(read["3"]) == ["1006", "1007", "1008", "1009"]
        assert self.values(read["4"]) == ["6", "7", "8", "9"]

    async def test_writes(self, serve: Serve, unit: TableUnit) -> None:
        server = await serve()
        await self.mbpoll(server, "-t", "4", "-r", "6", "513")
        await self.mbpoll(server, "-t", "0", "-r", "7", "1")
        assert unit.read_registers("holding", 6, 1) == b"\x02\x01"
        assert unit.read_bits("coil", 7, 1) == [True]


@pytest.mark.interop
@pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is missing: apt install tshark")
class TestWireshark:
    REQUESTS: ClassVar = {
        "read coils": "01 0000 0013",
        "read discrete inputs": "02 0000 0013",
        "read holding registers": "03 0000 0003",
        "read input registers": "04 0000 0003",
        "write coil": "05 0001 FF00",
        "write register": "06 0001 0003",
        "diagnostics": "08 0000 A537",
        "bus message count": "08 000B 0000",
        "write coils": "0F 0013 000A 02 CD01",
        "write registers": "10 0001 0002 04 000A 0102",
        "mask write": "16 0004 00F2 0025",
        "read and write": "17 0003 0006 000E 0003 06 00FF 00FF 00FF",
        "identification": "2B 0E 03 00",
        "illegal function": "07",
        "illegal address": "03 FFFF 0001",
        "illegal value": "03 0000 007E",
    }

    async def dissect(self, unit: TableUnit, folder: Path) -> list[dict[str, list[str]]]:
        connection = ModbusTcpConnection(direct(unit), Counters())
        packets, sequence, acknowledged = [], 1, 1
        for transaction, pdu in enumerate(self.REQUESTS.values(), 1):
            body = b"\x01" + bytes.fromhex(pdu)
            request = transaction.to_bytes(2, "big") + b"\0\0" + len(body).to_bytes(2, "big") + body
            answer = connection.receive(request)
            ends = Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02") / IP(src="127.0.0.1", dst="127.0.0.2")
            back = Ether(src="02:00:00:00:00:02", dst="02:00:00:00:00:01") / IP(src="127.0.0.2", dst="127.0.0.1")
            there = TCP(sport=40000, dport=502, flags="PA", seq=sequence, ack=acknowledged)
            sequence += len(request)
            and_back = TCP(sport=502, dport=40000, flags="PA", seq=acknowledged, ack=sequence)
            acknowledged += len(answer)
            packets += [ends / there / Raw(request), back / and_back / Raw(answer)]
        capture = folder / "modbus.pcap"
        wrpcap(str(capture), packets)
        fields = ["modbus.func_code", "modbus.exception_code", "modbus.regval_uint16", "modbus.bitval",
                  "modbus.object_str_value", "_ws.expert.message", "_ws.malformed", "tcp.srcport"]  # fmt: skip
        command = ["tshark", "-r", str(capture), "-T", "json", *[part for f in fields for part in ("-e", f)]]
        process = await asyncio.create_subprocess_exec(*command, stdout=-1, stderr=-3)
        output, _ = await asyncio.wait_for(process.communicate(), 60)
        layers = [packet["_source"]["layers"] for packet in json.loads(output)]
        return [layer for layer in layers if layer["tcp.srcport"] == ["502"]]

    async def test_dissects_every_response_without_complaint(self, unit: TableUnit, tmp_path: Path) -> None:
        responses = dict(zip(self.REQUESTS, await self.dissect(unit, tmp_path), strict=True))
        for name, response in responses.items():
            function = int(self.REQUESTS[name][:2], 16)
            assert response["modbus.func_code"] == [str(function)], name
            assert "_ws.malformed" not in response, name
            if not name.startswith("illegal"):
                assert "_ws.expert.message" not in response, name
        assert responses["read holding registers"]["modbus.regval_uint16"] == ["0", "1", "2"]
        assert responses["read input registers"]["modbus.regval_uint16"] == ["1000", "1001", "1002"]
        public = [value.decode() for number, value in unit.identification.items() if number < 0x80]
        assert responses["identification"]["modbus.object_str_value"] == public
        codes = [responses[f"illegal {what}"]["modbus.exception_code"] for what in ("function", "address", "value")]
        assert codes == [["1"], ["2"], ["3"]]
