"""The User-based Security Model: RFC 3414, with AES of RFC 3826 and the SHA-2 family of RFC 7860.

Keys, digests, encryption and the security parameters of a message; no state but the salt counter, no clock.
"""

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import NamedTuple

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from emulators.wire.snmp.ber import (
    BerError,
    Syntax,
    encode_integer,
    encode_sequence,
    encode_tlv,
    expect,
    expect_end,
    read_integer,
)
from emulators.wire.snmp.message import AUTH_FLAG, PRIV_FLAG, encode_v3_header

USM_SECURITY_MODEL = 3
TIME_WINDOW_S = 150  # RFC 3414 §2.2.3
MAX_BOOTS = 0x7FFF_FFFF  # at this value an engine refuses everything authenticated, RFC 3414 §2.2.2


class AuthProtocol(Enum):
    """(hash, octets of the digest that are sent): RFC 3414 §6 and §7, RFC 7860 §4."""

    MD5 = ("md5", 12)
    SHA1 = ("sha1", 12)
    SHA224 = ("sha224", 16)
    SHA256 = ("sha256", 24)
    SHA384 = ("sha384", 32)
    SHA512 = ("sha512", 48)

    @property
    def hash_name(self) -> str:
        return self.value[0]

    @property
    def digest_octets(self) -> int:
        return self.value[1]


class PrivProtocol(Enum):
    """Encryption of the scoped PDU."""

    AES128 = "AES-128-CFB"  # RFC 3826


@dataclass(frozen=True, slots=True)
class User:
    """A USM user. Without passwords it is noAuthNoPriv; with `auth_password` authNoPriv; with both authPriv.
    Requests below the user's level get authorizationError.

    ValueError when a password is shorter than 8 octets (RFC 3414 §11.2) or privacy lacks authentication.
    """

    name: bytes
    auth_password: bytes | None = None
    priv_password: bytes | None = None
    auth: AuthProtocol = AuthProtocol.SHA1
    priv: PrivProtocol = PrivProtocol.AES128
    writable: bool = False

    def __post_init__(self) -> None:
        if not 1 <= len(self.name) <= 32:
            raise ValueError(f"a user name has 1 to 32 octets, found {self.name!r}")
        if self.priv_password is not None and self.auth_password is None:
            raise ValueError(f"user {self.name!r}: a privacy password needs an authentication password as well")
        for password in (self.auth_password, self.priv_password):
            if password is not None and len(password) < 8:
                raise ValueError(f"user {self.name!r}: a password has at least 8 octets, found {len(password)}")

    @property
    def level(self) -> int:
        """The user's security level as message flags: requests at a lower one are refused."""
        if self.auth_password is None:
            return 0
        return AUTH_FLAG if self.priv_password is None else AUTH_FLAG | PRIV_FLAG


@dataclass(frozen=True, slots=True)
class Engine:
    """An authoritative SNMP engine (RFC 3411 §3.1.1).

    `boots` is how often the device has started since it was configured: the device keeps it in what survives a
    power loss. `time_s` is the seconds since the last start.
    """

    engine_id: bytes
    boots: Callable[[], int]
    time_s: Callable[[], int]

    def __post_init__(self) -> None:
        if not 5 <= len(self.engine_id) <= 32:
            raise ValueError(f"an engine id has 5 to 32 octets, found {len(self.engine_id)}")


def engine_id_from_mac(enterprise: int, mac: bytes) -> bytes:
    """A snmpEngineID of format 3 (RFC 3411 §5): the vendor's enterprise number and the device's 6-octet MAC."""
    if len(mac) != 6:
        raise ValueError(f"a MAC address has 6 octets, found {len(mac)}")
    return (0x8000_0000 | enterprise).to_bytes(4, "big") + b"\x03" + mac


def engine_id_from_text(enterprise: int, text: bytes) -> bytes:
    """A snmpEngineID of format 4 (RFC 3411 §5): the vendor's enterprise number and 1 to 27 octets of text."""
    if not 1 <= len(text) <= 27:
        raise ValueError(f"the text of an engine id has 1 to 27 octets, found {len(text)}")
    return (0x8000_0000 | enterprise).to_bytes(4, "big") + b"\x04" + text


# keys --------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=256)  # a mebibyte is hashed each time, and a thousand devices share a password
def password_to_key(auth: AuthProtocol, password: bytes) -> bytes:
    """The user's master key, RFC 3414 §A.2: the hash of the password repeated to 1,048,576 octets."""
    octets = 1_048_576
    repeated = password * (octets // len(password) + 1)
    return hashlib.new(auth.hash_name, repeated[:octets], usedforsecurity=False).digest()


@lru_cache(maxsize=1024)
def localized_key(auth: AuthProtocol, password: bytes, engine_id: bytes) -> bytes:
    """The key this password gives at one engine, RFC 3414 §2.6."""
    key = password_to_key(auth, password)
    return hashlib.new(auth.hash_name, key + engine_id + key, usedforsecurity=False).digest()


def _auth_key(user: User, engine_id: bytes) -> bytes:
    assert user.auth_password is not None
    return localized_key(user.auth, user.auth_password, engine_id)


def _priv_key(user: User, engine_id: bytes) -> bytes:
    assert user.priv_password is not None
    return localized_key(user.auth, user.priv_password, engine_id)[:16]  # AES-128, RFC 3826 §3.1.2.1


def digest(user: User, engine_id: bytes, datagram: bytes) -> bytes:
    """The authentication parameters of a whole message that has zeros in their place."""
    key = _auth_key(user, engine_id)
    return hmac.digest(key, datagram, user.auth.hash_name)[: user.auth.digest_octets]


# encryption --------------------------------------------------------------------------------------------------


def _cipher_blocks(key: bytes) -> Callable[[bytes], bytes]:
    return Cipher(algorithms.AES(key), modes.ECB()).encryptor().update


def aes_cfb_encrypt(key: bytes, vector: bytes, plain: bytes) -> bytes:
    """AES-128 in CFB-128 mode without padding. Written out on the block cipher because `cryptography` has
    withdrawn its CFB; ECB here is only the block function."""
    encrypt = _cipher_blocks(key)
    out = bytearray()
    block = vector
    for start in range(0, len(plain), 16):
        chunk = plain[start : start + 16]
        block = _xor(encrypt(block), chunk)
        out += block
    return bytes(out)


def aes_cfb_decrypt(key: bytes, vector: bytes, encrypted: bytes) -> bytes:
    """The inverse of :func:`aes_cfb_encrypt`; the key stream needs the ciphertext only, so one call makes it."""
    padding = -len(encrypted) % 16
    stream = _cipher_blocks(key)((vector + encrypted + bytes(padding))[: len(encrypted) + padding])
    return _xor(stream, encrypted)


def _xor(stream: bytes, data: bytes) -> bytes:
    """`data` with as much of `stream`, at least as long, folded in."""
    length = len(data)
    mixed = int.from_bytes(stream[:length], "big") ^ int.from_bytes(data, "big")
    return mixed.to_bytes(length, "big")


# messages ----------------------------------------------------------------------------------------------------


class SecurityParameters(NamedTuple):
    """UsmSecurityParameters (RFC 3414 §2.4). `auth_start` is where the digest begins in the datagram."""

    engine_id: bytes
    boots: int
    time_s: int
    user_name: bytes
    auth: bytes
    priv: bytes
    auth_start: int


def read_security_parameters(octets: bytes, offset: int) -> SecurityParameters:
    """What msgSecurityParameters hold; `offset` is where they begin in the datagram."""
    begin, end = expect(octets, 0, len(octets), 0x30)
    expect_end(end, len(octets))
    start, at = expect(octets, begin, end, Syntax.OCTET_STRING)
    engine_id = octets[start:at]
    boots, at = read_integer(octets, at, end)
    time_s, at = read_integer(octets, at, end)
    start, at = expect(octets, at, end, Syntax.OCTET_STRING)
    user_name = octets[start:at]
    auth_start, at = expect(octets, at, end, Syntax.OCTET_STRING)
    auth = octets[auth_start:at]
    start, at = expect(octets, at, end, Syntax.OCTET_STRING)
    expect_end(at, end)
    if boots < 0 or time_s < 0 or len(user_name) > 32 or len(engine_id) > 32:
        raise BerError(
            "security parameters: expected boots and time >= 0, a user name and an engine id of at most 32 octets, "
            f"found {boots}, {time_s}, {len(user_name)} and {len(engine_id)} octets"
        )
    return SecurityParameters(engine_id, boots, time_s, user_name, auth, octets[start:at], offset + auth_start)


def write_message(
    *,
    msg_id: int,
    max_size: int,
    flags: int,
    engine_id: bytes,
    boots: int,
    time_s: int,
    user: User | None,
    user_name: bytes = b"",
    salt: int = 0,
    scoped_pdu: bytes,
) -> bytes:
    """A v3 message at the security level `flags` says.

    `engine_id`, `boots` and `time_s` are the authoritative engine's. `salt` must differ for every message under
    one key, boots and time (RFC 3826 §3.1.4.1). `user_name` is sent when there is no `user`.
    """
    priv = b""
    if flags & PRIV_FLAG and user is not None:
        priv = salt.to_bytes(8, "big")
        vector = boots.to_bytes(4, "big") + time_s.to_bytes(4, "big") + priv
        scoped_pdu = encode_tlv(Syntax.OCTET_STRING, aes_cfb_encrypt(_priv_key(user, engine_id), vector, scoped_pdu))
    authenticated = flags & AUTH_FLAG and user is not None
    blank = bytes(user.auth.digest_octets) if user is not None and authenticated else b""
    priv_field = encode_tlv(Syntax.OCTET_STRING, priv)
    security = encode_sequence(
        encode_tlv(Syntax.OCTET_STRING, engine_id),
        encode_integer(boots),
        encode_integer(time_s),
        encode_tlv(Syntax.OCTET_STRING, user.name if user is not None else user_name),
        encode_tlv(Syntax.OCTET_STRING, blank),
        priv_field,
    )
    datagram = encode_sequence(
        encode_v3_header(msg_id, max_size, flags, USM_SECURITY_MODEL),
        encode_tlv(Syntax.OCTET_STRING, security),
        scoped_pdu,
    )
    if not blank or user is None:
        return datagram
    at = len(datagram) - len(scoped_pdu) - len(priv_field) - len(blank)
    return datagram[:at] + digest(user, engine_id, datagram) + datagram[at + len(blank) :]


def digest_is_right(user: User, parameters: SecurityParameters, datagram: bytes) -> bool:
    """Whether the digest in a received message is the one its sender must have made."""
    octets = user.auth.digest_octets
    if len(parameters.auth) != octets:
        return False
    start = parameters.auth_start
    blanked = datagram[:start] + bytes(octets) + datagram[start + octets :]
    return hmac.compare_digest(digest(user, parameters.engine_id, blanked), parameters.auth)


def decrypt(user: User, parameters: SecurityParameters, data: bytes) -> bytes:
    """The scoped PDU in msgData; BerError when it is no OCTET STRING or the salt is not 8 octets."""
    begin, end = expect(data, 0, len(data), Syntax.OCTET_STRING)
    if len(parameters.priv) != 8:
        raise BerError(f"the salt of AES has 8 octets (RFC 3826 §3.3), found {len(parameters.priv)}")
    vector = parameters.boots.to_bytes(4, "big") + parameters.time_s.to_bytes(4, "big") + parameters.priv
    return aes_cfb_decrypt(_priv_key(user, parameters.engine_id), vector, data[begin:end])
