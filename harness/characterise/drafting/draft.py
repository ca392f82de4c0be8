"""Drafts of profile files from data of a product: lines of YAML that a person finishes.

What plainly is a point of the catalogue becomes one. Everything else gets the value that was recorded, so that the
draft answers as the device did, and a TODO that names the open decision.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from twinfeed.harness.characterise.drafting.guesses import Guess

PLAIN = re.compile(r"[A-Za-z][\w. /%-]*[\w%]|[A-Za-z]|\d+(\.\d+){2,}")
"""Texts that need no quotes in YAML; all others are quoted."""
WORDS_OF_YAML = {"true", "false", "yes", "no", "on", "off", "null", "y", "n"}

MOST_WORDS = 100
"""Characters of a description that a comment quotes."""


@dataclass
class Draft:
    """A profile in the making. `entries` are lines under `objects`, `registers` or `bits`."""

    profile: str
    kind: str
    vendor: str
    product: str
    sources: dict[str, str] = field(default_factory=dict)
    sections: dict[str, list[str]] = field(default_factory=dict)
    """`objects` for SNMP, `registers` and `bits` for Modbus -> lines."""
    head: dict[str, dict[str, object]] = field(default_factory=dict)
    """`snmp` and `modbus` -> what stands before the entries."""
    notes: list[str] = field(default_factory=list)
    """Comments at the beginning."""
    shown: list[str] = field(default_factory=list)
    """The points that entries show."""
    points: int = 0
    fixed: int = 0
    todos: int = 0

    def comment(self, section: str, text: str) -> None:
        """A comment line. Lines with TODO are counted."""
        self.todos += text.startswith("TODO")
        self.sections.setdefault(section, []).append(f"    # {_line(text)}")

    def entry(self, section: str, fields: Mapping[str, object], todo: str = "") -> None:
        """One entry; `fields` in the order they are written."""
        if "point" in fields:
            self.points += 1
            self.shown.append(str(fields["point"]))
        self.fixed += "value" in fields
        self.todos += bool(todo)
        note = f"  # TODO: {_line(todo)}" if todo else ""
        self.sections.setdefault(section, []).append(f"    - {flow(fields)}{note}")

    def lacks(self, points: Sequence[str]) -> None:
        """Note the points of the kind that no entry shows."""
        if points:
            self.notes.append(f"Points of the kind {self.kind} that no entry shows: {', '.join(points)}.")

    def text(self) -> str:
        """The file."""
        lines = ["# yaml-language-server: $schema=profile.schema.json"]
        lines += [f"# {_line(note)}" for note in self.notes]
        for name in ("profile", "vendor", "product", "kind"):
            lines.append(f"{name}: {scalar(getattr(self, name))}")
        lines.append("sources:")
        lines += [f"  {name}: {_quoted(text)}" for name, text in self.sources.items()]
        for protocol, sections in (("snmp", ("objects",)), ("modbus", ("registers", "bits"))):
            if protocol not in self.head:
                continue
            lines.append(f"{protocol}:")
            lines += [f"  {name}: {scalar(value)}" for name, value in self.head[protocol].items()]
            for section in sections:
                if self.sections.get(section):
                    lines += [f"  {section}:", *self.sections[section]]
        return "\n".join(lines) + "\n"


def guessed(guess: Guess) -> dict[str, object]:
    """The fields of an entry for a guess."""
    fields: dict[str, object] = {"point": guess.point}
    if guess.factor != 1:
        fields["factor"] = guess.factor
    if guess.enum:
        fields["enum"] = dict(guess.enum)
    return fields


def flow(fields: Mapping[object, object] | Mapping[str, object]) -> str:
    """`{oid: 1.3.6, type: integer}`"""
    return "{" + ", ".join(f"{_key(name)}: {scalar(value)}" for name, value in fields.items()) + "}"


def scalar(value: object) -> str:
    """A value as YAML writes it on one line."""
    if isinstance(value, Mapping):
        return flow(value)
    if isinstance(value, Fraction):
        return re.sub(r"^1/1(0+)$", lambda match: f"0.{match[1][1:]}1", str(value))
    if isinstance(value, bool) or not isinstance(value, str):
        return json.dumps(value)
    if PLAIN.fullmatch(value) and value.lower() not in WORDS_OF_YAML:
        return value
    return _quoted(value)


def _quoted(text: str) -> str:
    quoted = json.dumps(text, ensure_ascii=False)
    return "".join(c if c.isprintable() else f"\\U{ord(c):08X}" for c in quoted)


def _line(text: str) -> str:
    """A text for a comment: on one line, without characters that YAML refuses there."""
    return "".join(character if character.isprintable() else " " for character in " ".join(text.split()))


def fixed(value: int | bytes | str) -> int | str:
    """A recorded value as a profile's `value`: texts as they are, other octets in hexadecimal."""
    if not isinstance(value, bytes):
        return value
    try:
        text = value.decode("ascii")
    except UnicodeDecodeError:
        return f"hex:{value.hex()}"
    return text if text.isprintable() and not text.startswith("hex:") else f"hex:{value.hex()}"


def labelled(labels: Mapping[str, int]) -> str:
    """`unknown 1, normal 2`, for comments."""
    return ", ".join(f"{label} {number}" for label, number in sorted(labels.items(), key=lambda item: item[1]))


def question(name: str, near: Sequence[str], about: str = "", labels: Mapping[str, int] | None = None) -> str:
    """The TODO of an entry without a point: the points that come near, and the known facts."""
    perhaps = f" Perhaps {', '.join(near)}." if near else ""
    said = f" {about[:MOST_WORDS]}{'…' if len(about) > MOST_WORDS else ''}" if about else ""
    return f"TODO {name}: which point?{perhaps}{said}" + (f" ({labelled(labels)})" if labels else "")


def _key(name: object) -> str:
    text = str(name)
    return text if re.fullmatch(r"\w+", text) else json.dumps(text)
