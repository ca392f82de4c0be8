"""The folder of the control sockets of this user, and the socket of each site."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path


class ControlError(Exception):
    """The running site refused, or no site is running. The message gives the next step."""


class Refused(ControlError):
    """The running site refused a request: a name, a number or a word in it is wrong."""


def folder() -> Path:
    """The folder of the control sockets of this user."""
    base = os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir()
    return Path(base) / f"twinfeed-{os.getuid()}"


def socket_path(site: str) -> Path:
    return folder() / f"{site}.sock"


def own_folder(make: bool = False) -> Path | None:
    """The folder of control sockets, or None if there is none. With `make` it is made.

    Raises:
        ControlError: it is no folder, belongs to another user, or others may enter it: who made it could answer in the
            place of a site.
    """
    place = folder()
    try:
        if make:
            place.mkdir(mode=0o700, exist_ok=True)
        found = place.lstat()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ControlError(
            f"{place} cannot be used: {error.strerror}; set XDG_RUNTIME_DIR to a folder of your own"
        ) from None
    if not stat.S_ISDIR(found.st_mode):
        raise ControlError(f"{place} is no folder; remove it, or set XDG_RUNTIME_DIR to a folder of your own")
    if found.st_uid != os.getuid():
        raise ControlError(f"{place} belongs to another user; set XDG_RUNTIME_DIR to a folder of your own")
    if stat.S_IMODE(found.st_mode) & 0o077:
        mode = stat.S_IMODE(found.st_mode)
        raise ControlError(
            f"{place} has the mode {mode:04o}, expected 0700: others could answer in it; chmod 700 {place}"
        )
    return place
