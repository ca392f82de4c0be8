"""net-snmp's clients ask our agent, and its snmptrapd receives our notifications."""

import asyncio
import os
import shutil
import socket
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from snmp_manager import SYSTEM, TABLE, Device

from twinfeed.emulators.wire.snmp import (
    COLD_START,
    AuthProtocol,
    Engine,
    Notification,
    NotificationOriginator,
    NotificationSender,
    SnmpServer,
    Syntax,
    Target,
    User,
    VarBind,
    Version,
    agent_instances,
    engine_id_from_mac,
    format_oid,
)

HOST = "127.12.2.1"
ENGINE = Engine(engine_id_from_mac(53864, b"\x02\x00\x00\x00\x00\x01"), boots=lambda: 3, time_s=lambda: 5000)
SHA_AES = User(b"engineer", b"auth-secret", b"priv-secret", writable=True)
USERS = [
    SHA_AES,
    User(b"watcher"),
    User(b"md5", b"auth-secret", auth=AuthProtocol.MD5),
    *(
        User(auth.name.lower().encode(), b"auth-secret", b"priv-secret", auth)
        for auth in (AuthProtocol.SHA224, AuthProtocol.SHA256, AuthProtocol.SHA384, AuthProtocol.SHA512)
    ),
]
AS_ENGINEER = ["-v3", "-l", "authPriv", "-u", "engineer", "-a", "SHA", "-A", "auth-secret"]
AS_ENGINEER += ["-x", "AES", "-X", "priv-secret"]
NAME = format_oid((*SYSTEM, 5, 0))

pytestmark = [
    pytest.mark.interop,
    pytest.mark.skipif(shutil.which("snmpget") is None, reason="snmpget is missing: apt install snmp"),
]
needs_snmptrapd = pytest.mark.skipif(
    shutil.which("snmptrapd") is None, reason="snmptrapd is missing: apt install snmptrapd"
)


@pytest.fixture
async def served() -> AsyncIterator[tuple[Device, SnmpServer]]:
    device = Device()
    agent = device.agent(users=USERS, engine=ENGINE)
    agent.tree.replace(device.instances() + agent_instances(agent))
    async with SnmpServer(agent, HOST, 0) as server:
        yield device, server


def quiet(folder: Path) -> dict[str, str]:
    """An environment in which net-snmp reads and writes nothing of this machine's."""
    (folder / "cert_indexes").mkdir(exist_ok=True)  # net-snmp would make it, and log so
    return {**os.environ, "SNMPCONFPATH": str(folder), "SNMP_PERSISTENT_DIR": str(folder), "MIBS": ""}


async def run(folder: Path, command: str, *arguments: str) -> str:
    """The output of the program, error texts included."""
    process = await asyncio.create_subprocess_exec(
        command,
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=quiet(folder),
    )
    output, _ = await asyncio.wait_for(process.communicate(), 15)
    return output.decode()


def at(server: SnmpServer, *options: str) -> list[str]:
    return ["-On", "-t", "2", "-r", "0", *options, f"{HOST}:{server.port}"]


VERSIONS = {"v1": ["-v1", "-c", "private"], "v2c": ["-v2c", "-c", "private"], "v3": AS_ENGINEER}


@pytest.mark.parametrize("version", VERSIONS)
async def test_get_and_set(served: tuple[Device, SnmpServer], tmp_path: Path, version: str) -> None:
    device, server = served
    options = at(server, *VERSIONS[version])
    assert await run(tmp_path, "snmpget", *options, NAME) == f'.{NAME} = STRING: "pdu-a"\n'
    assert await run(tmp_path, "snmpset", *options, NAME, "s", "pdu-b") == f'.{NAME} = STRING: "pdu-b"\n'
    assert device.name == b"pdu-b"


@pytest.mark.parametrize(
    ("command", "version"), [("snmpwalk", "v1"), ("snmpwalk", "v2c"), ("snmpbulkwalk", "v2c"), ("snmpbulkwalk", "v3")]
)
async def test_walks(served: tuple[Device, SnmpServer], tmp_path: Path, command: str, version: str) -> None:
    _, server = served
    printed = await run(tmp_path, command, *at(server, *VERSIONS[version]), format_oid(TABLE))
    gauges = [f".{format_oid((*TABLE, 1, row))} = Gauge32: {10 + row}" for row in (1, 2, 3)]
    wide = [f".{format_oid((*TABLE, 2, row))} = Counter64: {2**40 + 10 + row}" for row in (1, 2, 3)]
    lines = printed.splitlines()
    assert lines[: len(gauges)] == gauges
    if version != "v1":
        assert lines[len(gauges) :] == wide


async def test_a_walk_of_everything_is_in_order(served: tuple[Device, SnmpServer], tmp_path: Path) -> None:
    _, server = served
    printed = await run(tmp_path, "snmpbulkwalk", *at(server, *VERSIONS["v2c"]), "1.3")
    names = [line.split(" ")[0].lstrip(".") for line in printed.splitlines()]
    assert names[: len(server.agent.tree)] == [format_oid(oid) for oid in server.agent.tree.layout.oids]
    assert "not increasing" not in printed


@pytest.mark.parametrize(
    ("options", "name", "printed"),
    [
        (["-v2c", "-c", "public"], (*SYSTEM, 1, 7), "No Such Instance currently exists at this OID"),
        (["-v2c", "-c", "public"], (*SYSTEM, 99, 0), "No Such Object available on this agent at this OID"),
        (["-v1", "-c", "public"], (*SYSTEM, 1, 7), "(noSuchName)"),
        (["-v2c", "-c", "guess", "-t", "0.2"], (*SYSTEM, 1, 0), "Timeout"),
        (["-v3", "-l", "noAuthNoPriv", "-u", "stranger"], (*SYSTEM, 1, 0), "Unknown user name"),
        (["-v3", "-l", "noAuthNoPriv", "-u", "engineer"], (*SYSTEM, 1, 0), "authorizationError"),
        (
            ["-v3", "-l", "authNoPriv", "-u", "watcher", "-a", "SHA", "-A", "auth-secret"],
            (1, 3),
            "Unsupported security level",
        ),
        (["-v3", "-l", "authNoPriv", "-u", "md5", "-a", "MD5", "-A", "no-secret-"], (1, 3), "Authentication failure"),
        ([*AS_ENGINEER[:-1], "no-secret-"], (1, 3), "Decryption error"),
    ],
)
async def test_what_net_snmp_says_to_refusals(
    served: tuple[Device, SnmpServer], tmp_path: Path, options: list[str], name: tuple[int, ...], printed: str
) -> None:
    _, server = served
    assert printed in await run(tmp_path, "snmpget", *at(server, *options), format_oid(name))


@pytest.mark.parametrize("user", USERS[2:], ids=lambda user: user.name.decode())
async def test_every_authentication_protocol(served: tuple[Device, SnmpServer], tmp_path: Path, user: User) -> None:
    _, server = served
    name = user.auth.name.replace("SHA", "SHA-") if user.auth is not AuthProtocol.MD5 else "MD5"
    options = ["-v3", "-u", user.name.decode(), "-a", name, "-A", "auth-secret"]
    if user.priv_password is None:
        options += ["-l", "authNoPriv"]
    else:
        options += ["-l", "authPriv", "-x", "AES", "-X", "priv-secret"]
    assert '"pdu-a"' in await run(tmp_path, "snmpget", *at(server, *options), NAME)


async def test_a_type_the_variable_has_not_is_refused(served: tuple[Device, SnmpServer], tmp_path: Path) -> None:
    _, server = served
    printed = await run(tmp_path, "snmpset", *at(server, "-v2c", "-c", "private"), NAME, "i", "1")
    assert "wrongType" in printed


# notifications -----------------------------------------------------------------------------------------------

ON_BATTERY = (1, 3, 6, 1, 2, 1, 33, 2, 1)
MINUTES = VarBind((1, 3, 6, 1, 2, 1, 33, 1, 2, 3, 0), Syntax.INTEGER, 12)


@asynccontextmanager
async def snmptrapd(folder: Path, users: Iterable[str]) -> AsyncIterator[tuple[int, asyncio.StreamReader]]:
    """A running snmptrapd: its port and what it prints."""
    lines = ["authCommunity log traps", "disableAuthorization no", "authUser log engineer", "doNotLogTraps no", *users]
    (folder / "trapd.conf").write_text("\n".join(lines) + "\n")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind((HOST, 0))
        port = probe.getsockname()[1]
    process = await asyncio.create_subprocess_exec(
        *("snmptrapd", "-f", "-Lo", "-On", "-n", "-C", "-c", str(folder / "trapd.conf"), "-x", ""),
        *("-F", "%s %a %w.%q %W | %v\\n", f"udp:{HOST}:{port}"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=quiet(folder),
    )
    assert process.stdout is not None
    try:
        while True:
            line = await asyncio.wait_for(process.stdout.readline(), 10)
            assert line, "snmptrapd ended"
            if b"NET-SNMP version" in line:
                break
        yield port, process.stdout
    finally:
        process.terminate()
        await process.wait()


async def line_with(output: asyncio.StreamReader, text: str) -> str:
    """The first line snmptrapd prints that has `text` in it."""
    while True:
        line = (await asyncio.wait_for(output.readline(), 10)).decode()
        assert line, "snmptrapd ended"
        if text in line:
            return line


def sender_to(*targets: Target) -> NotificationSender:
    originator = NotificationOriginator(targets, lambda: 4200, bytes((127, 12, 2, 1)), ENGINE)
    return NotificationSender(originator, HOST)


@needs_snmptrapd
async def test_snmptrapd_takes_v1_and_v2c_traps(tmp_path: Path) -> None:
    async with (
        snmptrapd(tmp_path, []) as (port, output),
        sender_to(*(Target((HOST, port), version, b"traps") for version in (Version.V1, Version.V2C))) as sender,
    ):
        sender.notify(Notification(ON_BATTERY, [MINUTES]))
        old = await line_with(output, "33.1.2.3.0")
        new = await line_with(output, "33.1.2.3.0")
    for line in (old, new):
        assert ".1.3.6.1.2.1.33.1.2.3.0 = INTEGER: 12" in line
    assert HOST in old
    assert "6..1 Enterprise Specific" in old  # %w.%q: generic trap 6, specific .1
    assert ".1.3.6.1.6.3.1.1.4.1.0 = OID: .1.3.6.1.2.1.33.2.1" in new
    assert "Timeticks: (4200)" in new


async def until(condition: object, poll_s: float = 0.02) -> None:
    async def check() -> None:
        while not condition():  # type: ignore[operator]
            await asyncio.sleep(poll_s)

    await asyncio.wait_for(check(), 10)


@needs_snmptrapd
async def test_snmptrapd_acknowledges_a_v2c_inform(tmp_path: Path) -> None:
    async with (
        snmptrapd(tmp_path, []) as (port, _),
        sender_to(Target((HOST, port), Version.V2C, b"traps", inform=True)) as sender,
    ):
        sender.notify(Notification(COLD_START))
        await until(lambda: sender.originator.acknowledged == 1)


@needs_snmptrapd
async def test_snmptrapd_takes_v3_traps_of_our_engine(tmp_path: Path) -> None:
    user = f"createUser -e 0x{ENGINE.engine_id.hex()} engineer SHA auth-secret AES priv-secret"
    async with (
        snmptrapd(tmp_path, [user]) as (port, output),
        sender_to(Target((HOST, port), Version.V3, user=SHA_AES)) as sender,
    ):
        sender.notify(Notification(ON_BATTERY, [MINUTES]))
        line = await line_with(output, "33.1.2.3.0")
    assert ".1.3.6.1.6.3.1.1.4.1.0 = OID: .1.3.6.1.2.1.33.2.1" in line


@needs_snmptrapd
async def test_snmptrapd_acknowledges_a_v3_inform(tmp_path: Path) -> None:
    user = "createUser engineer SHA auth-secret AES priv-secret"
    async with (
        snmptrapd(tmp_path, [user]) as (port, output),
        sender_to(Target((HOST, port), Version.V3, user=SHA_AES, inform=True)) as sender,
    ):
        sender.notify(Notification(ON_BATTERY, [MINUTES]))
        await line_with(output, "33.1.2.3.0")
        await until(lambda: sender.originator.acknowledged == 1)
        sender.notify(Notification(ON_BATTERY, [MINUTES]))  # the engine is known by now
        await until(lambda: sender.originator.acknowledged == 2)
