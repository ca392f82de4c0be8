"""What `twinfeed rig stop` and `rig status` print of a bench whose keeper lives; `first` has sent the request."""

from __future__ import annotations

import json
import socket
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

from twinfeed.hil_rigs.emergency.asking import Hangs, NobodyThere, Refused, answer, ask, end
from twinfeed.hil_rigs.emergency.mark import Mark, marks

DONE, NO, UNREACHABLE = 0, 1, 3
"""Exit codes, as those of all commands."""

NEXT_KEEPER_S = 5.0
"""After a keeper that hung was ended, its guard answers within so long, s."""


def stop(bench: str, why: str, place: str, line: socket.socket | None) -> int | None:
    """Wait until the keeper that was asked over that line has made the bench safe; the exit code.

    None if no keeper lives, which has been printed: `sys.argv` is then that of `rig safe`.
    """
    try:
        if line is None:
            raise NobodyThere
        try:
            told = answer(line)
        except Hangs as hanging:
            ended = end(hanging)
            print(_red(f"{hanging}; {'it is ended' if ended else 'this user cannot end it'}"), flush=True)
            told = _from_the_next(place, why)
    except NobodyThere:
        print(f"nobody supervises {bench}; making it safe from here", flush=True)
        reason = f"emergency stop: {why or 'no reason given'}"
        sys.argv[1:] = ["rig", "safe", bench, "--why", reason, "--although-held"]
        return None
    except Refused as error:
        _fail(str(error))
        return NO
    show(told)
    if told.get("not_safe"):
        _fail(f"NOT SAFE: {'; '.join(told['not_safe'])}")
        return NO
    print("the bench is in its safe state")
    return DONE


def _from_the_next(place: str, why: str) -> dict[str, Any]:
    """What the guard answers that takes over from a keeper that was ended. Raises NobodyThere."""
    until_s = time.monotonic() + NEXT_KEEPER_S
    while True:
        try:
            return ask(place, "emergency", why=why)
        except (NobodyThere, Hangs):
            if time.monotonic() > until_s:
                raise NobodyThere from None
            time.sleep(0.1)


def status(place: str, line: socket.socket | None, as_json: bool) -> int | None:
    """Print what the keeper answers; the exit code, None if no keeper lives: the rig file says more of such a bench."""
    if line is None:
        return None
    try:
        told = answer(line)
    except (NobodyThere, Refused):
        return None
    except Hangs as error:
        mark = Mark(Path(place))
        _fail(f"NOT SAFE: {error}: twinfeed rig stop {mark.rig_file or mark.bench}")
        return NO
    if as_json:
        print(json.dumps(told, ensure_ascii=False, indent=2))
    else:
        show(told)
    for mark in marks():
        if mark.place != Path(place) and (said := mark.said()):
            _fail(said)
    if told.get("not_safe"):
        _fail(f"NOT SAFE: {'; '.join(told['not_safe'])}")
    return NO if told.get("tripped") or told.get("not_safe") else DONE


def show(told: dict[str, Any]) -> None:
    """A bench, a line for each thing that is known of it."""
    print(f"{told['bench']}: {told['state']}" + (f", {told['life']}" if told.get("life") != told["state"] else ""))
    rows: list[tuple[str, str]] = []
    if told["state"] == "armed":
        left = timedelta(seconds=round(told.get("armed_for_s") or 0))
        rows.append(("armed by", f"{told['armed_by']}, {left} left"))
    if told.get("tripped"):
        rows.append(("why", _red(str(told["tripped"]))))
    rows += [(_red("NOT SAFE"), _red(str(line))) for line in told.get("not_safe", ())]
    if told.get("keeper") not in (None, "supervisor"):
        rows.append(("kept by", str(told["keeper"])))
    if told.get("faults"):
        rows.append(("faults", ", ".join(told["faults"])))
    silent: dict[str, str] = told.get("silent", {})
    for name, reading in told.get("readings", {}).items():
        rows.append((name, _red(silent[name]) if name in silent else str(reading["value"])))
    rows += [(name, _red(why)) for name, why in silent.items() if name not in told.get("readings", {})]
    width = max((len(name) for name, _ in rows), default=0)
    for name, value in rows:
        print(f"{name:{width}}  {value}")


def _fail(text: str) -> None:
    """Print it on standard error, as all commands print what goes wrong."""
    print(f"twinfeed: {_red(text)}", file=sys.stderr)


def _red(text: str) -> str:
    """In red where somebody sees it. What a device answered cannot steer the terminal."""
    plain = "".join(c if c.isprintable() else "�" for c in text)
    return f"\033[31m{plain}\033[0m" if sys.stdout.isatty() and sys.stderr.isatty() else plain
