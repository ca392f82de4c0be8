"""A site on the network: every device answers its protocols on its own loopback address, in one process.

    live = LiveSite(Site.load("bamako"), speed=10)
    await live.start()
    ...
    await live.stop()

The plant is paced by the event loop's clock, `speed` seconds of it for each second of the clock. A device that has
lost its power, its management switch or its path is silent, as on site.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import math
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from ipaddress import ip_address
from time import thread_time
from weakref import WeakKeyDictionary

from twinfeed.emulators.devices.firmware.device import Device
from twinfeed.emulators.devices.firmware.points import Crashed
from twinfeed.emulators.flash import Flash
from twinfeed.emulators.notices import Announcer
from twinfeed.emulators.plant.kernel.actor import Defect, PlantError
from twinfeed.emulators.profiles.binding import Surface
from twinfeed.emulators.profiles.modbus_binding import ProfileUnit
from twinfeed.emulators.profiles.modbus_extras import unit_of
from twinfeed.emulators.profiles.snmp_binding import SurfaceTree
from twinfeed.emulators.site import Site
from twinfeed.emulators.siteentries import DeviceEntry
from twinfeed.emulators.snmpaccess import SnmpAccess
from twinfeed.emulators.wire.backlog import BUFFERS, promptly
from twinfeed.emulators.wire.modbus import ModbusTcpServer, Unit
from twinfeed.emulators.wire.pool import ConnectionPool
from twinfeed.emulators.wire.snmp import (
    Engine,
    SnmpAgent,
    SnmpServer,
    SnmpStreamServer,
    agent_instances,
    engine_id_from_mac,
)

log = logging.getLogger(__name__)

PACE_S = 0.05
"""How often the plant catches up with the clock, in s of the clock."""

KEPT_A_PACE = 50
"""Devices whose settings are compared with what is stored each PACE_S: a thousand a second."""

LOOK_S = 1.0
"""How often firmware looks at quantities that wake nobody when they cross a limit, s of the clock."""

STANDARD_PORTS = {"snmp": 161, "modbus": 502}
"""IANA service ports; below 1024, so they need the right to bind them."""

HIGH_PORTS = {"snmp": 1161, "modbus": 1502}

ENTERPRISE = 8072
"""Enterprise number in the agents' engine ids (RFC 3411 §5): net-snmp's, since twinfeed has none of its own."""


KEPT_DEFECTS = 100
"""Defects remembered, the last ones: a device that crashes at each restart must not fill the memory."""

SPARE_FILES = 256
"""Open files kept back from Modbus connections: for the control socket and its clients, and for connections that have
been accepted and not yet counted (asyncio accepts up to 100 at once)."""


class ServeError(Exception):
    """The site cannot be put on the network; the message says what to do."""


@dataclass(frozen=True)
class Endpoint:
    """Where one device answers one protocol; SNMP over UDP, and over TCP at the same port where the site offers it."""

    device: str
    protocol: str
    address: str
    port: int
    unit: int | None = None
    """Modbus unit id."""

    @property
    def url(self) -> str:
        """As transports take it: `snmp://127.20.1.11:1161`, `modbus://[::1]:20001/3`."""
        host = f"[{self.address}]" if ":" in self.address else self.address
        unit = "" if self.unit is None else f"/{self.unit}"
        return f"{self.protocol}://{host}:{self.port}{unit}"


class Servers:
    """Every device of a site, answering on the running loop; nobody moves the plant.

    `ports` are `standard`, `high`, one for each protocol, or the first of a run of ports; in that last case every
    device is on `single_address` (for systems that give loopback one address only). `expose` names an interface
    address to listen on instead of loopback, which lets everyone who reaches it command the devices. `draining` reads
    UDP sockets several datagrams at a time, for which the loop must have real ones. `catch_up` is called before a
    device looks at a request. A `lazy` device builds its SNMP variables when it is first asked. With `streams`
    agents also answer over TCP, unless the site file says otherwise.
    """

    def __init__(
        self,
        site: Site,
        ports: str | int | Mapping[str, int] = "high",
        single_address: str = "127.0.0.1",
        expose: str | None = None,
        *,
        draining: bool = True,
        catch_up: Callable[[], None] | None = None,
        lazy: bool = False,
        streams: bool = False,
    ) -> None:
        self.site = site
        self.speed = 1.0
        """Seconds of the site for each second of the loop's clock."""
        self.endpoints: list[Endpoint] = []
        self.agents: dict[str, SnmpAgent] = {}
        self._draining = draining
        self._catch_up = catch_up
        self.flash: Flash | None = None
        """Where devices keep their boots and settings over restarts; set before `start`. None: nowhere."""
        self._lazy = lazy
        self._streams = streams
        self._beyond = expose is not None or site.file.head.beyond_loopback
        """Whether devices may be reached from other computers."""
        self._numbered = iter(range(ports, 65536)) if isinstance(ports, int) else None
        named = HIGH_PORTS if ports == "high" else STANDARD_PORTS
        self._ports = ports if isinstance(ports, Mapping) else named
        self._single_address = expose or single_address
        self._servers: list[SnmpServer | SnmpStreamServer | ModbusTcpServer] = []
        self._announcer: Announcer | None = None
        self._pool: ConnectionPool | None = None

    async def start(self, progress: Callable[[str], None] = lambda name: None) -> None:
        """Bind everything; `progress` is told each device's name as it comes up.

        Raises:
            ServeError: an address cannot be bound; nothing stays bound.
        """
        if self._beyond:
            self._check_credentials()
        gateways: dict[tuple[str, int], _Behind] = {}
        try:
            for entry in self.site.file.devices:
                await self._serve(entry, gateways)
                progress(entry.name)
        except BaseException:
            await self.stop()
            raise
        if any(entry.snmp.traps for entry in self.site.file.devices):
            addresses = {e.device: e.address for e in self.endpoints}
            self._announcer = Announcer(self.site, self.agents, addresses, self._beyond)
            await self._announcer.start()

    def _check_credentials(self) -> None:
        """Who can be reached from other computers must not be commanded by everybody.

        Raises:
            ServeError: a device has the credentials that ship with twinfeed.
        """
        for entry in self.site.file.devices:
            fields = entry.snmp.shipped if entry.profile.snmp is not None else []
            if fields:
                raise ServeError(
                    f"{entry.name} would be reached from other computers with the credentials that ship with twinfeed "
                    f"({', '.join(fields)}): anyone could command it. Write credentials of your own into the `snmp` of "
                    f"{self.site.file.path}, or an empty community for none"
                )

    async def stop(self) -> None:
        """Free every port."""
        if self._announcer is not None:
            await self._announcer.stop()
            self._announcer = None
        for server in self._servers:
            await server.stop()
        self._servers.clear()

    def announce(self) -> None:
        """Send what devices have to say since the last call: traps, and late answers of those no longer slow."""
        for server in self._servers:
            server.hasten()
        if self._announcer is not None:
            self._announcer.collect()

    def _gate(self, name: str) -> Callable[[], bool]:
        """Whether that device can be reached now, the plant having caught up."""
        reachable, catch_up = self.site.reachable, self._catch_up
        if catch_up is None:
            return partial(reachable, name)

        def gate() -> bool:
            catch_up()
            return reachable(name)

        return gate

    def _failed(self, device: Device, protocol: str, error: Exception) -> None:
        """The code of that device has raised while it worked on a request of that protocol."""
        if not isinstance(error, Crashed):  # then it is known already
            self.site.plant.crash(device, error, protocol)

    def _delay_s(self, devices: Sequence[Device]) -> float:
        """How long the slowest of these takes over an answer, s of the loop's clock."""
        delay_s = 0.0
        for device in devices:
            slow = device.state.faults.get("card-slow")
            if slow is not None:
                delay_s = max(delay_s, slow["delay_s"] / self.speed)
        return delay_s

    def _most_connections(self, devices: Sequence[Device], most: int) -> int:
        """How many connections these, behind one address, keep: the product's number, or fewer by a fault."""
        limits = [fault["limit"] for device in devices if (fault := device.fault("connection-limit")) is not None]
        return min([most, *map(int, limits)])

    # -- endpoints ------------------------------------------------------------------------------------------

    async def _serve(self, entry: DeviceEntry, gateways: dict[tuple[str, int], _Behind]) -> None:
        device = self.site.devices[entry.name]
        face = _face(self.site, entry)
        if entry.profile.snmp is not None:
            address, port = self._place(entry, "snmp")
            assert face.tree is not None
            agent = self._agent(face.tree, device, entry.snmp)
            await self._bind(
                entry.name,
                SnmpServer(
                    agent,
                    address,
                    port,
                    self._gate(entry.name),
                    delay_s=partial(self._delay_s, (device,)),
                    buffers=entry.profile.snmp.buffers or BUFFERS,
                    failed=partial(self._failed, device, "SNMP"),
                    draining=self._draining,
                    allow_non_loopback=self._beyond,
                ),
            )
            if self._streams and entry.snmp.tcp:
                await self._bind(
                    entry.name,
                    SnmpStreamServer(
                        agent,
                        address,
                        port,
                        self._gate(entry.name),
                        delay_s=partial(self._delay_s, (device,)),
                        buffers=entry.profile.snmp.buffers or BUFFERS,
                        failed=partial(self._failed, device, "SNMP"),
                        pool=self._pool,
                        allow_non_loopback=self._beyond,
                    ),
                )
            self.endpoints.append(Endpoint(entry.name, "snmp", address, port))
        if entry.profile.modbus is not None:
            unit_id = entry.profile.modbus.unit if entry.unit is None else entry.unit
            address, port = self._place(entry, "modbus")
            gateway = gateways.get((address, port))
            if gateway is None:
                gateway = gateways[address, port] = _Behind(self._catch_up)
                modbus = entry.profile.modbus
                await self._bind(
                    entry.name,
                    ModbusTcpServer(
                        gateway,
                        address,
                        port,
                        gate=gateway.any_reachable,
                        delay_s=partial(self._delay_s, gateway.devices),
                        buffers=modbus.buffers or BUFFERS,
                        max_connections=partial(self._most_connections, gateway.devices, modbus.connections),
                        when_full=modbus.when_full,
                        idle_timeout_s=modbus.idle_timeout_s,
                        pool=self._pool,
                        failed=partial(self._failed, device, "Modbus"),
                        processor=thread_time if self._draining else promptly,
                        allow_non_loopback=self._beyond,
                    ),
                )
            if unit_id in gateway.units:
                raise ServeError(f"{entry.name}: unit {unit_id} at {address}:{port} is taken; give it another `unit`")
            gateway.devices.append(device)
            assert face.unit is not None
            gateway.units[unit_id] = (face.unit, partial(self.site.reachable, entry.name))
            self.endpoints.append(Endpoint(entry.name, "modbus", address, port, unit_id))

    def _place(self, entry: DeviceEntry, protocol: str) -> tuple[str, int]:
        if self._numbered is not None:
            port = next(self._numbered, None)
            if port is None:
                raise ServeError(f"the run of ports ends at 65535, before {entry.name}; begin lower: --ports 20000")
            return self._single_address, port
        if not self._beyond and not ip_address(entry.address).is_loopback:
            raise ServeError(
                f"{entry.name} has the address {entry.address}, which is not loopback; give it a 127.x.y.z, or write "
                "`beyond_loopback: true` at the top of the site file if it is meant"
            )
        return entry.address, self._ports[protocol]

    async def _bind(self, name: str, server: SnmpServer | SnmpStreamServer | ModbusTcpServer) -> None:
        try:
            await server.start()
        except OSError as error:
            what = "Modbus" if isinstance(server, ModbusTcpServer) else "SNMP"
            if error.errno == errno.EADDRNOTAVAIL:
                raise ServeError(
                    f"{name}: {what} cannot listen: its address is none of this computer's. Add it to an interface "
                    "(Linux: ip address add ADDRESS dev lo), or put all devices on one address with --ports 20000"
                ) from None
            raise ServeError(
                f"{name}: {what} cannot listen: {error.strerror or error}. Is the site already running "
                "(`twinfeed status`)? Low ports need the right to bind them (--ports high), and systems with a single "
                "loopback address need --ports 20000"
            ) from None
        self._servers.append(server)

    def _agent(self, tree: SurfaceTree, device: Device, access: SnmpAccess) -> SnmpAgent:
        agent = SnmpAgent(
            tree,
            access.wire_communities,
            access.wire_users,
            engine_of(device, self.flash),
            contexts=access.context_names,
            max_message=tree.max_message,
        )
        tree.add(agent_instances(agent))
        if not self._lazy:
            tree.refresh()
        self.agents[device.name] = agent
        return agent


def engine_of(device: Device, flash: Flash | None = None) -> Engine:
    """The SNMP engine that device's agent is: known by the card's MAC address, counting its boots and uptime."""
    boots = (lambda: device.state.boots) if flash is None else partial(flash.boots, device)
    return Engine(engine_id_from_mac(ENTERPRISE, device.mac), boots, lambda: int(device.uptime_s))


class LiveSite(Servers):
    """Serves a site whose plant is paced by the event loop's clock, `speed` seconds of it for each second of that.

    A defect in the code of one device's firmware takes that device down (`firmware-crash`) and is logged with its
    traceback; the others go on. `journal_lines` bounds the plant's journal, whose oldest lines are then dropped (None:
    all are kept). Opening as many files as the system allows is this process's right from `start` on.
    """

    def __init__(
        self,
        site: Site,
        speed: float = 1.0,
        ports: str | int | Mapping[str, int] = "high",
        single_address: str = "127.0.0.1",
        expose: str | None = None,
        *,
        journal_lines: int | None = None,
    ) -> None:
        if not 0.0 < speed < math.inf:
            raise ServeError(f"the speed is {speed:g}, expected more than 0 (1 is real time)")
        super().__init__(site, ports, single_address, expose, streams=True)
        self.speed = speed
        self.lag_s = 0.0
        """How far the plant is behind the clock, in its own s; it grows when the machine cannot keep up the speed."""
        self.failure: Exception | None = None
        """Why the plant stopped, if it did."""
        self.open_files = (0, 0)
        """How many files the process was allowed to open, and how many it is since `start`."""
        self.defects: list[Defect] = []
        """What has crashed devices: exceptions in the code of their firmware, the last `KEPT_DEFECTS`."""
        self._journal_lines = journal_lines
        self._pacer: asyncio.Task[None] | None = None

    async def start(self, progress: Callable[[str], None] = lambda name: None) -> None:
        """Bind everything and let time run.

        Raises:
            ServeError: an address cannot be bound; nothing stays bound.
        """
        self.open_files = raise_open_files()
        self._pool = ConnectionPool(connections_allowed(self.open_files[1]))
        self.site.plant.on_defect = self._note_defect
        await super().start(progress)
        self._pacer = asyncio.create_task(self._pace(), name="plant")

    async def stop(self) -> None:
        """Stop time and free every port."""
        if self._pacer is not None:
            self._pacer.cancel()
            await asyncio.gather(self._pacer, return_exceptions=True)
            self._pacer = None
            if self.flash is not None:
                self.flash.keep()
        await super().stop()
        self.site.plant.on_defect = None

    def _note_defect(self, defect: Defect) -> None:
        self.defects.append(defect)
        del self.defects[:-KEPT_DEFECTS]
        device = defect.who.partition("/")[0]
        log.error(
            "%s: its firmware has crashed at t=%.3f s (%s); the device answers no more until it is restarted or "
            "`twinfeed clear %s` is called. The defect is in its code:",
            device,
            defect.t,
            defect.phase,
            device,
            exc_info=defect.error,
        )

    async def run(self) -> None:
        """Serve until cancelled.

        Raises:
            PlantError: the plant could not go on.
        """
        assert self._pacer is not None, "start() comes before run()"
        await self._pacer

    async def _pace(self) -> None:
        loop, plant = asyncio.get_running_loop(), self.site.plant
        last = loop.time()
        look_s = last
        target = plant.now
        try:
            while True:
                await asyncio.sleep(PACE_S)
                now = loop.time()
                target = max(target, plant.now) + (now - last) * self.speed
                last = now
                # A slice is bounded so that clients are served while the plant catches up with a burst.
                plant.advance(min(target, plant.now + 4 * PACE_S * self.speed))
                self.lag_s = target - plant.now
                if now >= look_s:
                    look_s = now + LOOK_S
                    plant.settle()
                if self.flash is not None:
                    self.flash.keep(KEPT_A_PACE)
                self.announce()
                if self._journal_lines is not None and len(plant.journal) > 2 * self._journal_lines:
                    del plant.journal[: -self._journal_lines]
        except PlantError as error:
            self.failure = error
            raise
        except Exception as error:
            self.failure = error
            log.exception("the code of the plant failed at t=%.3f s", plant.now)
            raise PlantError(
                f"the site stopped at t={plant.now:.3f} s, since the code of the plant failed: {error!r}. This is a "
                "defect of twinfeed; please report it with the traceback above"
            ) from error


def raise_open_files() -> tuple[int, int]:
    """Raise this process's soft limit of open files to its hard one (RLIMIT_NOFILE of getrlimit(2)); what it was, and
    what it is now."""
    try:
        import resource
    except ImportError:  # Windows
        return UNLIMITED_FILES, UNLIMITED_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = UNLIMITED_FILES if hard == resource.RLIM_INFINITY else hard
    if soft != resource.RLIM_INFINITY and soft < wanted:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        except (OSError, ValueError) as error:  # macOS has a limit of its own below an unlimited one
            log.warning("the limit of open files stays at %d: %s", soft, error)
            return soft, soft
        log.info("the limit of open files is now %d, it was %d", wanted, soft)
    return soft, wanted


UNLIMITED_FILES = 1_048_576
"""Taken for no limit: Linux's own upper one (fs.nr_open)."""


def connections_allowed(files: int) -> int:
    """How many Modbus connections are kept by a process that may open `files` files: `SPARE_FILES` remain."""
    try:
        now_open = len(os.listdir("/dev/fd"))
    except OSError:
        now_open = 0
    return max(1, files - now_open - SPARE_FILES)


@dataclass(frozen=True)
class _Face:
    """How a device shows itself to each protocol."""

    tree: SurfaceTree | None
    unit: ProfileUnit | None


_faces: WeakKeyDictionary[Site, dict[str, _Face]] = WeakKeyDictionary()
"""Made once for each site: a site that is taken back to its start and served again looks as before."""


def _face(site: Site, entry: DeviceEntry) -> _Face:
    faces = _faces.setdefault(site, {})
    if entry.name not in faces:
        surface = Surface(entry.profile, site.devices[entry.name])
        faces[entry.name] = _Face(
            None if entry.profile.snmp is None else SurfaceTree(surface, lazy=True),
            None if entry.profile.modbus is None else unit_of(surface),
        )
    return faces[entry.name]


class _Behind(Mapping[int, Unit]):
    """The units behind one address, of which only the reachable ones answer.

    A device alone at its address also answers to 0 and 255, which the Modbus Messaging on TCP/IP Implementation
    Guide gives to a device that is no gateway.
    """

    def __init__(self, catch_up: Callable[[], None] | None = None) -> None:
        self._catch_up = catch_up
        self.units: dict[int, tuple[Unit, Callable[[], bool]]] = {}
        self.devices: list[Device] = []

    def __getitem__(self, id: int) -> Unit:
        if len(self.units) == 1 and id in (0, 255):
            ((unit, reachable),) = self.units.values()
        else:
            unit, reachable = self.units[id]
        if not reachable():
            raise KeyError(id)
        return unit

    def __iter__(self) -> Iterator[int]:
        return iter(self.units)

    def __len__(self) -> int:
        return len(self.units)

    def any_reachable(self) -> bool:
        """Whether one can be reached now, the plant having caught up: asked before each request is looked at."""
        if self._catch_up is not None:
            self._catch_up()
        return any(reachable() for _, reachable in self.units.values())


def by_device(endpoints: list[Endpoint]) -> Iterator[tuple[str, list[Endpoint]]]:
    """The endpoints of each device, in order."""
    grouped: dict[str, list[Endpoint]] = {}
    for endpoint in endpoints:
        grouped.setdefault(endpoint.device, []).append(endpoint)
    yield from grouped.items()
