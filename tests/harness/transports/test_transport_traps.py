"""The receiver of notifications, fed by our devices and by net-snmp's snmptrap."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from external import program
from small_device import USER

from twinfeed.emulators.wire.snmp import (
    Engine,
    Notification,
    NotificationOriginator,
    NotificationSender,
    Syntax,
    Target,
    User,
    VarBind,
    Version,
)
from twinfeed.harness.transports import NoAnswer, Trap, TrapReceiver
from twinfeed.harness.virtual.loop import VirtualLoop

HOST = "127.12.0.3"
ENGINE_ID = bytes.fromhex("80001f88035400000002")
ON_BATTERY = "1.3.6.1.4.1.318.0.5"
MINUTES = "1.3.6.1.2.1.33.1.2.3.0"
NET_SNMP_TRAP = "1.3.6.1.4.1.8072.2.3.0.1"
SYS_NAME = "1.3.6.1.2.1.1.5.0"


@pytest.fixture
async def traps() -> AsyncIterator[TrapReceiver]:
    async with TrapReceiver(HOST, 0, user=USER, engine_ids=[ENGINE_ID]) as receiver:
        yield receiver


def device(port: int, version: Version, inform: bool) -> NotificationOriginator:
    """A device that has been up for 42 s and reports to that port."""
    user = User(USER.name.encode(), USER.auth_password.encode(), USER.priv_password.encode())
    target = Target((HOST, port), version, user=user, inform=inform)
    return NotificationOriginator([target], lambda: 4200, engine=Engine(ENGINE_ID, lambda: 3, lambda: 42))


def on_battery() -> Notification:
    minutes = VarBind(tuple(map(int, MINUTES.split("."))), Syntax.INTEGER, 9)
    return Notification(tuple(map(int, ON_BATTERY.split("."))), [minutes])


class TestOurDevices:
    @pytest.mark.parametrize(
        ("version", "inform"),
        [(Version.V1, False), (Version.V2C, False), (Version.V2C, True), (Version.V3, False), (Version.V3, True)],
    )
    async def test_are_heard_in_every_version(self, traps: TrapReceiver, version: Version, inform: bool) -> None:
        originator = device(traps.port, version, inform)
        async with NotificationSender(originator, HOST) as sender:
            sender.notify(on_battery())
            trap = await traps.next(timeout_s=60.0)
            assert (trap.source, trap.uptime_s) == (HOST, 42.0)
            assert trap.oid == ON_BATTERY
            assert trap.values[MINUTES] == 9
            async with asyncio.timeout(10):
                while originator.acknowledged != inform:
                    await asyncio.sleep(0.001)

    @pytest.mark.parametrize("inform", [False, True])
    async def test_are_heard_over_ipv6(self, inform: bool) -> None:
        async with TrapReceiver("::1", 0, user=USER, engine_ids=[ENGINE_ID]) as traps:
            user = User(USER.name.encode(), USER.auth_password.encode(), USER.priv_password.encode())
            target = Target(("::1", traps.port), Version.V3, user=user, inform=inform)
            engine = Engine(ENGINE_ID, lambda: 3, lambda: 42)
            originator = NotificationOriginator([target], lambda: 4200, engine=engine)
            async with NotificationSender(originator, "::1") as sender:
                sender.notify(on_battery())
                assert (await traps.next(timeout_s=60.0)).source == "::1"

    def test_are_heard_in_virtual_time_too(self, virtually: Callable[..., Any]) -> None:
        async def scenario(loop: VirtualLoop) -> Trap:
            async with (
                TrapReceiver(HOST, 162, user=USER, clock=lambda: 1000.0 + loop.time()) as traps,
                NotificationSender(device(162, Version.V3, True), HOST) as sender,
            ):
                await asyncio.sleep(5.0)
                sender.notify(on_battery())
                return await traps.next(timeout_s=60.0)

        assert virtually(scenario).t_s == pytest.approx(1005.0, abs=0.1)


class TestReceiver:
    def test_gives_up_after_the_timeout(self, virtually: Callable[..., Any]) -> None:
        async def scenario(loop: VirtualLoop) -> float:
            async with TrapReceiver(HOST, 162) as traps:
                with pytest.raises(NoAnswer, match="no notification came in 5 s"):
                    await traps.next(timeout_s=5.0)
                return loop.time()

        assert virtually(scenario) == 5.0

    async def test_keeps_the_order(self, traps: TrapReceiver) -> None:
        async with NotificationSender(device(traps.port, Version.V2C, False), HOST) as sender:
            for n in (1, 2, 3):
                sender.notify(Notification((1, 3, 6, 1, 4, 1, 53864, 0, n)))
            assert [(await traps.next(10.0)).oid[-1] for _ in range(3)] == ["1", "2", "3"]
        assert traps.received == 3

    def test_ignores_who_does_not_know_the_community(self, virtually: Callable[..., Any]) -> None:
        async def scenario(loop: VirtualLoop) -> None:
            async with (
                TrapReceiver(HOST, 162, community="secret") as traps,
                NotificationSender(device(162, Version.V2C, False), HOST) as sender,
            ):
                sender.notify(on_battery())
                with pytest.raises(NoAnswer):
                    await traps.next(timeout_s=5.0)

        virtually(scenario)

    async def test_a_taken_port_is_told(self, traps: TrapReceiver) -> None:
        with pytest.raises(OSError, match="in use"):
            await TrapReceiver(HOST, traps.port).start()

    def test_survives_garbage(self, virtually: Callable[..., Any]) -> None:
        async def scenario(loop: VirtualLoop) -> Trap:
            async with (
                TrapReceiver(HOST, 162) as traps,
                NotificationSender(device(162, Version.V2C, False), HOST) as sender,
            ):
                stranger, _ = await loop.create_datagram_endpoint(asyncio.DatagramProtocol, remote_addr=(HOST, 162))
                for garbage in (b"\x30", b"nonsense", bytes(100), b"\x30\x03\x02\x01\x01", b"\x30\x03\x02\x01\x03"):
                    stranger.sendto(garbage)
                await asyncio.sleep(1.0)
                sender.notify(on_battery())
                return await traps.next(timeout_s=60.0)

        assert virtually(scenario).oid == ON_BATTERY


@pytest.mark.interop
class TestNetSnmp:
    V3 = (
        "-u",
        USER.name,
        "-l",
        "authPriv",
        "-a",
        "SHA",
        "-A",
        USER.auth_password,
        "-x",
        "AES",
        "-X",
        USER.priv_password,
    )

    @pytest.mark.parametrize(
        ("how", "about"),
        [
            (("-v1", "-c", "public"), ("1.3.6.1.4.1.8072.2.3", HOST, "6", "1", "4200")),
            (("-v2c", "-c", "public"), ("4200", NET_SNMP_TRAP)),
            (("-v2c", "-Ci", "-c", "public"), ("4200", NET_SNMP_TRAP)),
            (("-v3", "-e", f"0x{ENGINE_ID.hex()}", *V3), ("4200", NET_SNMP_TRAP)),
            (("-v3", "-Ci", *V3), ("4200", NET_SNMP_TRAP)),
        ],
        ids=["v1 trap", "v2c trap", "v2c inform", "v3 trap", "v3 inform"],
    )
    async def test_is_heard_and_acknowledged(
        self, traps: TrapReceiver, how: tuple[str, ...], about: tuple[str, ...]
    ) -> None:
        command = [program("snmptrap", "snmp"), "-m", "", *how, f"{HOST}:{traps.port}", *about, SYS_NAME, "s", "ups"]
        process = await asyncio.create_subprocess_exec(*command, stdout=-1, stderr=-2)
        output, _ = await asyncio.wait_for(process.communicate(), 20)
        assert process.returncode == 0, output.decode()
        trap = await traps.next(timeout_s=60.0)
        assert (trap.oid, trap.uptime_s, trap.values[SYS_NAME]) == (NET_SNMP_TRAP, 42.0, b"ups")
