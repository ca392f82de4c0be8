"""Keys, digests and encryption against the vectors of the RFCs, NIST and pysnmp."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pysnmp.proto.rfc1902 import OctetString
from pysnmp.proto.secmod.rfc7860.auth import hmacsha2

from twinfeed.emulators.wire.snmp import (
    AuthProtocol,
    BerError,
    Engine,
    PrivProtocol,
    User,
    engine_id_from_mac,
    engine_id_from_text,
)
from twinfeed.emulators.wire.snmp.crypto import (
    aes_cfb_decrypt,
    aes_cfb_encrypt,
    decrypt,
    encrypt,
    localized_key,
    password_to_key,
    privacy_key,
)

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


# Made by net-snmp 5.9.3's library: generate_Ku, generate_kul and netsnmp_extend_kul of "maplesyrup" at the engine of
# RFC 3414. The Reeder key of MD5 is also the example of draft-reeder-snmpv3-usm-3desede-00 §B.1.
EXTENDED_KEYS = {
    ("MD5", "AES192"): "526f5eed9fcce26f8964c2930787d82bfa24a92467426c2f",
    ("MD5", "AES256"): "526f5eed9fcce26f8964c2930787d82bfa24a92467426c2f4b09192be10dfaec",
    ("MD5", "AES192_C"): "526f5eed9fcce26f8964c2930787d82b79eff44a90650ee0",
    ("MD5", "AES256_C"): "526f5eed9fcce26f8964c2930787d82b79eff44a90650ee0a3a40abfac5acc12",
    ("SHA1", "AES192"): "6695febc9288e36282235fc7151f128497b38f3f505e07eb",
    ("SHA1", "AES256"): "6695febc9288e36282235fc7151f128497b38f3f505e07eb9af25568fa1f5dbe",
    ("SHA1", "AES192_C"): "6695febc9288e36282235fc7151f128497b38f3f9b8b6d78",
    ("SHA1", "AES256_C"): "6695febc9288e36282235fc7151f128497b38f3f9b8b6d78936ba6e7d19dfd9c",
    ("SHA224", "AES192"): "0bd8827c6e29f8065e08e09237f177e410f69b90e1782be6",
    ("SHA224", "AES256"): "0bd8827c6e29f8065e08e09237f177e410f69b90e1782be682075674e82d9bf0",
    ("SHA224", "AES256_C"): "0bd8827c6e29f8065e08e09237f177e410f69b90e1782be68207567422c34be4",
    ("SHA256", "AES256"): "8982e0e549e866db361a6b625d84cccc11162d453ee8ce3a6445c2d6776f0f8b",
    ("SHA512", "AES256_C"): "22a5a36cedfcc085807a128d7bc6c2382167ad6c0dbc5fdff856740f3d84c099",
}


@pytest.mark.parametrize(("auth", "priv"), EXTENDED_KEYS)
def test_long_keys_are_those_of_net_snmp(auth: str, priv: str) -> None:
    key = privacy_key(AuthProtocol[auth], PrivProtocol[priv], b"maplesyrup", RFC3414_ENGINE)
    assert key.hex() == EXTENDED_KEYS[auth, priv]


NIST_PLAIN = bytes.fromhex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51")


@pytest.mark.parametrize(
    ("key", "encrypted"),
    [
        (  # NIST SP 800-38A §F.3.15, CFB128-AES192
            "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b",
            "cdc80d6fddf18cab34c25909c99a417467ce7f7f81173621961a2b70171d3d7a",
        ),
        (  # NIST SP 800-38A §F.3.17, CFB128-AES256
            "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
            "dc7e84bfda79164b7ecd8486985d386039ffed143b28b1c832113c6331e5407b",
        ),
    ],
)
def test_longer_keys_of_aes_against_nist(key: str, encrypted: str) -> None:
    boots_time_salt = bytes(range(16))
    boots, time_s = int.from_bytes(boots_time_salt[:4], "big"), int.from_bytes(boots_time_salt[4:8], "big")
    found = encrypt(PrivProtocol.AES256, bytes.fromhex(key), boots, time_s, boots_time_salt[8:], NIST_PLAIN)
    assert found.hex() == encrypted
    assert decrypt(PrivProtocol.AES256, bytes.fromhex(key), boots, time_s, boots_time_salt[8:], found) == NIST_PLAIN


def test_des_against_fips_81() -> None:
    # FIPS PUB 81, table C1 (CBC): key 0123456789abcdef, IV 1234567890abcdef. The IV is pre-IV xor salt (RFC 3414 §8.1.1.1).
    pre_iv, salt = bytes.fromhex("ffffffffffffffff"), bytes.fromhex("edcba9876f543210")
    key = bytes.fromhex("0123456789abcdef") + pre_iv
    found = encrypt(PrivProtocol.DES, key, 0, 0, salt, b"Now is the time for all ")
    assert found.hex() == "e5c7cdde872bf27c43e934008c389c0f683788499a7c05f6"
    assert decrypt(PrivProtocol.DES, key, 0, 0, salt, found) == b"Now is the time for all "


@pytest.mark.parametrize("octets", [1, 7, 9])
def test_des_takes_whole_blocks_only(octets: int) -> None:
    with pytest.raises(BerError, match="blocks of 8"):
        decrypt(PrivProtocol.DES, bytes(16), 0, 0, bytes(8), bytes(octets))


@pytest.mark.parametrize("priv", list(PrivProtocol))
def test_a_salt_has_eight_octets(priv: PrivProtocol) -> None:
    with pytest.raises(BerError, match="8 octets"):
        decrypt(priv, bytes(priv.key_octets), 0, 0, bytes(7), bytes(16))


@given(st.integers(0, 2**31 - 1), st.integers(0, 2**31 - 1))
def test_salts_do_not_repeat_over_a_restart(boots: int, later: int) -> None:
    before = Engine(RFC3414_ENGINE, lambda: boots, lambda: 0)
    after = Engine(RFC3414_ENGINE, lambda: boots + later + 1, lambda: 0)
    salts = [engine.next_salt() for engine in (before, after) for _ in range(5)]
    assert len(set(salts)) == len(salts)


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
