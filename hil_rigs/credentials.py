"""Passwords by reference: `env:NAME`, `file:PATH`, `keyring:SERVICE/USER`. None is ever shown."""

from __future__ import annotations

import os
from pathlib import Path

from twinfeed._phrases import Phrase
from twinfeed.hil_rigs.schema import CREDENTIAL


class NoCredential(Exception):
    """A password is not in the place that the rig file names. The message gives the next step."""


def secret(reference: str) -> str:
    """The password that a reference leads to, line ends at its end left out.

    Raises:
        NoCredential: there is none, or it cannot be read.
    """
    match = CREDENTIAL.fullmatch(reference)
    if match is None:
        raise NoCredential(Phrase("expected env:NAME, file:PATH or keyring:SERVICE/USER"))
    return {"env": _from_environment, "file": _from_file, "keyring": _from_keyring}[match[1]](match[2])


def _from_environment(name: str) -> str:
    if not os.environ.get(name):
        raise NoCredential(Phrase("env:{name}: the environment variable is not set; export {name}=… before", name=name))
    return os.environ[name]


def _from_file(name: str) -> str:
    path = Path(name).expanduser()
    try:
        if path.stat().st_mode & 0o077:
            raise NoCredential(Phrase("file:{name}: others may read it; chmod 600 {name}", name=name))
        text = path.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise NoCredential(Phrase("file:{name}: cannot be read: {error}", name=name, error=error)) from None
    if not text:
        raise NoCredential(Phrase("file:{name}: is empty; write the password into it", name=name))
    return text


def _from_keyring(place: str) -> str:
    try:
        import keyring
    except ImportError:
        raise NoCredential(
            Phrase("keyring:{place}: needs the package keyring: pip install 'twinfeed[rig]'", place=place)
        ) from None
    service, _, user = place.partition("/")
    try:
        found: str | None = keyring.get_password(service, user)
    except keyring.errors.KeyringError as error:
        raise NoCredential(
            Phrase("keyring:{place}: the keyring cannot be read: {error}", place=place, error=error)
        ) from None
    if not found:
        raise NoCredential(
            Phrase(
                "keyring:{place}: holds nothing; keyring set {service} {user}", place=place, service=service, user=user
            )
        )
    return found
