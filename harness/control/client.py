"""Requests to a running site over its control socket."""

from __future__ import annotations

import json
import socket
from typing import Any

from twinfeed.emulators.textfile import json_value, printable, shown
from twinfeed.harness import unixpaths
from twinfeed.harness.control.places import ControlError, Refused, own_folder, socket_path

MAX_ANSWER = 64 * 1024 * 1024
"""Longest answer line that a client reads, octets. The list of 10,000 devices has 10 MB."""

TIMEOUT_S = 10.0
"""Time that a client waits for an answer, s."""


def running() -> list[str]:
    """The names of the sites of this user that are running now.

    Raises:
        ControlError: as `own_folder`.
    """
    place, names = own_folder(), []
    for path in sorted(place.glob("*.sock")) if place is not None else ():
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                with unixpaths.short(path) as there:
                    probe.connect(there)
            except OSError:
                continue
            names.append(path.stem)
    return names


def ask(request: dict[str, Any], site: str | None = None) -> dict[str, Any]:
    """Send one request to the running site (the only one, unless `site` names it) and return its answer.

    Raises:
        ControlError: no site runs, several do and none is named, or the site does not answer.
        Refused: the site refused the request.
    """
    names = running()
    if site is None:
        if not names:
            raise ControlError("no site is running; start one with `twinfeed up bamako`")
        if len(names) > 1:
            raise ControlError(f"several sites are running ({', '.join(names)}); choose one with --site")
        site = names[0]
    elif site not in names:
        raise ControlError(f"site {site!r} is not running; running now: {', '.join(names) or 'none'}")
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(TIMEOUT_S)
        try:
            with unixpaths.short(socket_path(site)) as path:
                connection.connect(path)
            connection.sendall(json.dumps(request).encode() + b"\n")
            line = connection.makefile("rb").readline(MAX_ANSWER)
        except OSError as error:
            raise ControlError(f"site {site!r} does not answer its control socket: {error}") from None
    if not line:
        raise ControlError(f"site {site!r} closed its control socket without an answer")
    try:
        answer = json_value(line)
        if not isinstance(answer, dict) or not isinstance(answer.get("ok"), bool):
            raise ValueError("no `ok` in it")
    except ValueError as error:
        raise ControlError(
            f"site {site!r} gave an answer that is none: {shown(error)}; is it of another version?"
        ) from None
    if not answer.pop("ok"):
        reason = printable(str(answer.get("error")))
        raise ControlError(reason) if answer.get("failed") else Refused(reason)
    return answer
