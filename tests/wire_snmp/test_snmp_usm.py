"""Keys, digests and encryption against the vectors of the RFCs, NIST and pysnmp."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pysnmp.proto.rfc1902 import OctetString
from pysnmp.proto.secmod.rfc7860.auth import hmacsha2

from emulators.wire.snmp import AuthProtocol, Engine, User, engine_id_from_mac, engine_id_from_text
from emulators.wire.snmp.usm import aes_cfb_decrypt, aes_cfb_encrypt, localized_key, password_to_key

RFC3414_ENGINE = bytes.fromhex("000000000000000000000002")


def test_keys_from_the_password_of_rfc3414() -> None:
    # RFC 3414 §A.3.1 and §A.3.2
    md5, sha = AuthProtocol.MD5, AuthProtocol.SHA1
    assert password_to_key(md5, b"maplesyrup").hex() == "9faf3283884e92834ebc9847d8edd963"
    assert localized_key(md5, b"maplesyrup", RFC3414_ENGINE).hex() == "526f5eed9fcce26f8964c2930787d82b"
    assert password_to_key(sha, b"maplesyrup").hex() == "9fb5cc0381497b3793528939ff788d5d79145211"
    assert localized_key(sha, b"maplesyrup", RFC3414_ENGINE).hex() == "6695febc9288e36282235fc7151f128497b38f3f"


@pytest.mark.parametrize("auth", list(AuthProtocol)[2:])
def test_keys_of_the_sha2_family_are_those_of_pysnmp(auth: AuthProtocol) -> None:
    oid = {
        AuthProtocol.SHA224: hmacsha2.HmacSha2.SHA224_SERVICE_ID,
        AuthProtocol.SHA256: hmacsha2.HmacSha2.SHA256_SERVICE_ID,
        AuthProtocol.SHA384: hmacsha2.HmacSha2.SAH384_SERVICE_ID,
        AuthProtocol.SHA512: hmacsha2.HmacSha2.SHA512_SERVICE_ID,
    }[auth]
    theirs = hmacsha2.HmacSha2(oid)
    master = theirs.hash_passphrase(b"maplesyrup")
    assert password_to_key(auth, b"maplesyrup") == bytes(master)
    assert localized_key(auth, b"maplesyrup", RFC3414_ENGINE) == bytes(
        theirs.localize_key(master, OctetString(RFC3414_ENGINE))
    )
    assert auth.digest_octets == theirs.digest_length


def test_aes_cfb_against_nist() -> None:
    # NIST SP 800-38A §F.3.13, CFB128-AES128
    key = bytes.fromhex("2b7e151628aed2a6abf7158809cf4f3c")
    vector = bytes(range(16))
    plain = bytes.fromhex(
        "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
        "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710"
    )
    encrypted = bytes.fromhex(
        "3b3fd92eb72dad20333449f8e83cfb4ac8a64537a0b3a93fcde3cdad9f1ce58b"
        "26751f67a3cbb140b1808cf187a4f4dfc04b05357c5d1c0eeac4c66f9ff7f2e6"
    )
    assert aes_cfb_encrypt(key, vector, plain) == encrypted
    assert aes_cfb_decrypt(key, vector, encrypted) == plain


@given(st.binary(max_size=100))
def test_what_was_encrypted_is_decrypted_whatever_its_length(plain: bytes) -> None:
    key, vector = bytes(range(16)), bytes(range(16, 32))
    encrypted = aes_cfb_encrypt(key, vector, plain)
    assert len(encrypted) == len(plain)
    assert aes_cfb_decrypt(key, vector, encrypted) == plain


def test_engine_ids_have_the_form_of_rfc3411() -> None:
    assert engine_id_from_mac(318, bytes(6)).hex() == "8000013e03000000000000"
    assert engine_id_from_text(318, b"pdu-a").hex() == "8000013e047064752d61"


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda: User(b"", b"authpass1"), "1 to 32 octets"),
        (lambda: User(b"u", b"short"), "at least 8 octets"),
        (lambda: User(b"u", None, b"privpass1"), "needs an authentication password"),
        (lambda: Engine(b"1234", lambda: 1, lambda: 1), "5 to 32 octets"),
        (lambda: engine_id_from_mac(1, b"12345"), "6 octets"),
        (lambda: engine_id_from_text(1, b""), "1 to 27 octets"),
    ],
)
def test_what_cannot_be_a_user_or_an_engine(make: object, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        make()  # type: ignore[operator]
