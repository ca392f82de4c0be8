"""The values of a YAML text, each with its line.

The text is read by ruamel's parser, event by event, into `Fields` and `Items`: a mapping and a list that know the line
of each entry. Size, nesting, aliases of aliases and digits, which a broken or hostile file could grow without bound,
are bounded here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from ruamel.yaml.nodes import ScalarNode

from twinfeed._phrases import Phrase
from twinfeed.emulators.textfile import MOST_DIGITS, MOST_NESTED, FileError, found, shown

MOST_NODES = 100_000
"""Values of a file, each counted as often as aliases repeat it: Bamako has 3,700."""


DECIMAL = re.compile(rf"[-+]?(?:0|[1-9][0-9]{{0,{MOST_DIGITS - 2}}})(?:\.[0-9]{{1,17}})?")
"""Numbers that mean the same in YAML and in Python."""

RESOLVED = frozenset("+-.0123456789=<~fFnNtTyYoO")
"""A plain scalar that begins with any other character is a text in YAML's core schema."""


class Fields(dict[Any, Any]):
    """A mapping of a file: `line` (from 1) is where it begins, `lines` where each of its fields does."""

    __slots__ = ("line", "lines")

    def __init__(self, line: int = 1) -> None:
        super().__init__()
        self.line = line
        self.lines: dict[Any, int] = {}


class Items(list[Any]):
    """A list of a file: `line` (from 1) is where it begins, `lines` where each of its items does."""

    __slots__ = ("line", "lines")

    def __init__(self, line: int = 1) -> None:
        super().__init__()
        self.line = line
        self.lines: list[int] = []


def document(path: Path, text: str) -> Any:
    """The value of the only document of `text`, which stands in the file `path`.

    Raises:
        FileError: it is not YAML, repeats a field, or passes a limit.
    """
    return _Builder(path, text).document()


@dataclass(slots=True)
class _Open:
    """A mapping or list that is being read."""

    value: Fields | Items
    anchor: str | None
    before: int
    """The number of nodes that had been read when it began."""
    key: Any = None
    has_key: bool = False
    key_line: int = 1
    merged: list[Fields] | None = None


class _Merge:
    """The key `<<`: the fields of other mappings stand in for those that are not given."""


class _Builder:
    """Builds the values of one file from the parser's events, within its limits."""

    def __init__(self, path: Path, text: str) -> None:
        self.path, self.text = path, text
        self._anchors: dict[str, tuple[Any, int]] = {}
        """Anchor -> value and how many nodes it is."""
        self._nodes = 0
        self._stack: list[_Open] = []
        self._root: Any = None

    def document(self) -> Any:
        """The value of the only document.

        Raises:
            FileError: not YAML, or a limit is passed.
        """
        documents = 0
        try:
            for event in _events(self.text):
                documents += isinstance(event, DocumentStartEvent)
                if documents > 1:
                    raise self._wrong(event, Phrase("a second document begins; expected one"))
                self._take(event)
        except MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line = 1 if mark is None else min(mark.line, self.text.count("\n")) + 1
            raise FileError(
                [
                    Phrase(
                        "{path}:{line}: not valid YAML: {error}",
                        path=shown(self.path),
                        line=line,
                        error=_without_values(error),
                    )
                ]
            ) from None
        except YAMLError as error:  # a character that YAML does not have
            line = self.text.count("\n", 0, getattr(error, "position", 0) or 0) + 1
            said = str(error).partition("\n")[0]
            raise FileError(
                [Phrase("{path}:{line}: not valid YAML: {said}", path=shown(self.path), line=line, said=shown(said))]
            ) from None
        return self._root

    def _take(self, event: Event) -> None:
        match event:
            case ScalarEvent():
                self._count(event, 1)
                value = self._scalar(event)
                if event.anchor:
                    self._anchors[event.anchor] = (value, 1)
                self._place(value, event)
            case AliasEvent():
                if event.anchor not in self._anchors:
                    text = Phrase("found * and an undefined alias; put a text that begins with * in quotes")
                    raise self._wrong(event, Phrase("not valid YAML: {text}", text=text))
                value, nodes = self._anchors[event.anchor]
                self._count(event, nodes)
                self._place(value, event)
            case MappingStartEvent() | SequenceStartEvent():
                self._count(event, 1)
                if len(self._stack) >= MOST_NESTED:
                    raise self._wrong(
                        event, Phrase("is nested deeper than {most_nested} levels", most_nested=MOST_NESTED)
                    )
                if event.tag not in (None, "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"):
                    raise self._wrong(event, Phrase("found the tag {tag}, expected none", tag=shown(event.tag)))
                made = (Fields if isinstance(event, MappingStartEvent) else Items)(_line(event))
                self._stack.append(_Open(made, event.anchor, self._nodes))
            case MappingEndEvent() | SequenceEndEvent():
                done = self._stack.pop()
                for fields in done.merged or ():
                    for key, value in fields.items():
                        if key not in done.value:
                            done.value[key] = value
                            done.value.lines[key] = fields.lines[key]
                if done.anchor:
                    self._anchors[done.anchor] = (done.value, self._nodes - done.before + 1)
                self._place(done.value, event, done.value.line)

    def _place(self, value: Any, event: Event, line: int | None = None) -> None:
        """Put a value where it belongs: into the list, as the next key or under the key."""
        line = _line(event) if line is None else line
        if not self._stack:
            self._root = value
            return
        top = self._stack[-1]
        if isinstance(top.value, Items):
            top.value.append(value)
            top.value.lines.append(line)
        elif not top.has_key:
            if value is not _Merge and (not isinstance(value, (str, int, float)) or value != value):
                raise self._wrong(
                    event, Phrase("expected a text as the name of a field, found {value}", value=found(value)), line
                )
            if value is not _Merge and value in top.value:
                text = Phrase(
                    "the field {value} is given twice, first in line {lines}",
                    value=found(value),
                    lines=top.value.lines[value],
                )
                raise self._wrong(event, text, line)
            top.key, top.has_key, top.key_line = value, True, line
        elif top.key is _Merge:
            merged = value if isinstance(value, Items) else [value]
            if not all(isinstance(fields, Fields) for fields in merged):
                raise self._wrong(event, Phrase("<<: expected a mapping or a list of mappings"), top.key_line)
            top.merged = [*(top.merged or ()), *merged]
            top.has_key = False
        else:
            top.value[top.key] = value
            top.value.lines[top.key] = top.key_line
            top.has_key = False

    def _scalar(self, event: ScalarEvent) -> Any:
        """The text, or the number, yes/no or nothing that it stands for (YAML 1.2 core schema; dates stay texts)."""
        text: str = event.value
        plain, quoted = event.implicit
        if event.tag is None and not plain:
            return text
        if event.tag is None:
            if DECIMAL.fullmatch(text):  # most scalars are one of these two, and the resolver takes 50 us for each
                return float(text) if "." in text else int(text)
            if text and text[0] not in RESOLVED:
                return text
        resolver, constructor = _core()
        tag = str(event.tag or resolver.resolve(ScalarNode, text, (plain, quoted)))
        match tag.removeprefix("tag:yaml.org,2002:"):
            case "merge" if event.tag is None and self._stack and not self._stack[-1].has_key:
                return _Merge
            case "null":
                return None
            case "bool" | "int" | "float":
                if len(text) > MOST_DIGITS:
                    raise self._wrong(
                        event,
                        Phrase(
                            "found a number of {text} digits, expected at most {most_digits}",
                            text=len(text),
                            most_digits=MOST_DIGITS,
                        ),
                    )
                try:
                    return constructor.construct_object(ScalarNode(tag, text))
                except (ValueError, KeyError, OverflowError):
                    raise self._wrong(
                        event, Phrase("found {text}, expected a number or yes/no", text=found(text))
                    ) from None
            case "str" | "timestamp" | "value" | "merge":
                return text
        raise self._wrong(event, Phrase("found the tag {tag}, expected none", tag=shown(event.tag)))

    def _count(self, event: Event, nodes: int) -> None:
        self._nodes += nodes
        if self._nodes > MOST_NODES:
            raise self._wrong(
                event,
                Phrase(
                    "the file has more than {most_nodes:,} values, each alias counted in full", most_nodes=MOST_NODES
                ),
            )

    def _wrong(self, event: Event, message: str, line: int | None = None) -> FileError:
        return FileError([f"{shown(self.path)}:{_line(event) if line is None else line}: {message}"])


def _events(text: str) -> Iterator[Event]:
    """The parser's events: libyaml's where it is installed (20 times faster), else those of ruamel's own."""
    return iter(YAML(typ="safe").parse(text))


@cache
def _core() -> tuple[Any, Any]:
    """The resolver of plain texts to tags, and the constructor of values from them."""
    yaml = YAML(typ="safe", pure=True)
    return yaml.resolver, yaml.constructor


def _line(event: Event) -> int:
    return int(event.start_mark.line) + 1


def _without_values(error: MarkedYAMLError) -> str:
    """The mistake, without the values that YAML's own words show: one of them may be a password."""
    said = str(error.problem or error.context)
    if "alias" in said:
        return Phrase("found * and an undefined alias; put a text that begins with * in quotes")
    return shown(said)
