"""`twinfeed proxy`: faults between a client and a device."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast
from urllib.parse import SplitResult, urlsplit

import typer
from rich.markup import escape

from twinfeed.harness.cli.output import Exit, JsonLinesOption, console, fail, print_json, several, table
from twinfeed.harness.cli.site.running import assignment
from twinfeed.harness.durations import seconds
from twinfeed.harness.reference.answers import prints
from twinfeed.harness.reference.answers.running import ProxyEvent, ProxyFault, ProxyStarted

if TYPE_CHECKING:
    from twinfeed.harness.faults.capture import Capture
    from twinfeed.harness.faults.frames import Speaks
    from twinfeed.harness.faults.proxy import Proxy

SPEAKS = {"tcp": "modbus-tcp", "udp": "snmp", "serial": "modbus-rtu", "pty": "modbus-rtu"}
"""The default protocol of each scheme."""

PORTS = {"tcp": 502, "udp": 161}

FORMS = "tcp://HOST:PORT, udp://HOST:PORT, serial:///dev/ttyUSB0?baud=9600&parity=N or pty:///tmp/ups-1"


@prints(ProxyStarted | ProxyEvent | list[ProxyFault], lines=True)
def proxy(
    listen: Annotated[str | None, typer.Argument(help=f"The address for clients: {FORMS}.", show_default=False)] = None,
    target: Annotated[str | None, typer.Argument(help="The address of the device.", show_default=False)] = None,
    faults: Annotated[list[str] | None, typer.Option("--fault", help="A fault (--list); may be repeated.")] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="A parameter of the faults, name=number; may be repeated.")
    ] = None,
    at: Annotated[
        str, typer.Option("--at", help="Start of the faults, after the start of the proxy: 10, 30s, 5min.")
    ] = "0s",
    for_: Annotated[str | None, typer.Option("--for", help="Duration of the faults. Default: to the end.")] = None,
    record: Annotated[
        Path | None,
        typer.Option("--record", help="A pcapng file of the frames that clients saw, for Wireshark and tshark."),
    ] = None,
    show: Annotated[bool, typer.Option("--show", help="Print the messages, decoded by scapy.")] = False,
    protocol: Annotated[
        str | None, typer.Option("--protocol", help="modbus-tcp, modbus-rtu or snmp; default: tcp, serial, udp.")
    ] = None,
    traps: Annotated[
        bool, typer.Option("--traps", help="The messages are notifications; the target is the trap receiver.")
    ] = False,
    seed: Annotated[
        int, typer.Option("--seed", help="Seed of the random choices of faults.", min=-(2**63), max=2**63 - 1)
    ] = 0,
    expose: Annotated[
        bool,
        typer.Option("--expose", help="Listen beyond loopback: everyone who reaches the proxy can command the device."),
    ] = False,
    stop_after: Annotated[
        str | None, typer.Option("--stop-after", help="Stop by itself after this time. Default: Ctrl-C.")
    ] = None,
    list_: Annotated[bool, typer.Option("--list", help="List the faults and their parameters, and exit.")] = False,
    json: JsonLinesOption = False,
) -> None:
    """Pass messages between clients and one device, with faults on the way. The device is an emulator or hardware.

    Point the client at LISTEN instead of the device. Ctrl-C stops, and writes what was recorded.

    Examples:

      twinfeed proxy tcp://127.0.0.1:1502 tcp://127.20.2.11:1502 --fault modbus-exception --set code=6 --at 10 --for 30s

      twinfeed proxy udp://127.0.0.1:1161 udp://192.0.2.7:161 --fault loss --set percent=30 --record frames.pcapng

      twinfeed proxy udp://127.0.0.1:1162 udp://127.0.0.1:162 --traps --fault traps-late --set delay_s=60

      twinfeed proxy pty:///tmp/ups-1 serial:///dev/ttyUSB0 --fault serial-noise --set error_rate=0.001
    """
    if list_:
        _list(json)
        return
    if listen is None or target is None:
        fail(f"expected LISTEN and TARGET, each {FORMS}; `twinfeed proxy --help` has examples", Exit.USAGE)
    try:
        parameters = dict(assignment(text) for text in set_ or ())
        planned = _planned(faults or [], parameters)
        at_s, for_s = seconds(at), None if for_ is None else seconds(for_)
        stop_s = None if stop_after is None else seconds(stop_after)
        capture = None if record is None else _capture(record)
        between = _proxy(urlsplit(listen), urlsplit(target), protocol, traps, seed, expose, capture)
        between.watch = _printer(between, json) if show else None
        for kind in planned:
            if not between.suffers(kind):
                raise ValueError(f"{kind} cannot happen on {listen} with {between.tamper.speaks}; see --list")
    except ValueError as error:
        fail(str(error), Exit.USAGE)
    # Imported here: the help is there sooner without an event loop.
    from twinfeed.harness.loops import run

    try:
        run(_run(between, planned, at_s, for_s, stop_s, listen, target, json))
    except OSError as error:
        fail(f"{listen} to {target}: {error.strerror or error}", Exit.UNREACHABLE)
    finally:
        if capture is not None:
            _write(capture, json)


def _list(json: bool) -> None:
    from twinfeed.harness.faults.frames import KINDS

    if json:
        listed: list[ProxyFault] = [
            {
                "kind": kind.kind,
                "doc": kind.doc,
                "parameters": {name: float(spec.default) for name, spec in kind.parameters.items()},
                "units": {name: spec.unit for name, spec in kind.parameters.items()},
            }
            for kind in KINDS
        ]
        return print_json(listed, line=True)
    listing = table("", "fault", "what it does", "parameters")
    for kind in KINDS:
        takes = ", ".join(f"{name}={spec.default:g} {spec.unit}".rstrip() for name, spec in kind.parameters.items())
        listing.add_row(kind.kind, escape(kind.doc), escape(takes))
    return console.print(listing)


def _planned(faults: list[str], parameters: dict[str, float]) -> dict[str, dict[str, float]]:
    """The faults, each with the parameters that it takes.

    Raises:
        ValueError: no such fault, or a parameter that none of them takes.
    """
    from twinfeed.harness.faults.frames import KINDS, chosen

    takes = {kind.kind: kind.parameters for kind in KINDS}
    given = {kind: {n: v for n, v in parameters.items() if n in takes.get(kind, {})} for kind in faults}
    for kind in faults:
        chosen(kind, given[kind])
    if unused := [name for name in parameters if not any(name in of_kind for of_kind in given.values())]:
        raise ValueError(f"--set {unused[0]}: none of the faults takes it: {', '.join(faults) or 'there is none'}")
    return given


def _proxy(
    listen: SplitResult,
    target: SplitResult,
    protocol: str | None,
    traps: bool,
    seed: int,
    expose: bool,
    capture: Capture | None,
) -> Proxy:
    """The proxy between these addresses.

    Raises:
        ValueError: the addresses make no proxy; the message gives the reason.
    """
    from twinfeed.harness.faults.frames import Tamper
    from twinfeed.harness.faults.proxy import SerialProxy, TcpProxy, UdpProxy

    if listen.scheme not in SPEAKS or target.scheme not in SPEAKS:
        wrong = listen if listen.scheme not in SPEAKS else target
        raise ValueError(f"found {wrong.geturl()!r}, expected {FORMS}")
    serial = {"serial", "pty"}
    if listen.scheme != target.scheme and not {listen.scheme, target.scheme} <= serial:
        raise ValueError(f"{listen.scheme} cannot be passed on as {target.scheme}: both ends are of one kind")
    if traps and listen.scheme != "udp":
        raise ValueError(f"--traps: notifications come as udp, found {listen.scheme}")
    speaks = protocol or SPEAKS[listen.scheme]
    if speaks not in SPEAKS.values():
        raise ValueError(f"--protocol {speaks}: expected {', '.join(dict.fromkeys(SPEAKS.values()))}")
    tamper = Tamper(seed, cast("Speaks", speaks))  # one of them, as has just been seen
    if listen.scheme in serial:
        options = dict(part.split("=", 1) for part in target.query.split("&") if "=" in part)
        baud = options.get("baud", "19200")
        if not baud.isdigit():
            raise ValueError(f"found baud={baud}, expected a number such as 9600")
        pseudo = listen.scheme == "pty"
        return SerialProxy(
            listen.path or None,
            target.path,
            tamper,
            pseudo=pseudo,
            baud=int(baud),
            parity=options.get("parity", "E"),
            seed=seed,
            capture=capture,
        )
    if listen.scheme == "tcp":
        return TcpProxy(_place(listen), _place(target), tamper, seed=seed, capture=capture, exposed=expose)
    return UdpProxy(
        _place(listen), _place(target), tamper, notifications=traps, seed=seed, capture=capture, exposed=expose
    )


def _place(address: SplitResult) -> tuple[str, int]:
    if not address.hostname:
        raise ValueError(f"found {address.geturl()!r}, expected {FORMS}")
    return address.hostname, PORTS[address.scheme] if address.port is None else address.port


def _capture(path: Path) -> Capture:
    """A capture with the times of the wall clock.

    Raises:
        ValueError: its folder is not there.
    """
    from datetime import datetime

    from twinfeed.harness.faults.capture import Capture

    if not path.absolute().parent.is_dir():
        raise ValueError(f"--record {path}: there is no folder {path.absolute().parent}")
    return Capture(path, datetime.now().timestamp())


def _printer(between: Proxy, json: bool) -> Callable[[float, bytes, bool, str], None]:
    """Prints messages as they pass."""
    from twinfeed.harness.faults.frames.dissection import described, prepare

    prepare()  # now, and not while a client waits for an answer

    def show(t_s: float, message: bytes, answer: bool, comment: str) -> None:
        text = described(between.tamper.speaks, message, answer)
        if json:
            event: ProxyEvent = {"event": "message", "t_s": t_s, "answer": answer, "text": text, "comment": comment}
            return print_json(event, line=True)
        line = f"{t_s:8.1f} s  {'<-' if answer else '->'} {text}"
        return console.print(escape(line + (f"  ({comment})" if comment else "")), soft_wrap=True)

    return show


async def _run(
    between: Proxy,
    planned: dict[str, dict[str, float]],
    at_s: float,
    for_s: float | None,
    stop_s: float | None,
    listen: str,
    target: str,
    json: bool,
) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with between:
        heard, speaks = _heard(between, listen), between.tamper.speaks
        if json:
            print_json({"listens": heard, "target": target, "protocol": speaks}, line=True)
        else:
            console.print(f"{heard} is passed on to {target} as {speaks}; Ctrl-C stops it")
        plan = asyncio.create_task(_carry_out(between, planned, at_s, for_s, json))
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), stop_s)
        plan.cancel()
        with suppress(asyncio.CancelledError):
            await plan
    for (kind, why), count in between.tamper.spared.items():
        if json:
            spared: ProxyEvent = {"event": "spared", "fault": kind, "count": count, "text": why}
            print_json(spared, line=True)
            continue
        console.print(escape(f"{kind} was not applied to {several(count, 'message')}: {why}"), soft_wrap=True)


async def _carry_out(
    between: Proxy, planned: dict[str, dict[str, float]], at_s: float, for_s: float | None, json: bool
) -> None:
    if not planned:
        return
    await asyncio.sleep(at_s)
    for kind, parameters in planned.items():
        await between.apply(kind, parameters)
        given = between.faults.get(kind, parameters)
        if json:
            began: ProxyEvent = {"event": "began", "t_s": between.now_s, "fault": kind, "parameters": dict(given)}
            print_json(began, line=True)
            continue
        numbers = ", ".join(f"{name}={value:g}" for name, value in given.items())
        console.print(f"{between.now_s:8.1f} s  {kind} {numbers}".rstrip())
    if for_s is not None:
        await asyncio.sleep(for_s)
        for kind in await between.lift():
            if json:
                print_json({"event": "over", "t_s": between.now_s, "fault": kind}, line=True)
            else:
                console.print(f"{between.now_s:8.1f} s  {kind} is over")


def _heard(between: Proxy, listen: str) -> str:
    """The address with the port or the line that was opened."""
    from twinfeed.harness.faults.proxy import SerialProxy, TcpProxy, UdpProxy

    if isinstance(between, (TcpProxy, UdpProxy)):
        host, port = between.address
        return f"{urlsplit(listen).scheme}://{host}:{port}"
    return between.path if isinstance(between, SerialProxy) else listen


def _write(capture: Capture, json: bool) -> None:
    count, options = len(capture.frames), " ".join(capture.tshark_options)
    try:
        capture.close()
    except OSError as error:
        fail(f"{capture.path}: {error.strerror or error}", Exit.UNREACHABLE)
    command = f"tshark -r {capture.path} {options}".rstrip()
    if json:
        captured: ProxyEvent = {"event": "captured", "file": str(capture.path), "count": count, "text": command}
        return print_json(captured, line=True)
    return console.print(f"{count} frames are in {capture.path}: {command}", soft_wrap=True)
