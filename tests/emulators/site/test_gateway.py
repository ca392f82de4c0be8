"""A request first lets the plant catch up; then a gate answers that moves nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from workers.dialling import dial

from twinfeed.emulators.serving import Servers
from twinfeed.emulators.serving.gateway import Gateway
from twinfeed.emulators.site import Site
from twinfeed.emulators.wire.modbus import Unit

READ = bytes.fromhex("000100000006ff0300000001")
"""Modbus TCP: read holding register 0 of unit 255 (Modbus Application Protocol v1.1b3 §6.3)."""


def _device(up: bool) -> tuple[Unit, Callable[[], bool]]:
    return cast(Unit, object()), lambda: up


@given(st.dictionaries(st.integers(1, 247), st.booleans(), min_size=2, max_size=8))
def test_of_several_units_behind_an_address_the_reachable_ones_are_there(up: dict[int, bool]) -> None:
    gateway = Gateway()
    for id, reachable in up.items():
        unit, gate = _device(reachable)
        gateway.add(id, unit, None, gate)  # type: ignore[arg-type]
    there = set()
    for id in range(256):
        try:
            gateway[id]
        except KeyError:
            continue
        there.add(id)
    assert there == {id for id, reachable in up.items() if reachable}
    assert gateway.any_reachable() is any(up.values())


@pytest.mark.parametrize("id", [0, 7, 255])
def test_a_device_alone_at_its_address_answers_to_0_and_255_too(id: int) -> None:
    gateway = Gateway()
    unit, gate = _device(True)
    gateway.add(7, unit, None, gate)  # type: ignore[arg-type]
    assert gateway[id] is unit


@pytest.mark.usefixtures("hanging_up")
async def test_the_plant_moves_when_a_request_arrives_and_only_then() -> None:
    site, moves = Site.load("bench"), []

    def catch_up() -> None:
        moves.append(site.now)
        site.advance(1.0)

    servers = Servers(site, ports=20000, draining=False, lazy=True, catch_up=catch_up)
    await servers.start()
    try:
        for name in site.devices:
            site.reachable(name)
        assert moves == [] and site.now == 0.0
        place = next(e for e in servers.endpoints if e.protocol == "modbus")
        reader, writer = await dial(place.address, place.port)
        before = len(moves)
        writer.write(READ)
        answer = await asyncio.wait_for(reader.read(260), 10.0)
        assert answer[:2] == READ[:2]
        assert len(moves) == before + 1
        assert site.now == len(moves)
    finally:
        await servers.stop()


@pytest.mark.usefixtures("hanging_up")
async def test_a_request_meets_the_device_as_it_is_when_the_request_arrives() -> None:
    """The card hangs for 5 s, and nothing moves the plant until a request comes 10 s later."""
    site = Site.load("bench")
    servers = Servers(site, ports=20000, draining=False, lazy=True, catch_up=lambda: site.advance(10.0))
    await servers.start()
    try:
        place = next(e for e in servers.endpoints if e.protocol == "modbus")
        reader, writer = await dial(place.address, place.port)
        writer.write(READ)
        await asyncio.wait_for(reader.read(260), 10.0)
        site.inject(place.device, "card-hang", for_s=5.0)
        assert not site.reachable(place.device)
        writer.write(READ)
        answer = await asyncio.wait_for(reader.read(260), 10.0)
        assert answer[:2] == READ[:2]
    finally:
        await servers.stop()
