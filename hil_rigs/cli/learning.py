"""`twinfeed rig record` and `twinfeed rig drift`: recordings of the devices of a bench, and their drift."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.markup import escape

from twinfeed._phrases import N_, Phrase
from twinfeed.emulators.plant.kernel.actor import PlantError
from twinfeed.emulators.yamlfile import FileError
from twinfeed.harness.cli.output import (
    Exit,
    JsonOption,
    console,
    errors,
    fail,
    plain_errors,
    print_json,
    several,
    table,
    tell,
)
from twinfeed.harness.cli.recording.comparing import (
    Comparison,
    IgnoreOption,
    PartialOption,
    SameOption,
    ScenarioOption,
    Terms,
    ToleranceOption,
    WithinOption,
    compared,
    document,
    terms,
)
from twinfeed.harness.cli.recording.learning import OutputOption, PatienceOption, UnderOption, recorded, told, walker
from twinfeed.harness.durations import seconds
from twinfeed.harness.language import said
from twinfeed.harness.reference.answers import prints
from twinfeed.harness.reference.answers.recording import Recorded
from twinfeed.hil_rigs.cli.answers import RigDrift
from twinfeed.hil_rigs.cli.bench import File
from twinfeed.hil_rigs.cli.check import INTERRUPTED

if TYPE_CHECKING:
    from twinfeed.harness.characterise.drift.twin import Twin
    from twinfeed.harness.characterise.recording.recording import Recording
    from twinfeed.harness.faults.scenario import Scenario
    from twinfeed.hil_rigs.learning import NoRecording
    from twinfeed.hil_rigs.rigfile import Rig

RateOption = Annotated[
    str, typer.Option("--rate", help="Most requests to a device whose `rate` the file does not give: 10/s, 30/min.")
]


@prints(Recorded)
def record(
    file: File,
    device: Annotated[str, typer.Argument(help="A device of the bench.", show_default=False)],
    output: OutputOption,
    over: Annotated[
        Literal["snmp", "modbus"] | None, typer.Option("--over", help="Default: snmp where the device has it.")
    ] = None,
    under: UnderOption = None,
    ranges: Annotated[
        str | None,
        typer.Option("--ranges", help="Modbus: holding:0-199,input:0-49. Default: the ranges of the profile."),
    ] = None,
    every: Annotated[str, typer.Option("--every", help="From one walk to the next: 30s, 1min.")] = "1min",
    for_: Annotated[str, typer.Option("--for", help="For how long. Default: one walk.")] = "0s",
    rate: RateOption = "10/s",
    patience: PatienceOption = "30s",
    json: JsonOption = False,
) -> None:
    """Record a device of a bench over time; only reads. To continue after an interruption, use the same file again.

    Example: twinfeed rig record ups-bench.yaml ups-1 -o ups-1.jsonl --every 5s --for 10min
    """
    from twinfeed.harness.characterise.recording.pace import per_second
    from twinfeed.harness.characterise.recording.recorder import time_limit_s, walk_count
    from twinfeed.harness.characterise.recording.snmp_walk import MOST_VARIABLES
    from twinfeed.hil_rigs import rigfile
    from twinfeed.hil_rigs.learning import chosen, handle_of, pace_of, protocol_of
    from twinfeed.hil_rigs.places import held

    with plain_errors():
        bench = rigfile.read(file)
    try:
        chosen(bench, [device])
        modbus = protocol_of(bench, device, over) == "modbus"
        pace = pace_of(bench, device, per_second(rate))
        every_s, patience_s = seconds(every), seconds(patience)
        for_s = seconds(for_)
        walks, limit_s = walk_count(every_s, for_s), time_limit_s(for_s)
    except ValueError as error:
        fail(str(error), Exit.USAGE)

    async def made() -> Recording:
        async with held(bench) as here:
            handle = handle_of(here, device)
            transport = handle.modbus if modbus else handle.snmp
            assert transport is not None, "its protocol is one that the file gives"
            profile = handle.profile if modbus and ranges is None else None
            asks = walker(transport, under, ranges, profile, pace, MOST_VARIABLES)
            return await recorded(asks, output, walks, every_s, patience_s, limit_s, json)

    with _reading(bench, "twinfeed rig record") as taken:
        if device in taken:
            fail(
                Phrase(
                    "{device} is on a serial line that the supervisor of {bench} reads", device=device, bench=bench.name
                ),
                Exit.UNREACHABLE,
            )
        told(made(), output, pace, json, bench.profiles[device])


@prints(RigDrift)
def drift(
    file: File,
    devices: Annotated[
        list[str] | None,
        typer.Argument(metavar="[DEVICE]", help="Default: all devices of the bench that have a twin."),
    ] = None,
    scenario: ScenarioOption = None,
    same: SameOption = False,
    tolerance: ToleranceOption = 10.0,
    within: WithinOption = "1s",
    ignore: IgnoreOption = None,
    partial: PartialOption = False,
    every: Annotated[str, typer.Option("--every", help="From one walk to the next.")] = "10s",
    for_: Annotated[str, typer.Option("--for", help="For how long. Default: one walk.")] = "0s",
    rate: RateOption = "50/s",
    json: JsonOption = False,
) -> None:
    """Compare devices of a bench with their emulators in its wiring, and list the differences.

    Nothing is written and nothing moves. Exits with 0 when nothing differs, 1 when something does or when nothing was
    compared, 2 when the file, an argument or a password is wrong, 3 when a device does not answer.

    Examples:

      twinfeed rig drift ups-bench.yaml

      twinfeed rig drift ups-bench.yaml ups-1 --every 5s --for 2min --scenario outage.yaml
    """
    from twinfeed.harness.characterise.recording.pace import per_second
    from twinfeed.harness.characterise.recording.recorder import time_limit_s, walk_count
    from twinfeed.harness.faults.scenario import Scenario
    from twinfeed.hil_rigs import rigfile
    from twinfeed.hil_rigs.learning import chosen

    with plain_errors():
        bench = rigfile.read(file)
    try:
        agreed = terms(scenario, same, tolerance, within, ignore, partial)
        per_s, every_s = per_second(rate), seconds(every)
        for_s = seconds(for_)
        walks, limit_s = walk_count(every_s, for_s), time_limit_s(for_s)
        course = None if scenario is None else Scenario.load(scenario)
        twins = _twins(bench, chosen(bench, devices or ()), course, scenario, all_of_them=bool(devices))
        with _reading(bench, "twinfeed rig drift") as taken:
            for name in taken:
                if twins.pop(name, None) is not None:
                    tell(Phrase("{name}: left out, the supervisor reads its serial line", name=name), to=errors)
            if not twins:
                fail(Phrase("no device is left to compare"), Exit.UNREACHABLE)
            recordings = asyncio.run(_recordings(bench, list(twins), per_s, walks, every_s, limit_s))
        outcomes = {name: _outcome(twin, recordings[name], agreed) for name, twin in twins.items()}
    except (ValueError, FileError, PlantError) as error:
        fail(str(error), Exit.USAGE)
    without = [] if devices else [name for name in bench.bench.devices if name not in twins]
    if json:
        print_json(_document(bench, outcomes, without))
    else:
        _print(bench, outcomes, without)
    raise typer.Exit(max(_code(outcome) for outcome in outcomes.values()))


@contextmanager
def _reading(bench: Rig, what: str) -> Iterator[list[str]]:
    """The bench to read; the names are of devices that a supervisor has for itself. Trouble ends it with a message."""
    from twinfeed.hil_rigs.cli.reading import free_to_read, on_serial_lines
    from twinfeed.hil_rigs.credentials import NoCredential
    from twinfeed.hil_rigs.lock import Held
    from twinfeed.hil_rigs.places import PlaceError

    try:
        with free_to_read(bench, what) as beside:
            yield on_serial_lines(bench) if beside else []
    except (ValueError, NoCredential) as error:
        fail(str(error), Exit.USAGE)
    except (Held, PlaceError, OSError) as error:
        fail(str(error), Exit.UNREACHABLE)
    except KeyboardInterrupt:
        tell(Phrase("twinfeed: stopped; nothing was written to the bench"), to=errors)
        raise typer.Exit(INTERRUPTED) from None


def _twins(
    bench: Rig, names: list[str], scenario: Scenario | None, scenario_file: Path | None, all_of_them: bool
) -> dict[str, Twin]:
    """The twins of these devices, or of those that have one.

    Raises:
        NoTwin: a device that must have one has none, or no device has.
    """
    from twinfeed.harness.characterise.drift.twin import NoTwin
    from twinfeed.hil_rigs.learning import twin_of

    found: dict[str, Twin] = {}
    for name in names:
        try:
            found[name] = twin_of(bench, name, scenario, scenario_file or Path("scenario"))
        except NoTwin:
            if all_of_them:
                raise
    if not found:
        raise NoTwin(
            Phrase(
                "the wiring of {bench} emulates none of its devices: there is nothing to compare them with",
                bench=bench.name,
            )
        )
    return found


async def _recordings(
    bench: Rig, names: list[str], per_s: float, walks: int, every_s: float, limit_s: float
) -> dict[str, Recording | NoRecording]:
    from twinfeed.hil_rigs.learning import recordings
    from twinfeed.hil_rigs.places import held

    async with held(bench) as here:
        return await recordings(here, names, per_s, walks, every_s, limit_s)


def _outcome(twin: Twin, recording: Recording | NoRecording, agreed: Terms) -> Comparison | NoRecording:
    """The device beside its twin, unless it could not be recorded. Raises as `Twin.beside`."""
    if isinstance(recording, Exception):
        return recording
    return compared(recording, twin.beside(recording), twin.profile, agreed)


def _code(outcome: Comparison | NoRecording) -> Exit:
    from twinfeed.hil_rigs.credentials import NoCredential

    if isinstance(outcome, Comparison):
        return Exit.NO if outcome.differences else Exit.DONE
    return Exit.USAGE if isinstance(outcome, NoCredential) else Exit.UNREACHABLE


def _document(bench: Rig, outcomes: dict[str, Comparison | NoRecording], without: list[str]) -> dict[str, object]:
    from twinfeed.hil_rigs.learning import another_product

    return {
        "bench": bench.name,
        "devices": [
            {"name": name, "note": another_product(bench, name)}
            | (document(outcome) if isinstance(outcome, Comparison) else {"trouble": str(outcome)})
            for name, outcome in outcomes.items()
        ],
        "without_twin": without,
    }


def _print(bench: Rig, outcomes: dict[str, Comparison | NoRecording], without: list[str]) -> None:
    from twinfeed.hil_rigs.learning import another_product

    for name, outcome in outcomes.items():
        if not isinstance(outcome, Comparison):
            tell(Phrase("{name}: not compared: {outcome}", name=name, outcome=outcome), "red")
            console.print()
            continue
        console.print(f"[bold]{escape(name)}[/]: {escape(outcome.heading)}", soft_wrap=True)
        console.print(escape(str(outcome.compared)), soft_wrap=True)
        if note := another_product(bench, name):
            tell(note, "yellow")
        if not outcome.differences:
            tell(Phrase("no drift"), "green")
            console.print()
            continue
        listing = table("", N_("kind"), N_("where"), N_("device"), N_("twin"), "")
        for d in outcome.differences:
            listing.add_row(d.kind, escape(d.where), escape(d.device), escape(d.twin), escape(d.note))
        console.print(listing)
        console.print()
    tell(_summary(bench, outcomes, without))


def _summary(bench: Rig, outcomes: dict[str, Comparison | NoRecording], without: list[str]) -> str:
    comparisons = [outcome for outcome in outcomes.values() if isinstance(outcome, Comparison)]
    drifting = [len(comparison.differences) for comparison in comparisons if comparison.differences]
    parts = [Phrase("{n} without drift", n=len(comparisons) - len(drifting))]
    if drifting:
        parts.append(
            Phrase("{n} with {differences}", n=len(drifting), differences=several(sum(drifting), "difference"))
        )
    if len(outcomes) > len(comparisons):
        parts.append(Phrase("{n} not compared", n=len(outcomes) - len(comparisons)))
    if without:
        parts.append(Phrase("no twin in the wiring: {without}", without=", ".join(without)))
    return f"{bench.name}: {', '.join(map(said, parts))}"
