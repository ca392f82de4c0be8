"""Every way of commissioning SNMPv3, asked by net-snmp: one site serves a user for each, one process asks as each."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from benches import free_network
from external import background, free_port, program, run, until
from net_snmp import NetSnmp
from running import Running, running

from twinfeed.emulators.site import Site

pytestmark = pytest.mark.interop

AUTH = {"md5": "MD5", "sha": "SHA", "sha224": "SHA-224", "sha256": "SHA-256", "sha384": "SHA-384", "sha512": "SHA-512"}
"""As a site file and as net-snmp name it."""

PRIV = {
    "des": "DES",
    "aes128": "AES",
    "aes192": "AES-192",
    "aes256": "AES-256",
    "aes192-c": "AES-192-C",
    "aes256-c": "AES-256-C",
}

SYS_NAME = "1.3.6.1.2.1.1.5.0"
USERS = {f"{auth}-{priv}": (auth, priv) for auth in AUTH for priv in PRIV}

SITE = """\
site: commissioned
snmp:
  contexts: [bypass]
  traps: [{receivers}]
  users:
    - {{name: nobody, read: [1.3.6.1.2.1.1]}}
    - {{name: below, level: authNoPriv, auth: sha256, auth_password: auth-secret, priv_password: priv-secret}}
    - {{name: inside, auth: sha256, auth_password: auth-secret, contexts: [bypass], write: all}}
{users}
power:
  utility-a: {{kind: utility}}
  ups-1: {{kind: ups, from: utility-a, kva: 10, device: {{profile: ups-rfc1628, address: {network}.11}}}}
"""


def login(auth: str, priv: str) -> list[str]:
    """The options by which net-snmp's tools are that user."""
    keys = ["-a", AUTH[auth], "-A", "auth-secret", "-x", PRIV[priv], "-X", "priv-secret"]
    return ["-v3", "-l", "authPriv", "-u", f"{auth}-{priv}", *keys]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("commissioned")


@pytest.fixture(scope="module")
def trap_port() -> int:
    return free_port(socket.SOCK_DGRAM)


@pytest.fixture(scope="module")
def site(folder: Path, trap_port: int) -> Iterator[Running]:
    users = "\n".join(
        f"    - {{name: {name}, auth: {auth}, auth_password: auth-secret, priv: {priv}, priv_password: priv-secret, "
        "write: all}"
        for name, (auth, priv) in USERS.items()
    )
    receivers = ", ".join(
        f'{{to: "127.0.0.1:{trap_port}", version: v3, user: {name}, inform: {inform}}}'
        for name in USERS
        for inform in ("false", "true")
    )
    path = folder / "commissioned.yaml"
    path.write_text(SITE.format(users=users, receivers=receivers, network=free_network()))
    with running(Site.load(path)) as live:
        yield live


@pytest.fixture
def ask(site: Running, folder: Path):  # type: ignore[no-untyped-def]
    """Runs a tool with that login against the UPS; what it prints."""
    environment = NetSnmp(site, None, folder).environment

    def asked(tool: str, options: list[str], *arguments: str) -> str:
        how = ["-t", "3", "-r", "0", "-Onqv"]
        return run([program(tool, "snmp"), *options, *how, site.at("ups-1"), *arguments], environment).strip()

    return asked


@pytest.mark.parametrize("name", USERS)
def test_get_in_every_combination(ask, name: str) -> None:  # type: ignore[no-untyped-def]
    assert ask("snmpget", login(*USERS[name]), SYS_NAME) == '"ups-1"'


@pytest.mark.parametrize("priv", PRIV)
def test_walk_and_set_in_every_cipher(ask, priv: str) -> None:  # type: ignore[no-untyped-def]
    options = login("sha256", priv)
    assert len(ask("snmpbulkwalk", options, "1.3.6.1.2.1.33").splitlines()) > 50
    assert ask("snmpset", options, SYS_NAME, "s", f"set with {priv}") == f'"set with {priv}"'
    assert ask("snmpset", options, SYS_NAME, "s", "ups-1") == '"ups-1"'


@pytest.mark.parametrize("auth", AUTH)
def test_below_the_users_level_is_refused(ask, auth: str) -> None:  # type: ignore[no-untyped-def]
    options = ["-v3", "-l", "authNoPriv", "-u", f"{auth}-des", "-a", AUTH[auth], "-A", "auth-secret"]
    assert "authorizationError" in ask("snmpget", options, SYS_NAME)


def test_a_user_is_served_below_its_level_where_its_entry_says_so(ask) -> None:  # type: ignore[no-untyped-def]
    options = ["-v3", "-u", "below", "-a", "SHA-256", "-A", "auth-secret", "-x", "AES", "-X", "priv-secret"]
    assert "authorizationError" in ask("snmpget", [*options, "-l", "noAuthNoPriv"], SYS_NAME)
    for level in ("authNoPriv", "authPriv"):
        assert ask("snmpget", [*options, "-l", level], SYS_NAME) == '"ups-1"'


def test_a_read_view_hides_the_rest(ask) -> None:  # type: ignore[no-untyped-def]
    options = ["-v3", "-l", "noAuthNoPriv", "-u", "nobody"]
    assert len(ask("snmpwalk", options, "1.3").splitlines()) < 15
    assert "No Such Object" in ask("snmpget", options, "1.3.6.1.2.1.33.1.1.1.0")
    assert "noAccess" in ask("snmpset", options, SYS_NAME, "s", "x")


def test_contexts(ask) -> None:  # type: ignore[no-untyped-def]
    options = ["-v3", "-l", "authNoPriv", "-u", "inside", "-a", "SHA-256", "-A", "auth-secret"]
    assert ask("snmpget", [*options, "-n", "bypass"], SYS_NAME) == '"ups-1"'
    assert "authorizationError" in ask("snmpget", options, SYS_NAME)
    assert "Bad context" in ask("snmpget", [*options, "-n", "elsewhere"], SYS_NAME)


def test_traps_and_informs_of_every_user(site: Running, folder: Path, trap_port: int) -> None:
    snmptrapd = program("snmptrapd", "snmptrapd")
    engine = site.do(lambda: site.live.agents["ups-1"].engine).engine_id.hex()
    lines = [f"authUser log {name}" for name in USERS]
    for name, (auth, priv) in USERS.items():
        keys = f"{name} {AUTH[auth]} auth-secret {PRIV[priv]} priv-secret"
        lines += [f"createUser {keys}", f"createUser -e 0x{engine} {keys}"]
    (folder / "trapd.conf").write_text("\n".join(lines))
    log = folder / "trapd.log"
    form = "HEARD %P | %N | %W | %v\\n"
    command = [snmptrapd, "-f", "-Lo", "-On", "-n", "-C", "-c", str(folder / "trapd.conf"), "-x", "", "-F", form]
    with background([*command, f"udp:127.0.0.1:{trap_port}"], log, NetSnmp(site, None, folder).environment):
        until(lambda: "NET-SNMP version" in log.read_text(), log.read_text)
        site.do(lambda: site.site.inject("utility-a", "outage"))
        site.advance(60.0)
        on_battery = ".1.3.6.1.2.1.33.2.1"

        def missing() -> list[str]:
            heard = [line for line in log.read_text(errors="replace").splitlines() if on_battery in line]
            return [
                f"{name} {kind}"
                for name in USERS
                for kind in ("TRAP2", "INFORM")
                if not any(f"user {name}," in line and kind in line for line in heard)
            ]

        until(lambda: not missing(), lambda: f"missing: {missing()}\n{log.read_text()[-3000:]}", 20.0)
        site.do(lambda: site.site.clear("utility-a", "outage"))


# TCP and IPv6 -----------------------------------------------------------------------------------------------

SIX = """\
site: six
addresses: ::1/128
snmp:
  users: [{name: u, auth: sha512, auth_password: auth-secret, priv: aes256-c, priv_password: priv-secret}]
  traps: ["[::1]:TRAPS"]
power:
  utility-a: {kind: utility}
  ups-1: {kind: ups, from: utility-a, kva: 10, device: {profile: ups-rfc1628}}
devices:
  meter-1: {profile: schneider-pm5000, of: utility-a, address: "::1"}
"""


@pytest.fixture(scope="module")
def six(folder: Path) -> Iterator[Running]:
    path = folder / "six.yaml"
    path.write_text(SIX.replace("TRAPS", str(free_port(socket.SOCK_DGRAM))))
    with running(Site.load(path)) as live:
        yield live


@pytest.mark.parametrize("version", ["v1", "v2c", "v3"])
@pytest.mark.parametrize("over", ["udp", "tcp"])
@pytest.mark.parametrize("family", [4, 6])
def test_every_version_over_every_transport(
    request: pytest.FixtureRequest, folder: Path, version: str, over: str, family: int
) -> None:
    live = request.getfixturevalue("site" if family == 4 else "six")
    where = live.endpoint("ups-1", "snmp")
    at = f"{over}:{where.address}:{where.port}" if family == 4 else f"{over}6:[{where.address}]:{where.port}"
    keys = ["-a", "SHA-512", "-A", "auth-secret", "-x", "AES-256-C", "-X", "priv-secret"]
    as_user = ["-v3", "-l", "authPriv", "-u", "sha512-aes256-c" if family == 4 else "u", *keys]
    options = as_user if version == "v3" else [f"-{version}", "-c", "public"]
    environment = NetSnmp(live, None, folder).environment
    printed = run([program("snmpget", "snmp"), *options, "-t", "3", "-r", "0", "-Onqv", at, SYS_NAME], environment)
    assert printed.strip() == '"ups-1"'
    walked = run([program("snmpwalk", "snmp"), *options, "-t", "3", "-Onq", at, "1.3.6.1.2.1.33"], environment)
    assert len(walked.splitlines()) > 50


def test_modbus_over_ipv6(six: Running) -> None:
    where = six.endpoint("meter-1", "modbus")
    tool = program("mbpoll", "mbpoll")
    printed = run([tool, "-m", "tcp", "-p", str(where.port), "-a", "1", "-r", "3110", "-c", "2", "-1", "-0", "::1"])
    assert "[3110]:" in printed
