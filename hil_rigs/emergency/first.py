"""The first octet of an emergency stop: what must be loaded before it is sent, and no more (about 5 ms of a processor).

The bench is found by its name, by the path of the rig file that its keeper has noted, or by the name in that file.
"""

from __future__ import annotations

import json
import os
import re
import socket

ENVIRONMENT = "TWINFEED_BENCHES"
"""The folder of all benches of this computer, if it is not `DEFAULT`."""

DEFAULT = "/var/tmp/twinfeed-benches"
"""Kept over a reboot, writable for everybody who works in the lab (FHS 3.0 §5.15)."""

SOCKET, FILE = "supervisor.sock", "file"
"""In the folder of a bench: where its keeper listens, and the path of its rig file."""

BENCH = re.compile(r"""^bench:\s*["']?([\w-]+)""", re.MULTILINE)
"""The name of the bench in a rig file."""

LANGUAGE = re.compile(r"""^language:\s*["']?(\w+)""", re.MULTILINE)
"""The language of the bench's people in a rig file."""

SHIPPED = os.path.join(os.path.dirname(os.path.dirname(__file__)), "benches")
"""The rig files that ship, each named as its bench."""


def benches() -> str:
    """The folder that holds a folder for each bench."""
    return os.environ.get(ENVIRONMENT, DEFAULT)


def place_of(bench: str) -> str:
    """The folder of the bench of that name or rig file; empty if this computer has none."""
    named = os.path.join(benches(), bench)
    if os.sep not in bench and bench not in ("", ".", "..") and os.path.isdir(named):
        return named
    wanted = os.path.realpath(bench)
    try:
        places = [os.path.join(benches(), name) for name in sorted(os.listdir(benches()))]
    except OSError:
        return ""
    for place in places:
        noted = _text(os.path.join(place, FILE)).strip()
        if noted and os.path.realpath(noted) == wanted:
            return place
    found = BENCH.search(_text(bench))
    by_name = os.path.join(benches(), found[1]) if found else ""
    return by_name if by_name in places else ""


def language_of(bench: str) -> str:
    """The `language` of the rig file of that path or name; `en` if it gives none, or there is no such file."""
    noted = _text(os.path.join(place_of(bench), FILE)).strip() if bench else ""
    for path in (bench, noted, os.path.join(SHIPPED, f"{bench}.yaml")):
        if found := LANGUAGE.search(_text(path)):
            return found[1]
    return "en"


def _text(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except (OSError, ValueError):
        return ""


def send(place: str, do: str, who: str, **fields: object) -> socket.socket:
    """A connection to the keeper of the bench in that folder, over which the request has gone as number 2.

    Raises:
        OSError: no keeper listens.
    """
    line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connect(line, os.path.join(place, SOCKET))
        requests = ({"id": 1, "do": "hello", "who": who}, {"id": 2, "do": do, **fields})
        line.sendall("".join(f"{json.dumps(each)}\n" for each in requests).encode())
    except OSError:
        line.close()
        raise
    return line


def connect(line: socket.socket, path: str) -> None:
    """Connect to a Unix socket, in a folder of any depth. Raises OSError."""
    if len(os.fsencode(path)) < 104:  # `unixpaths` has why
        return line.connect(path)
    from pathlib import Path

    from twinfeed.harness import unixpaths

    with unixpaths.short(Path(path)) as short:
        return line.connect(short)


def login() -> str:
    """The user of this command."""
    try:
        import pwd

        return pwd.getpwuid(os.getuid()).pw_name
    except (ImportError, KeyError):  # a container's user
        return f"uid {os.getuid()}"
