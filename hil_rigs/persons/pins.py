"""PINs: a rig file holds a hash of each, or its place; the PIN itself is nowhere and is never shown."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets

from twinfeed._phrases import Phrase
from twinfeed.hil_rigs.credentials import secret

HASH = re.compile(r"scrypt:(?P<salt>[0-9a-f]{32}):(?P<hash>[0-9a-f]{64})")
"""The output of `twinfeed rig pin`."""

LEAST = 4
"""The fewest characters of a PIN."""

COST, BLOCK, PARALLEL = 2**14, 8, 1
"""scrypt (RFC 7914): 16 MiB and some 50 ms for each try."""


def hashed(pin: str, salt: str = "") -> str:
    """The hash of a PIN, as it stands in a rig file.

    Raises:
        ValueError: it is too short.
    """
    if len(pin) < LEAST:
        raise ValueError(Phrase("a PIN has {least} characters or more", least=LEAST))
    salt = salt or secrets.token_hex(16)
    made = hashlib.scrypt(pin.encode(), salt=bytes.fromhex(salt), n=COST, r=BLOCK, p=PARALLEL, dklen=32)
    return f"scrypt:{salt}:{made.hex()}"


def fits(pin: str, kept: str) -> bool:
    """Whether that is the PIN of which the rig file keeps a hash, or a reference to it (`file:…`, `env:…`).

    Raises:
        NoCredential: the reference leads nowhere.
    """
    found = HASH.fullmatch(kept)
    if found is None:
        kept = secret(kept)
        found = HASH.fullmatch(kept)
    if found is None:
        return hmac.compare_digest(pin.encode(), kept.encode())
    return len(pin) >= LEAST and hmac.compare_digest(hashed(pin, found["salt"]), kept)
