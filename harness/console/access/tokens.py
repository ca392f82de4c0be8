"""The tokens of a site's console, kept over restarts so that an open page finds its site again.

They are in one file for each site, which only its owner can read, in the folder of the flash memory of devices.
"""

from __future__ import annotations

import json
import logging
import os
import secrets
from pathlib import Path
from urllib.parse import quote

from twinfeed.harness.console.access.guard import Role

ROLES: tuple[Role, ...] = ("read", "write")

log = logging.getLogger(__name__)


def new() -> dict[Role, str]:
    """Tokens of 192 random bits each."""
    return {role: secrets.token_urlsafe(24) for role in ROLES}


def kept(folder: Path, site: str) -> dict[Role, str]:
    """The tokens of a site, made when there are none. A folder that cannot be written has new ones at each start."""
    path = folder / f"{quote(site, safe='')}.console"
    try:
        known = _read(path)
        if known is None:
            known = new()
            folder.mkdir(parents=True, exist_ok=True)
            path.unlink(missing_ok=True)
            with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                json.dump(known, file)
    except OSError as error:
        log.warning("%s cannot be written (%s): the link of the console is valid until the end only", path, error)
        return new()
    return known


def _read(path: Path) -> dict[Role, str] | None:
    """The tokens in a file; None if there is none, if others can read it, or if it holds something else."""
    try:
        with path.open() as file:
            if os.fstat(file.fileno()).st_mode & 0o077 or os.fstat(file.fileno()).st_uid != os.getuid():
                return None
            found = json.load(file)
            tokens = {role: found[role] for role in ROLES}
    except (FileNotFoundError, ValueError, TypeError, KeyError):
        return None
    return tokens if all(isinstance(token, str) and len(token) >= 32 for token in tokens.values()) else None
