"""Every text that a technician can meet is a template of its own: extraction finds it, so that it can be translated.

An f-string is no template: Babel cannot extract it, and its text is in no catalogue.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from twinfeed.harness.report.rendering import wording

ROOT = Path(__file__).parents[3]

ROOMS = (
    "hil_rigs", "harness/transports", "harness/record", "harness/durations.py", "harness/cli/output.py",
    "harness/cli/recording/reporting.py", "harness/report/verifying.py", "emulators/yamlfile.py",
    "emulators/textfile.py", "emulators/nearness.py",
)  # fmt: skip
"""The modules whose texts a technician's session shows."""

MARKS = {"Phrase", "N_", "_", "gettext", "ngettext"}
"""A text in one of these is extracted."""

NOT_FOR_PEOPLE = {
    "getLogger", "exception", "warning", "debug", "compile", "fullmatch", "sub", "search", "finditer", "replace",
    "removeprefix", "startswith", "split", "strftime", "Field", "addoption", "ImportError", "AssertionError",
    "Impossible", "TypeVar", "tell", "_tell", "say", "note_event", "record", "BenchLock", "free_to_read", "_reading",
    "become", "_order", "TimeoutError",
}  # fmt: skip
"""Functions that take texts for programs, contributors or the log. The words of records are checked below."""

SENTENCE = re.compile(r"[A-Za-z]{2,},? [a-z]{2,}|[a-z]{3,}: |\0 [a-z]{2,}|[a-z]{2,} \0")
"""Two words beside each other, or a word beside a value: `\\0` stands for a value in an f-string."""


def modules() -> list[Path]:
    places = [ROOT / room for room in ROOMS]
    return sorted(path for place in places for path in ([place] if place.is_file() else place.rglob("*.py")))


def text_of(node: ast.AST) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "\0" for part in node.values)
    return ""


def unmarked(node: ast.AST) -> Iterator[tuple[int, str]]:
    """The texts below a node that no mark makes a template."""
    match node:
        case ast.Expr(value=ast.Constant()) | ast.Assert() | ast.Compare() | ast.ImportFrom():
            return
        case ast.AnnAssign(value=value):
            yield from unmarked(value) if value is not None else ()
            return
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            for each in (*node.args.defaults, *node.body):  # a help text is in its annotation: see the commands
                yield from unmarked(each)
            return
        case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name), args=args, keywords=keywords):
            if name in MARKS:
                yield from (found for each in (*args[1:], *keywords) for found in unmarked(each))
                return
            if name in NOT_FOR_PEOPLE:
                yield from (found for each in keywords for found in unmarked(each))
                return
        case ast.Subscript(value=ast.Name(id="Annotated" | "Literal")):
            return
    if SENTENCE.search(text := text_of(node)):
        yield getattr(node, "lineno", 0), text
        return
    for child in ast.iter_child_nodes(node):
        yield from unmarked(child)


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_text_for_people_is_a_template(path: Path) -> None:
    room = str(path.relative_to(ROOT))
    allowed = re.compile(FOR_PROGRAMS.get(room, r"(?!)"))
    found = [
        f"{room}:{line}: {text!r}"
        for line, text in unmarked(ast.parse(path.read_text(encoding="utf-8")))
        if not allowed.match(text)
    ]
    assert found == []


RECORDING = [path for path in modules() if path.is_relative_to(ROOT / "hil_rigs") and path.parent.name != "cli"]
"""The modules that write records; the output of commands is for people."""


def told(tree: ast.AST) -> Iterator[str]:
    """The words that a module writes into a record: the second argument of `tell`."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(
                func=ast.Attribute(attr="tell" | "_tell" | "note_event") | ast.Name(id="tell"), args=[_, what, *_]
            ):
                choices = (what.body, what.orelse) if isinstance(what, ast.IfExp) else (what,)
                yield from (
                    each.value for each in choices if isinstance(each, ast.Constant) and isinstance(each.value, str)
                )


@pytest.mark.parametrize("path", RECORDING, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_words_of_a_record_are_among_those_that_a_report_translates(path: Path) -> None:
    known = {*wording.DONE_BY, *(what for _, what in wording.WHAT)}
    assert set(told(ast.parse(path.read_text(encoding="utf-8")))) <= known


FOR_PROGRAMS = {
    "harness/record/person.py": "uid \0",  # as a login
    "harness/record/writing.py": "goes on|was set|half a line was put aside",  # words of a record
    "harness/transports/handle.py": r"\(its tables\)|profile \0",  # where, as a URL
    "harness/transports/modbus/sole_use.py": r"\0 \(pid \0\)",
    "harness/transports/modbus/transport.py": "\0 (identification|coil \0|\0 to \0)",  # where, as a URL
    "harness/transports/urls.py": "snmp://",  # forms of URLs
    "hil_rigs/cli/app.py": "Benches of real devices",  # a help: see `catalogues.helps`
    "hil_rigs/cli/practise.py": "# Made by|twinfeed |pytest ",  # a file, and commands
    "hil_rigs/cli/stopping.py": "twinfeed rig safe",
    "hil_rigs/emergency/first.py": "uid \0",
    "hil_rigs/emergency/life.py": ".*",  # states, events and who may cause them, for docs/explanation/bench-safety.md
    "hil_rigs/emergency/page.py": "<|stop page|the browser",
    "hil_rigs/emergency/quick.py": "twinfeed: \0",
    "hil_rigs/evidence/logbook.py": "the clock was set|record failed",
    "hil_rigs/evidence/in_force.py": "(modbus|snmp) \0",  # where
    "hil_rigs/lock.py": "uid \0",
    "hil_rigs/places.py": "\0 on \0",  # as labgrid writes it
    "hil_rigs/practice/first_test.py": '"""|, and \0 proves it',  # a program
    "hil_rigs/pytest_plugin.py": "run on the physical|with --rig|twinfeed: \0",  # pytest's own help is English
    "hil_rigs/schema/safety.py": "Le |Tout le monde",  # beside its English
    "hil_rigs/schema/bench.py": "The bench's software twin",  # the JSON Schema
    "hil_rigs/scpi.py": "scpi \0",
    "hil_rigs/supervisor/guard.py": "supervisor of",
    "hil_rigs/supervisor/keeper.py": "making safe|not safe",
    "hil_rigs/supervisor/rescue.py": "test run",
    "hil_rigs/supervisor/server.py": "question over",  # events of the socket
    "hil_rigs/supervisor/interlocks.py": "emergency stop",
    "hil_rigs/supervisor/supervisor.py": "was not allowed to",  # words of a record
}
"""By module: texts that read like sentences, and that no person reads as such."""
