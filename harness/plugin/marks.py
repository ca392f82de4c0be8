"""The markers `site`, `controller`, `watch` and `needs` of a test, checked, together with the options."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, get_args

import pytest

from twinfeed.emulators.nearness import did_you_mean
from twinfeed.emulators.plant.kernel.tolerances import Tolerances
from twinfeed.emulators.site import Site
from twinfeed.harness.durations import seconds
from twinfeed.harness.plugin.options import DEFAULT_SITE, MARKERS
from twinfeed.harness.worlds.sites import beside, fresh

ACCEPTED = {"site": ("name", "settle", "seed", "tolerances")}
"""Marker -> the names of its arguments; the others take names only, which have no keyword."""


class WrongMarker(ValueError):
    """A marker has arguments that it does not take; the message shows those that it takes."""


@dataclass(frozen=True)
class SiteMark:
    """The marker `site`. Without a seed and tolerances, those of the site's file are taken."""

    name: str = ""
    settle_s: float = 0.0
    seed: int | None = None
    tolerances: Tolerances | None = None


def site_mark(item: pytest.Item) -> SiteMark:
    """The marker `site` of a test; an empty one if it has none.

    Raises:
        WrongMarker: it has arguments that it does not take, or of the wrong kind.
    """
    marker = item.get_closest_marker("site")
    if marker is None:
        return SiteMark()
    _refuse_unknown(marker, ACCEPTED["site"])
    if len(marker.args) > 1 or (marker.args and "name" in marker.kwargs):
        raise _wrong(marker, "found several names of sites")
    name = marker.args[0] if marker.args else marker.kwargs.get("name", "")
    if not isinstance(name, str):
        raise _wrong(marker, f"found {name!r} as the name of the site")
    seed = marker.kwargs.get("seed")
    if seed is not None and (isinstance(seed, bool) or not isinstance(seed, int)):
        raise _wrong(marker, f"found seed={seed!r}, expected a whole number")
    settle = marker.kwargs.get("settle", 0.0)
    try:
        settle_s = seconds(settle)
    except (TypeError, ValueError):
        raise _wrong(marker, f"found settle={settle!r}, expected a time such as 90, 30s, 15min or 2h") from None
    if not 0.0 <= settle_s < float("inf"):
        raise _wrong(marker, f"found settle={settle!r}, expected a time of 0 s or more")
    wanted, known = marker.kwargs.get("tolerances"), get_args(Tolerances)
    if wanted is not None and wanted not in known:
        raise _wrong(marker, f"found tolerances={wanted!r}, expected {' or '.join(map(repr, known))}")
    return SiteMark(name, settle_s, seed, wanted)


def names_in(item: pytest.Item, marker: str) -> tuple[str, ...]:
    """The names in all markers of that kind, the closest first.

    Raises:
        WrongMarker: one of them has a keyword, or something that is no name.
    """
    found: list[str] = []
    for mark in item.iter_markers(marker):
        _refuse_unknown(mark, ())
        for argument in mark.args:
            if not isinstance(argument, str):
                raise _wrong(mark, f"found {argument!r}, expected a name in quotes")
            found.append(argument)
    return tuple(found)


def controller_of(item: pytest.Item) -> str:
    """The controller that the closest marker names, empty if none does.

    Raises:
        WrongMarker: it names none, or several.
    """
    marker = item.get_closest_marker("controller")
    if marker is None:
        return ""
    names_in(item, "controller")
    if len(marker.args) != 1:
        raise _wrong(marker, f"found {len(marker.args)} names, expected one")
    return str(marker.args[0])


def site_name(item: pytest.Item) -> str:
    """The site of a test: that of the marker `site`, else of --site, else the default.

    Raises:
        WrongMarker: the marker has arguments that it does not take.
    """
    return site_mark(item).name or item.config.getoption("--site") or DEFAULT_SITE


def seed_given(item: pytest.Item) -> int | None:
    """--seed, else that of the marker `site`; None leaves it to the file of the site.

    Raises:
        WrongMarker: the marker has arguments that it does not take.
    """
    given: int | None = item.config.getoption("--seed")
    return site_mark(item).seed if given is None else given


def model_of(item: pytest.Item) -> Site:
    """The site of a test, at its start.

    Raises:
        WrongMarker: the marker has arguments that it does not take.
        FileError: there is no such site, or its file is wrong.
    """
    consent = bool(item.config.getoption("--beyond-loopback"))
    mark = site_mark(item)
    return fresh(beside(site_name(item), item.path), seed_given(item), mark.settle_s, consent, mark.tolerances)


def _refuse_unknown(marker: pytest.Mark, accepted: tuple[str, ...]) -> None:
    for name in marker.kwargs:
        if name not in accepted:
            hint = did_you_mean(name, accepted, most=1)
            raise _wrong(marker, f"found {name}={marker.kwargs[name]!r}{hint}")


def _wrong(marker: pytest.Mark, found: str) -> WrongMarker:
    arguments: list[Any] = [*map(repr, marker.args), *(f"{name}={value!r}" for name, value in marker.kwargs.items())]
    return WrongMarker(
        f"@pytest.mark.{marker.name}({', '.join(arguments)}): {found}; it takes {MARKERS[marker.name].split(':')[0]}"
    )
