"""The harness's SNMP transports ask net-snmp's agent: each protocol of v3, and every version over TCP and IPv6."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator

import pytest
from external import background, free_port, program, until

from twinfeed.harness.transports import NoAnswer, NotAdmitted, SnmpTransport, UsmUser
from twinfeed.harness.transports.snmp.usm import AUTH, PRIV
from twinfeed.harness.transports.urls import Credentials, opened

pytestmark = pytest.mark.interop

NAMES = {"aes128": "AES", "sha": "SHA"}
"""As net-snmp's configuration has them, where it is not the same in capitals with a hyphen."""

PAIRS = [
    *(("sha", priv) for priv in PRIV),
    *((auth, "aes256") for auth in AUTH),
    ("md5", "des"),
    ("sha512", "aes256-c"),
]
PAIRS = [(auth, priv) for auth, priv in PAIRS if "none" not in (auth, priv) and priv != "3des"]  # which net-snmp lacks
SYS_NAME = "1.3.6.1.2.1.1.5.0"


def _named(protocol: str) -> str:
    return NAMES.get(protocol) or protocol.upper().replace("SHA", "SHA-").replace("AES", "AES-")


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """An agent that knows a user for each pair of protocols."""
    folder = tmp_path_factory.mktemp("snmpd")
    port = free_port(socket.SOCK_DGRAM)
    users = "\n".join(
        f"createUser {auth}-{priv} {_named(auth)} auth-secret {_named(priv)} priv-secret\nrouser {auth}-{priv} priv"
        for auth, priv in PAIRS
    )
    listens = f"udp:127.0.0.1:{port},tcp:127.0.0.1:{port},udp6:[::1]:{port},tcp6:[::1]:{port}"
    (folder / "agent.conf").write_text(f"rocommunity public\nrocommunity6 public\nsysName of-snmpd\n{users}\n")
    (folder / "cert_indexes").mkdir()
    environment = {**os.environ, "SNMPCONFPATH": str(folder), "SNMP_PERSISTENT_DIR": str(folder), "MIBS": ""}
    command = [
        program("snmpd", "snmpd"),
        "-f",
        "-Lo",
        "-C",
        "-c",
        str(folder / "agent.conf"),
        listens,
    ]
    log = folder / "snmpd.log"
    with background(command, log, environment):
        until(lambda: "NET-SNMP version" in log.read_text(), log.read_text)
        yield port


@pytest.mark.parametrize(("auth", "priv"), PAIRS)
async def test_each_protocol_of_v3(port: int, auth: str, priv: str) -> None:
    user = UsmUser(f"{auth}-{priv}", "auth-secret", "priv-secret", auth, priv)  # type: ignore[arg-type]
    agent = SnmpTransport.v3("127.0.0.1", port, user=user, timeout_s=3.0)
    try:
        assert await agent.get([SYS_NAME]) == {SYS_NAME: b"of-snmpd"}
    finally:
        agent.close()


@pytest.mark.parametrize("scheme", ["snmp", "snmp+v1", "snmp+v3"])
@pytest.mark.parametrize("over", ["", "+tcp"])
@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]"])
async def test_every_version_over_every_transport(port: int, scheme: str, over: str, host: str) -> None:
    credentials = Credentials("public", "sha-aes128", "auth-secret", "priv-secret", "SHA-1", "AES")
    agent = opened(f"{scheme}{over}://{host}:{port}", credentials, timeout_s=3.0)
    assert isinstance(agent, SnmpTransport)
    try:
        assert await agent.get([SYS_NAME]) == {SYS_NAME: b"of-snmpd"}
        assert len(await agent.walk("1.3.6.1.2.1.1")) > 5
        assert agent.where == f"{scheme}{over}://{host}:{port}"
    finally:
        agent.close()


async def test_another_key_extension_is_refused(port: int) -> None:
    user = UsmUser("sha-aes256", "auth-secret", "priv-secret", "sha", "aes256-c")
    agent = SnmpTransport.v3("127.0.0.1", port, user=user, timeout_s=1.0, retries=0)
    try:
        with pytest.raises((NotAdmitted, NoAnswer)):
            await agent.get([SYS_NAME])
    finally:
        agent.close()


@pytest.mark.parametrize("scheme", ["snmp+tcp", "snmp+v3+tcp"])
async def test_a_closed_port_is_told(scheme: str) -> None:
    credentials = Credentials("public", "u", "auth-secret", "priv-secret")
    agent = opened(f"{scheme}://127.0.0.1:{free_port()}", credentials, timeout_s=0.2, retries=0)
    assert isinstance(agent, SnmpTransport)
    try:
        with pytest.raises(NoAnswer):
            await agent.get([SYS_NAME])
    finally:
        agent.close()
