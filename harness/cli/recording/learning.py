"""`twinfeed record` and `twinfeed replay-device`: recordings of devices."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from pathlib import Path
from time import time
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from rich.markup import escape

from twinfeed.emulators.yamlfile import FileError
from twinfeed.harness.cli.output import (
    Exit,
    JsonLinesOption,
    JsonOption,
    console,
    errors,
    fail,
    plain_errors,
    print_json,
    several,
)
from twinfeed.harness.durations import seconds
from twinfeed.harness.reference.answers import prints
from twinfeed.harness.reference.answers.recording import Exported, Recorded, Replaying
from twinfeed.harness.transports import ModbusTransport, SnmpTransport, TransportError
from twinfeed.harness.transports.urls import FORMS, Credentials, opened

if TYPE_CHECKING:
    from twinfeed.emulators.profiles.schema import Profile
    from twinfeed.emulators.wire.snmp import User
    from twinfeed.harness.characterise.recording.pace import Pace
    from twinfeed.harness.characterise.recording.recorder import Walker
    from twinfeed.harness.characterise.recording.recording import Recording

CommunityOption = Annotated[
    str, typer.Option("--community", envvar="TWINFEED_COMMUNITY", help="Read community of v1 and v2c.")
]
UserOption = Annotated[
    str,
    typer.Option(
        "--user",
        envvar="TWINFEED_USER",
        help="User of snmp+v3; its passwords are in the environment: TWINFEED_AUTH_PASSWORD, TWINFEED_PRIV_PASSWORD.",
    ),
]
AuthOption = Annotated[str, typer.Option("--auth", help="v3: md5, sha, sha224, sha256, sha384 or sha512.")]
PrivOption = Annotated[
    str, typer.Option("--priv", help="v3: des, 3des, aes128, aes192, aes256, aes192-c or aes256-c (Cisco's).")
]
RateOption = Annotated[str, typer.Option("--rate", help="Highest rate of requests: 10/s, 30/min.")]
TimeoutOption = Annotated[str, typer.Option("--timeout", help="Time-out of one answer.")]
PatienceOption = Annotated[str, typer.Option("--patience", help="Time to wait for a silent device.")]
MOST_WARNINGS = 10
"""Doubtful lines of a file that are printed one by one."""

OutputOption = Annotated[Path, typer.Option("--output", "-o", help="The recording. An existing one is continued.")]
UnderOption = Annotated[
    list[str] | None, typer.Option("--under", help="SNMP: a subtree to walk; may be repeated. Default: everything.")
]


@prints(Recorded)
def record(
    address: Annotated[str, typer.Argument(help=f"The device: {FORMS}.", show_default=False)],
    output: OutputOption,
    under: UnderOption = None,
    ranges: Annotated[
        str | None, typer.Option("--ranges", help="Modbus: holding:0-199,input:0-49,coil:0-15,discrete:0-15.")
    ] = None,
    profile: Annotated[
        str | None,
        typer.Option(
            "--profile", help="A profile, by name or file: its ranges are read (Modbus) and its values are checked."
        ),
    ] = None,
    every: Annotated[str, typer.Option("--every", help="Time from one walk to the next: 30s, 1min.")] = "1min",
    for_: Annotated[
        str, typer.Option("--for", help="Duration of the recording; the current walk is finished. Default: one walk.")
    ] = "0s",
    rate: RateOption = "10/s",
    timeout: TimeoutOption = "2s",
    patience: PatienceOption = "30s",
    most: Annotated[
        int, typer.Option("--most", help="SNMP: a walk ends after so many variables.", min=1, max=100_000_000)
    ] = 200_000,
    community: CommunityOption = "public",
    user: UserOption = "",
    auth: AuthOption = "sha",
    priv: PrivOption = "aes128",
    json: JsonOption = False,
) -> None:
    """Record a device over time; only reads. To continue after an interruption, run it again with the same file.

    Examples:

      twinfeed record snmp://192.0.2.7 -o ups.jsonl --every 1min --for 1h

      twinfeed record modbus://192.0.2.8/3 -o meter.jsonl --ranges holding:2999-3110 --rate 2/s

      twinfeed record modbus+serial:/dev/ttyUSB0/1?baud=9600 -o gen.jsonl --profile dse-gencomm
    """
    from twinfeed.harness.characterise.recording.pace import Pace, per_second
    from twinfeed.harness.characterise.recording.recorder import time_limit_s, walk_count

    try:
        pace = Pace(per_second(rate))
        every_s, for_s, patience_s = seconds(every), seconds(for_), seconds(patience)
        transport = opened(address, credentials(community, user, auth, priv), timeout_s=seconds(timeout), retries=0)
        known = None if profile is None else found_profile(profile)
        asks = walker(transport, under, ranges, known, pace, most)
    except (ValueError, FileError) as error:
        fail(str(error), Exit.USAGE)
    limit_s = time_limit_s(for_s)
    told(
        recorded(asks, output, walk_count(every_s, for_s), every_s, patience_s, limit_s, json),
        output,
        pace,
        json,
        known,
    )


def told(
    recording: Coroutine[Any, Any, Recording], output: Path, pace: Pace, json: bool, profile: Profile | None = None
) -> None:
    """Make the recording. Print its contents, and the values that the profile calls impossible.

    An interrupted recording is kept, and the message names the way to go on.
    """
    from twinfeed.harness.characterise.drift.plausible import implausible

    try:
        found = asyncio.run(recording)
    except FileError as error:
        fail(str(error), Exit.USAGE)
    except TransportError as error:
        _interrupted(str(error), output)
    except asyncio.CancelledError:
        _interrupted("stopped", output)
    summary = {
        "recording": str(output),
        "device": found.head["device"],
        "identity": found.identity,
        "walks": len(found.walks),
        "values": len(found.walks[-1]),
        "refused": len(found.walks[-1].refused),
        "troubles": [
            *(trouble for walk in found.walks for trouble in walk.troubles),
            *([] if profile is None else implausible(found, profile)),
        ],
        "requests": pace.turns,
    }
    if json:
        print_json(summary)
        return
    for trouble in dict.fromkeys(summary["troubles"]):
        console.print(f"[yellow]trouble[/]  {escape(trouble)}", soft_wrap=True)
    named = ", ".join(f"{name} {value}" for name, value in found.identity.items())
    console.print(f"{escape(str(found.head['device']))} ({escape(named or 'no identification')})", soft_wrap=True)
    refused = f", {summary['refused']} refused" if summary["refused"] else ""
    console.print(
        f"{several(len(found.walks), 'walk')}, {summary['values']} values in the last one{refused}, "
        f"{pace.turns} requests; kept in {escape(str(output))}",
        soft_wrap=True,
    )


def credentials(community: str, user: str, auth: str, priv: str) -> Credentials:
    import os

    passwords = os.environ.get("TWINFEED_AUTH_PASSWORD", ""), os.environ.get("TWINFEED_PRIV_PASSWORD", "")
    return Credentials(community, user, *passwords, auth, priv)


def _interrupted(why: str, output: Path) -> NoReturn:
    kept = (
        f"; the answers so far are kept in {output}: run the same command again to continue" if output.exists() else ""
    )
    fail(f"{why}{kept}", Exit.UNREACHABLE)


def walker(
    transport: SnmpTransport | ModbusTransport,
    under: list[str] | None,
    ranges: str | None,
    profile: Profile | None,
    pace: Pace,
    most: int,
) -> Walker:
    """The walker for the protocol of this transport.

    Raises:
        ValueError: the options do not fit the protocol.
    """
    from twinfeed.harness.characterise.recording.modbus_walk import ModbusWalker, spans, spans_of
    from twinfeed.harness.characterise.recording.snmp_walk import EVERYTHING, SnmpWalker

    if isinstance(transport, SnmpTransport):
        if ranges is not None:
            raise ValueError(f"{transport.where}: --ranges is for Modbus; SNMP takes --under OID")
        for oid in under or ():
            if not all(part.isdigit() for part in oid.strip(".").split(".")) or len(oid.strip(".").split(".")) < 2:
                raise ValueError(f"--under {oid}: expected an OID of at least two numbers such as 1.3.6.1.4.1.318")
        return SnmpWalker(transport, [oid.strip(".") for oid in under or EVERYTHING], pace, most)
    if under:
        raise ValueError(f"{transport.where}: --under is for SNMP; Modbus takes --ranges or --profile")
    if (ranges is None) == (profile is None):
        raise ValueError(f"{transport.where}: Modbus needs --ranges (holding:0-199) or --profile, and not both")
    if ranges is not None:
        return ModbusWalker(transport, spans(ranges), pace)
    assert profile is not None
    return ModbusWalker(transport, spans_of(profile), pace)


def found_profile(name: str) -> Profile:
    """A profile by its name, or by the path of its file relative to the working directory.

    Raises:
        FileError: there is none, or it is wrong.
    """
    from twinfeed.emulators.profiles import library

    return library.get(name, Path.cwd())


async def recorded(
    walker: Walker, output: Path, walks: int, every_s: float, patience_s: float, limit_s: float, quiet: bool
) -> Recording:
    """The whole recording. SIGINT and SIGTERM raise CancelledError, between two lines of the file."""
    from rich.progress import Progress

    from twinfeed.harness.characterise.recording.recorder import Recorder, RecordError

    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, task.cancel)
    with Progress(console=console, transient=True, disable=quiet or not console.is_terminal) as progress:
        shown = progress.add_task("", total=walks)

        def shows(recording: Recording, item: dict[str, Any]) -> None:
            walk = recording.walks[-1]
            progress.update(
                shown, completed=len(recording.walks) - (not walk.ended), description=f"walk {walk.number}: {len(walk)}"
            )

        try:
            return await Recorder(walker, output, shows).record(walks, every_s, patience_s, limit_s)
        except RecordError as error:
            fail(str(error), Exit.USAGE if output.exists() and output.stat().st_size else Exit.UNREACHABLE)


@prints(Replaying | Exported, lines=True)
def replay_device(
    recording: Annotated[
        Path, typer.Argument(help="A recording of `twinfeed record`, a .snmprec file, or what snmpwalk -On printed.")
    ],
    address: Annotated[str, typer.Option("--address", help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int | None, typer.Option("--port", help="Default: 1161 for SNMP, 1502 for Modbus.", min=1, max=65535)
    ] = None,
    community: CommunityOption = "public",
    user: UserOption = "",
    auth: AuthOption = "sha",
    priv: PrivOption = "aes128",
    loop: Annotated[
        bool,
        typer.Option("--loop", help="After the last walk, begin with the first again. Default: the last walk stays."),
    ] = False,
    expose: Annotated[bool, typer.Option("--expose", help="Listen beyond loopback.")] = False,
    export: Annotated[
        Path | None, typer.Option("--export", help="Do not serve: write a walk as a .snmprec file for snmpsim.")
    ] = None,
    walk: Annotated[int, typer.Option("--walk", help="Which walk --export writes.", min=1, max=1_000_000_000)] = 1,
    strict: Annotated[bool, typer.Option("--strict", help="Refuse a file if a line would be left out.")] = False,
    stop_after: Annotated[str | None, typer.Option("--stop-after", help="Stop by itself after this time.")] = None,
    json: JsonLinesOption = False,
) -> None:
    """Serve a recording as if it were its device: read-only, with the values of the time since the start.

    Examples:

      twinfeed replay-device ups.jsonl --loop

      twinfeed replay-device ups.jsonl --user area --auth sha256

      twinfeed replay-device ups.jsonl --export ups.snmprec
    """
    with plain_errors():
        found = loaded(recording, strict)
    if export is not None:
        _export(found, export, walk, json)
        return
    try:
        stop_s = None if stop_after is None else seconds(stop_after)
        users = _users(credentials(community, user, auth, priv)) if user else []
        asyncio.run(_serve(found, address, port, community, users, loop, expose, stop_s, json))
    except ValueError as error:
        fail(str(error), Exit.USAGE)
    except OSError as error:
        fail(f"{address}: cannot listen: {error.strerror or error}", Exit.UNREACHABLE)


def loaded(path: Path, strict: bool = False) -> Recording:
    """The recording in a file. Lines that are left out or doubtful are printed on standard error.

    Raises:
        FileError: it cannot be read; with `strict` also if there are such doubts.
    """
    from twinfeed.harness.characterise.recording.recording import load

    found = load(path)
    if strict and found.warnings:
        raise FileError(found.warnings)
    for warning in found.warnings[:MOST_WARNINGS]:
        errors.print(f"[yellow]warning:[/] {escape(warning)}", soft_wrap=True)
    if (more := len(found.warnings) - MOST_WARNINGS) > 0:
        errors.print(f"[yellow]warning:[/] {escape(str(path))}: and {several(more, 'line')} more", soft_wrap=True)
    return found


def _export(found: Recording, path: Path, number: int, json: bool) -> None:
    from twinfeed.harness.characterise.recording.recording import snmprec_lines

    if found.protocol != "snmp":
        fail("a .snmprec file holds SNMP variables, this is a recording of Modbus", Exit.USAGE)
    if number > len(found.walks):
        fail(f"--walk {number}: the recording holds {len(found.walks)}", Exit.USAGE)
    lines = list(snmprec_lines(found.walks[number - 1]))
    try:
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    except OSError as error:
        fail(f"{path}: cannot be written: {error.strerror or error}", Exit.UNREACHABLE)
    if json:
        return print_json({"file": str(path), "variables": len(lines)}, line=True)
    return console.print(f"{len(lines)} variables are in {escape(str(path))}", soft_wrap=True)


def _users(given: Credentials) -> list[User]:
    """The user of the options, as an agent knows it.

    Raises:
        ValueError: a protocol or a password that an agent cannot have.
    """
    from pydantic import ValidationError

    from twinfeed.emulators.sitefile.snmp_users import AUTH, PRIV, SnmpUser
    from twinfeed.emulators.wire.snmp import User

    fields = {"name": given.user, "auth": given.auth, "priv": given.priv}
    fields |= {"auth_password": given.auth_password} if given.auth_password else {}
    fields |= {"priv_password": given.priv_password} if given.priv_password else {}
    try:
        found = SnmpUser.model_validate(fields)
    except ValidationError as error:
        wrong = error.errors()[0]
        raise ValueError(f"--user: {'.'.join(map(str, wrong['loc']))}: {wrong['msg']}") from None
    auth_password, priv_password = (
        None if text is None else text.encode() for text in (found.auth_password, found.priv_password)
    )
    return [User(found.name.encode(), auth_password, priv_password, AUTH[found.auth], PRIV[found.priv])]


async def _serve(
    found: Recording,
    address: str,
    port: int | None,
    community: str,
    users: Sequence[User],
    loop: bool,
    expose: bool,
    stop_s: float | None,
    json: bool,
) -> None:
    from twinfeed.emulators.wire.modbus import ModbusTcpServer
    from twinfeed.harness.characterise.recording.replaying import server

    chosen = port if port is not None else {"snmp": 1161, "modbus": 1502}[found.protocol]
    served = server(
        found, address, chosen, community=community, users=users, boots=int(time()), loop=loop, expose=expose
    )
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await served.start()
    try:
        bound = served.address[1] if isinstance(served, ModbusTcpServer) else served.port
        where, device, walks, values = (
            f"{found.protocol}://{address}:{bound}", str(found.head["device"]), len(found.walks), len(found.walks[0])
        )  # fmt: skip
        if json:
            print_json({"listens": where, "device": device, "walks": walks, "values": values}, line=True)
        else:
            what = f"{several(walks, 'walk')}, {values} values in the first"
            print(f"{where} answers as {device} ({what}); Ctrl-C stops it", flush=True)
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), stop_s)
    finally:
        await served.stop()
