"""Docstrings and comments keep the rules of wording, in all rooms but those that are listed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.wording import ROOT, breaches, modules

OPEN = ("benchmarks", "emulators/plant", "hil_rigs", "tests")
"""Rooms in which older texts still stand. This list only becomes shorter."""


def in_the_code() -> list[Path]:
    return list(
        modules(ROOT / room for room in ("benchmarks", "emulators", "fixtures", "harness", "hil_rigs", "tests"))
    )


def is_open(module: Path) -> bool:
    return any(module.is_relative_to(ROOT / room) for room in OPEN)


def test_docstrings_and_comments_have_a_subject_and_verbs_of_programs() -> None:
    found = [
        f"{module.relative_to(ROOT)}:{line}: {text}"
        for module in in_the_code()
        if not is_open(module)
        for line, text in breaches(module.read_text())
    ]
    assert not found, (
        "expected a noun as the subject, and verbs as in 'the program logs, returns, raises':\n" + "\n".join(found)
    )


@pytest.mark.parametrize("room", OPEN)
def test_a_listed_room_still_has_older_texts(room: str) -> None:
    assert any(True for module in modules([ROOT / room]) for _ in breaches(module.read_text())), (
        f"take {room} off the list"
    )


@pytest.mark.parametrize(
    "source",
    [
        '"""What a device answers."""',
        'x = 1\n"""How often it is polled, s."""',
        'class A:\n    """Reads.\n\n    The card says that it is well.\n    """',
        "x = 1  # what remains",
        "x = 1  # the device is told later",
        '"""The next look at the mains."""',
    ],
)
def test_a_text_that_breaks_a_rule_is_found(source: str) -> None:
    assert list(breaches(source))


@pytest.mark.parametrize(
    "source",
    [
        '"""The answer of a device."""',
        '"""A look-up moves nothing; names are looked up."""',
        '"""The function `say_more`, and `tell` of a stream."""',
        "x = 1  # the remaining octets",
        "x = 'what it says'",
    ],
)
def test_other_texts_pass(source: str) -> None:
    assert not list(breaches(source))
