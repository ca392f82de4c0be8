"""Commands that talk to a running site through its control socket."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from twinfeed.emulators.site import Site
from twinfeed.harness.cli.output import (
    Exit,
    JsonOption,
    console,
    devices_table,
    fail,
    plain_errors,
    print_json,
    table,
)
from twinfeed.harness.control import ask, running
from twinfeed.harness.control.showing import pace
from twinfeed.harness.durations import seconds, spoken
from twinfeed.harness.faults import catalogue
from twinfeed.harness.faults.kinds import FAMILIES
from twinfeed.harness.reference.answers import prints
from twinfeed.harness.reference.answers.files import KindPointEntry
from twinfeed.harness.reference.answers.running import (
    Begun,
    DeviceState,
    FaultEntry,
    Named,
    PointState,
    Reading,
    Status,
)

SiteOption = Annotated[str | None, typer.Option("--site", help="The running site, if there are several.")]
BeyondOption = Annotated[
    bool,
    typer.Option(
        "--beyond-loopback",
        help="Addresses of the site file outside 127.0.0.0/8 are meant, as with `beyond_loopback: true` in the file.",
    ),
]


@prints(Status)
def status(site: SiteOption = None, json: JsonOption = False) -> None:
    """Show the running site's clock, alarms and active faults.

    Exits with 1 while any alarm is active, so that scripts can wait for a quiet site.

    Example: twinfeed status --json | jq .alarms
    """
    with plain_errors():
        now = ask({"do": "status"}, site)
    if json:
        print_json(now)
    else:
        console.print(f"[bold]{escape(now['site'])}[/bold]  {escape(now['title'])}")
        console.print(
            f"clock {spoken(now['now_s'])}  speed {pace(now)}  behind {now['lag_s']:.1f} s  "
            f"devices reachable {now['reachable']} of {now['devices']}"
        )
        for fault in now["faults"]:
            console.print(f"[yellow]fault[/]  {fault['target']} {fault['kind']}")
        for alarm in now["alarms"]:
            console.print(f"[red]alarm[/]  {alarm['device']} {alarm['alarm']} since {spoken(alarm['since_s'])}")
        if not now["alarms"]:
            console.print("[green]no alarms[/]")
    raise typer.Exit(Exit.NO if now["alarms"] else Exit.DONE)


@prints(list[DeviceState])
def devices(
    pattern: Annotated[str, typer.Argument(help="Show only devices whose name contains this.")] = "",
    site: SiteOption = None,
    json: JsonOption = False,
) -> None:
    """List the devices: addresses, state, alarms.

    Example: twinfeed devices ups
    """
    with plain_errors():
        found = [d for d in ask({"do": "devices"}, site)["devices"] if pattern in d["name"]]
    if json:
        print_json(found)
        raise typer.Exit(Exit.DONE if found else Exit.NO)
    if not found:
        fail(f"no device's name contains {pattern!r}", Exit.NO)
    console.print(devices_table(found, console.width))


@prints(list[PointState] | list[KindPointEntry])
def points(
    device: Annotated[
        str, typer.Argument(help="A device, as `twinfeed devices` lists it; with --kind it is left out.")
    ] = "",
    pattern: Annotated[str, typer.Argument(help="Show only points whose name contains this.")] = "",
    kind: Annotated[
        str | None, typer.Option("--kind", help="All points of this kind of device; no site needs to run.")
    ] = None,
    site: SiteOption = None,
    json: JsonOption = False,
) -> None:
    """List the points of a device with their present values, or those of a kind with the products that show them.

    Examples:

      twinfeed points ups-a1 battery

      twinfeed points --kind relay_io
    """
    if kind is not None:
        return _points_of_kind(kind, device or pattern, json)
    if not device:
        fail("expected a device (`twinfeed devices` lists them), or --kind KIND", Exit.USAGE)
    with plain_errors():
        answer = ask({"do": "points", "device": device}, site)
    found = [p for p in answer["points"] if pattern in p["point"]]
    if json:
        print_json(found)
        raise typer.Exit(Exit.DONE if found else Exit.NO)
    if not found:
        fail(f"no point of {device} contains {pattern!r}", Exit.NO)
    listing = table("", "point", "value", "unit", "access", "what it is")
    for point in found:
        takes = f" ({', '.join(point['values'])})" if point["values"] else ""
        listing.add_row(
            point["point"], _text(point["value"]), point["unit"], point["access"], escape(point["doc"] + takes)
        )
    return console.print(listing)


def _points_of_kind(kind: str, pattern: str, json: bool) -> None:
    from twinfeed.harness.characterise.drafting.kinds import points_of

    with plain_errors():
        found = [point for point in points_of(kind) if pattern in point.name]
    if json:
        return print_json([asdict(point) for point in found])
    listing = table("", "point", "unit", "access", "what it is", "shown by")
    for point in found:
        takes = f" ({', '.join(point.values)})" if point.values else ""
        listing.add_row(point.name, point.unit, point.access, escape(point.doc + takes), ", ".join(point.shown_by))
    return console.print(listing)


@prints(Reading)
def read(
    device: Annotated[str, typer.Argument(help="A device, as `twinfeed devices` lists it.")],
    point: Annotated[str, typer.Argument(help="A point, as `twinfeed points DEVICE` lists it.")],
    site: SiteOption = None,
    json: JsonOption = False,
) -> None:
    """Read one point of a device.

    Example: twinfeed read ups-a1 battery.charge
    """
    with plain_errors():
        answer = ask({"do": "read", "device": device, "point": point}, site)
    if json:
        print_json(answer)
    else:
        console.print(f"{_text(answer['value'])} {answer['unit']}".rstrip())


@prints(Reading)
def write(
    device: Annotated[str, typer.Argument(help="A device.")],
    point: Annotated[str, typer.Argument(help="A writable point.")],
    value: Annotated[str, typer.Argument(help="A number, true, false or one of the point's words.")],
    site: SiteOption = None,
    json: JsonOption = False,
) -> None:
    """Write one point of a device, as a management station does.

    Example: twinfeed write pdu-1-a outlet.3.control off
    """
    with plain_errors():
        answer = ask({"do": "write", "device": device, "point": point, "value": value_of(value)}, site)
    if json:
        print_json(answer)
    else:
        console.print(f"{device} {point} = {_text(answer['value'])} {answer['unit']}".rstrip())


@prints(Begun)
def fault(
    target: Annotated[str, typer.Argument(help="A component or device; NAME:POINT for a fault of a point.")],
    kind: Annotated[str, typer.Argument(help="A fault, as `twinfeed faults TARGET` lists it.")],
    for_: Annotated[
        str | None, typer.Option("--for", help="Duration, site time: 30s, 15min, 2h. Default: until cleared.")
    ] = None,
    set_: Annotated[list[str] | None, typer.Option("--set", help="A parameter, name=number; may be repeated.")] = None,
    at: Annotated[str | None, typer.Option("--at", help="It begins so much later, site time. Default: now.")] = None,
    ramp: Annotated[
        str | None, typer.Option("--ramp", help="Its parameters rise from no effect within this time, site time.")
    ] = None,
    flap: Annotated[
        str | None, typer.Option("--flap", help="ON,OFF: it comes and goes, such as 20s,40s of site time.")
    ] = None,
    when: Annotated[
        str | None,
        typer.Option("--when", help="It begins the first time that this is true, not before --at."),
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", help="It ends the first time that this is true after it began.")
    ] = None,
    site: SiteOption = None,
    json: JsonOption = False,
) -> None:
    """Inject a fault into the running site.

    Examples:

      twinfeed fault utility-a outage --for 20min

      twinfeed fault utility-b sag --set depth=30

      twinfeed fault utility-b outage --at 5min --flap 20s,40s --for 10min

      twinfeed fault utility-a outage --until "generator-1.running"
    """
    try:
        request: dict[str, Any] = {
            "for_s": None if for_ is None else seconds(for_),
            "parameters": dict(assignment(text) for text in set_ or ()),
            "at_s": seconds(at) if at else 0.0,
            "ramp_s": seconds(ramp) if ramp else 0.0,
            "flap": _on_and_off(flap) if flap else None,
            "when": when,
            "until": until,
        }
    except ValueError as error:
        fail(str(error), Exit.USAGE)
    with plain_errors():
        answer = ask({"do": "fault", "target": target, "kind": kind, **request}, site)
    if json:
        print_json(answer)
    else:
        later = " and ".join([*([f"in {at}"] if at else []), *([f"when {when}"] if when else [])])
        begins = f"will suffer {kind} {later}" if later else f"now suffers {kind}"
        ends = " or ".join([*([f"for {for_}"] if for_ else []), *([f"until {until}"] if until else [])])
        console.print(escape(f"{target} {begins} {ends or 'until `twinfeed clear`'}"), soft_wrap=True)


def _on_and_off(text: str) -> list[float]:
    """The two times of `--flap`, s.

    Raises:
        ValueError: not two times.
    """
    times = [seconds(part) for part in text.split(",")]
    if len(times) != 2:
        raise ValueError(f"--flap {text}: expected the times on and off, such as 20s,40s")
    return times


@prints(list[FaultEntry])
def faults(
    target: Annotated[str | None, typer.Argument(help="A component or device of a site; default: all kinds.")] = None,
    family: Annotated[
        str | None, typer.Option("--family", help=f"Only faults of this family: {', '.join(FAMILIES)}.")
    ] = None,
    site: Annotated[
        str | None,
        typer.Option("--site", help="A site, running or not; default: the running one."),
    ] = None,
    json: JsonOption = False,
) -> None:
    """List all faults by family: effect, targets, parameters, and the worlds that realise them.

    A fault of a point or a setting names it after the target: twinfeed fault crah-11:air.supply sensor-bias

    On a running site, only those that `twinfeed fault` takes are in the table.

    Examples:

      twinfeed faults

      twinfeed faults --site bamako utility-a

      twinfeed faults --family people
    """
    if family is not None and family not in FAMILIES:
        fail(f"--family {family}: expected one of {', '.join(FAMILIES)}", Exit.USAGE)
    with plain_errors():
        found = [item for item in _kinds(target, site) if family in (None, item["family"])]
    if json:
        print_json(found)
        return
    listed = [item for item in found if item.get("here", True)]
    for name in FAMILIES:
        rows = [item for item in listed if item["family"] == name]
        if rows:
            console.print(_faults_table(name, rows))
    if len(listed) < len(found):
        more = len(found) - len(listed)
        console.print(
            f"{more} more, of the wire and of the controller, need `twinfeed proxy` or a test (twinfeed faults)"
        )


def _kinds(target: str | None, site: str | None) -> list[dict[str, Any]]:
    """The catalogue, or the faults that a site or a target can have. The site need not run."""
    if site is None and target is None:
        return [entry.to_dict() for entry in catalogue.kinds()]
    if site is None or site in running():
        found: list[dict[str, Any]] = ask({"do": "faults", "target": target}, site)["faults"]
        return found
    model = Site.load(site)
    entries = catalogue.of_target(model, target) if target else catalogue.of_site(model)
    return [{"target": target, **entry.to_dict()} for entry in entries]


def _faults_table(family: str, rows: list[dict[str, Any]]) -> Table:
    listing = table(family, "target", "fault", "what it does", "parameters", "worlds")
    for item in rows:
        takes = ", ".join(f"{name}={text}" for name, text in item["parameters"].items())
        on = item.get("target") or ", ".join(item["targets"])
        on += f":{','.join(item['of']).upper()}" if item["of"] else ""
        listing.add_row(escape(on), item["kind"], escape(item["doc"]), escape(takes), " ".join(item["worlds"]))
    return listing


@prints(list[Named])
def clear(
    target: Annotated[str | None, typer.Argument(help="A component or device; default: everything.")] = None,
    kind: Annotated[str | None, typer.Argument(help="One fault of the target; default: all of them.")] = None,
    site: SiteOption = None,
    json: JsonOption = False,
) -> None:
    """Clear faults. The state before the fault is restored.

    Example: twinfeed clear utility-a outage
    """
    with plain_errors():
        cleared = ask({"do": "clear", "target": target, "kind": kind}, site)["cleared"]
    if json:
        print_json(cleared)
    else:
        for item in cleared:
            console.print(f"{item['target']} {item['kind']} cleared")
        if not cleared:
            console.print("there was nothing to clear")


def _text(value: Any) -> str:
    if value is None:
        return "no reading"
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def value_of(text: str) -> float | int | bool | str:
    """`true`, `3` and `2.5` become a truth and numbers; everything else is text."""
    if text in ("true", "false"):
        return text == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def assignment(text: str) -> tuple[str, float]:
    """A parameter of the form NAME=NUMBER, as `--set` takes it.

    Raises:
        ValueError: not name=number.
    """
    name, _, number = text.partition("=")
    try:
        return name, float(number)
    except ValueError:
        raise ValueError(f"--set {text}: expected name=number, such as depth=30") from None
