"""A scenario and its outcome as lines of text."""

from __future__ import annotations

from rich.markup import escape

from twinfeed.harness.cli.output import console
from twinfeed.harness.durations import spoken
from twinfeed.harness.faults.deeds import Command, Deed
from twinfeed.harness.faults.scenario import Scenario
from twinfeed.harness.faults.schedule import Scheduled


def _onset(entry: Scheduled) -> str:
    if entry.when is None and not entry.after:
        return f"at {spoken(entry.at_s)}"
    parts = [f"after {entry.after}" if entry.after else "", f"when {entry.when}" if entry.when is not None else ""]
    delay = [f"{spoken(entry.delay_s)} later"] if entry.delay_s else []
    return escape(", ".join([*filter(None, parts), *delay]))


def _of(entry: Scheduled) -> str:
    """The effect of the entry and its duration, as text."""
    lasting = "" if entry.for_s is None else f"for {spoken(entry.for_s)}"
    lasting += f" until {entry.until}" if entry.until is not None else ""
    if isinstance(entry, Command):
        return f"{entry.point} = {entry.value} over the wire {lasting}".rstrip()
    if isinstance(entry, Deed):
        mistake = "left out" if entry.skipped else f"at {entry.wrong} by mistake" if entry.wrong else ""
        late = f"{spoken(entry.late_s)} too late" if entry.late_s else ""
        given = [f"{name}={value}" for name, value in entry.parameters.items()]
        return " ".join(filter(None, [f"{entry.deed} by hand", *given, mistake, late, lasting]))
    numbers = " ".join(f"{name}={value:g}" for name, value in entry.parameters.items())
    flap = f" {entry.flap[0]:g} s on, {entry.flap[1]:g} s off" if entry.flap else ""
    return f"{entry.kind} {numbers} {lasting or 'to the end'}{flap}"


def tell(scenario: Scenario, what: str, held: bool = False) -> None:
    """Print the entries of a scenario, one a line, and then the text of its outcome."""
    for entry in scenario.entries:
        console.print(f"  {_onset(entry)}  {escape(entry.target)} {escape(_of(entry))}")
    if not scenario.entries:
        console.print("  no fault at all")
    console.print(f"[green]{escape(what)}[/]" if held else escape(what), soft_wrap=True)
