"""The person who answers for a bench is known by the kernel and the rig file, not by a claim."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinfeed.emulators.yamlfile import FileError
from twinfeed.harness.record import login_of
from twinfeed.hil_rigs import rigfile
from twinfeed.hil_rigs.persons import objection, peer_of, pins
from twinfeed.hil_rigs.schema import Bench

BOUND = Bench.model_validate(
    {
        "bench": "labo",
        "may_arm": ["Awa Traoré", "Moussa Keïta"],
        "logins": {"awa": "Awa Traoré", "labo": ["Awa Traoré", "Moussa Keïta"]},
        "pins": {"Moussa Keïta": pins.hashed("4711", salt="00" * 16)},
    }
)


def test_the_kernel_names_the_user_at_the_other_end_of_a_socket() -> None:
    here, there = socket.socketpair()
    with here, there:
        peer = peer_of(here)
    assert peer is not None
    assert (peer.uid, peer.login) == (os.getuid(), login_of(os.getuid()))


def test_a_connection_over_the_network_has_no_user() -> None:
    with socket.socket() as line:
        assert (peer_of(line) or login_of(os.getuid())) is not None  # asking does not raise


@pytest.mark.parametrize(
    ("person", "login", "pin", "why"),
    [
        ("Awa Traoré", "awa", "", ""),
        ("Awa Traoré", "labo", "", ""),
        ("Moussa Keïta", "labo", "4711", ""),
        ("Moussa Keïta", "labo", "", "the PIN of Moussa Keïta is missing"),
        ("Moussa Keïta", "labo", "4712", "the PIN of Moussa Keïta is wrong"),
        ("Moussa Keïta", "awa", "4711", "the login awa is not Moussa Keïta: in the rig file it is Awa Traoré"),
        ("Awa Traoré", "nobody", "", "the login nobody is not Awa Traoré: in the rig file it is not named in `logins`"),
        ("Mr X", "awa", "", "Mr X may not arm labo; who may: Awa Traoré, Moussa Keïta"),
        ("", "awa", "", "nobody may not arm labo"),
    ],
)
def test_a_name_is_bound_to_a_login_and_perhaps_to_a_pin(person: str, login: str, pin: str, why: str) -> None:
    found = objection(BOUND, person, login, pin)
    assert found.startswith(why) if why else found == ""


@given(pin=st.text(min_size=4, max_size=12), other=st.text(min_size=0, max_size=12))
def test_no_other_pin_fits(pin: str, other: str) -> None:
    kept = pins.hashed(pin, salt="ab" * 16)
    assert pins.HASH.fullmatch(kept)
    assert (other == pin) == pins.fits(other, kept)


def test_the_hash_is_that_of_rfc_7914(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its last but one test vector: scrypt("pleaseletmein", "SodiumChloride", N=16384, r=8, p=1), the first 32 octets."""
    salt = b"SodiumChloride".hex()
    assert pins.hashed("pleaseletmein", salt).removeprefix(f"scrypt:{salt}:") == (
        "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2"
    )


def test_a_pin_in_plain_text_is_refused_and_not_shown(tmp_path: Path) -> None:
    path = tmp_path / "rig.yaml"
    path.write_text("bench: labo\nmay_arm: [Awa]\npins: {Awa: '4711'}\nwiring: {power: {utility-a: {kind: utility}}}\n")
    with pytest.raises(FileError, match=r"rig\.yaml:3: pins\.Awa.*twinfeed rig pin") as error:
        rigfile.read(path)
    assert "4711" not in str(error.value)


def test_a_login_is_bound_to_people_who_may_arm(tmp_path: Path) -> None:
    path = tmp_path / "rig.yaml"
    path.write_text(
        "bench: labo\nmay_arm: [Awa]\nlogins: {moussa: Moussa}\nwiring: {power: {utility-a: {kind: utility}}}\n"
    )
    with pytest.raises(FileError, match=r"logins names Moussa, expected names of may_arm"):
        rigfile.read(path)
