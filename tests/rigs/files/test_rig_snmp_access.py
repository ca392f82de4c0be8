"""The access to a card's SNMP agent in a rig file, and the transports that come of it."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from twinfeed.hil_rigs.connecting import snmp_transport
from twinfeed.hil_rigs.credentials import NoCredential
from twinfeed.hil_rigs.schema import SnmpAccess

V3 = {
    "address": "192.0.2.7",
    "version": "v3",
    "user": "bench",
    "auth_password": "env:TEST_AUTH",
    "priv_password": "env:TEST_PRIV",
}


@pytest.fixture(autouse=True)
def passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_AUTH", "auth-secret")
    monkeypatch.setenv("TEST_PRIV", "priv-secret")


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        ({"address": "192.0.2.7"}, "snmp://192.0.2.7:161"),
        ({"address": "192.0.2.7", "over": "tcp", "version": "v1"}, "snmp+v1+tcp://192.0.2.7:161"),
        ({"address": "2001:db8::7", "port": 1161}, "snmp://[2001:db8::7]:1161"),
        ({**V3, "auth": "SHA-512", "priv": "AES-256-C", "context": "bypass"}, "snmp+v3://192.0.2.7:161"),
        ({**V3, "over": "tcp", "priv": "des"}, "snmp+v3+tcp://192.0.2.7:161"),
    ],
)
def test_every_choice_of_the_transports_can_be_written(fields: dict[str, object], where: str) -> None:
    assert snmp_transport(SnmpAccess.model_validate(fields)).where == where


def test_protocols_are_written_as_on_the_card() -> None:
    access = SnmpAccess.model_validate({**V3, "auth": "SHA-224", "priv": "AES192-C"})
    assert (access.auth, access.priv) == ("sha224", "aes192-c")


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({**V3, "priv": "rot13"}, "Input should be 'none', 'des', '3des', 'aes128'"),
        ({"address": "192.0.2.7", "context": "x"}, "`context` belongs to version v3"),
        ({"address": "192.0.2.7", "over": "sctp"}, "Input should be 'udp' or 'tcp'"),
    ],
)
def test_what_cannot_be(fields: dict[str, object], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        SnmpAccess.model_validate(fields)


def test_a_short_password_is_told_with_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_PRIV", "hunter2")
    with pytest.raises(
        NoCredential, match=r"priv_password from .*env:TEST_PRIV has 7 octets, expected at least 8"
    ) as e:
        snmp_transport(SnmpAccess.model_validate(V3))
    assert "hunter2" not in str(e.value)
