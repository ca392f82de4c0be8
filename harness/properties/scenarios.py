"""Check that a scenario file fits its site: its entries, its conditions and its properties."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from twinfeed.emulators.site import Site
from twinfeed.harness.faults.scenario import Scenario, refuse
from twinfeed.harness.properties.language import Property, always, parse
from twinfeed.harness.properties.vocabulary import fits


def check(scenario: Scenario, site: Site, path: Path) -> None:
    """Refuse a scenario with an entry that cannot happen on the site, or a condition or property that does not fit
    the site; `path` is the file it was loaded from.

    Raises:
        FileError: a line for each of them.
    """
    scenario.check(site, path)
    wrong: list[tuple[list[str | int], Exception]] = []
    for where, written in _written(scenario):
        try:
            fits([written()], site)
        except (ValueError, LookupError) as error:
            wrong.append((where, error))
    refuse(path, wrong)


def _written(scenario: Scenario) -> Iterator[tuple[list[str | int], Callable[[], Property]]]:
    """Each condition and property in the order of the file: its place, and how to parse it."""
    for where, entry in scenario.placed():
        if entry.when is not None:
            yield [*where, "when"], partial(always, entry.when)
        if entry.until is not None:
            yield [*where, "until"], partial(always, entry.until)
    for n, text in enumerate(scenario.properties):
        yield ["properties", n], partial(parse, text)
