"""Docstrings and comments keep the rules of wording, in all rooms."""

from __future__ import annotations

import pytest
from wording import ROOT, breaches, modules

ROOMS = ("benchmarks", "docs/examples", "emulators", "fixtures", "harness", "hil_rigs", "tests")


def test_docstrings_and_comments_have_a_subject_and_verbs_of_programs() -> None:
    found = [
        f"{module.relative_to(ROOT)}:{line}: {text}"
        for module in modules(ROOT / room for room in ROOMS)
        for line, text in breaches(module.read_text())
    ]
    assert not found, (
        "expected a noun as the subject, and verbs as in 'the program logs, returns, raises':\n" + "\n".join(found)
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
