"""The checklist of a bench: the items that are confirmed one by one, each by a person, before the bench is armed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from twinfeed._phrases import N_, Phrase
from twinfeed.harness.report.notes import Confirmation
from twinfeed.hil_rigs.schema import Bench, text_in


def items(bench: Bench) -> list[str]:
    """The items in English, as records have them."""
    return [text_in(item, "en") for item in bench.checklist]


def objection(bench: Bench, confirmed: Mapping[str, str]) -> str:
    """The reason why the bench cannot be armed, of items and the persons who have confirmed them; empty if it can."""
    missing = [item for item in items(bench) if not confirmed.get(item)]
    return Phrase("not confirmed: {items}", items="; ".join(missing)) if missing else ""


def confirmations(bench: Bench, confirmed: Mapping[str, str]) -> list[Confirmation]:
    """The confirmations for the record, in the order of the checklist."""
    time = datetime.now(UTC).isoformat(timespec="seconds")
    return [Confirmation(confirmed[item], item, N_("confirmed"), time) for item in items(bench)]


def by_options(bench: Bench, options: Iterable[str]) -> dict[str, str]:
    """Item -> person, of `--confirm NAME` for all items, or `--confirm NUMBER=NAME` for one of them.

    Raises:
        ValueError: the checklist has no item of that number, or the name is missing.
    """
    listed, found = items(bench), dict[str, str]()
    for option in options:
        number, given, name = option.rpartition("=")
        if not name.strip():
            raise ValueError(Phrase("found {option!r}, expected NAME or NUMBER=NAME", option=option))
        if not given:
            found = dict.fromkeys(listed, name) | found
        elif not number.isdecimal() or not 1 <= int(number) <= len(listed):
            raise ValueError(
                Phrase("found {option!r}, expected a number from 1 to {most}", option=option, most=len(listed))
            )
        else:
            found[listed[int(number) - 1]] = name
    return found
