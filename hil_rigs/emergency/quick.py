"""The output of `twinfeed rig stop` and `rig status` on a bench whose keeper lives; `first` has sent the request."""

from __future__ import annotations

import contextlib
import json
import socket
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

from twinfeed._phrases import N_, Phrase
from twinfeed.harness.language import UnknownLanguage, said, speak, spoken
from twinfeed.hil_rigs.emergency.asking import Hangs, NobodyThere, Refused, answer, ask, end
from twinfeed.hil_rigs.emergency.first import language_of
from twinfeed.hil_rigs.emergency.mark import Mark, marks

DONE, NO, UNREACHABLE = 0, 1, 3
"""Exit codes, as those of all commands."""

NEXT_KEEPER_S = 5.0
"""After a keeper that hung was ended, its guard answers within so long, s."""


def stop(
    bench: str, why: str, place: str, line: socket.socket | None, lang: str = "", *, as_json: bool = False
) -> int | None:
    """Wait until the keeper that was asked over that line has made the bench safe; the exit code.

    None if no keeper lives, which has been printed: `sys.argv` is then that of `rig safe`.
    """
    _speak(lang, bench)
    try:
        if line is None:
            raise NobodyThere
        try:
            told = answer(line)
        except Hangs as hanging:
            ended = end(hanging)
            then = Phrase("it is ended") if ended else Phrase("this user cannot end it")
            print(_red(said(f"{hanging}; {then}")), file=sys.stderr if as_json else sys.stdout, flush=True)
            told = _from_the_next(place, why)
    except NobodyThere:
        text = said(Phrase("nobody supervises {bench}; making it safe from here", bench=bench))
        print(text, file=sys.stderr if as_json else sys.stdout, flush=True)
        reason = Phrase("emergency stop: {why}", why=why or Phrase("no reason given"))
        sys.argv[1:] = ["rig", "safe", bench, "--why", reason, "--although-held", "--lang", spoken()]
        sys.argv += ["--json"] if as_json else []
        return None
    except Refused as error:
        _fail(str(error), NO, as_json)
        return NO
    if as_json:
        print(json.dumps(told, ensure_ascii=False, indent=2))
    else:
        show(told)
    if told.get("not_safe"):
        _fail(Phrase("NOT SAFE: {failed}", failed="; ".join(told["not_safe"])))
        return NO
    if not as_json:
        print(said(Phrase("the bench is in its safe state")))
    return DONE


def _from_the_next(place: str, why: str) -> dict[str, Any]:
    """The answer of the guard that takes over from a keeper that was ended. Raises NobodyThere."""
    until_s = time.monotonic() + NEXT_KEEPER_S
    while True:
        try:
            return ask(place, "emergency", why=why)
        except (NobodyThere, Hangs):
            if time.monotonic() > until_s:
                raise NobodyThere from None
            time.sleep(0.1)


def _speak(lang: str, bench: str) -> None:
    """The language of this process; a language without texts stops no emergency stop."""
    with contextlib.suppress(UnknownLanguage):
        speak(lang, otherwise=language_of(bench))


def status(bench: str, place: str, line: socket.socket | None, as_json: bool, lang: str = "") -> int | None:
    """Print the keeper's answer; the exit code, None if no keeper lives: the rig file has more about such a bench."""
    if line is None:
        return None
    _speak(lang, bench)
    try:
        told = answer(line)
    except (NobodyThere, Refused):
        return None
    except Hangs as error:
        mark = Mark(Path(place))
        _fail(
            Phrase(
                "NOT SAFE: {error}: twinfeed rig stop {rig_file}", error=error, rig_file=mark.rig_file or mark.bench
            ),
            NO,
            as_json,
        )
        return NO
    if as_json:
        print(json.dumps(told, ensure_ascii=False, indent=2))
    else:
        show(told)
    for mark in marks():
        if mark.place != Path(place) and (line_ := mark.said()):
            _fail(line_)
    if told.get("not_safe"):
        _fail(Phrase("NOT SAFE: {failed}", failed="; ".join(told["not_safe"])))
    return NO if told.get("tripped") or told.get("not_safe") else DONE


def show(told: dict[str, Any]) -> None:
    """A bench, a line for each thing that is known of it."""
    life = f", {said(told['life'])}" if told.get("life") != told["state"] else ""
    print(f"{told['bench']}: {said(told['state'])}{life}")
    listed = rows(told)
    width = max((len(name) for name, *_ in listed), default=0)
    for name, text, style in listed:
        print(f"{name:{width}}  {_red(text) if style else text}")


def rows(told: dict[str, Any]) -> list[tuple[str, str, str]]:
    """What is known of a bench, in the language of this process: names, texts, and `red` for what is not as it must be.

    `told` is a keeper's answer to `status`.
    """
    found: list[tuple[str, str, str]] = []
    if told["state"] == "armed":
        left = timedelta(seconds=round(told.get("armed_for_s") or 0))
        found.append(
            (said(N_("armed by")), said(Phrase("{person}, {left} left", person=told["armed_by"], left=left)), "")
        )
    if told.get("tripped"):
        found.append((said(N_("why")), said(told["tripped"]), "red"))
    found += [(said(N_("NOT SAFE")), said(line), "red") for line in told.get("not_safe", ())]
    if told.get("keeper") not in (None, "supervisor"):
        found.append((said(N_("kept by")), said(told["keeper"]), ""))
    if told.get("faults"):
        found.append((said(N_("faults")), ", ".join(told["faults"]), ""))
    silent: dict[str, str] = told.get("silent", {})
    for name, reading in told.get("readings", {}).items():
        found.append((name, said(silent[name]), "red") if name in silent else (name, _shown(reading["value"]), ""))
    found += [(name, said(why), "red") for name, why in silent.items() if name not in told.get("readings", {})]
    return found


def _shown(value: object) -> str:
    """A reading as people read it."""
    if isinstance(value, bool):
        return said(N_("true") if value else N_("false"))
    return f"{value:g}" if isinstance(value, float) else str(value)


def _fail(text: str, code: int = NO, as_json: bool = False) -> None:
    """Print it on standard error, as all commands print what goes wrong; `as_json`: on standard output as JSON, too."""
    print(f"twinfeed: {_red(said(text))}", file=sys.stderr)
    if as_json:
        error = {"exit_code": code, "message": said(text), "lines": said(text).splitlines()}
        print(json.dumps({"error": error}, ensure_ascii=False))


def _red(text: str) -> str:
    """In red where somebody sees it. What a device answered cannot steer the terminal."""
    plain = "".join(c if c.isprintable() else "�" for c in text)
    return f"\033[31m{plain}\033[0m" if sys.stdout.isatty() and sys.stderr.isatty() else plain
