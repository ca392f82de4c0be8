"""Addresses as people write them, turned into transports that name themselves the same way."""

from __future__ import annotations

import pytest

from twinfeed.harness.transports import ModbusTransport, SnmpTransport
from twinfeed.harness.transports.urls import Credentials, is_url, opened

USER = Credentials(user="operator", auth_password="auth-password", priv_password="priv-password")


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("snmp://192.0.2.7", "snmp://192.0.2.7:161"),
        ("snmp+v1://192.0.2.7:1161", "snmp+v1://192.0.2.7:1161"),
        ("snmp+v3://192.0.2.7", "snmp+v3://192.0.2.7:161"),
        ("modbus://192.0.2.8", "modbus://192.0.2.8:502/1"),
        ("modbus://192.0.2.8:1502/3", "modbus://192.0.2.8:1502/3"),
        ("modbus+rtu://192.0.2.9:4001/3", "modbus+rtu://192.0.2.9:4001/3"),
        ("modbus+udp://192.0.2.9/0", "modbus+udp://192.0.2.9:502/0"),
        ("modbus+serial:/dev/ttyUSB0/7", "modbus+serial:/dev/ttyUSB0/7"),
        ("modbus+serial:/dev/ttyUSB0?baud=9600&parity=N", "modbus+serial:/dev/ttyUSB0/1"),
    ],
)
def test_an_address_opens_a_transport_to_it(text: str, where: str) -> None:
    transport = opened(text, USER)
    assert isinstance(transport, SnmpTransport if text.startswith("snmp") else ModbusTransport)
    assert transport.where == where
    assert is_url(text)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("192.0.2.7", "expected snmp://HOST"),
        ("http://192.0.2.7", "expected snmp://HOST"),
        ("snmp://192.0.2.7:70000", "expected snmp://HOST"),
        ("snmp://", "expected a host"),
        ("modbus://192.0.2.8/300", "found unit '300'"),
        ("modbus://192.0.2.8/x", "found unit 'x'"),
        ("modbus+serial:/dev/ttyUSB0/1?baud=fast", "expected modbus\\+serial:/dev/ttyUSB0/1"),
        ("modbus+serial:/dev/ttyUSB0/1?speed=9600", "expected modbus\\+serial:/dev/ttyUSB0/1"),
    ],
)
def test_what_is_no_address_is_refused_with_the_forms(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        opened(text, USER)


def test_v3_needs_a_user_and_known_protocols() -> None:
    with pytest.raises(ValueError, match="needs a user"):
        opened("snmp+v3://192.0.2.7", Credentials())
    with pytest.raises(ValueError, match="found 'rot13', expected one of none, md5"):
        opened("snmp+v3://192.0.2.7", Credentials(user="operator", auth="rot13"))


def test_secrets_do_not_show() -> None:
    assert "password" not in repr(USER).replace("auth_password", "").replace("priv_password", "")


@pytest.mark.parametrize("text", ["recording.jsonl", "bamako:ups-a1", "ups-rfc1628", "/tmp/snmp"])
def test_files_and_names_are_no_addresses(text: str) -> None:
    assert not is_url(text)


@pytest.mark.parametrize(
    ("address", "where"),
    [
        ("snmp+tcp://192.0.2.7", "snmp+tcp://192.0.2.7:161"),
        ("snmp+v1+tcp://[2001:db8::7]:1161", "snmp+v1+tcp://[2001:db8::7]:1161"),
        ("snmp+v3+tcp://192.0.2.7?context=bypass", "snmp+v3+tcp://192.0.2.7:161"),
        ("snmp+v3://[::1]", "snmp+v3://[::1]:161"),
        ("modbus://[::1]:1502/3", "modbus://[::1]:1502/3"),
    ],
)
def test_tcp_and_ipv6_addresses(address: str, where: str) -> None:
    assert opened(address, USER).where.startswith(where.removesuffix("/3"))


@pytest.mark.parametrize("address", ["snmp://192.0.2.7?context=x", "snmp+v3://192.0.2.7?contxt=x"])
def test_a_context_belongs_to_v3(address: str) -> None:
    with pytest.raises(ValueError, match=r"expected \?context=NAME"):
        opened(address, USER)


def test_protocols_are_taken_as_cards_write_them() -> None:
    user = Credentials(
        user="u", auth_password="auth-secret", priv_password="priv-secret", auth="SHA-256", priv="AES-256-C"
    )
    assert (user.usm().auth, user.usm().priv) == ("sha256", "aes256-c")


@pytest.mark.parametrize("field", ["auth_password", "priv_password"])
def test_a_short_password_is_refused_without_showing_it(field: str) -> None:
    passwords = {"auth_password": "auth-secret", "priv_password": "priv-secret", field: "hunter2"}
    with pytest.raises(ValueError, match=f"the {field} has 7 octets, expected at least 8") as error:
        Credentials(user="u", **passwords).usm()
    assert "hunter2" not in str(error.value)
