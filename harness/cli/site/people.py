"""Commands for the deeds of people on a running site."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.markup import escape

from twinfeed.emulators.site import Site
from twinfeed.harness.cli.output import Exit, JsonOption, console, fail, plain_errors, print_json, table
from twinfeed.harness.cli.site.running import SiteOption, value_of
from twinfeed.harness.control import ask, running
from twinfeed.harness.reference.answers import prints
from twinfeed.harness.reference.answers.running import DeedEntry, Done


@prints(Done)
def do(
    target: Annotated[str, typer.Argument(help="A component or device.")],
    deed: Annotated[str, typer.Argument(help="A deed, as `twinfeed deeds TARGET` lists it.")],
    set_: Annotated[list[str] | None, typer.Option("--set", help="A parameter, name=value; may be repeated.")] = None,
    site: SiteOption = None,
    json: JsonOption = False,
) -> None:
    """Have a person do a deed on the running site.

    Exits with 1 if a padlock, an interlock or the device refuses it.

    Examples:

      twinfeed do q-tx-a open

      twinfeed do row-1 restart --set gap_s=20

      twinfeed do generator-1 set --set point=setting.start_delay --set value=5
    """
    parameters: dict[str, Any] = {}
    for text in set_ or ():
        name, equals, value = text.partition("=")
        if not (name and equals):
            fail(f"--set {text}: expected name=value, such as person=Awa", Exit.USAGE)
        parameters[name] = value_of(value)
    with plain_errors():
        answer = ask({"do": "do", "target": target, "deed": deed, "parameters": parameters}, site)
    if json:
        print_json(answer)
    elif answer["outcome"] == "done":
        console.print(f"{escape(target)} {escape(deed)}: done")
    else:
        console.print(f"{escape(target)} {escape(deed)}: [yellow]{answer['outcome']}[/]: {escape(answer['reason'])}")
    raise typer.Exit(Exit.DONE if answer["outcome"] == "done" else Exit.NO)


@prints(list[DeedEntry])
def deeds(
    target: Annotated[str | None, typer.Argument(help="A component or device of a site; default: all.")] = None,
    site: Annotated[
        str | None,
        typer.Option("--site", help="A site, running or not; default: the running one."),
    ] = None,
    json: JsonOption = False,
) -> None:
    """List what people can do at the components and devices of a site: deeds, their parameters, what takes them back.

    Examples:

      twinfeed deeds q-tx-a

      twinfeed deeds --site bamako
    """
    with plain_errors():
        found = _listed(target, site)
    if json:
        print_json(found)
        return
    listing = table("", "target", "deed", "what it does", "parameters", "taken back by")
    for item in found:
        takes = ", ".join(f"{name}={text}" for name, text in item["parameters"].items())
        listing.add_row(escape(item["target"]), item["deed"], escape(item["doc"]), escape(takes), item["undo"])
    console.print(listing)


def _listed(target: str | None, site: str | None) -> list[dict[str, Any]]:
    """The deeds at a target, or at all; the site need not run."""
    if site is None or site in running():
        found: list[dict[str, Any]] = ask({"do": "deeds", "target": target}, site)["deeds"]
        return found
    model = Site.load(site)
    targets = [target] if target else list(dict.fromkeys([*model.components, *model.devices]))
    return [
        {"target": name, "deed": deed, **kind.to_dict()} for name in targets for deed, kind in model.deeds(name).items()
    ]
