"""SNMP over TCP in the simulated world: the agents of a site answer on streams too, whose messages may be longer."""

from __future__ import annotations

from typing import Any

import pytest

from twinfeed.harness.transports import NoAnswer, SnmpTransport

CHARGE = "1.3.6.1.2.1.33.1.2.4.0"
SYSTEM = "1.3.6.1.2.1.1"

pytestmark = pytest.mark.site("bench")


def agent_of(site: Any, device: str, over: Any) -> SnmpTransport:
    (place,) = [e for e in site.endpoints if (e.device, e.protocol) == (device, "snmp")]
    return SnmpTransport.v2c(place.address, place.port, over=over, timeout_s=2.0)


@pytest.mark.parametrize("over", ["udp", "tcp"])
async def test_a_variable_is_read_over_both(site: Any, over: str) -> None:
    agent = agent_of(site, "ups-1", over)
    assert await agent.get([CHARGE]) == {CHARGE: 100}


@pytest.mark.parametrize(("over", "longest"), [("udp", 1472), ("tcp", 8192)])
async def test_a_message_in_a_stream_may_be_longer_than_a_datagram(site: Any, over: str, longest: int) -> None:
    """RFC 3430 §2: 8192 octets at least; RFC 3417 §3.2: 1472 in an Ethernet frame."""
    agent = agent_of(site, "ups-1", over)
    lengths: list[int] = []
    site._loop.network.record = lambda frame: lengths.append(len(frame.data))
    found = await agent.following(SYSTEM, repetitions=100)
    assert found and 1000 < max(lengths) <= longest
    assert (max(lengths) > 1472) is (over == "tcp")


@pytest.mark.parametrize("fault", ["card-hang", "black-hole"])
async def test_a_silent_card_and_a_cut_path_are_silent_over_tcp_too(site: Any, fault: str) -> None:
    agent = agent_of(site, "ups-1", "tcp")
    await agent.get([CHARGE])
    await site.inject("ups-1", fault)
    with pytest.raises(NoAnswer):
        await agent.get([CHARGE])
    await site.clear()
    await site.run("2 min")
    assert await agent.get([CHARGE]) == {CHARGE: 100}
