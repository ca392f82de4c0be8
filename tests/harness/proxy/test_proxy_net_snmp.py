"""net-snmp on both ends of a proxy: its agent, its tools, its trap sender and its trap receiver."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from external import background, free_port, program, run, until
from stations import LOCAL

from twinfeed.harness.faults.frames import Tamper
from twinfeed.harness.faults.proxy import UdpProxy

pytestmark = pytest.mark.interop

CONFIGURATION = """
rocommunity public 127.0.0.1
createUser twinfeed SHA twinfeed-auth AES twinfeed-priv
rouser twinfeed priv
sysName ups-a1
"""
AS_USER = [
    "-v3",
    "-l",
    "authPriv",
    "-u",
    "twinfeed",
    "-a",
    "SHA",
    "-A",
    "twinfeed-auth",
    "-x",
    "AES",
    "-X",
    "twinfeed-priv",
]
ACCESS = {"v1": ["-v1", "-c", "public"], "v2c": ["-v2c", "-c", "public"], "v3": AS_USER}
NAME = ".1.3.6.1.2.1.1.5.0"

Ask = Callable[..., Awaitable[str]]


def environment(folder: Path) -> dict[str, str]:
    """One in which net-snmp reads and writes nothing of this machine's."""
    return {**os.environ, "SNMPCONFPATH": str(folder), "SNMP_PERSISTENT_DIR": str(folder), "MIBS": ""}


@pytest.fixture
async def proxy(tmp_path: Path) -> AsyncIterator[UdpProxy]:
    """A proxy in front of net-snmp's agent."""
    agent = program("snmpd", "snmpd")
    snmpget = program("snmpget", "snmp")
    port = free_port(2)
    (tmp_path / "snmpd.conf").write_text(CONFIGURATION)
    command = [agent, "-f", "-Lo", "-C", "-c", str(tmp_path / "snmpd.conf"), f"udp:{LOCAL}:{port}"]
    asking = [snmpget, *ACCESS["v2c"], "-t", "1", "-r", "0", f"{LOCAL}:{port}", NAME]
    with background(command, tmp_path / "snmpd.log", environment(tmp_path)):
        until(lambda: "ups-a1" in run(asking, environment(tmp_path)), (tmp_path / "snmpd.log").read_text)
        async with UdpProxy((LOCAL, 0), (LOCAL, port), Tamper(1, "snmp")) as between:
            yield between


@pytest.fixture
def ask(proxy: UdpProxy, tmp_path: Path) -> Ask:
    """The output of one of the tools."""

    async def asked(tool: str, version: str, *arguments: str) -> str:
        command = [program(tool, "snmp"), *ACCESS[version], "-On", "-t", "0.5", "-r", "0"]
        command += [f"{proxy.address[0]}:{proxy.address[1]}", *arguments]
        return await asyncio.to_thread(run, command, environment(tmp_path))

    return asked


@pytest.mark.parametrize("version", ["v1", "v2c", "v3"])
async def test_without_a_fault_it_is_as_if_there_were_no_proxy(ask: Ask, version: str) -> None:
    assert f'{NAME} = STRING: "ups-a1"' in await ask("snmpget", version, NAME)


@pytest.mark.parametrize(
    ("kind", "version", "said"),
    [
        ("snmp-generr", "v1", "Reason: (genError) A general failure occured"),
        ("snmp-generr", "v2c", "Reason: (genError) A general failure occured"),
        ("snmp-wrong-type", "v2c", f"{NAME} = INTEGER: 0"),
        ("snmp-missing-instance", "v1", "Reason: (noSuchName)"),
        ("snmp-missing-instance", "v2c", f"{NAME} = No Such Instance currently exists at this OID"),
        ("snmp-wrong-request-id", "v2c", "Timeout: No Response"),
        ("snmp-wrong-request-id", "v3", "Timeout"),
        ("snmp-community-changed", "v2c", "Timeout: No Response"),
        ("snmp-key-changed", "v3", "Authentication failure (incorrect password, community or key)"),
        ("snmp-time-window", "v3", "Timeout"),
        ("snmp-engine-reboot", "v3", "Timeout"),
        ("truncated", "v2c", "Timeout: No Response"),
        ("garbage", "v2c", "Timeout: No Response"),
        ("black-hole", "v3", "Timeout"),
    ],
)
async def test_what_snmpget_says(proxy: UdpProxy, ask: Ask, kind: str, version: str, said: str) -> None:
    await proxy.apply(kind)
    assert said in await ask("snmpget", version, NAME)
    await proxy.lift()
    assert "ups-a1" in await ask("snmpget", version, NAME)


async def test_a_walk_ends_where_instances_are_missing(proxy: UdpProxy, ask: Ask) -> None:
    await proxy.apply("snmp-missing-instance")
    assert "No more variables left in this MIB View" in await ask("snmpwalk", "v2c", "-Cp", NAME)


async def test_snmpd_restarts_for_who_reads_its_up_time(proxy: UdpProxy, ask: Ask) -> None:
    await proxy.apply("snmp-engine-reboot")
    assert "Timeticks: (0) 0:00:00.00" in await ask("snmpget", "v2c", ".1.3.6.1.2.1.1.3.0")


class TestNotifications:
    @pytest.fixture
    async def way(self, tmp_path: Path) -> AsyncIterator[tuple[UdpProxy, Path]]:
        """A proxy in front of net-snmp's trap receiver, and the receiver's log."""
        receiver = program("snmptrapd", "snmptrapd")
        port, log = free_port(2), tmp_path / "snmptrapd.log"
        (tmp_path / "snmptrapd.conf").write_text("authCommunity log public\n")
        command = [receiver, "-f", "-Lo", "-On", "-C", "-c", str(tmp_path / "snmptrapd.conf"), f"udp:{LOCAL}:{port}"]
        with background(command, log, environment(tmp_path)):
            until(lambda: "NET-SNMP version" in log.read_text(), log.read_text)
            async with UdpProxy((LOCAL, 0), (LOCAL, port), Tamper(1, "snmp"), notifications=True) as between:
                yield between, log

    @staticmethod
    async def send(proxy: UdpProxy, folder: Path, name: str, *options: str) -> str:
        """A trap, or an inform with `-Ci`, that carries this text."""
        command = [program("snmptrap", "snmp"), "-v2c", "-c", "public", "-t", "0.5", "-r", "3", *options]
        command += [f"{LOCAL}:{proxy.address[1]}", "", ".1.3.6.1.6.3.1.1.5.3", NAME, "s", name]
        return await asyncio.to_thread(run, command, environment(folder))

    @staticmethod
    async def heard(log: Path, *names: str) -> None:
        for _ in range(500):
            if all(name in log.read_text() for name in names):
                return
            await asyncio.sleep(0.02)
        pytest.fail(log.read_text())

    async def test_lost_traps_do_not_come_and_later_ones_do(self, way: tuple[UdpProxy, Path], tmp_path: Path) -> None:
        proxy, log = way
        await proxy.apply("traps-lost")
        await self.send(proxy, tmp_path, "lost-one")
        await proxy.lift()
        await self.send(proxy, tmp_path, "next-one")
        await self.heard(log, "next-one")
        assert "lost-one" not in log.read_text()

    async def test_a_duplicated_trap_comes_twice(self, way: tuple[UdpProxy, Path], tmp_path: Path) -> None:
        proxy, log = way
        await proxy.apply("traps-duplicated")
        await self.send(proxy, tmp_path, "twice")
        await proxy.lift()
        await self.send(proxy, tmp_path, "the-end")
        await self.heard(log, "the-end")
        assert log.read_text().count("twice") == 2

    async def test_a_late_trap_is_overtaken(self, way: tuple[UdpProxy, Path], tmp_path: Path) -> None:
        proxy, log = way
        await proxy.apply("traps-late", {"delay_s": 0.5})
        await self.send(proxy, tmp_path, "first-sent")
        await proxy.lift()
        await self.send(proxy, tmp_path, "second-sent")
        await self.heard(log, "first-sent", "second-sent")
        assert log.read_text().index("second-sent") < log.read_text().index("first-sent")

    async def test_an_inform_is_repeated_until_it_is_acknowledged(
        self, way: tuple[UdpProxy, Path], tmp_path: Path
    ) -> None:
        proxy, log = way
        assert await self.send(proxy, tmp_path, "well", "-Ci") == ""
        await proxy.apply("traps-lost")
        assert "Timeout" in await self.send(proxy, tmp_path, "in-vain", "-Ci")
        assert "well" in log.read_text()
        assert "in-vain" not in log.read_text()
