"""The comparison of a device with its emulator: the options and the output that all comparing commands share."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from twinfeed.harness.cli.output import console, finite, several, table
from twinfeed.harness.durations import seconds

if TYPE_CHECKING:
    from twinfeed.emulators.profiles.schema import Profile
    from twinfeed.harness.characterise.drift import Compared
    from twinfeed.harness.characterise.drift.surfaces import Difference
    from twinfeed.harness.characterise.recording.recording import Recording

ScenarioOption = Annotated[
    Path | None,
    typer.Option(
        "--scenario", help="A scenario file: the faults of the device while it was recorded. The twin gets them too."
    ),
]
SameOption = Annotated[
    bool, typer.Option("--same-scenario", help="Device and twin were in the same state: compare values too.")
]
ToleranceOption = Annotated[
    float,
    typer.Option("--tolerance", help="Largest difference of two values, %.", min=0.0, max=1000.0, callback=finite),
]
WithinOption = Annotated[
    str, typer.Option("--within", help="Largest difference in time of a change of a mode or alarm.")
]
IgnoreOption = Annotated[
    list[str] | None, typer.Option("--ignore", help="An OID to leave out, with everything below it, or a point.")
]
PartialOption = Annotated[
    bool,
    typer.Option("--partial", help="The recording does not cover the device: ignore values that only the twin has."),
]


@dataclass(frozen=True)
class Terms:
    """The kinds of differences that count; see `twinfeed.harness.characterise.drift.drift`."""

    same_scenario: bool
    tolerance: float
    """A fraction of the larger value."""
    within_s: float
    partial: bool
    ignore: tuple[str, ...]


def terms(
    scenario: Path | None, same: bool, tolerance: float, within: str, ignore: list[str] | None, partial: bool
) -> Terms:
    """The terms of those options; `tolerance` in %.

    Raises:
        ValueError: `within` is no duration.
    """
    return Terms(same or scenario is not None, tolerance / 100.0, seconds(within), partial, ignore=tuple(ignore or ()))


@dataclass(frozen=True)
class Comparison:
    """The recordings of both sides, the profile they were read through, and what differs."""

    device: Recording
    twin: Recording
    profile: Profile | None
    differences: list[Difference]
    compared: Compared
    """The number of values that both serve."""

    @property
    def heading(self) -> str:
        """The device and the twin that were compared."""
        sides = (f"{side.head.get('device')} ({several(len(side.walks), 'walk')})" for side in (self.device, self.twin))
        through = "" if self.profile is None else f", read through {self.profile.profile}"
        return " and ".join(sides) + through

    @property
    def may_be_partial(self) -> bool:
        """True if the twin has more values and the recording does not state that it covers the whole device."""
        return "asked" not in self.device.head and any(d.kind == "extra" for d in self.differences)


def compared(device: Recording, twin: Recording, profile: Profile | None, terms: Terms) -> Comparison:
    """Compare two recordings.

    Raises:
        ValueError: they are of different protocols.
    """
    from twinfeed.harness.characterise.drift import compare

    found, counted = compare(
        device,
        twin,
        profile,
        same_scenario=terms.same_scenario,
        tolerance=terms.tolerance,
        within_s=terms.within_s,
        partial=terms.partial,
        ignore=terms.ignore,
    )
    return Comparison(device, twin, profile, found, counted)


def document(comparison: Comparison) -> dict[str, object]:
    """The comparison as JSON, for `--json`."""
    device, twin, profile = comparison.device, comparison.twin, comparison.profile
    return {
        "device": device.head.get("device"),
        "twin": twin.head.get("device"),
        "profile": None if profile is None else profile.profile,
        "walks": {"device": len(device.walks), "twin": len(twin.walks)},
        "compared": asdict(comparison.compared),
        "differences": [asdict(difference) for difference in comparison.differences],
    }


def show(comparison: Comparison) -> None:
    """Print the comparison: each kind of difference with its meaning."""
    from twinfeed.harness.characterise.drift import KINDS

    console.print(escape(comparison.heading), soft_wrap=True)
    console.print(escape(str(comparison.compared)), soft_wrap=True)
    found = comparison.differences
    for kind, meaning in KINDS.items():
        here = [difference for difference in found if difference.kind == kind]
        if not here:
            continue
        console.print(f"\n[bold]{kind}[/]: {meaning} ({len(here)})", soft_wrap=True)
        listing = table("", "where", "device", "twin", "")
        for d in here:
            listing.add_row(escape(d.where), escape(d.device), escape(d.twin), escape(d.note))
        console.print(listing)
    if not found:
        console.print("[green]no drift[/]")
        return
    console.print(f"\n{several(len(found), 'difference')}")
    if comparison.may_be_partial:
        console.print("(if the recording does not hold all of the device, --partial leaves out what only the twin has)")
