"""`twinfeed up`: a site on the network until Ctrl-C."""

from __future__ import annotations

import asyncio
import gc
import logging
import re
import signal
import sys
from collections.abc import Callable, Iterable
from functools import partial
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from typing import Annotated, Any, Protocol

import typer
from rich.console import Group
from rich.live import Live
from rich.progress import Progress
from rich.text import Text

from twinfeed.emulators.flash import Flash, FlashError, state_folder
from twinfeed.emulators.serving import LiveSite, ServeError
from twinfeed.emulators.site import Site
from twinfeed.emulators.textfile import shown
from twinfeed.harness.cli.options import json_option
from twinfeed.harness.cli.output import console, devices_table, errors, finite, plain_errors, print_json
from twinfeed.harness.cli.site.running import BeyondOption
from twinfeed.harness.control import ControlServer
from twinfeed.harness.control.showing import pace
from twinfeed.harness.durations import seconds, spoken
from twinfeed.harness.loops import run
from twinfeed.harness.reference.answers import prints
from twinfeed.harness.reference.answers.running import Ready

log = logging.getLogger(__name__)

FASTEST = 10_000.0
"""The highest speed, seconds of the site in one second: a step of the plant then takes as long as clients wait."""

REFRESH_S = 0.5
"""Period of the live table, s."""

JOURNAL_LINES = 5_000
"""Lines of the plant's journal that a site which runs for weeks keeps, and twice as many for a while. A fault is some
forty lines, of 260 octets of memory each."""


@prints(Ready, lines=True)
def up(
    site: Annotated[str, typer.Argument(help="A shipped site's name (`twinfeed sites`) or a site file.")],
    speed: Annotated[
        float,
        typer.Option(
            "--speed",
            help="Seconds of the site in one second.",
            min=0.001,
            max=FASTEST,
            callback=finite,
        ),
    ] = 1.0,
    ports: Annotated[
        str,
        typer.Option(
            "--ports", help="standard (161, 502), high (1161, 1502) or the first port of a run on one address."
        ),
    ] = "high",
    address: Annotated[
        str | None, typer.Option("--address", help="The one address used with a run of ports; default: 127.0.0.1.")
    ] = None,
    expose: Annotated[
        bool,
        typer.Option(
            "--expose", help="Listen beyond loopback, at --address: everyone who reaches it commands the devices."
        ),
    ] = False,
    beyond_loopback: BeyondOption = False,
    seed: Annotated[
        int | None,
        typer.Option(
            "--seed", help="Seed of the site's random choices. Default: that of the file.", min=-(2**63), max=2**63 - 1
        ),
    ] = None,
    state: Annotated[
        Path | None,
        typer.Option(
            "--state",
            help="Folder for the flash memory of devices: settings, SNMP engine boots. "
            "Default: $XDG_STATE_HOME/twinfeed.",
        ),
    ] = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Delete the stored settings of devices; boots count on.")
    ] = False,
    with_console: Annotated[
        bool,
        typer.Option("--console/--no-console", help="Serve the page that shows the site and breaks it, on loopback."),
    ] = True,
    console_port: Annotated[
        int | None,
        typer.Option("--console-port", help="Port of the page. Default: 8140, or any free one.", min=1, max=65535),
    ] = None,
    console_cert: Annotated[
        Path | None,
        typer.Option("--console-cert", help="PEM file with certificate and key of the page. Default: one is made."),
    ] = None,
    json: Annotated[bool, json_option("Print one line of JSON when ready, then nothing.")] = False,
    stop_after: Annotated[
        str | None, typer.Option("--stop-after", help="Stop by itself after this time. Default: Ctrl-C.")
    ] = None,
) -> None:
    """Start a site: every device answers real Modbus and SNMP until Ctrl-C.

    Devices keep their settings and count their boots from one run to the next.

    Examples:

      twinfeed up bamako

      twinfeed up my-site.yaml --speed 20 --ports 20000
    """
    chosen = _ports(ports)
    if address is not None and not isinstance(chosen, int):
        raise typer.BadParameter(
            "one address for all devices needs a run of ports: --ports 20000; without it each device answers at the "
            "address of the site file",
            param_hint="--address",
        )
    if expose and address is None:
        raise typer.BadParameter(
            "expected --address with the interface address that others reach", param_hint="--expose"
        )
    address = "127.0.0.1" if address is None else address
    if expose and with_console and _address(address, "--address").is_unspecified:
        raise typer.BadParameter(
            f"no browser opens {address}; expected the interface address that others reach, or --no-console",
            param_hint="--address",
        )
    if not _address(address, "--address").is_loopback and not expose:
        raise typer.BadParameter(
            f"{address} is not a loopback address; to let others reach the devices, add --expose",
            param_hint="--address",
        )
    try:
        for_s = None if stop_after is None else seconds(stop_after)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--stop-after") from None
    with plain_errors():
        built = Site.load(site, seed, beyond_loopback)
        beyond = address if expose else None
        live = LiveSite(built, speed, chosen, address, beyond, journal_lines=JOURNAL_LINES)
        page: Callable[[ControlServer], Page | None] | None = None
        if with_console:
            folder = state or state_folder()
            page = partial(console_of, port=console_port, folder=folder, beyond=beyond, certificate=console_cert)
        run(_run(live, partial(_flash, live.site, state, fresh), page, json, for_s))


def _ports(text: str) -> str | int:
    if text in ("standard", "high"):
        return text
    if not re.fullmatch("[0-9]{1,5}", text) or not 1 <= int(text) <= 65535:
        found = f"found {shown(repr(text))}, expected standard, high or a port number from 1 to 65535"
        raise typer.BadParameter(found, param_hint="--ports")
    return int(text)


def _address(text: str, option: str) -> IPv4Address | IPv6Address:
    try:
        return ip_address(text)
    except ValueError:
        raise typer.BadParameter(
            f"found {shown(text)}, expected an IP address such as 127.0.0.1", param_hint=option
        ) from None


def example_fault(site: Site) -> str:
    """A fault that the site can have, as an example for `twinfeed fault`: the outage of a utility if there is one."""
    of_power = [(c.id, "outage") for c in site.components.values() if "outage" in c.FAULTS]
    others = [(c.id, kind) for c in site.components.values() for kind, fault in c.FAULTS.items() if not fault.of]
    devices = [(name, "card-hang") for name in site.devices]
    return " ".join(next(iter([*of_power, *others, *devices]), ("TARGET", "KIND")))


def _flash(site: Site, folder: Path | None, fresh: bool) -> Flash | None:
    """The flash of the devices. None, and a line in the log, if the default folder cannot be written.

    Raises:
        FlashError: the folder that was asked for cannot be written.
    """
    try:
        return Flash(site, folder or state_folder(), fresh=fresh)
    except FlashError as error:
        if folder is not None:
            raise
        log.warning("%s", error)
        return None


class Page(Protocol):
    """The server of the console (`twinfeed.harness.console.serving` has one)."""

    @property
    def link(self) -> str: ...

    @property
    def looking_link(self) -> str: ...

    async def start(self) -> None: ...

    async def stop(self) -> None: ...


def console_of(
    control: ControlServer, port: int | None, folder: Path, beyond: str | None, certificate: Path | None
) -> Page | None:
    """The console of a running site; None where the extra is not installed. `beyond` is its address if others may reach
    it: it then has a certificate, which is made where none is given.

    Raises:
        ServeError: its port is taken, or its certificate is none.
    """
    try:
        from twinfeed.harness.console.access.certificates import fingerprint, made
        from twinfeed.harness.console.access.tokens import kept
        from twinfeed.harness.console.serving import ConsoleServer
        from twinfeed.harness.console.world import Live
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("starlette", "uvicorn", "prometheus_client"):
            raise
        return None
    tokens = kept(folder, control.live.site.name)
    if beyond is None:
        return ConsoleServer(Live(control), port, tokens)
    try:
        used = certificate or made(folder, beyond)
        errors.print(f"Others can reach the page. Its certificate: SHA-256 {fingerprint(used)}", soft_wrap=True)
    except (OSError, ValueError) as error:
        raise ServeError(f"the console has no certificate: {error}; give one with --console-cert") from None
    return ConsoleServer(Live(control), port, tokens, beyond, used)


async def _run(
    live: LiveSite,
    flash: Callable[[], Flash | None],
    make_page: Callable[[ControlServer], Page | None] | None,
    json: bool,
    for_s: float | None,
) -> None:
    control = ControlServer(live)
    page: Page | None = None
    await control.start()
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    try:
        live.flash = flash()
        stopped = asyncio.create_task(stop.wait())
        booting = asyncio.create_task(_boot(live, quiet=json))
        await asyncio.wait({stopped, booting}, return_when=asyncio.FIRST_COMPLETED)
        if not booting.done():
            booting.cancel()
            await asyncio.gather(booting, return_exceptions=True)
            return
        booting.result()
        if make_page is not None:
            page = make_page(control)
        if page is not None:
            await page.start()
        if json:
            link = None if page is None else page.link
            answer = {"ready": live.site.name, "console": link, **control.answer(b'{"do": "devices"}')}
            print_json(answer, line=True)
        elif page is not None:
            console.print(f"See it, and break it: {page.link}", soft_wrap=True)
            console.print(f"[dim]For others, to look only: {page.looking_link}[/dim]", soft_wrap=True)
        elif make_page is not None:
            console.print("[dim]To see it in a browser: pip install 'twinfeed\\[console]'[/dim]")
        waiting: list[asyncio.Task[Any]] = [stopped, asyncio.create_task(live.run())]
        if sys.stdout.isatty() and not json:
            waiting.append(asyncio.create_task(_draw(control)))
        await until_first(waiting, for_s)
    finally:
        if page is not None:
            await page.stop()
        await live.stop()
        await control.stop()


async def until_first(tasks: Iterable[asyncio.Task[Any]], for_s: float | None) -> None:
    """Wait until the first of these tasks ends, or for so long, and cancel the others.

    Raises what the ended tasks raised.
    """
    done, pending = await asyncio.wait(set(tasks), timeout=for_s, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
    await asyncio.gather(*pending, return_exceptions=True)
    for task in done:
        task.result()


async def _boot(live: LiveSite, quiet: bool) -> None:
    # A site is some hundred thousand objects that live as long as the process: collecting garbage among them would cost
    # a third of the boot, and later pauses in the middle of answering.
    gc.disable()
    with Progress(console=console, transient=True, disable=quiet) as progress:
        task = progress.add_task(f"booting {live.site.name}", total=len(live.site.devices))
        await live.start(lambda name: progress.update(task, advance=1, description=f"booting {name}"))
    gc.freeze()
    gc.enable()
    if not quiet:
        console.print(
            f"[bold]{live.site.name}[/bold] is up: {len(live.site.devices)} devices, {len(live.endpoints)} endpoints. "
            f"In another terminal: twinfeed devices, twinfeed fault {example_fault(live.site)}. Ctrl-C stops it."
        )
        before, now = live.open_files
        if now > before:
            console.print(f"[dim]The limit of open files has been raised from {before:,} to {now:,}.[/dim]")
        if live.flash is not None and live.flash.restored:
            first, more = live.flash.restored[:3], len(live.flash.restored[3:])
            names = ", ".join(first) + (f" and {more} more" if more else "")
            console.print(f"Settings of {names} are those of the last run (--fresh forgets them).")


async def _draw(control: ControlServer) -> None:
    """Redraw the table of devices until cancelled."""
    with Live(console=console, refresh_per_second=4) as screen:
        while True:
            screen.update(picture(control, console.height - 4))
            await asyncio.sleep(REFRESH_S)


def picture(control: ControlServer, lines: int) -> Group:
    """The clock, the active faults and as many devices as fit, those with alarms first."""
    status = control.answer(b'{"do": "status"}')
    devices = control.answer(b'{"do": "devices"}')["devices"]
    faults = ", ".join(f"{f['target']} {f['kind']}" for f in status["faults"])
    head = Text.assemble(
        (status["site"], "bold"),
        f"  {spoken(status['now_s'])}  {pace(status)}  reachable {status['reachable']}/{status['devices']}",
        (f"  faults: {faults}" if faults else "", "yellow"),
        (f"  behind by {status['lag_s']:.0f} s" if status["lag_s"] > 2 * status["speed"] else "", "red"),
    )
    shown = sorted(devices, key=lambda d: (d["state"] == "up" and not d["alarms"], not d["values"]))[: max(3, lines)]
    listing = devices_table(shown, console.width)
    more = len(devices) - len(shown)
    tail = Text(f"… and {more} more (`twinfeed devices`)", style="dim") if more > 0 else Text("")
    return Group(head, listing, tail)
