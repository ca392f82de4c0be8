"""pymodbus's client asks for functions that only some products have; none of its code is ours."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from pymodbus.client import AsyncModbusTcpClient
from pymodbus.pdu.file_message import FileRecord
from test_modbus_extras import Unit

from twinfeed.emulators.wire.modbus import ModbusTcpServer

HOST = "127.12.1.4"


@pytest.fixture
async def client() -> AsyncIterator[AsyncModbusTcpClient]:
    server = ModbusTcpServer({1: Unit()}, HOST, 0)
    await server.start()
    asking = AsyncModbusTcpClient(HOST, port=server.address[1], timeout=5)
    await asking.connect()
    yield asking
    asking.close()
    await server.stop()


async def test_exception_status(client: AsyncModbusTcpClient) -> None:
    assert (await client.read_exception_status()).status == 0x6D


async def test_server_id(client: AsyncModbusTcpClient) -> None:
    answer = await client.report_device_id()
    assert answer.identifier.startswith(b"\x01\x02\xff")


async def test_files_are_written_and_read(client: AsyncModbusTcpClient) -> None:
    record = FileRecord(file_number=4, record_number=7, record_data=b"\x06\xaf\x04\xbe\x10\x0d")
    assert not (await client.write_file_record([record])).isError()
    asked = FileRecord(file_number=4, record_number=7, record_length=6)  # pymodbus counts octets
    (answer,) = (await client.read_file_record([asked])).records
    assert answer.record_data == b"\x06\xaf\x04\xbe\x10\x0d"


async def test_a_queue(client: AsyncModbusTcpClient) -> None:
    assert (await client.read_fifo_queue(address=0x04DE)).values == [0x01B8, 0x1284]


async def test_event_counter_and_log(client: AsyncModbusTcpClient) -> None:
    await client.read_holding_registers(0, count=1)
    await client.read_coils(0, count=1)
    assert (await client.diag_get_comm_event_counter()).count == 2
    log = await client.diag_get_comm_event_log()
    assert (log.event_count, log.message_count) == (2, 4)
    assert bytes(log.events) == b"\x40\x80" * 3


async def test_restart_of_communication(client: AsyncModbusTcpClient) -> None:
    await client.read_holding_registers(0, count=1)
    assert not (await client.diag_restart_communication(True)).isError()
    assert (await client.diag_get_comm_event_counter()).count == 0
