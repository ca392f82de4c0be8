"""The key with which this computer signs its records: ed25519 (RFC 8032), one file, made when it is first needed.

    key = keys.own()                    # None if no file can be written: the records are unsigned, which they state
    record = Record.open(path, key)
    keys.signed(entry.hash, entry.sig, key.public)

The key shows that a record was written on this computer by somebody who may read the key file. It does not stop such a
person from signing something else: keep the public key and the hash of each report outside the computer.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from twinfeed._phrases import Phrase

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

ENVIRONMENT = "TWINFEED_KEY"
"""The environment variable that names another key file."""

OF_COMPUTER = Path("/etc/twinfeed/record-key.pem")
"""The key of a computer that several people use: `sudo env TWINFEED_KEY=/etc/twinfeed/record-key.pem twinfeed rig key`
makes it. It is used by those who may read it."""


class BadKey(ValueError):
    """A file holds no ed25519 key; the message names it and what to do."""


@dataclass(frozen=True)
class Key:
    """A key that signs."""

    path: Path
    public: str
    """The public key, 32 octets in hexadecimal (RFC 8032 §5.1.5)."""
    _private: Ed25519PrivateKey = field(repr=False, compare=False)

    def sign(self, text: str) -> str:
        """The signature over the characters of a text, 64 octets in hexadecimal."""
        return self._private.sign(text.encode()).hex()


def own() -> Key | None:
    """The key of this computer, made if there is none; None if no file for it can be written.

    Raises:
        BadKey: there is a file, and it holds no key or cannot be read.
    """
    path = place()
    if not path.exists():
        try:
            make(path)
        except OSError:
            return None
    return read(path)


def trusted(files: Iterable[Path] = ()) -> set[str]:
    """The public keys that vouch for a record here: this computer's, if it has one, and those of the files.

    Raises:
        BadKey: a file holds none.
    """
    found = {public_of(path) for path in files}
    if (path := place()).exists():
        found.add(public_of(path))
    return found


def place() -> Path:
    """The path of the key of this computer, also before it is made."""
    if named := os.environ.get(ENVIRONMENT):
        return Path(named)
    if os.access(OF_COMPUTER, os.R_OK):
        return OF_COMPUTER
    data = os.environ.get("XDG_DATA_HOME") or os.path.expanduser("~/.local/share")
    if data.startswith("~"):  # a user without a home
        return OF_COMPUTER
    return Path(data) / "twinfeed" / "record-key.pem"


def make(path: Path) -> Key:
    """Make a key; its file is readable for its owner only.

    Raises:
        OSError: the file is there already, or cannot be written.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    octets = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(octets)
            os.fsync(file.fileno())
        with suppress(FileExistsError):  # another process made it at the same time: that one counts
            os.link(half, path)
    finally:
        half.unlink(missing_ok=True)
    return read(path)


@cache
def read(path: Path) -> Key:
    """
    Raises:
        BadKey: it cannot be read, or holds no private ed25519 key.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        private = load_pem_private_key(path.read_bytes(), None)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise BadKey(
            Phrase(
                "{path}: cannot be read as a private key: {error}; expected a PEM file (PKCS #8)",
                path=path,
                error=error,
            )
        ) from None
    if not isinstance(private, Ed25519PrivateKey):
        raise BadKey(Phrase("{path}: holds {name}, expected an ed25519 key", path=path, name=type(private).__name__))
    return Key(path, private.public_key().public_bytes_raw().hex(), private)


def public_of(path: Path) -> str:
    """The public key of a file, hexadecimal: PEM of a public or private key, or 64 hexadecimal digits.

    Raises:
        BadKey: it holds none of these, or cannot be read.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        text = path.read_text(encoding="ascii").strip()
    except (OSError, ValueError) as error:
        raise BadKey(Phrase("{path}: cannot be read: {error}", path=path, error=error)) from None
    if len(text) == 64 and set(text.lower()) <= set("0123456789abcdef"):
        return text.lower()
    if "PRIVATE KEY" in text:
        return read(path).public
    try:
        found = load_pem_public_key(text.encode())
    except ValueError:
        found = None
    if not isinstance(found, Ed25519PublicKey):
        raise BadKey(Phrase("{path}: expected an ed25519 public key: a PEM file, or 64 hexadecimal digits", path=path))
    return found.public_bytes_raw().hex()


def pem(public: str) -> str:
    """A public key as PEM, for openssl and other programs."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public))
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def signed(text: str, signature: str, public: str) -> bool:
    """True if that is the key's signature over the characters of the text."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public)).verify(bytes.fromhex(signature), text.encode())
    except (InvalidSignature, ValueError):
        return False
    return True


def short(public: str) -> str:
    """The first eight octets of a public key, as people compare them."""
    return " ".join(public[at : at + 4] for at in range(0, 16, 4))
