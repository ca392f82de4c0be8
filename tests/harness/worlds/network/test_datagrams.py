"""The network in memory: what a path's conditions do to datagrams, and its ports."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from ends import PORT, UPS, Collecting, conditions, connection, datagrams, network, now, path
from hypothesis import given, settings
from hypothesis import strategies as st
from virtual import QUICK, simulated
from workers.examples import examples

from twinfeed.harness.virtual.links.link import LinkConditions


async def sent(number: int, changed: LinkConditions, apart_s: float = 0.0) -> list[tuple[float, int]]:
    """The arrivals, and the time since the first was sent, of so many numbered datagrams of 100 octets."""
    client, device = await datagrams()
    path().set(changed)
    start_s = now()
    for n in range(number):
        client.transport.sendto(n.to_bytes(72, "big"))
        await asyncio.sleep(apart_s)
    await asyncio.sleep(3600)
    return [(t - start_s, int.from_bytes(data, "big")) for t, data in device.arrived]


def test_datagrams_are_lost_in_proportion() -> None:
    arrived = simulated(lambda: sent(2000, replace(QUICK, loss_percent=25)))
    assert len(arrived) == pytest.approx(1500, abs=100)
    assert len({n for _, n in arrived}) == len(arrived)


def test_datagrams_are_duplicated_in_proportion() -> None:
    arrived = simulated(lambda: sent(2000, replace(QUICK, duplication_percent=25)))
    assert len(arrived) == pytest.approx(2500, abs=100)
    assert {n for _, n in arrived} == set(range(2000))


def test_datagrams_are_overtaken() -> None:
    late = replace(QUICK, reordering_percent=25, reordering_s=0.05)
    arrived = simulated(lambda: sent(1000, late, apart_s=0.01))
    numbers = [n for _, n in arrived]
    assert sorted(numbers) == list(range(1000)) != numbers
    overtaken = [n for t, n in arrived if t > 0.01 * n + 0.01]
    assert len(overtaken) == pytest.approx(250, abs=50)


def test_jitter_is_between_nothing_and_its_size() -> None:
    arrived = simulated(lambda: sent(500, replace(QUICK, jitter_s=0.4)))
    assert min(t for t, _ in arrived) == pytest.approx(0.001, abs=0.01)
    assert max(t for t, _ in arrived) == pytest.approx(0.401, abs=0.01)


def test_a_rate_spaces_out_datagrams() -> None:
    arrived = simulated(lambda: sent(3, LinkConditions(latency_s=0, bandwidth_bps=800)))
    assert arrived == [(pytest.approx(1), 0), (pytest.approx(2), 1), (pytest.approx(3), 2)]


@pytest.mark.parametrize("state", ["black-hole", "refused", "half-open"])
def test_datagrams_on_a_path_that_is_not_up_are_lost_for_good(state: Any) -> None:
    async def main() -> bytes:
        client, device = await datagrams()
        path().set(replace(QUICK, state=state))
        client.transport.sendto(b"lost")
        await asyncio.sleep(10)
        path().set(QUICK)
        client.transport.sendto(b"not lost")
        await asyncio.sleep(10)
        return device.octets

    assert simulated(main) == b"not lost"


@settings(max_examples=examples(30))
@given(conditions, st.integers(0, 2**32))
def test_the_same_seed_is_the_same_run(changed: LinkConditions, seed: int) -> None:
    def once() -> Any:
        return simulated(lambda: sent(20, changed, apart_s=0.1), seed)

    assert once() == once()


def test_another_seed_is_another_run() -> None:
    def once(seed: int) -> Any:
        return simulated(lambda: sent(5, replace(QUICK, jitter_s=1)), seed)

    assert once(1) != once(2)


# -- ports ----------------------------------------------------------------------------------------------------------------


def test_client_ports_are_used_again_and_never_those_of_listeners() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        listener = await loop.create_server(Collecting, "127.0.0.1", 0)
        first = listener.sockets[0].getsockname()[1]
        used = set()
        for _ in range(16_384):
            transport, _ = await loop.create_datagram_endpoint(Collecting, remote_addr=(UPS, PORT))
            used.add(transport.get_extra_info("sockname")[1])
            transport.close()
        assert used == set(range(49152, 65536)) - {first}

    simulated(main)


def test_a_host_can_run_out_of_ports() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        for port in range(49152, 65536):
            await loop.create_datagram_endpoint(Collecting, local_addr=(UPS, port))
        with pytest.raises(OSError, match="every ephemeral port is in use"):
            await loop.create_datagram_endpoint(Collecting, local_addr=(UPS, 0))

    simulated(main)


def test_who_listens_everywhere_is_reached_at_the_stations_address() -> None:
    async def main() -> bytes:
        loop = asyncio.get_running_loop()
        _, traps = await loop.create_datagram_endpoint(Collecting, local_addr=("0.0.0.0", 162))
        _, ups = await loop.create_datagram_endpoint(Collecting, local_addr=(UPS, 161))
        ups.transport.sendto(b"on battery", ("127.0.0.1", 162))
        await asyncio.sleep(1)
        return traps.octets

    assert simulated(main) == b"on battery"


def test_what_is_sent_is_recorded_with_its_time_and_ends() -> None:
    async def main() -> list[Any]:
        kept: list[Any] = []
        network().record = kept.append
        client, device = await connection()
        client.transport.write(b"question")
        await asyncio.sleep(1)
        path().set(LinkConditions(state="black-hole"))
        device.transport.write(b"answer")
        client.transport.close()
        return [(f.t_s, f.protocol, f.source[0], f.destination, f.data, f.lost) for f in kept]

    here, there = "127.0.0.1", (UPS, PORT)
    assert simulated(main) == [
        (pytest.approx(0.002), "tcp", here, there, b"question", False),
        (pytest.approx(1.002), "tcp", UPS, (here, 49152), b"answer", True),
    ]
