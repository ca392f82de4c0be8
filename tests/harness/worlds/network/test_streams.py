"""The network in memory: what a path's conditions do to streams."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from ends import PDU, PORT, UPS, Collecting, conditions, connection, datagrams, network, now, path
from hypothesis import given, settings
from hypothesis import strategies as st
from virtual import QUICK, simulated
from workers.examples import examples

from twinfeed.harness.virtual.links.link import LinkConditions


@settings(max_examples=examples(60))
@given(
    conditions,
    st.lists(st.tuples(st.booleans(), st.binary(min_size=1, max_size=300), st.floats(0, 1)), max_size=20),
    st.lists(st.tuples(st.floats(0, 10), conditions), max_size=3),
    st.integers(0, 2**32),
)
def test_a_stream_is_complete_and_in_order_whatever_the_path_does(
    at_first: LinkConditions,
    writes: list[tuple[bool, bytes, float]],
    changes: list[tuple[float, LinkConditions]],
    seed: int,
) -> None:
    async def main() -> None:
        client, device = await connection()
        for at_s, changed in changes:
            asyncio.get_running_loop().call_later(at_s, path().set, changed)
            asyncio.get_running_loop().call_later(at_s + 0.5, path().set, replace(changed, state="black-hole"))
            asyncio.get_running_loop().call_later(at_s + 0.7, path().set, changed)
        for by_client, data, pause_s in writes:
            (client if by_client else device).transport.write(data)
            await asyncio.sleep(pause_s)
        client.transport.write_eof()
        await asyncio.sleep(5000)
        assert device.octets == b"".join(data for by_client, data, _ in writes if by_client)
        assert client.octets == b"".join(data for by_client, data, _ in writes if not by_client)
        assert device.lost and client.lost
        assert not path().streams

    simulated(main, seed, at_first)


def test_opening_takes_one_round_trip_and_each_answer_another() -> None:
    async def main() -> list[float]:
        client, device = await connection()
        opened_s = now()
        client.transport.write(b"question")
        await asyncio.sleep(0.15)
        device.transport.write(b"answer")
        await asyncio.sleep(1)
        return [opened_s, *device.times, *client.times]

    assert simulated(main, conditions=LinkConditions(latency_s=0.1)) == pytest.approx([0.2, 0.3, 0.45])


def test_a_rate_spaces_out_what_is_sent() -> None:
    async def main() -> list[float]:
        client, device = await connection()
        path().set(LinkConditions(latency_s=0, bandwidth_bps=8000))
        start_s = now()
        for _ in range(3):
            client.transport.write(b"x" * 960)  # 1000 octets with headers: 1 s each
        await asyncio.sleep(10)
        return [t - start_s for t in device.times]

    assert simulated(main) == pytest.approx([1, 2, 3])


def test_a_lost_segment_of_one_connection_does_not_hold_up_another() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        ends = [Collecting() for _ in range(30)]
        waiting = iter(ends)
        await loop.create_server(lambda: next(waiting), UPS, PORT)
        clients = [(await loop.create_connection(Collecting, UPS, PORT))[0] for _ in ends]
        path().set(replace(QUICK, loss_percent=30))
        start_s = now()
        for client in clients:
            client.write(b"x")
        await asyncio.sleep(60)
        delays = [end.times[0] - start_s for end in ends]
        assert max(delays) >= 0.2  # some were lost and sent again
        assert delays != sorted(delays)  # and meanwhile others arrived

    simulated(main)


def test_the_writer_pauses_while_the_other_end_does_not_read_and_goes_on_later() -> None:
    async def main() -> list[str]:
        client, device = await connection()
        seen: list[str] = []
        client.pause_writing = lambda: seen.append("pause")  # type: ignore[method-assign]
        client.resume_writing = lambda: seen.append("resume")  # type: ignore[method-assign]
        device.transport.pause_reading()
        client.transport.write(b"x" * 60_000)
        seen.append("written 60 k")
        await asyncio.sleep(10)
        client.transport.write(b"x" * 10_000)
        seen.append(f"{client.transport.get_write_buffer_size()} not taken")
        await asyncio.sleep(10)
        device.transport.resume_reading()
        await asyncio.sleep(10)
        seen.append(f"{client.transport.get_write_buffer_size()} not taken, {len(device.octets)} arrived")
        return seen

    assert simulated(main) == [
        "written 60 k", "pause", "70000 not taken", "resume", "0 not taken, 70000 arrived",
    ]  # fmt: skip


def test_the_writer_pauses_in_a_black_hole() -> None:
    async def main() -> bool:
        loop = asyncio.get_running_loop()
        listener = await asyncio.start_server(lambda reader, writer: None, UPS, PORT)
        _, writer = await asyncio.open_connection(UPS, PORT)
        path().set(LinkConditions(state="black-hole"))
        writer.write(b"x" * 100_000)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(writer.drain(), 5)
        loop.call_later(3, path().set, QUICK)
        await writer.drain()
        listener.close()
        return loop.time() > 8

    assert simulated(main)


# -- paths that are not up ----------------------------------------------------------------------------------------------


def test_a_black_hole_holds_a_stream_and_lets_it_go_on_where_it_was() -> None:
    async def main() -> None:
        client, device = await connection()
        path().set(replace(QUICK, state="black-hole"))
        client.transport.write(b"one")
        device.transport.write(b"two")
        await asyncio.sleep(60)
        assert (device.arrived, client.arrived) == ([], [])
        client.transport.write(b" more")
        start_s = now()
        path().set(QUICK)
        await asyncio.sleep(1)
        assert (device.octets, client.octets) == (b"one more", b"two")
        assert max(device.times) - start_s == pytest.approx(0.001)

    simulated(main)


@pytest.mark.parametrize("by_client", [True, False])
def test_who_closes_in_a_black_hole_is_heard_once_it_is_over(by_client: bool) -> None:
    async def main() -> None:
        client, device = await connection()
        closing, other = (client, device) if by_client else (device, client)
        path().set(replace(QUICK, state="black-hole"))
        closing.transport.write(b"last words")
        closing.transport.close()
        await asyncio.sleep(100)
        assert len(closing.lost) == 1 and not other.lost
        path().set(QUICK)
        await asyncio.sleep(1)
        assert other.octets == b"last words"
        assert [kind for _, kind in other.lost] == ["NoneType"]

    simulated(main)


def test_opening_in_a_black_hole_is_tried_again_and_succeeds_after_it() -> None:
    async def main() -> float:
        path().set(replace(QUICK, state="black-hole"))
        asyncio.get_running_loop().call_later(5, path().set, QUICK)
        await connection()
        return now()

    assert simulated(main) == pytest.approx(7.002)  # Linux sends SYNs at 0, 1, 3, 7 s


def test_opening_in_a_black_hole_fails_after_127_s() -> None:
    async def main() -> float:
        path().set(replace(QUICK, state="black-hole"))
        with pytest.raises(TimeoutError, match=r"127\.20\.1\.11:502 does not answer"):
            await connection()
        return now()

    assert simulated(main) == 127.0


def test_a_path_that_fails_during_the_handshake_is_noticed() -> None:
    async def main() -> None:
        asyncio.get_running_loop().call_later(0.05, path().set, LinkConditions(state="black-hole"))
        with pytest.raises(TimeoutError):
            await connection()

    simulated(main, conditions=LinkConditions(latency_s=0.1))


def test_who_gives_up_opening_leaves_a_reset_at_the_other_end() -> None:
    async def main() -> list[tuple[float, str]]:
        loop = asyncio.get_running_loop()
        device = Collecting()
        await loop.create_server(lambda: device, UPS, PORT)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(loop.create_connection(Collecting, UPS, PORT), 0.15)
        device.transport.write(b"hello?")
        await asyncio.sleep(5)
        return device.lost

    assert simulated(main, conditions=LinkConditions(latency_s=0.1)) == [(pytest.approx(0.25), "ConnectionResetError")]


def test_a_greeting_that_comes_with_the_answer_to_the_opening_is_kept() -> None:
    class Greeting(Collecting):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            super().connection_made(transport)
            self.transport.write(b"220 ready")

    async def main() -> bytes:
        loop = asyncio.get_running_loop()
        await loop.create_server(Greeting, UPS, PORT)
        _, client = await loop.create_connection(Collecting, UPS, PORT)
        await asyncio.sleep(1)
        return client.octets

    for latency_s in (0.0, 0.1):
        assert simulated(main, conditions=LinkConditions(latency_s=latency_s)) == b"220 ready"


def test_a_refusing_path_refuses_and_a_device_without_listener_too() -> None:
    async def main() -> list[float]:
        loop = asyncio.get_running_loop()
        await loop.create_server(Collecting, UPS, PORT)
        path().set(LinkConditions(latency_s=0.1, state="refused"))
        network().path(PDU).set(LinkConditions(latency_s=0.1))
        times = []
        for host in (UPS, PDU):
            start_s = now()
            with pytest.raises(ConnectionRefusedError, match=rf"{host}:502 refuses"):
                await loop.create_connection(Collecting, host, PORT)
            times.append(now() - start_s)
        return times

    assert simulated(main) == pytest.approx([0.2, 0.2])


def test_a_reset_path_shows_a_reset_at_both_ends_once() -> None:
    async def main() -> None:
        client, device = await connection()
        client.transport.write(b"on its way")
        assert path().reset() == 1
        assert path().reset() == 0
        await asyncio.sleep(1)
        assert client.lost == device.lost == [(pytest.approx(0.002), "ConnectionResetError")]
        assert device.arrived == []

    simulated(main)


def test_a_half_open_connection_seems_open_until_something_is_sent_after_the_device_is_back() -> None:
    async def main() -> None:
        client, device = await connection()
        path().set(replace(QUICK, state="half-open"))
        await asyncio.sleep(1)
        assert [kind for _, kind in device.lost] == ["ConnectionResetError"]  # it went without a word
        client.transport.write(b"anybody?")
        await asyncio.sleep(600)
        assert not client.lost
        path().set(QUICK)
        await asyncio.sleep(1)
        assert [kind for _, kind in client.lost] == ["ConnectionResetError"]
        assert device.arrived == []
        assert not path().streams

    simulated(main)


def test_paths_are_each_devices_own() -> None:
    async def main() -> None:
        ups, ups_end = await connection(UPS)
        pdu, pdu_end = await connection(PDU)
        path(UPS).set(LinkConditions(state="black-hole"))
        ups.transport.write(b"to the UPS")
        pdu.transport.write(b"to the PDU")
        await asyncio.sleep(10)
        assert (ups_end.octets, pdu_end.octets) == (b"", b"to the PDU")
        path(PDU).reset()
        assert pdu.lost and not ups.lost

    simulated(main)


def test_adding_a_device_does_not_change_the_chances_of_another() -> None:
    async def main() -> list[float]:
        client, device = await datagrams(UPS)
        path(UPS).set(replace(QUICK, jitter_s=1))
        path(PDU).set(replace(QUICK, jitter_s=1))
        for _ in range(20):
            client.transport.sendto(b"x")
        await asyncio.sleep(10)
        return device.times

    async def with_another_first() -> list[float]:
        await datagrams(PDU)
        return await main()

    assert simulated(main) == simulated(with_another_first)
