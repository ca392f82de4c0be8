"""`twinfeed rig arm`, `disarm` and `reset`: a person lets things move on a bench, and brings it back to rest."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import typer

from twinfeed._phrases import Phrase
from twinfeed.harness.cli.output import Exit, JsonOption, fail, print_json, tell
from twinfeed.harness.durations import seconds, spoken
from twinfeed.harness.language import spoken as language
from twinfeed.harness.reference.answers import prints
from twinfeed.hil_rigs.cli.answers import Armed, AtRest
from twinfeed.hil_rigs.cli.bench import File
from twinfeed.hil_rigs.cli.supervised import As, agreed, person_of, pin_of, rig_of, with_client
from twinfeed.hil_rigs.emergency.page import token_of
from twinfeed.hil_rigs.persons import checklist
from twinfeed.hil_rigs.rigfile import Rig
from twinfeed.hil_rigs.schema import text_in
from twinfeed.hil_rigs.supervisor.client import Client
from twinfeed.hil_rigs.supervisor.places import folder, record_of, socket_of
from twinfeed.hil_rigs.supervisor.process import join


@prints(Armed)
def arm(
    file: File,
    person: As = "",
    for_: Annotated[
        str, typer.Option("--for", metavar="TIME", help="How long; the bench is read-only afterwards.")
    ] = "1h",
    confirm: Annotated[
        list[str] | None,
        typer.Option(
            "--confirm",
            metavar="NAME",
            help="For scripts: who has confirmed the checklist; NUMBER=NAME for one item. May be repeated.",
        ),
    ] = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="Whoever is responsible has confirmed the whole checklist; nothing is asked.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Let things move on a bench, on a person's responsibility, for so long.

    Before that each item of the bench's checklist is confirmed, and recorded with the name of the person. With --json
    nothing is asked: --yes or --confirm confirms all.

    Example: twinfeed rig arm ups-bench --as "Awa Traoré" --for 2h
    """
    rig = rig_of(file)
    person = person_of(rig, person)
    try:
        for_s = seconds(for_)
    except ValueError as error:
        fail(Phrase("--for: {error}", error=error), Exit.USAGE)
    try:
        confirmed = checklist.by_options(rig.bench, [person] if yes else confirm or ())
    except ValueError as error:
        fail(Phrase("--confirm: {error}", error=error), Exit.USAGE)
    if not json:
        movable = ", ".join(f"{name} ({actuator.means})" for name, actuator in rig.bench.actuators.items())
        tell(
            Phrase(
                "{rig}: these may move for {time}: {movable}",
                rig=rig.name,
                time=spoken(for_s),
                movable=movable or Phrase("nothing"),
            )
        )
    for item, text in zip(checklist.items(rig.bench), rig.bench.checklist, strict=True):
        if item not in confirmed and (json or not agreed(text_in(text, language()))):
            fail(Phrase("not armed, since this is not confirmed: {item}", item=text_in(text, language())), Exit.NO)
        confirmed.setdefault(item, person)
    pin = pin_of(rig, person, to_stderr=json)

    async def do(client: Client) -> Any:
        await _first_readings(client, rig)
        await client.ask("arm", person=person, for_s=for_s, pin=pin, confirmed=confirmed)

    with_client(join(rig), do)
    page = _stop_page(rig)
    if json:
        armed: Armed = {
            "bench": rig.name,
            "state": "armed",
            "by": person,
            "for_s": for_s,
            "movable": list(rig.bench.actuators),
            "confirmed": confirmed,
            "record": str(record_of(rig)),
            "stop_page": page,
        }
        return print_json(armed)
    tell(
        Phrase("armed by {person} for {time}; record: {path}", person=person, time=spoken(for_s), path=record_of(rig)),
        "green",
    )
    if page is not None:
        tell(Phrase("stop page: {address}", address=page))
    return None


def _stop_page(rig: Rig) -> str | None:
    """The address of the page with the stop button; None if the bench has none."""
    page = rig.bench.emergency_stop
    if page.web is None:
        return None
    host = f"[{page.listen}]" if ":" in page.listen else page.listen
    return f"http://{host}:{page.web}/?token={token_of(folder(rig))}"


async def _first_readings(client: Client, rig: Rig) -> None:
    """Wait until the interlocks' quantities have been read once, or their instruments report that they cannot be."""
    wanted = {limit.quantity for limit in rig.bench.interlocks.values()}
    for _ in range(100):
        told = await client.ask("status")
        if wanted <= set(told["readings"]) | set(told["silent"]):
            return
        await asyncio.sleep(0.1)


@prints(AtRest)
def disarm(file: File, person: As = "", json: JsonOption = False) -> None:
    """Bring the bench back to normal operation; nothing moves any more.

    Example: twinfeed rig disarm ups-bench
    """
    rig = rig_of(file)
    person = person_of(rig, person)
    pin = pin_of(rig, person, to_stderr=json)
    with_client(Client.connect(socket_of(rig)), lambda client: client.ask("disarm", person=person, pin=pin))
    _at_rest(rig, Phrase("{rig} is read-only", rig=rig.name), json)


@prints(AtRest)
def reset(file: File, person: As = "", json: JsonOption = False) -> None:
    """Bring a bench from its safe state back to normal operation. Inspect the bench first.

    Example: twinfeed rig reset ups-bench
    """
    rig = rig_of(file)
    person = person_of(rig, person)
    pin = pin_of(rig, person, to_stderr=json)
    with_client(join(rig), lambda client: client.ask("reset", person=person, pin=pin))
    _at_rest(rig, Phrase("{rig} is back to normal and read-only", rig=rig.name), json)


def _at_rest(rig: Rig, text: str, json: bool) -> None:
    rest: AtRest = {"bench": rig.name, "state": "read-only", "not_safe": []}
    print_json(rest) if json else tell(text)
