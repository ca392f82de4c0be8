"""The User-based Security Model (RFC 3414): users, engines, and the security parameters of a message.

Keys and ciphers: :mod:`~emulators.wire.snmp.crypto`; what a user may see and set: :mod:`~emulators.wire.snmp.access`.
"""

import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import NamedTuple

from twinfeed.emulators.wire.snmp import crypto
from twinfeed.emulators.wire.snmp.access import ALL, NOTHING, AccessEntry
from twinfeed.emulators.wire.snmp.ber import (
    BerError,
    Syntax,
    encode_integer,
    encode_sequence,
    encode_tlv,
    expect,
    expect_end,
    read_integer,
)
from twinfeed.emulators.wire.snmp.crypto import MIN_PASSWORD_OCTETS, SALT_OCTETS, AuthProtocol, PrivProtocol
from twinfeed.emulators.wire.snmp.message import AUTH_FLAG, PRIV_FLAG, encode_v3_header

USM_SECURITY_MODEL = 3
TIME_WINDOW_S = 150  # RFC 3414 §2.2.3
MAX_BOOTS = 0x7FFF_FFFF  # at this value an engine refuses everything authenticated, RFC 3414 §2.2.2


@dataclass(frozen=True, slots=True)
class User:
    """A USM user. Without passwords it is noAuthNoPriv; with `auth_password` authNoPriv; with both authPriv.

    `access` holds the user's entries of vacmAccessTable. Left empty there is one: everything is readable at the user's
    own level and, if `writable`, settable. Requests that no entry covers get authorizationError.

    ValueError when a password is shorter than 8 octets (RFC 3414 §11.2) or privacy lacks authentication.
    """

    name: bytes
    auth_password: bytes | None = field(default=None, repr=False)
    priv_password: bytes | None = field(default=None, repr=False)
    auth: AuthProtocol = AuthProtocol.SHA1
    priv: PrivProtocol = PrivProtocol.AES128
    writable: bool = False
    access: Sequence[AccessEntry] = ()

    def __post_init__(self) -> None:
        if not 1 <= len(self.name) <= 32:
            raise ValueError(f"a user name has 1 to 32 octets, found {self.name!r}")
        if self.priv_password is not None and self.auth_password is None:
            raise ValueError(f"user {self.name!r}: a privacy password needs an authentication password as well")
        for password in (self.auth_password, self.priv_password):
            if password is not None and len(password) < MIN_PASSWORD_OCTETS:
                raise ValueError(
                    f"user {self.name!r}: a password has at least {MIN_PASSWORD_OCTETS} octets (RFC 3414 §11.2), "
                    f"found {len(password)}"
                )
        if not self.access:
            whole = AccessEntry(self.level, ALL, ALL if self.writable else NOTHING)
            object.__setattr__(self, "access", (whole,))

    @property
    def level(self) -> int:
        """The user's security level as message flags: the highest it can be served at."""
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
    _salts: "count[int]" = field(default_factory=lambda: count(1), repr=False, compare=False)

    def __post_init__(self) -> None:
        if not 5 <= len(self.engine_id) <= 32:
            raise ValueError(f"an engine id has 5 to 32 octets, found {len(self.engine_id)}")

    def next_salt(self) -> bytes:
        """Privacy parameters that this engine has not used before: its boots and a counter (RFC 3414 §8.1.1.1, and as
        RFC 3826 §3.1.4.1 allows). Answers and notifications share the counter, as they share keys."""
        return (self.boots() & 0xFFFF_FFFF).to_bytes(4, "big") + (next(self._salts) & 0xFFFF_FFFF).to_bytes(4, "big")


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
    """The fields of msgSecurityParameters; `offset` is their start in the datagram."""
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
    salt: bytes = bytes(SALT_OCTETS),
    scoped_pdu: bytes,
) -> bytes:
    """A v3 message at the security level of `flags`.

    `engine_id`, `boots` and `time_s` are the authoritative engine's. `salt` must differ for every message under
    one key (see :meth:`Engine.next_salt`). `user_name` is sent when there is no `user`.
    """
    priv = b""
    if flags & PRIV_FLAG and user is not None:
        priv = salt
        key = _privacy_key(user, engine_id)
        encrypted = crypto.encrypt(user.priv, key, boots, time_s, salt, scoped_pdu)
        scoped_pdu = encode_tlv(Syntax.OCTET_STRING, encrypted)
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
    """True if the digest of a received message is correct."""
    octets = user.auth.digest_octets
    if len(parameters.auth) != octets:
        return False
    start = parameters.auth_start
    blanked = datagram[:start] + bytes(octets) + datagram[start + octets :]
    return hmac.compare_digest(digest(user, parameters.engine_id, blanked), parameters.auth)


def decrypt(user: User, parameters: SecurityParameters, data: bytes) -> bytes:
    """The scoped PDU in msgData; BerError when it is no OCTET STRING or was not encrypted as the user's are."""
    begin, end = expect(data, 0, len(data), Syntax.OCTET_STRING)
    key = _privacy_key(user, parameters.engine_id)
    return crypto.decrypt(user.priv, key, parameters.boots, parameters.time_s, parameters.priv, data[begin:end])


def digest(user: User, engine_id: bytes, datagram: bytes) -> bytes:
    """The authentication parameters of a whole message that has zeros in their place."""
    assert user.auth_password is not None
    return crypto.digest(user.auth, user.auth_password, engine_id, datagram)


def _privacy_key(user: User, engine_id: bytes) -> bytes:
    assert user.priv_password is not None
    return crypto.privacy_key(user.auth, user.priv, user.priv_password, engine_id)
