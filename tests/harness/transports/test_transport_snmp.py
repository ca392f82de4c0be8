"""SNMP through pysnmp: the same calls in every version, and their errors when the answer is wrong or missing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from typing import Any

import pytest
from small_device import LIMIT, NAME, TABLE, USER, SmallDevice

from twinfeed.emulators.wire.snmp import SnmpServer
from twinfeed.harness.transports import NoAnswer, Refused, SnmpTransport, UsmUser, WrongAnswer
from twinfeed.harness.transports.snmp.messages import FIRST_ID, Asked, Undecodable, VarBind, carries, request, response
from twinfeed.harness.virtual.loop import VirtualLoop

HOST = "127.12.0.2"
VERSIONS = ("v1", "v2c", "v3")


def transport(version: str, port: int, **options: Any) -> SnmpTransport:
    options = {"timeout_s": 10.0, **options}
    if version == "v3":
        return SnmpTransport.v3(HOST, port, user=USER, **options)
    make = SnmpTransport.v1 if version == "v1" else SnmpTransport.v2c
    return make(HOST, port, "public", "private", **options)


@pytest.fixture(params=VERSIONS)
async def agent(request: pytest.FixtureRequest, small_device: SmallDevice) -> AsyncIterator[SnmpTransport]:
    """A transport to an agent of ours, which pysnmp asks."""
    async with SnmpServer(small_device.agent(), HOST, 0) as server:
        asking = transport(request.param, server.port)
        yield asking
        asking.close()


class TestEveryVersion:
    async def test_values_come_as_numbers_octets_and_texts(self, agent: SnmpTransport) -> None:
        address, product = "1.3.6.1.2.1.1.6.0", "1.3.6.1.2.1.1.8.0"
        assert await agent.get([NAME, LIMIT, address, product]) == {
            NAME: b"pdu-a",
            LIMIT: 40,
            address: "10.0.0.1",
            product: "1.3.6.1.4.1.53864",
        }
        assert agent.requests == 1

    async def test_many_variables_take_several_requests(self, agent: SnmpTransport) -> None:
        oids = [f"{TABLE}.{row}" for row in range(1, 51)]
        assert await agent.get(oids) == {oid: row * 1000 for row, oid in enumerate(oids, 1)}
        assert agent.requests == 3

    async def test_a_variable_is_set(self, agent: SnmpTransport, small_device: SmallDevice) -> None:
        await agent.set(NAME, "string", b"pdu-b")
        await agent.set(LIMIT, "integer", 7)
        assert (small_device.name, small_device.limit) == (b"pdu-b", 7)

    async def test_a_table_is_walked_to_its_end(self, agent: SnmpTransport) -> None:
        rows = await agent.walk(TABLE)
        assert rows == [VarBind(f"{TABLE}.{row}", row * 1000, "gauge32") for row in range(1, 61)]

    async def test_nothing_below_an_oid_is_an_empty_walk(self, agent: SnmpTransport) -> None:
        assert await agent.walk("1.3.6.1.9") == []

    async def test_a_walk_of_a_column_stays_in_it(self, agent: SnmpTransport) -> None:
        """1.3.6.1.2.1.1.5 is no prefix of 1.3.6.1.2.1.1.50 and further."""
        assert [row.oid for row in await agent.walk("1.3.6.1.2.1.1.5")] == [NAME]

    async def test_a_variable_that_is_not_there_is_named(self, agent: SnmpTransport) -> None:
        with pytest.raises(Refused, match=rf"{TABLE}\.99: .*noSuch"):
            await agent.get([NAME, f"{TABLE}.99"])

    async def test_what_cannot_be_set_is_refused_in_the_agents_words(self, agent: SnmpTransport) -> None:
        with pytest.raises(Refused, match=rf"{TABLE}\.1: error-status \d+ \((notWritable|readOnly|noSuchName)\)"):
            await agent.set(f"{TABLE}.1", "gauge32", 1)

    async def test_requests_made_at_once_are_answered_each(self, agent: SnmpTransport) -> None:
        answers = await asyncio.gather(*(agent.get([f"{TABLE}.{row}"]) for row in range(1, 21)))
        assert answers == [{f"{TABLE}.{row}": row * 1000} for row in range(1, 21)]

    async def test_a_closed_transport_opens_again(self, agent: SnmpTransport) -> None:
        await agent.get([NAME])
        agent.close()
        assert await agent.get([LIMIT]) == {LIMIT: 40}


class TestSizes:
    @pytest.mark.parametrize(("version", "variables"), [("v1", 27), ("v2c", 27), ("v3", 22)])
    async def test_too_big_is_halved_until_it_fits(
        self, small_device: SmallDevice, version: str, variables: int
    ) -> None:
        async with SnmpServer(small_device.agent(max_message=484), HOST, 0) as server:
            asking = transport(version, server.port, max_varbinds=50)
            oids = [f"{TABLE}.{row}" for row in range(1, variables + 1)]
            assert await asking.get(oids) == {oid: row * 1000 for row, oid in enumerate(oids, 1)}
            assert asking.requests == 3, "the request fits in 484 octets, its answer does not, and each half does"
            asking.close()

    async def test_the_most_variables_in_a_request_can_be_told(self, small_device: SmallDevice) -> None:
        async with SnmpServer(small_device.agent(), HOST, 0) as server:
            asking = transport("v2c", server.port, max_varbinds=60)
            await asking.get([f"{TABLE}.{row}" for row in range(1, 61)])
            assert asking.requests == 1
            asking.close()


class TestAccess:
    def test_reading_and_writing_have_a_community_each(
        self, virtually: Callable[..., Any], small_device: SmallDevice
    ) -> None:
        async def scenario(loop: VirtualLoop) -> None:
            async with SnmpServer(small_device.agent(), HOST, 161):
                with (
                    pytest.raises(Refused, match="noAccess"),
                    closing(SnmpTransport.v2c(HOST, community="public")) as asking,
                ):
                    await asking.set(NAME, "string", b"x")
                with pytest.raises(NoAnswer), closing(SnmpTransport.v2c(HOST, community="wrong")) as asking:
                    await asking.get([NAME])
                with closing(SnmpTransport.v2c(HOST, community="public", write_community="private")) as asking:
                    await asking.set(NAME, "string", b"x")

        virtually(scenario)
        assert small_device.name == b"x"

    def test_the_longest_address_and_port_can_be_asked_in_v3(self, virtually: Callable[..., Any]) -> None:
        """The name an agent has with pysnmp holds 32 octets (RFC 3413, snmpTargetAddrName): no address is its name."""

        async def scenario(loop: Any) -> str:
            asking = SnmpTransport.v3("192.168.100.200", 65161, user=USER, timeout_s=0.5, retries=0)
            with pytest.raises(NoAnswer) as caught:
                await asking.get(["1.3.6.1.2.1.1.5.0"])
            asking.close()
            return caught.value.what

        assert virtually(scenario) == "no answer in 0.5 s"

    @pytest.mark.parametrize(
        ("user", "says"),
        [
            (UsmUser("nobody", "auth-password", "priv-password"), "nknown"),
            (UsmUser("operator", "another-password", "priv-password"), "igest|uthent"),
            (UsmUser("operator"), "authorizationError"),
        ],
    )
    async def test_a_v3_user_the_agent_does_not_take_is_refused(
        self, small_device: SmallDevice, user: UsmUser, says: str
    ) -> None:
        async with SnmpServer(small_device.agent(), HOST, 0) as server:
            asking = SnmpTransport.v3(HOST, server.port, user=user, timeout_s=60.0)
            with pytest.raises(Refused, match=says):
                await asking.get([NAME])
            asking.close()

    def test_a_user_that_encrypts_must_authenticate(self) -> None:
        with pytest.raises(ValueError, match="give an auth_password too"):
            UsmUser("operator", priv_password="priv-password")

    def test_passwords_are_not_shown(self) -> None:
        assert "password" not in repr(USER)


class TestSilence:
    """All in virtual time, so that the seconds are exact."""

    @pytest.mark.parametrize("version", VERSIONS)
    @pytest.mark.parametrize(("retries", "seconds"), [(0, 2.0), (2, 6.0)])
    def test_a_silent_agent_is_given_up_after_its_tries(
        self, virtually: Callable[..., Any], version: str, retries: int, seconds: float
    ) -> None:
        async def scenario(loop: VirtualLoop) -> None:
            asking = transport(version, 161, timeout_s=2.0, retries=retries)
            tries = f"{1 + retries} tries of 2 s" if retries else "2 s"
            with pytest.raises(NoAnswer, match=rf"{NAME}: no answer in {tries}"):
                await asking.get([NAME])
            assert loop.time() == pytest.approx(seconds, abs=0.01)
            asking.close()

        virtually(scenario)

    @pytest.mark.parametrize("version", VERSIONS)
    def test_a_second_try_may_succeed(
        self, virtually: Callable[..., Any], small_device: SmallDevice, version: str
    ) -> None:
        async def scenario(loop: VirtualLoop) -> None:
            async with SnmpServer(small_device.agent(), HOST, 161, gate=lambda: loop.time() > 1.0):
                asking = transport(version, 161, timeout_s=2.0, retries=1)
                assert await asking.get([NAME]) == {NAME: b"pdu-a"}
                assert loop.time() == pytest.approx(2.0, abs=0.2)
                asking.close()

        virtually(scenario)

    def test_v3_goes_on_after_hours_without_a_word(
        self, virtually: Callable[..., Any], small_device: SmallDevice
    ) -> None:
        async def scenario(loop: VirtualLoop) -> None:
            async with SnmpServer(small_device.agent(), HOST, 161):
                asking = transport("v3", 161)
                for _ in range(3):
                    assert await asking.get([NAME]) == {NAME: b"pdu-a"}
                    await asyncio.sleep(3 * 3600.0)
                asking.close()

        virtually(scenario)

    async def test_a_port_where_nobody_listens_is_told_as_such(self) -> None:
        with (
            pytest.raises(NoAnswer, match="refused"),
            closing(SnmpTransport.v2c(HOST, 9, timeout_s=0.2, retries=0)) as asking,
        ):
            await asking.get([NAME])


class TestWrongAnswers:
    async def test_octets_that_are_no_message_are_told_with_them(self) -> None:
        async with answering(lambda datagram: datagram[:-3]) as port:
            with (
                pytest.raises(WrongAnswer, match=rf"{NAME}: not an SNMP response: .*past the end.* \(octets 30"),
                closing(SnmpTransport.v2c(HOST, port, timeout_s=60.0)) as asking,
            ):
                await asking.get([NAME])

    async def test_a_request_sent_back_is_no_response(self) -> None:
        async with answering(lambda datagram: datagram) as port:
            with (
                pytest.raises(WrongAnswer, match="not an SNMP response"),
                closing(SnmpTransport.v2c(HOST, port, timeout_s=60.0)) as asking,
            ):
                await asking.get([NAME])

    def test_an_answer_to_another_request_is_told_with_its_octets(self, virtually: Callable[..., Any]) -> None:
        async def scenario(loop: VirtualLoop) -> None:
            async with answering(lambda datagram: b"\x30\x03\x02\x01\x01"):
                with (
                    pytest.raises(WrongAnswer, match=r"no response to this request .*octets 30 03 02 01 01"),
                    closing(SnmpTransport.v2c(HOST, 161, timeout_s=1.0)) as asking,
                ):
                    await asking.get([NAME])

        virtually(scenario)

    def test_garbage_is_no_v3_response_and_stays_out_of_the_event_loop(self, virtually: Callable[..., Any]) -> None:
        async def scenario(loop: VirtualLoop) -> None:
            async with answering(lambda datagram: b"nonsense"):
                asking = transport("v3", 161, timeout_s=1.0)
                with pytest.raises(WrongAnswer, match=r"no response .*octets 6e 6f 6e 73 65 6e 73 65"):
                    await asking.get([NAME])
                asking.close()

        virtually(scenario)

    async def test_other_variables_than_those_asked_for(self, small_device: SmallDevice) -> None:
        agent = small_device.agent()

        def swapped(datagram: bytes) -> bytes:
            asked = request(1, b"public", "get", (Asked(LIMIT),), _id_of(datagram))
            return agent.handle(asked) or b""

        async with answering(swapped) as port:
            with (
                pytest.raises(WrongAnswer, match=rf"variables {LIMIT} came"),
                closing(SnmpTransport.v2c(HOST, port, timeout_s=60.0)) as asking,
            ):
                await asking.get([NAME])

    async def test_an_agent_that_walks_in_circles_is_found_out(self, small_device: SmallDevice) -> None:
        agent = small_device.agent()

        def circling(datagram: bytes) -> bytes:
            asked = request(1, b"public", "get", (Asked(f"{TABLE}.1"), Asked(f"{TABLE}.1")), _id_of(datagram))
            return agent.handle(asked) or b""

        async with answering(circling) as port:
            with (
                pytest.raises(WrongAnswer, match="the agent walks in circles"),
                closing(SnmpTransport.v2c(HOST, port, timeout_s=60.0)) as asking,
            ):
                await asking.walk(TABLE)


class TestMessages:
    GET = bytes.fromhex(
        "30 29 020101 0406 7075626c6963 a01c 0204 40000005 020100 020100 300e 300c 0608 2b06010201010500 0500"
    )
    """GetRequest-PDU of sysName.0 in v2c with request id 40000005, written down from RFC 3416 §3 and X.690."""

    def test_a_request_is_that_of_the_specification(self) -> None:
        assert request(1, b"public", "get", (Asked(NAME),), FIRST_ID + 5) == self.GET

    def test_the_same_request_differs_by_its_id_alone(self) -> None:
        one, other = (request(1, b"public", "get", (Asked(NAME),), FIRST_ID + n) for n in (5, 6))
        assert [n for n, (a, b) in enumerate(zip(one, other, strict=True)) if a != b] == [
            carries(one, FIRST_ID + 5) + 3
        ]

    def test_a_request_id_is_only_taken_where_it_stands(self) -> None:
        """A community that resembles one does not mislead."""
        lure = b"\x02\x04\x40\x00\x00\x00"
        octets = request(1, lure, "get", (Asked(NAME),), FIRST_ID + 9)
        with pytest.raises(Undecodable):
            response(1, octets, carries(octets, FIRST_ID + 9))


def _id_of(datagram: bytes) -> int:
    """The request id of a v2c message of community public."""
    place = datagram.index(b"public") + len(b"public") + 4
    return int.from_bytes(datagram[place : place + 4], "big")


@asynccontextmanager
async def answering(answer: Callable[[bytes], bytes]) -> AsyncIterator[int]:
    """An agent that answers each datagram as ordered, well or not; gives its port."""
    loop = asyncio.get_running_loop()

    class Agent(asyncio.DatagramProtocol):
        def connection_made(self, transport: Any) -> None:
            self.transport = transport

        def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
            self.transport.sendto(answer(data), addr)

    port = 161 if isinstance(loop, VirtualLoop) else 0
    endpoint, _ = await loop.create_datagram_endpoint(Agent, local_addr=(HOST, port))
    try:
        yield port or endpoint.get_extra_info("sockname")[1]
    finally:
        endpoint.close()


class TestAnswersFromElsewhere:
    """Cards with several addresses, and clusters, answer from another port or address than they were asked at."""

    async def test_are_taken_by_their_request_id_and_their_sender_is_named(
        self, small_device: SmallDevice, caplog: pytest.LogCaptureFixture
    ) -> None:
        agent = small_device.agent()
        loop = asyncio.get_running_loop()

        class Asked(asyncio.DatagramProtocol):
            def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
                other.sendto(agent.handle(data), addr)

        asked, _ = await loop.create_datagram_endpoint(Asked, local_addr=(HOST, 0))
        other, _ = await loop.create_datagram_endpoint(asyncio.DatagramProtocol, local_addr=("127.12.0.7", 0))
        transport = SnmpTransport.v2c(HOST, asked.get_extra_info("sockname")[1], timeout_s=60.0, retries=0)
        assert await transport.get([NAME]) == {NAME: b"pdu-a"}
        assert transport.elsewhere == "127.12.0.7:{}".format(other.get_extra_info("sockname")[1])
        assert f"the answer came from {transport.elsewhere}" in caplog.text
        for endpoint in (transport, asked, other):
            endpoint.close()

    async def test_a_closed_port_is_still_told_from_silence(self) -> None:
        transport = SnmpTransport.v2c(HOST, 9, timeout_s=0.05, retries=1)
        with pytest.raises(NoAnswer, match="Connection refused"):
            await transport.get([NAME])
        transport.close()
