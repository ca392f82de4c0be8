"""The demo: boot the Bamako site, cut both mains, and read over the wire what every device makes of it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from twinfeed.emulators.devices.firmware.points import Value
from twinfeed.emulators.plant.kernel.actor import Event
from twinfeed.emulators.serving import HIGH_PORTS, Endpoint, LiveSite
from twinfeed.emulators.site import Site
from twinfeed.harness.cli.output import console, print_json
from twinfeed.harness.durations import spoken
from twinfeed.harness.reference.answers import Scalar
from twinfeed.harness.reference.answers.running import Told
from twinfeed.harness.transports import DeviceHandle, ModbusTransport, SnmpTransport
from twinfeed.harness.transports.errors import TransportError

OUTAGE_S = 15 * 60.0
"""The time that both utilities stay away, s of the plant."""

CUT_AT_S = 10.0
"""When they go, s of the plant."""

SAMPLES_S = (
    0,
    12,
    14,
    18,
    22,
    26,
    32,
    40,
    60,
    90,
    120,
    180,
    300,
    450,
    600,
    900,
    960,
    1080,
    1260,
    1500,
    1800,
    2400,
    3000,
)
"""When the devices are read, s of the plant."""

SLOW_UNTIL_S = 40.0
"""The first moments are shown at twice real time, so that a start within ten seconds can be seen, s of the plant."""

TIMEOUT_S = 0.25
"""The time that a device on loopback may take to answer before it counts as silent, s of the clock."""

SLOW = 2.0
FAST = 60.0
"""Seconds of the plant for each second of the clock, after that."""


@dataclass(frozen=True)
class Column:
    """One column of the timeline: a point of one or several devices, and how their readings become one text."""

    title: str
    devices: tuple[str, ...]
    point: str
    form: str
    """`{:.0f}` for numbers; `count:word` counts the devices that show this word, `above:500` those above 500."""
    worst: str = ""
    """min or max: which of several devices' readings is shown; empty: their sum."""


def shown(column: Column, values: Sequence[Value | None]) -> str:
    """The readings of a column as one text; a silent device shows as a dash."""
    answered = [value for value in values if value is not None]
    if not answered:
        return "–"
    if column.form.startswith("count:"):
        words = column.form.removeprefix("count:").split("|")
        return f"{sum(str(value) in words for value in answered)} of {len(values)}"
    numbers = [float(value) for value in answered if isinstance(value, (int, float))]
    if column.form.startswith("above:"):
        return f"{sum(number > float(column.form.removeprefix('above:')) for number in numbers)} of {len(values)}"
    match column.worst:
        case "min":
            return column.form.format(min(numbers))
        case "max":
            return column.form.format(max(numbers))
    return column.form.format(sum(numbers))


class Observer:
    """Reads the columns over the wire with pymodbus and pysnmp."""

    def __init__(self, live: LiveSite, columns: Sequence[Column]) -> None:
        self.columns = columns
        self.requests = 0
        self.silent = 0
        read = live.site.file.head.snmp.read
        profiles = {entry.name: entry.profile for entry in live.site.file.devices}
        self._handles: dict[str, DeviceHandle] = {}
        for name in dict.fromkeys(device for column in columns for device in column.devices):
            places = {e.protocol: e for e in live.endpoints if e.device == name}
            snmp, modbus = places.get("snmp"), places.get("modbus")
            self._handles[name] = DeviceHandle(
                name,
                profiles[name],
                SnmpTransport.v2c(snmp.address, snmp.port, read, timeout_s=TIMEOUT_S, retries=0) if snmp else None,
                ModbusTransport.tcp(modbus.address, modbus.port, modbus.unit or 1, timeout_s=TIMEOUT_S, retries=0)
                if modbus
                else None,
            )

    async def observe(self) -> list[list[Value | None]]:
        """All columns now; None for a device that does not answer."""
        return [list(await asyncio.gather(*(self._read(d, c.point) for d in c.devices))) for c in self.columns]

    async def _read(self, device: str, point: str) -> Value | None:
        self.requests += 1
        try:
            return (await self._handles[device].read(point)).value
        except TransportError:
            self.silent += 1
            return None

    def close(self) -> None:
        for handle in self._handles.values():
            handle.close()


async def play(site: Site, json: bool, fast: float = FAST) -> int:
    """The demo on a site that is Bamako; returns how many racks lost their supply.

    Raises:
        ServeError: the devices cannot be put on the network.
        PlantError: the plant could not go on.
    """
    live = LiveSite(site, SLOW, _ports())
    out = Console(quiet=True) if json else console
    out.print(f"[bold]twinfeed[/bold] boots {escape(site.file.head.title)} …")
    await live.start()
    observer = Observer(live, COLUMNS)
    out.print(
        f"{len(site.devices)} devices answer on {len(live.endpoints)} endpoints, for example "
        + ", ".join(f"{e.device} {e.url}" for e in _examples(live))
    )
    out.print(
        f"At {spoken(CUT_AT_S)} both utilities fail for {OUTAGE_S / 60:.0f} min. Every number is read over the wire.\n"
    )
    story: list[dict[str, Scalar]] = []
    try:
        story = await _timeline(live, observer, fast, out)
    finally:
        observer.close()
        await live.stop()
    lost = sum(int(c.quantity("losses")) for c in site.components.values() if "losses" in c.QUANTITIES)
    if json:
        told: Told = {"columns": [c.title for c in COLUMNS], "timeline": story, "racks_lost": lost}
        print_json(told)
    else:
        _moral(observer, lost)
    return lost


async def _timeline(live: LiveSite, observer: Observer, fast: float, out: Console) -> list[dict[str, Scalar]]:
    site = live.site
    story: list[dict[str, Scalar]] = []
    told = 0
    out.print(_row("\ntime", [c.title.replace(" ", "\n", 1) for c in COLUMNS], "bold"))
    cut = False
    for moment in SAMPLES_S:
        live.speed = SLOW if site.now < SLOW_UNTIL_S else fast
        while site.now < moment:
            if not cut and site.now >= CUT_AT_S:
                cut = True
                for utility in ("utility-a", "utility-b"):
                    site.inject(utility, "outage", for_s=OUTAGE_S)
            await asyncio.sleep(0.02)
            if live.failure is not None:
                raise live.failure
        at = site.now
        cells = [shown(c, values) for c, values in zip(COLUMNS, await observer.observe(), strict=True)]
        row: dict[str, Scalar] = dict(zip([c.title for c in COLUMNS], cells, strict=True))
        story.append({"t_s": round(at, 1), **row})
        for event in site.plant.journal[told:]:
            line = _headline(event)
            if line:
                out.print(f"[dim]{spoken(event.t)}  {escape(line)}[/dim]")
        out.print(_row(spoken(at), cells))
        told = len(site.plant.journal)
    return story


def _row(time: str, cells: Sequence[str], style: str = "") -> Table:
    """A line of the timeline; a heading's two words stand on two lines, so that it fits a terminal of 80 columns."""
    grid = Table.grid(padding=(0, 1))
    grid.add_column(width=7)
    for _ in COLUMNS:
        grid.add_column(width=6, justify="right")
    grid.add_row(time, *cells, style=style)
    return grid


def _headline(event: Event) -> str:
    """The events that carry the story, as one line; empty for the others."""
    if event.what in ("fault", "fault cleared"):
        over = " is over" if event.what == "fault cleared" else ""
        return f"{event.who}: {event.data['kind']}{over}"
    if event.who in TOLD and event.what in HEADLINES:
        return f"{event.who} {event.what} {HEADLINES[event.what].format_map(event.data)}".rstrip()
    return ""


def _moral(observer: Observer, lost: int) -> None:
    console.print()
    verdict = "[green]no rack lost its supply[/green]" if not lost else f"[red]{lost} racks lost their supply[/red]"
    console.print(f"{verdict}; {observer.requests} readings, {observer.silent} unanswered.")
    console.print(
        "Your turn: [bold]twinfeed up bamako[/bold], then `twinfeed fault generator-1 fail-to-start` and cut the mains."
    )


def _ports() -> str | int:
    """The usual high ports on many loopback addresses, or a run of ports where the system has one address only."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(("127.20.0.1", 0))
        except OSError:
            return 20000
    for protocol, port in HIGH_PORTS.items():
        kind = socket.SOCK_DGRAM if protocol == "snmp" else socket.SOCK_STREAM
        with socket.socket(socket.AF_INET, kind) as probe:
            try:
                probe.bind(("127.20.1.11", port))
            except OSError:
                return 20000
    return "high"


def _examples(live: LiveSite) -> list[Endpoint]:
    return [next(e for e in live.endpoints if e.protocol == protocol) for protocol in ("snmp", "modbus")]


UPSS = ("ups-a1", "ups-a2", "ups-a3", "ups-b1", "ups-b2", "ups-b3")
SETS = ("generator-1", "generator-2", "generator-3", "generator-4")
CHILLERS = ("chiller-1", "chiller-2", "chiller-3", "chiller-4")

COLUMNS: tuple[Column, ...] = (
    Column("grid V", ("meter-utility-a", "meter-utility-b"), "voltage.average", "{:.0f}", "max"),
    Column("sets run", SETS, "engine.speed", "above:1400"),
    Column("sets kW", SETS, "generator.power.total", "{:.0f}"),
    Column("boards V", ("meter-board-a", "meter-board-b"), "voltage.average", "{:.0f}", "min"),
    Column("on batt.", UPSS, "output.source", "count:battery"),
    Column("charge %", UPSS, "battery.charge", "{:.0f}", "min"),
    Column("chill. run", CHILLERS, "chiller.running", "count:True"),
    Column("water °C", CHILLERS, "water.leaving", "{:.1f}", "min"),
    Column("hall-1 °C", ("sensor-hall-1",), "probe.1.value", "{:.1f}", "max"),
    Column("hall-2 °C", ("sensor-hall-2",), "probe.1.value", "{:.1f}", "max"),
)
"""The columns of the demo on the Bamako site."""

HEADLINES: dict[str, str] = {
    "fired": "",
    "breaker closed": "on a {bus} bus",
    "breaker opened": "",
    "transferred": "to {to}",
    "tripped": "on {reason}",
    "started": "",
    "stopped": "",
}
"""Entries of the journal that carry the story, and the part of their data that is printed."""

TOLD = frozenset({*SETS, *CHILLERS, "ats-a", "ats-b"})
"""Whose."""
