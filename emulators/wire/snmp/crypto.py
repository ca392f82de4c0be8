"""Keys, digests and ciphers of the User-based Security Model; no messages, no clock.

Sources: RFC 3414 (MD5, SHA-1, DES), RFC 7860 (SHA-2), RFC 3826 (AES-128). AES-192 and AES-256 have no RFC. Their keys
are longer than most digests, and two ways of making the rest are in use: draft-blumenthal-aes-usm-04 hashes the key so
far (net-snmp's `AES-192` and `AES-256`), draft-reeder-snmpv3-usm-3desede-00 treats the key so far as a password
(net-snmp's `AES-192-C` and `AES-256-C`, Cisco and many cards).
"""

import hashlib
import hmac
from collections.abc import Callable
from enum import Enum
from functools import lru_cache

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from twinfeed.emulators.wire.snmp.ber import BerError

MIN_PASSWORD_OCTETS = 8
"""RFC 3414 §11.2: passwords are at least this long."""

SALT_OCTETS = 8
"""msgPrivacyParameters of DES (RFC 3414 §8.1.1.1) and of AES (RFC 3826 §3.1.2.1)."""

_DES_BLOCK = 8  # octets
_MEBIBYTE = 1_048_576  # octets of repeated password that are hashed, RFC 3414 §A.2


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


class Extension(Enum):
    """The extension of a localized key that is shorter than the key of the cipher."""

    NONE = "none"
    BLUMENTHAL = "draft-blumenthal-aes-usm-04 §3.1.2.1"
    REEDER = "draft-reeder-snmpv3-usm-3desede-00 §2.1"


class PrivProtocol(Enum):
    """(name, octets of the key, extension of the key) of the encryption of the scoped PDU."""

    DES = ("DES-CBC", 16, Extension.NONE)  # 8 of the key, 8 of the pre-IV
    AES128 = ("AES-128-CFB", 16, Extension.NONE)
    AES192 = ("AES-192-CFB, Blumenthal", 24, Extension.BLUMENTHAL)
    AES256 = ("AES-256-CFB, Blumenthal", 32, Extension.BLUMENTHAL)
    AES192_C = ("AES-192-CFB, Reeder", 24, Extension.REEDER)
    AES256_C = ("AES-256-CFB, Reeder", 32, Extension.REEDER)

    @property
    def key_octets(self) -> int:
        return self.value[1]

    @property
    def extension(self) -> Extension:
        return self.value[2]

    @property
    def padding_octets(self) -> int:
        """The most octets that encryption adds."""
        return _DES_BLOCK - 1 if self is PrivProtocol.DES else 0


# keys --------------------------------------------------------------------------------------------------------


def _hash(auth: AuthProtocol, octets: bytes) -> bytes:
    return hashlib.new(auth.hash_name, octets, usedforsecurity=False).digest()


def _stretched(auth: AuthProtocol, password: bytes) -> bytes:
    repeated = password * (_MEBIBYTE // len(password) + 1)
    return _hash(auth, repeated[:_MEBIBYTE])


@lru_cache(maxsize=256)  # a mebibyte is hashed each time, and a thousand devices share a password
def password_to_key(auth: AuthProtocol, password: bytes) -> bytes:
    """The user's master key, RFC 3414 §A.2: the hash of the password repeated to 1,048,576 octets."""
    return _stretched(auth, password)


@lru_cache(maxsize=16_384)
def localized_key(auth: AuthProtocol, password: bytes, engine_id: bytes) -> bytes:
    """The key this password gives at one engine, RFC 3414 §2.6."""
    key = password_to_key(auth, password)
    return _hash(auth, key + engine_id + key)


@lru_cache(maxsize=16_384)  # Reeder's extension hashes a mebibyte for each engine
def privacy_key(auth: AuthProtocol, priv: PrivProtocol, password: bytes, engine_id: bytes) -> bytes:
    """The key of the cipher at one engine, extended where the digest is shorter than it."""
    key = localized_key(auth, password, engine_id)
    while len(key) < priv.key_octets:
        if priv.extension is Extension.REEDER:
            master = _stretched(auth, key)
            key += _hash(auth, master + engine_id + master)
        else:
            key += _hash(auth, key)
    return key[: priv.key_octets]


def digest(auth: AuthProtocol, password: bytes, engine_id: bytes, datagram: bytes) -> bytes:
    """The authentication parameters of a whole message that has zeros in their place."""
    key = localized_key(auth, password, engine_id)
    return hmac.digest(key, datagram, auth.hash_name)[: auth.digest_octets]


# ciphers -----------------------------------------------------------------------------------------------------


def encrypt(priv: PrivProtocol, key: bytes, boots: int, time_s: int, salt: bytes, plain: bytes) -> bytes:
    """The encrypted octets. `boots` and `time_s` are the authoritative engine's; `salt` is what is sent with them."""
    if priv is PrivProtocol.DES:
        padded = plain + bytes(-len(plain) % _DES_BLOCK)
        return _des(key, salt).encryptor().update(padded)
    return aes_cfb_encrypt(key, _aes_vector(boots, time_s, salt), plain)


def decrypt(priv: PrivProtocol, key: bytes, boots: int, time_s: int, salt: bytes, encrypted: bytes) -> bytes:
    """The octets that were encrypted, padding included.

    Raises:
        BerError: the salt does not have 8 octets, or DES's octets are not made of whole blocks.
    """
    if len(salt) != SALT_OCTETS:
        raise BerError(f"privacy parameters have {SALT_OCTETS} octets, found {len(salt)}")
    if priv is not PrivProtocol.DES:
        return aes_cfb_decrypt(key, _aes_vector(boots, time_s, salt), encrypted)
    if len(encrypted) % _DES_BLOCK:
        raise BerError(f"octets encrypted with DES come in blocks of {_DES_BLOCK}, found {len(encrypted)}")
    return _des(key, salt).decryptor().update(encrypted)


def _des(key: bytes, salt: bytes) -> Cipher[modes.CBC]:
    """RFC 3414 §8.1.1: the first 8 octets are the key, the rest is the pre-IV. Triple DES under one key is DES."""
    single, pre_iv = key[:_DES_BLOCK], key[_DES_BLOCK:]
    return Cipher(TripleDES(single * 3), modes.CBC(_xor(pre_iv, salt)))


def _aes_vector(boots: int, time_s: int, salt: bytes) -> bytes:
    return boots.to_bytes(4, "big") + time_s.to_bytes(4, "big") + salt


def _aes_blocks(key: bytes) -> Callable[[bytes], bytes]:
    return Cipher(algorithms.AES(key), modes.ECB()).encryptor().update


def aes_cfb_encrypt(key: bytes, vector: bytes, plain: bytes) -> bytes:
    """AES in CFB-128 mode without padding. Written out on the block cipher because `cryptography` has
    withdrawn its CFB; ECB here is only the block function."""
    encrypt = _aes_blocks(key)
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
    stream = _aes_blocks(key)((vector + encrypted + bytes(padding))[: len(encrypted) + padding])
    return _xor(stream, encrypted)


def _xor(stream: bytes, data: bytes) -> bytes:
    """`data` with as much of `stream`, at least as long, folded in."""
    length = len(data)
    mixed = int.from_bytes(stream[:length], "big") ^ int.from_bytes(data, "big")
    return mixed.to_bytes(length, "big")
