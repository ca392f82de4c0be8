"""Each fault of Modbus messages as an unmodified pymodbus client meets it; pymodbus serves, too."""

from __future__ import annotations

import asyncio

import pytest
from frames import GOOD, answered, asked, modbus_rtu, modbus_tcp
from pymodbus import ModbusException
from pymodbus.client import AsyncModbusTcpClient
from pymodbus.framer import FramerRTU
from pymodbus.pdu import DecodePDU
from stations import REGISTERS, Connect

from twinfeed.harness.faults.frames import Answer, Tamper
from twinfeed.harness.faults.proxy import TcpProxy


async def read(client: AsyncModbusTcpClient, address: int = 1, count: int = 4) -> list[int]:
    answer = await client.read_holding_registers(address, count=count)
    assert not answer.isError(), answer
    return list(answer.registers)


async def test_without_a_fault_the_client_reads_and_writes_as_if_there_were_no_proxy(
    client: AsyncModbusTcpClient, modbus_device: tuple[str, int], connect: Connect
) -> None:
    direct = await connect(modbus_device)
    assert await read(client, 0, 100) == REGISTERS
    await client.write_registers(10, [7, 8, 9])
    assert await read(direct, 10, 3) == [7, 8, 9]


@pytest.mark.parametrize("code", [2, 6, 11])
async def test_an_exception_keeps_the_request_from_the_device(
    modbus_proxy: TcpProxy, client: AsyncModbusTcpClient, code: int
) -> None:
    await modbus_proxy.apply("modbus-exception", {"code": code})
    answer = await client.write_register(10, 999)
    assert answer.isError()
    assert answer.exception_code == code
    await modbus_proxy.lift("modbus-exception")
    assert await read(client, 10, 1) == [REGISTERS[10]]


async def test_only_writes_are_refused(modbus_proxy: TcpProxy, client: AsyncModbusTcpClient) -> None:
    await modbus_proxy.apply("modbus-exception", {"code": 6, "only": 2})
    assert await read(client, 10, 1) == [REGISTERS[10]]
    assert (await client.write_register(10, 999)).exception_code == 6
    await modbus_proxy.apply("modbus-exception", {"code": 6, "only": 1})
    assert not (await client.write_register(10, 999)).isError()
    assert (await client.read_holding_registers(10, count=1)).exception_code == 6


async def test_one_function_code_is_refused(modbus_proxy: TcpProxy, client: AsyncModbusTcpClient) -> None:
    await modbus_proxy.apply("modbus-exception", {"code": 6, "function": 16})
    assert not (await client.write_register(10, 999)).isError()
    assert (await client.write_registers(10, [999])).exception_code == 6
    assert await read(client, 10, 1) == [999]


async def test_the_next_two_writes_are_refused_and_a_new_onset_counts_anew(
    modbus_proxy: TcpProxy, client: AsyncModbusTcpClient
) -> None:
    for _ in range(2):
        await modbus_proxy.apply("modbus-exception", {"only": 2, "next": 2})
        for refused in (True, True, False):
            assert await read(client, 20, 1) == [REGISTERS[20]]
            assert (await client.write_register(10, 999)).isError() is refused
        await modbus_proxy.lift("modbus-exception")


async def test_a_share_of_requests_is_refused(modbus_proxy: TcpProxy, client: AsyncModbusTcpClient) -> None:
    await modbus_proxy.apply("modbus-exception", {"percent": 50})
    answers = [await client.read_holding_registers(1, count=1) for _ in range(60)]
    assert 10 < sum(answer.isError() for answer in answers) < 50


async def test_more_registers_than_the_limit_are_refused(modbus_proxy: TcpProxy, client: AsyncModbusTcpClient) -> None:
    await modbus_proxy.apply("modbus-limit", {"most": 4})
    assert await read(client, 1, 4) == REGISTERS[1:5]
    assert (await client.read_holding_registers(1, count=5)).exception_code == 3
    await modbus_proxy.apply("modbus-limit", {"most": 4, "silent": 1})
    with pytest.raises(ModbusException):
        await client.read_holding_registers(1, count=5)


def test_a_function_is_not_answered_and_others_are() -> None:
    tamper = Tamper()
    tamper.apply("modbus-unanswered", {"function": 3})
    assert tamper.request(modbus_tcp(asked())) == []
    tamper.apply("modbus-unanswered")  # 43
    assert tamper.request(modbus_tcp(asked())) == [modbus_tcp(asked())]


async def test_an_order_is_carried_out_whose_answer_is_lost(
    modbus_proxy: TcpProxy, client: AsyncModbusTcpClient, modbus_device: tuple[str, int], connect: Connect
) -> None:
    await modbus_proxy.apply("answers-lost", {"only": 2})
    with pytest.raises(ModbusException):
        await client.write_register(10, 999)
    direct = await connect(modbus_device)
    assert await read(direct, 10, 1) == [999]
    again = await connect(modbus_proxy.address)
    assert await read(again, 10, 1) == [999]


@pytest.mark.parametrize("kind", ["modbus-wrong-unit", "modbus-wrong-transaction", "truncated", "garbage"])
async def test_the_client_gets_no_answer_it_can_use(
    modbus_proxy: TcpProxy, client: AsyncModbusTcpClient, kind: str
) -> None:
    await modbus_proxy.apply(kind)
    with pytest.raises(ModbusException):
        await read(client)


@pytest.mark.parametrize("kind", ["modbus-wrong-unit", "modbus-wrong-transaction", "truncated", "garbage"])
async def test_a_new_connection_is_well_once_the_fault_is_lifted(
    modbus_proxy: TcpProxy, connect: Connect, kind: str
) -> None:
    await modbus_proxy.apply(kind)
    with pytest.raises(ModbusException):
        await read(await connect(modbus_proxy.address))
    await modbus_proxy.lift()
    assert await read(await connect(modbus_proxy.address)) == REGISTERS[1:5]


async def test_stale_values_stand_still_while_the_device_moves(
    modbus_proxy: TcpProxy, client: AsyncModbusTcpClient, modbus_device: tuple[str, int], connect: Connect
) -> None:
    direct = await connect(modbus_device)
    await modbus_proxy.apply("stale")
    assert await read(client) == [1, 2, 3, 4]
    await direct.write_registers(1, [11, 12, 13, 14])
    assert await read(client) == [1, 2, 3, 4]
    assert await read(client, 1, 2) == [11, 12]  # another request: first asked now
    other = await connect(modbus_proxy.address)
    assert await read(other) == [1, 2, 3, 4]  # it is the device that is stuck, for everybody
    await modbus_proxy.lift("stale")
    assert await read(client) == [11, 12, 13, 14]


async def test_a_torn_value_has_its_words_from_two_moments(
    modbus_proxy: TcpProxy, client: AsyncModbusTcpClient, modbus_device: tuple[str, int], connect: Connect
) -> None:
    direct = await connect(modbus_device)
    await direct.write_registers(1, [0x0001, 0xFFFF])
    await modbus_proxy.apply("torn")
    assert await read(client, 1, 2) == [0x0001, 0xFFFF]
    await direct.write_registers(1, [0x0002, 0x0000])
    assert await read(client, 1, 2) == [0x0001, 0x0000]  # 131071 + 1 reads as 65536
    assert await read(client, 1, 2) == [0x0002, 0x0000]


async def test_only_the_pair_that_is_named_tears(
    modbus_proxy: TcpProxy, client: AsyncModbusTcpClient, modbus_device: tuple[str, int], connect: Connect
) -> None:
    direct = await connect(modbus_device)
    await modbus_proxy.apply("torn", {"register": 2})
    await read(client)
    await direct.write_registers(1, [11, 12, 13, 14])
    assert await read(client) == [11, 2, 13, 14]


async def test_requests_of_several_clients_do_not_mix(modbus_proxy: TcpProxy, connect: Connect) -> None:
    await modbus_proxy.apply("stale")
    clients = [await connect(modbus_proxy.address) for _ in range(3)]
    answers = await asyncio.gather(*(read(client, address, 2) for address, client in enumerate(clients, 20)))
    assert answers == [[20, 21], [21, 22], [22, 23]]


# The bytes below are pymodbus' on both sides.


def test_the_exception_response_is_the_one_pymodbus_would_send() -> None:
    tamper = Tamper()
    tamper.apply("modbus-exception", {"code": 6})
    assert tamper.request(modbus_tcp(asked(0x1234))) == [Answer(bytes.fromhex("1234 0000 0003 01 83 06"))]


def test_requests_sent_at_once_each_get_their_own_exception() -> None:
    tamper = Tamper()
    tamper.apply("modbus-exception", {"code": 6})
    out = tamper.request(modbus_tcp(asked(1)) + modbus_tcp(asked(2)))
    assert [item.frame[:2] for item in out if isinstance(item, Answer)] == [b"\0\x01", b"\0\x02"]


def test_wrong_identifiers_are_all_that_changes() -> None:
    tamper = Tamper()
    tamper.apply("modbus-wrong-unit", {"offset": 2})
    tamper.apply("modbus-wrong-transaction", {"offset": 0x100})
    answer = GOOD["modbus-tcp"][1]
    assert tamper.answer(answer) == [bytes.fromhex("0101") + answer[2:6] + b"\x03" + answer[7:]]


def test_a_stale_answer_has_the_transaction_it_answers() -> None:
    tamper = Tamper()
    tamper.apply("stale")
    for transaction, registers in ((1, [1, 2]), (2, [3, 4])):
        tamper.request(modbus_tcp(asked(transaction, count=2)))
        out = tamper.answer(modbus_tcp(answered(registers, transaction), True))
        assert out == [modbus_tcp(answered([1, 2], transaction), True)]


class TestSerialLine:
    """Faults on RTU frames, as pymodbus' RTU framer makes and reads them."""

    @staticmethod
    def tampered(kind: str, parameters: dict[str, float] | None = None) -> bytes:
        tamper = Tamper(1, "modbus-rtu")
        tamper.apply(kind, parameters)
        request, answer = GOOD["modbus-rtu"]
        out = tamper.request(request)
        return b"".join(item.frame for item in out if isinstance(item, Answer)) or b"".join(tamper.answer(answer))

    @staticmethod
    def understood(octets: bytes) -> bool:
        return bool(FramerRTU(DecodePDU(False)).handleFrame(octets, 1, 0)[1] is not None)

    def test_an_exception_is_sealed_by_the_check_pymodbus_expects(self) -> None:
        octets = self.tampered("modbus-exception", {"code": 4})
        assert octets[:3] == bytes((1, 0x83, 4))
        assert FramerRTU.compute_CRC(octets[:-2]).to_bytes(2, "big") == octets[-2:]

    def test_another_unit_answers_with_a_right_check(self) -> None:
        octets = self.tampered("modbus-wrong-unit")
        assert octets[0] == 2
        assert FramerRTU.compute_CRC(octets[:-2]).to_bytes(2, "big") == octets[-2:]

    @pytest.mark.parametrize(("kind", "parameters"), [("truncated", None), ("serial-noise", {"error_rate": 0.05})])
    def test_what_the_check_finds_is_no_answer(self, kind: str, parameters: dict[str, float] | None) -> None:
        assert self.understood(GOOD["modbus-rtu"][1])
        assert not self.understood(self.tampered(kind, parameters))

    def test_a_broadcast_is_never_refused(self) -> None:
        tamper = Tamper(1, "modbus-rtu")
        tamper.apply("modbus-exception")
        broadcast = modbus_rtu(asked(dev_id=0))
        assert tamper.request(broadcast) == [broadcast]

    def test_part_of_a_frame_passes_when_the_line_is_silent(self) -> None:
        tamper = Tamper(1, "modbus-rtu")
        tamper.apply("stale")
        conversation = tamper.conversation()
        answer = GOOD["modbus-rtu"][1]
        assert conversation.answer(answer[:5]) == []
        assert conversation.waiting
        assert conversation.idle() == (b"", answer[:5])
        assert not conversation.waiting
