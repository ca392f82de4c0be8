"""Commands that print the reference: the kinds of components and devices, and the schemas of files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib.metadata import entry_points
from typing import Annotated, Any

import typer
from rich.markup import escape
from typer.core import TyperGroup
from typer.main import get_command

from twinfeed.emulators.nearness import did_you_mean
from twinfeed.harness.cli.output import Exit, JsonOption, console, fail, plain_errors, print_json, table
from twinfeed.harness.reference import kinds as reference
from twinfeed.harness.reference import schemas
from twinfeed.harness.reference.answers import Answer, Error, JsonSchema, answers, prints
from twinfeed.harness.reference.answers.files import Kinds
from twinfeed.harness.reference.fields import Field


@prints(Kinds | dict[str, reference.ComponentKind | reference.DeviceKind])
def kinds(
    kind: Annotated[str, typer.Argument(help="A kind of component or device; default: the list of kinds.")] = "",
    json: JsonOption = False,
) -> None:
    """List the kinds of components and devices, or the fields, quantities, points and faults of one.

    Examples:

      twinfeed kinds

      twinfeed kinds breaker

      twinfeed kinds ups --json
    """
    if not kind:
        return _list(json)
    with plain_errors():
        found = reference.described(kind)
    if json:
        return print_json(reference.as_json(found))
    for part, description in found.items():
        console.print(f"[bold]{part} {kind}[/bold]  {escape(description.doc)}")
        if isinstance(description, reference.ComponentKind):
            _component(description)
        else:
            _device(description)
    return None


def _list(json: bool) -> None:
    components = [reference.component(name) for name in reference.components()]
    devices = [reference.device(name) for name in reference.device_kinds()]
    if json:
        return print_json({"components": [c.kind for c in components], "devices": [d.kind for d in devices]})
    for title, described in (("components", components), ("devices", devices)):
        listing = table(title, "kind", "what it is")
        for each in described:
            listing.add_row(each.kind, escape(each.doc.split("\n\n")[0]))
        console.print(listing)
    return None


def _component(described: reference.ComponentKind) -> None:
    if described.fed:
        console.print(f"fed from: {described.fed}")
    if described.about_ratings:
        console.print(escape(described.about_ratings))
    _fields("ratings", described.ratings)
    listing = table("quantities", "name", "unit", "what it is")
    for quantity in described.quantities:
        words = f" ({', '.join(quantity.values)})" if quantity.values else ""
        listing.add_row(quantity.name, quantity.unit, escape(quantity.doc + words))
    console.print(listing)
    _faults(described.faults)


def _device(described: reference.DeviceKind) -> None:
    if described.manages:
        console.print(f"manages a {' or '.join(described.manages)}")
    _fields("fields of the device", described.settings)
    listing = table("points", "point", "unit", "access", "what it is")
    for point in described.points:
        words = f" ({', '.join(point.values)})" if point.values else ""
        listing.add_row(point.name, point.unit, point.access, escape(point.doc + words))
    console.print(listing)
    if described.alarms:
        console.print(f"alarms: {', '.join(described.alarms)}")
    _faults(described.faults)


def _fields(title: str, found: tuple[Field, ...]) -> None:
    listing = table(title, "field", "default", "may be", "what it is")
    for each in found:
        listing.add_row(each.name, escape(each.shown_default), escape(each.expected), escape(each.doc))
    console.print(listing)


def _faults(found: tuple[reference.KindFault, ...]) -> None:
    listing = table("faults", "fault", "parameters", "what it does")
    for each in found:
        listing.add_row(each.kind, ", ".join(each.parameters), escape(each.doc))
    console.print(listing)


@prints(JsonSchema)
def schema(
    context: typer.Context,
    name: Annotated[
        list[str] | None,
        typer.Argument(
            help="site, profile, scenario, campaign or rig; or a command, whose JSON it describes; or error.",
            metavar="FILE|COMMAND",
        ),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Print the JSON Schema of a kind of file, for completion in an editor, or of what a command prints with --json.

    Without a name it is that of a profile. The output is JSON with and without --json.

    Examples:

      twinfeed schema site > site.schema.json

      twinfeed schema rig status
    """
    file = " ".join(name or ["profile"])
    made: dict[str, Callable[[], dict[str, Any]]] = {
        "site": schemas.site,
        "profile": schemas.profile,
        "scenario": schemas.scenario,
        "campaign": _campaign,
    }
    above = {point.name: point for point in entry_points(group="twinfeed.schemas")}
    if file in above:
        made[file] = above[file].load()
    if file not in {*made, *above}:
        made |= {command: answer.schema for command, answer in _answers(context)}
    if file not in made:
        known = sorted({*made, *above})
        fail(f"found {file!r}{did_you_mean(file, known, '; expected ' + ', '.join(known))}", Exit.USAGE)
    print_json(made[file]())


def _answers(context: typer.Context) -> Iterator[tuple[str, Answer]]:
    """The promises of all commands, those of packages above the harness too, and of errors."""
    yield "error", Answer(Error, lines=False)
    groups = [context.find_root().command]
    for group in entry_points(group="twinfeed.commands"):
        if group.name not in getattr(groups[0], "commands", {}):
            groups.append(TyperGroup(commands={group.name: get_command(group.load())}))
    for each in groups:
        for name, _, answer in answers(each):
            if answer is not None:
                yield name, answer


def _campaign() -> dict[str, Any]:
    from twinfeed.harness.campaign.nights import plan

    return plan.json_schema()
