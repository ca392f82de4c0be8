"""Commands that talk to the supervisor of a bench."""

from __future__ import annotations

import asyncio
import getpass
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from typing import Annotated, Any

import typer
from rich.live import Live
from rich.markup import escape
from rich.table import Table

from twinfeed.emulators.yamlfile import FileError
from twinfeed.harness.cli.output import Exit, console, fail, plain_errors, print_json, table
from twinfeed.harness.durations import seconds, spoken
from twinfeed.harness.record import acting
from twinfeed.hil_rigs import rigfile
from twinfeed.hil_rigs.actuators.base import ActuatorFailed
from twinfeed.hil_rigs.cli.bench import File, Json
from twinfeed.hil_rigs.credentials import NoCredential
from twinfeed.hil_rigs.emergency import first, quick
from twinfeed.hil_rigs.emergency.asking import Hangs, NobodyThere, Refused, ask
from twinfeed.hil_rigs.emergency.mark import Mark, marks
from twinfeed.hil_rigs.emergency.page import token_of
from twinfeed.hil_rigs.lock import BenchLock, Held
from twinfeed.hil_rigs.persons.binding import persons_of
from twinfeed.hil_rigs.rigfile import Rig
from twinfeed.hil_rigs.supervisor.client import Client, SupervisorGone
from twinfeed.hil_rigs.supervisor.moves import Denied
from twinfeed.hil_rigs.supervisor.places import folder, record_of, socket_of
from twinfeed.hil_rigs.supervisor.process import CannotSupervise, join
from twinfeed.hil_rigs.supervisor.rescue import hand_over, make_safe, start_guard

As = Annotated[
    str,
    typer.Option(
        "--as",
        metavar="NAME",
        help="Who is responsible; one of `may_arm`. Default: the name of your login in the file.",
    ),
]

SHOW_S = 0.5
"""How often `watch` shows the bench anew, s."""


def _read(file: str) -> Rig:
    with plain_errors():
        return rigfile.read(file)


def _with(client: Awaitable[Client], do: Callable[[Client], Awaitable[Any]]) -> Any:
    """Do that with a connection to the supervisor; what goes wrong is told in a line."""

    async def run() -> Any:
        connected = await client
        try:
            return await do(connected)
        finally:
            await connected.close()

    try:
        return asyncio.run(run())
    except (Denied, ActuatorFailed) as error:
        fail(str(error), Exit.NO)
    except (CannotSupervise, SupervisorGone, NoCredential) as error:
        fail(str(error), Exit.UNREACHABLE)


def status(file: File, json: Json = False) -> None:
    """How the bench is: read-only, armed by whom and for how long, or tripped and why.

    Example: twinfeed rig status ups-bench
    """
    rig = _read(file)
    try:
        told = ask(folder(rig), "status")
    except NobodyThere:
        told = _unattended(rig)
    except (Hangs, Refused) as error:
        fail(f"NOT SAFE: {error}: twinfeed rig stop {file}", Exit.NO)
    if json:
        print_json(told)
    else:
        quick.show(told)
    if told.get("tripped") or told["not_safe"]:
        raise typer.Exit(Exit.NO)


def _unattended(rig: Rig) -> dict[str, Any]:
    """A bench that has no keeper, as far as the disk shows it."""
    mark = Mark(folder(rig))
    return {
        "bench": rig.name,
        "file": str(rig.path),
        "state": "unattended",
        "life": mark.life.state,
        "keeper": None,
        "armed_by": mark.life.by or None,
        "not_safe": [said] if (said := mark.said()) else [],
        "readings": {},
        "silent": {},
    }


def arm(
    file: File,
    person: As = "",
    for_: Annotated[
        str, typer.Option("--for", metavar="TIME", help="How long; the bench is read-only afterwards.")
    ] = "1h",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask again.")] = False,
) -> None:
    """Let things move on a bench, on a person's responsibility, for so long.

    Example: twinfeed rig arm ups-bench --as "Awa Traoré" --for 2h
    """
    rig = _read(file)
    person = _person(rig, person)
    try:
        for_s = seconds(for_)
    except ValueError as error:
        fail(f"--for: {error}", Exit.USAGE)
    movable = ", ".join(f"{name} ({actuator.means})" for name, actuator in rig.bench.actuators.items())
    console.print(f"{rig.name}: these may move for {spoken(for_s)}: {movable or 'nothing'}")
    if not yes and not typer.confirm("Is everybody clear of the bench?"):
        raise typer.Exit(Exit.NO)

    pin = _pin(rig, person)

    async def do(client: Client) -> Any:
        await _first_readings(client, rig)
        await client.ask("arm", person=person, for_s=for_s, pin=pin)

    _with(join(rig), do)
    console.print(f"[green]armed[/green] by {person} for {spoken(for_s)}; record: {record_of(rig)}")
    if (page := rig.bench.emergency_stop).web is not None:
        host = f"[{page.listen}]" if ":" in page.listen else page.listen
        address = f"http://{host}:{page.web}/?token={token_of(folder(rig))}"
        console.print(f"stop page: {escape(address)}", soft_wrap=True)


def _person(rig: Rig, named: str) -> str:
    """Who answers for the bench: who was named, else the one whom the rig file binds to this login."""
    if named:
        return named
    login = acting().login
    names = persons_of(rig.bench, login)
    if len(names) != 1:
        bound = " and ".join(names)
        known = f"the login {login} is bound to {bound}" if names else f"no name is bound to the login {login}"
        fail(f"{known} in {rig.path}: name yourself with --as NAME", Exit.USAGE)
    return names[0]


def _pin(rig: Rig, person: str) -> str:
    """The PIN of a person who has one, typed without echo."""
    return str(typer.prompt(f"PIN of {person}", hide_input=True)) if person in rig.bench.pins else ""


async def _first_readings(client: Client, rig: Rig) -> None:
    """Wait until what the interlocks watch has been read once, or its instruments say that it cannot be."""
    wanted = {limit.quantity for limit in rig.bench.interlocks.values()}
    for _ in range(100):
        told = await client.ask("status")
        if wanted <= set(told["readings"]) | set(told["silent"]):
            return
        await asyncio.sleep(0.1)


def disarm(file: File, person: As = "") -> None:
    """Bring the bench back to normal operation; nothing moves any more.

    Example: twinfeed rig disarm ups-bench
    """
    rig = _read(file)
    person = _person(rig, person)
    pin = _pin(rig, person)
    _with(Client.connect(socket_of(rig)), lambda client: client.ask("disarm", person=person, pin=pin))
    console.print(f"{rig.name} is read-only")


def stop(file: File, why: Annotated[str, typer.Argument(help="What happened.")] = "") -> None:
    """Emergency stop: bring the bench to its safe state, now, and keep it there.

    Example: twinfeed rig stop ups-bench
    """
    place = first.place_of(file)
    try:
        line = first.send(place, "emergency", first.login(), why=why)
    except OSError:
        line = None
    if (code := quick.stop(file, why, place, line)) is not None:
        raise typer.Exit(code)
    safe(file, f"emergency stop: {why or 'no reason given'}", although_held=True)


def reset(file: File, person: As = "") -> None:
    """Bring a bench from its safe state back to normal operation. Look at the bench first.

    Example: twinfeed rig reset ups-bench
    """
    rig = _read(file)
    person = _person(rig, person)
    pin = _pin(rig, person)
    _with(join(rig), lambda client: client.ask("reset", person=person, pin=pin))
    console.print(f"{rig.name} is back to normal and read-only")


def safe(
    file: File,
    why: Annotated[str, typer.Option("--why", help="For the record of the bench.")] = "twinfeed rig safe",
    although_held: Annotated[bool, typer.Option(hidden=True, help="A keeper that hangs has the bench.")] = False,
) -> None:
    """Bring a bench that nobody supervises to its safe state, and leave it to a guard that keeps it there.

    Example: twinfeed rig safe ups-bench
    """
    rig = _read(file)
    with ExitStack() as stack:
        try:
            stack.enter_context(BenchLock(rig.name, what="twinfeed rig safe"))
        except Held as error:
            if not although_held:
                fail(f"{error}; `twinfeed rig stop {file}` makes the bench safe", Exit.UNREACHABLE)
        failed = asyncio.run(make_safe(rig, getpass.getuser(), why))
    if not failed:
        console.print("[green]the bench is in its safe state[/green]")
    unwatched = hand_over(rig)
    if failed:
        fail(f"NOT SAFE: {'; '.join(failed)}" + ("" if unwatched else "; a guard goes on trying"), Exit.NO)
    if unwatched:
        fail(f"nobody watches {rig.name}: {unwatched}", Exit.NO)


def keep() -> None:
    """Make every bench of this computer safe that was not at rest when its last process ended, and keep it so.

    It runs until it gets a signal: a service of the computer's start (see docs/how-to, "At the computer's start").

    Example: twinfeed rig keep
    """
    guards: list[subprocess.Popen[bytes]] = []
    for mark in marks():
        if mark.kept:
            continue
        console.print(f"[red]{escape(mark.said())}[/red]")
        try:
            guards.append(start_guard(rigfile.read(mark.rig_file)))
        except (FileError, OSError) as error:
            console.print(f"[red]NOT SAFE: {escape(mark.bench)}: it cannot be kept: {escape(str(error))}[/red]")

    def pass_on(number: int, _frame: object) -> None:
        for guard in guards:
            guard.send_signal(number)

    signal.signal(signal.SIGTERM, pass_on)
    for guard in guards:
        guard.wait()
    if any(mark.said() for mark in marks()):
        raise typer.Exit(Exit.NO)


def watch(file: File) -> None:
    """Show the bench as it is, again and again; the space bar is the emergency stop, q leaves.

    Example: twinfeed rig watch ups-bench
    """
    rig = _read(file)
    if not sys.stdin.isatty():
        fail("watch needs a terminal, for its keys; `twinfeed rig status` prints the state once", Exit.USAGE)

    async def do(client: Client) -> None:
        pressed = _keys()
        told = await client.ask("status")
        with Live(_shown(told), console=console, refresh_per_second=4) as live:
            while True:
                told = await client.ask("status")
                live.update(_shown(told))
                try:
                    key = await asyncio.wait_for(pressed.get(), SHOW_S)
                except TimeoutError:
                    continue
                if key == " ":
                    await client.ask("emergency", why="space bar")
                elif key == "q":
                    return

    try:
        with _raw_keyboard():
            _with(join(rig), do)
    except KeyboardInterrupt:
        return


def operate(file: File, person: As = "") -> None:
    """Show the instructions of tests to the person at the bench, and take the answers, in this terminal.

    Example: twinfeed rig operate ups-bench
    """
    rig = _read(file)
    questions: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def do(client: Client) -> None:
        await client.ask("attend")
        console.print(f"{rig.name}: waiting for something to do; Ctrl-C leaves")
        while True:
            asked = await questions.get()
            console.print(f"\n[bold]{asked['about']}[/bold]: {asked['text']}")
            if asked.get("wrong"):
                console.print(f"[red]{asked['wrong']}[/red]")
            if asked.get("picture"):
                console.print(f"picture: {asked['picture']}")
            wanted = "done? [y/n] " if asked["unit"] is None else f"value [{asked['unit'] or 'as it stands'}]: "
            try:
                typed = (await asyncio.to_thread(input, wanted)).strip()
            except EOFError:
                fail("no terminal to type an answer in: run it in a terminal", Exit.USAGE)
            done = typed.lower() in ("y", "yes", "o", "oui", "") if asked["unit"] is None else bool(typed)
            try:
                await client.ask("answer", question=asked["question"], person=person, done=done, text=typed)
            except Denied as error:
                console.print(f"[red]{error}[/red]")

    def heard(event: Any) -> None:
        if event["event"] == "question":
            questions.put_nowait(dict(event))

    try:
        _with(join(rig, heard), do)
    except KeyboardInterrupt:
        return


# -- showing -----------------------------------------------------------------------------------------------------------

COLOURS = {"read-only": "white", "armed": "yellow", "tripped": "red"}


def _shown(told: dict[str, Any]) -> Table:
    """A bench in a table."""
    state = told["state"]
    listing = table(f"{told['bench']}: [{COLOURS.get(state, 'white')}]{state}[/]", "what", "now")
    if state == "armed":
        listing.add_row("armed by", f"{told['armed_by']}, {spoken(told['armed_for_s'])} left")
    if told.get("tripped"):
        listing.add_row("why", f"[red]{told['tripped']}[/red]")
    for line in told.get("not_safe", ()):
        listing.add_row("[red]NOT SAFE[/red]", f"[red]{line}[/red]")
    if told.get("faults"):
        listing.add_row("faults", ", ".join(told["faults"]))
    for name, reading in told["readings"].items():
        silent = told["silent"].get(name)
        listing.add_row(name, f"[red]{silent}[/red]" if silent else f"{reading['value']}")
    for name, why in told.get("silent", {}).items():
        if name not in told["readings"]:
            listing.add_row(name, f"[red]{why}[/red]")
    return listing


def _keys() -> asyncio.Queue[str]:
    """What is typed, key by key."""
    pressed: asyncio.Queue[str] = asyncio.Queue()
    loop = asyncio.get_running_loop()
    loop.add_reader(sys.stdin, lambda: pressed.put_nowait(sys.stdin.read(1)))
    return pressed


class _raw_keyboard:
    """Keys arrive at once, without Enter, where standard input is a terminal."""

    def __enter__(self) -> None:
        import termios
        import tty

        self._before = termios.tcgetattr(sys.stdin) if sys.stdin.isatty() else None
        if self._before is not None:
            tty.setcbreak(sys.stdin)

    def __exit__(self, *_: object) -> None:
        import termios

        if self._before is not None:
            termios.tcsetattr(sys.stdin, termios.TCSADRAIN, self._before)
