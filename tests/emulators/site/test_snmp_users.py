"""The `snmp` field of a site file and of its devices: users, views, contexts, receivers; and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from ruamel.yaml import YAML

from twinfeed.emulators import sitefile
from twinfeed.emulators.serving import LiveSite, ServeError
from twinfeed.emulators.site import Site
from twinfeed.emulators.sitefile.snmp_access import LEVELS, SnmpAccess, place
from twinfeed.emulators.wire.snmp import ALL, NOTHING, Access, AccessEntry, AuthProtocol, PrivProtocol, Version
from twinfeed.emulators.yamlfile import FileError

SITE = """\
site: small
snmp:
  {snmp}
power:
  utility-a: {{kind: utility}}
  ups-1: {{kind: ups, from: utility-a, kva: 10, device: {{profile: ups-rfc1628, address: 127.20.1.1{own}}}}}
  ups-2: {{kind: ups, from: utility-a, kva: 10, device: {{profile: ups-rfc1628, address: 127.20.1.2}}}}
"""


def access(tmp_path: Path, snmp: str, own: str = "") -> dict[str, SnmpAccess]:
    path = tmp_path / "small.yaml"
    path.write_text(SITE.format(snmp=snmp, own=own and f", snmp: {own}"))
    return {entry.name: entry.snmp for entry in sitefile.read(path).devices}


def mistake(tmp_path: Path, snmp: str, own: str = "") -> str:
    with pytest.raises(FileError) as error:
        access(tmp_path, snmp, own)
    return str(error.value).replace(f"{tmp_path}/", "")


def test_without_users_there_is_one_that_may_everything(tmp_path: Path) -> None:
    one = access(tmp_path, "read: public")["ups-1"]
    (user,) = one.wire_users
    assert (user.name, user.auth, user.priv) == (b"twinfeed", AuthProtocol.SHA1, PrivProtocol.AES128)
    (entry,) = user.access
    assert (entry.level, entry.read, entry.write) == (LEVELS["authPriv"], ALL, ALL)
    assert one.wire_communities == {b"public": Access.READ_ONLY, b"private": Access.READ_WRITE}


@pytest.mark.parametrize(
    ("written", "protocol"),
    [("md5", "MD5"), ("SHA", "SHA1"), ("SHA-1", "SHA1"), ("sha224", "SHA224"), ("SHA-512", "SHA512")],
)
def test_authentication_protocols_are_written_as_net_snmp_or_cards_do(
    tmp_path: Path, written: str, protocol: str
) -> None:
    snmp = f"users: [{{name: u, auth: {written}, auth_password: a-password}}]"
    assert access(tmp_path, snmp)["ups-1"].wire_users[0].auth is AuthProtocol[protocol]


@pytest.mark.parametrize(
    ("written", "protocol"),
    [
        ("DES", "DES"),
        ("AES", "AES128"),
        ("aes-192", "AES192"),
        ("AES256", "AES256"),
        ("AES-192-C", "AES192_C"),
        ("aes256-c", "AES256_C"),
    ],
)
def test_privacy_protocols_are_written_as_net_snmp_or_cards_do(tmp_path: Path, written: str, protocol: str) -> None:
    snmp = f"users: [{{name: u, auth_password: a-password, priv: {written}, priv_password: a-password}}]"
    assert access(tmp_path, snmp)["ups-1"].wire_users[0].priv is PrivProtocol[protocol]


def test_a_user_has_views_levels_and_contexts(tmp_path: Path) -> None:
    snmp = """contexts: [bypass]
  views: {power: [1.3.6.1.2.1.33, -1.3.6.1.2.1.33.1.9]}
  users:
    - {name: monitor, level: noAuthNoPriv, auth_password: a-password, read: power, contexts: [bypass]}
    - name: technician
      auth_password: a-password
      priv_password: a-password
      access: [{level: authNoPriv}, {level: authPriv, write: [1.3.6.1.2.1.33.1.9]}]"""
    found = access(tmp_path, snmp)["ups-1"]
    monitor, technician = found.wire_users
    (only,) = monitor.access
    assert (only.level, only.write, only.contexts) == (LEVELS["noAuthNoPriv"], NOTHING, (b"bypass",))
    assert only.read.includes((1, 3, 6, 1, 2, 1, 33, 1, 1, 1, 0))
    assert not only.read.includes((1, 3, 6, 1, 2, 1, 33, 1, 9, 1, 0))
    low, high = technician.access
    assert (low.level, low.write) == (LEVELS["authNoPriv"], NOTHING)
    assert high.write.includes((1, 3, 6, 1, 2, 1, 33, 1, 9, 1, 0))
    assert found.context_names == (b"", b"bypass")


def test_a_device_has_users_of_its_own(tmp_path: Path) -> None:
    found = access(tmp_path, "write: secret", "{users: [{name: local, auth_password: a-password}], read: ''}")
    assert [user.name for user in found["ups-1"].wire_users] == [b"local"]
    assert found["ups-1"].wire_communities == {b"secret": Access.READ_WRITE}
    assert [user.name for user in found["ups-2"].wire_users] == [b"twinfeed"]


def test_a_community_has_views(tmp_path: Path) -> None:
    found = access(tmp_path, "communities: [{name: noc, read: [1.3.6.1.2.1.33], write: [1.3.6.1.2.1.33.1.9]}]")["ups-1"]
    entry = found.wire_communities[b"noc"]
    assert isinstance(entry, AccessEntry)
    assert entry.read.includes((1, 3, 6, 1, 2, 1, 33, 1, 1, 1, 0))
    assert not entry.write.includes((1, 3, 6, 1, 2, 1, 33, 1, 1, 1, 0))


def test_receivers_get_notifications_in_their_own_version(tmp_path: Path) -> None:
    snmp = """trap_version: inform
  traps:
    - 127.0.0.1
    - {to: "[::1]:1162", version: v3, inform: true, level: authNoPriv, retries: 1}"""
    old, new = access(tmp_path, snmp)["ups-1"].targets
    assert (old.address, old.version, old.inform) == (("127.0.0.1", 162), Version.V2C, True)
    assert (new.address, new.version, new.inform, new.retries) == (("::1", 1162), Version.V3, True, 1)
    assert new.user is not None
    assert (new.user.name, new.level) == (b"twinfeed", LEVELS["authNoPriv"])


@pytest.mark.parametrize(
    "text", ["", "localhost", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:70000", "[::1", "::1:x", ":1"]
)
def test_what_is_no_receiver(text: str) -> None:
    with pytest.raises(ValueError, match="expected address:port"):
        place(text)


@pytest.mark.parametrize(
    ("snmp", "says"),
    [
        (
            "users: [{name: u, auth_password: short}]",
            "small.yaml:3: snmp.users.0.auth_password: has 5 octets, expected at least 8 (RFC 3414 §11.2)",
        ),
        ("priv_password: short", "small.yaml:3: snmp.priv_password: has 5 octets, expected at least 8"),
        ("users: [{name: u, auth: md4}]", "snmp.users.0.auth: expected 'md5', 'sha', 'sha224', 'sha256'"),
        ("users: [{name: u, priv: 3des}]", "snmp.users.0.priv: expected 'des', 'aes128'"),
        ("users: [{name: '', auth: md5}]", "snmp.users.0.name: found a name of 0 octets, expected 1 to 32"),
        ("users: [{name: u, priv_password: a-password}]", "has a priv_password but no auth_password"),
        (
            "users: [{name: u, level: authPriv, auth_password: a-password}]",
            "has the level authPriv but no priv_password",
        ),
        ("users: [{name: u, read: powr}]", "found the view 'powr', expected one of all, none"),
        ("users: [{name: u, read: [sysName]}]", "expected a subtree such as 1.3.6.1.2.1.33"),
        ("communities: [{name: c, write: rest}]", "communities.0: found the view 'rest', expected one of all, none"),
        ("users: [{name: u, contexts: [x]}]", "found the context 'x', expected one of ''"),
        ("users: [{name: u}, {name: u}]", "the name 'u' is there twice"),
        ("users: [{name: u, level: noAuthNoPriv, access: [{read: all}]}]", "expected either `access` or `level`"),
        ("traps: ['localhost:1162']", "expected address:port such as 127.0.0.1:1162"),
        ("traps: [{to: 127.0.0.1, version: v3, user: x}]", "127.0.0.1 is sent to as 'x', expected one of twinfeed"),
        ("traps: [{to: 127.0.0.1, version: v1, inform: true}]", "SNMPv1 has no informs"),
        ("traps: [{to: 127.0.0.1, timeout_s: .nan, version: v2c}]", "timeout_s"),
    ],
)
def test_mistakes_are_told_with_file_line_and_field(tmp_path: Path, snmp: str, says: str) -> None:
    assert says in mistake(tmp_path, snmp)


def test_a_mistake_of_a_device_is_told_where_the_device_is(tmp_path: Path) -> None:
    says = mistake(tmp_path, "read: public", "{users: [{name: u, auth_password: short}]}")
    assert says.startswith("small.yaml:6: power.ups-1.device.snmp.users.0.auth_password: has 5 octets")


@pytest.mark.parametrize("secret", ["short", "hunter2"])
def test_no_password_is_shown(tmp_path: Path, secret: str) -> None:
    assert secret not in mistake(tmp_path, f"users: [{{name: u, auth_password: {secret}}}]")
    assert secret not in repr(SnmpAccess(auth_password="long-enough", priv_password="long-enough"))


# beyond loopback ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("snmp", "shipped"),
    [
        ("read: public", ["read", "write", "auth_password", "priv_password"]),
        ("{read: mine, write: '', auth_password: a-password}", ["priv_password"]),
        ("{read: mine, write: '', users: [{name: u, auth_password: twinfeed-auth}]}", ["auth_password"]),
        ("{read: '', write: '', users: [{name: u, auth_password: a-password}]}", []),
    ],
)
def test_credentials_that_ship_with_twinfeed_are_known(snmp: str, shipped: list[str]) -> None:
    assert SnmpAccess.model_validate(YAML(typ="safe").load(snmp)).shipped == shipped


@pytest.mark.parametrize("consent", ["file", "expose", "beyond-loopback"])
async def test_nothing_is_reached_from_other_computers_with_credentials_that_ship(tmp_path: Path, consent: str) -> None:
    path = tmp_path / "small.yaml"
    text = SITE.format(snmp="read: public", own="")
    path.write_text(f"beyond_loopback: true\n{text}" if consent == "file" else text)
    site = Site.load(path, beyond_loopback=consent == "beyond-loopback")
    live = LiveSite(site, ports=20000, expose="0.0.0.0" if consent == "expose" else None)
    with pytest.raises(ServeError, match=r"ups-1 would be reached .* \(read, write, auth_password, priv_password\)"):
        await live.start()
