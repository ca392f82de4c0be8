"""The servers of a site: every device answers its protocols at its own address, on the running event loop."""

from __future__ import annotations

import errno
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from time import thread_time
from typing import TypedDict
from weakref import WeakKeyDictionary

from twinfeed.emulators.devices.firmware.device import Device
from twinfeed.emulators.devices.firmware.points import Crashed
from twinfeed.emulators.flash import Flash
from twinfeed.emulators.notices import Announcer
from twinfeed.emulators.profiles.binding import Surface
from twinfeed.emulators.profiles.modbus_binding import ProfileUnit
from twinfeed.emulators.profiles.modbus_extras import unit_of
from twinfeed.emulators.profiles.schema import Modbus, Snmp
from twinfeed.emulators.profiles.snmp_binding import SurfaceTree
from twinfeed.emulators.serving.gateway import Gateway
from twinfeed.emulators.serving.ports import Endpoint, Ports, ServeError
from twinfeed.emulators.site import Site
from twinfeed.emulators.sitefile.entries import DeviceEntry
from twinfeed.emulators.sitefile.snmp_access import SnmpAccess
from twinfeed.emulators.wire.backlog import BUFFERS, nothing, promptly
from twinfeed.emulators.wire.modbus import ModbusTcpServer
from twinfeed.emulators.wire.pool import ConnectionPool
from twinfeed.emulators.wire.snmp import (
    Engine,
    SnmpAgent,
    SnmpServer,
    SnmpStreamServer,
    agent_instances,
    engine_id_from_mac,
)

ENTERPRISE = 8072
"""Enterprise number in the agents' engine ids (RFC 3411 §5): net-snmp's, since twinfeed has none of its own."""

Server = SnmpServer | SnmpStreamServer | ModbusTcpServer


class Conduct(TypedDict):
    """The options that the servers of all protocols have in common: how a device meets requests."""

    gate: Callable[[], bool]
    """True if the device can be reached. A call moves nothing."""
    catch_up: Callable[[], None]
    """Called before the gate when a request arrives: the plant moves up to the loop's time."""
    delay_s: Callable[[], float]
    """The time that the device takes over an answer, s of the loop's clock."""
    buffers: int
    """Answers that wait in a slow device."""
    failed: Callable[[Exception], None]
    """Called with an exception in the code of the device."""
    allow_non_loopback: bool
    """True if the device may be reached from other computers."""


class Servers:
    """Every device of a site, answering on the running loop. The servers do not move the plant.

    `ports` and `single_address` are those of `Ports`. `expose` names an interface address to listen on instead of
    loopback, which lets everyone who reaches it command the devices. `draining` reads UDP sockets several datagrams at
    a time, for which the loop must have real ones. `catch_up` is called when a request arrives, before the gate of the
    device is called, and moves the plant up to the loop's time. A `lazy` device builds its SNMP variables at its first
    request. With `streams` agents also answer over TCP, unless the site file excludes it.
    """

    def __init__(
        self,
        site: Site,
        ports: str | int | Mapping[str, int] = "high",
        single_address: str = "127.0.0.1",
        expose: str | None = None,
        *,
        draining: bool = True,
        catch_up: Callable[[], None] = nothing,
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
        """The store of the devices' boots and settings over restarts; set before `start`. None: nothing is kept."""
        self._lazy = lazy
        self._streams = streams
        self._beyond = expose is not None or site.file.head.beyond_loopback
        """True if devices may be reached from other computers."""
        self._ports = Ports(ports, expose or single_address, self._beyond)
        self._servers: list[Server] = []
        self._announcer: Announcer | None = None
        self._pool: ConnectionPool | None = None

    async def start(self, progress: Callable[[str], None] = lambda name: None) -> None:
        """Bind everything; `progress` is called with each device's name as it comes up.

        Raises:
            ServeError: an address cannot be bound; nothing stays bound.
        """
        if self._beyond:
            self._check_credentials()
        gateways: dict[tuple[str, int], Gateway] = {}
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
        """Refuse to serve other computers with the default credentials, which everybody knows.

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
        """Send the devices' traps since the last call, and late answers of those no longer slow."""
        for server in self._servers:
            server.hasten()
        if self._announcer is not None:
            self._announcer.collect()

    def _failed(self, devices: Sequence[Device], protocol: str, error: Exception) -> None:
        """The code of these devices has raised while it worked on a request of that protocol: the first goes down."""
        if not isinstance(error, Crashed):  # then it is known already
            self.site.plant.crash(devices[0], error, protocol)

    def _delay_s(self, devices: Sequence[Device]) -> float:
        """The time that the slowest of these devices takes over an answer, s of the loop's clock."""
        delay_s = 0.0
        for device in devices:
            slow = device.state.faults.get("card-slow")
            if slow is not None:
                delay_s = max(delay_s, slow["delay_s"] / self.speed)
        return delay_s

    def _most_connections(self, devices: Sequence[Device], most: int) -> int:
        """The connections that these devices, behind one address, keep: the product's number, or fewer by a fault."""
        limits = [fault["limit"] for device in devices if (fault := device.fault("connection-limit")) is not None]
        return min([most, *map(int, limits)])

    # -- endpoints ------------------------------------------------------------------------------------------

    async def _serve(self, entry: DeviceEntry, gateways: dict[tuple[str, int], Gateway]) -> None:
        if entry.profile.snmp is not None:
            await self._serve_snmp(entry, entry.profile.snmp)
        if entry.profile.modbus is not None:
            await self._serve_modbus(entry, entry.profile.modbus, gateways)

    def _conduct(self, gate: Callable[[], bool], devices: Sequence[Device], protocol: str, buffers: int) -> Conduct:
        """The limits with which these devices, behind one address, meet requests over any protocol."""
        return Conduct(
            gate=gate,
            catch_up=self._catch_up,
            delay_s=partial(self._delay_s, devices),
            buffers=buffers,
            failed=partial(self._failed, devices, protocol),
            allow_non_loopback=self._beyond,
        )

    async def _serve_snmp(self, entry: DeviceEntry, snmp: Snmp) -> None:
        device = self.site.devices[entry.name]
        address, port = self._ports.place(entry, "snmp")
        tree = _face(self.site, entry).tree
        assert tree is not None
        agent = self._agent(tree, device, entry.snmp)
        reachable = partial(self.site.reachable, entry.name)
        conduct = self._conduct(reachable, (device,), "SNMP", snmp.buffers or BUFFERS)
        await self._bind(entry.name, SnmpServer(agent, address, port, draining=self._draining, **conduct))
        if self._streams and entry.snmp.tcp:
            stream = SnmpStreamServer(
                agent,
                address,
                port,
                pool=self._pool,
                processor=thread_time if self._draining else promptly,
                **conduct,
            )
            await self._bind(entry.name, stream)
        self.endpoints.append(Endpoint(entry.name, "snmp", address, port))

    async def _serve_modbus(self, entry: DeviceEntry, modbus: Modbus, gateways: dict[tuple[str, int], Gateway]) -> None:
        device = self.site.devices[entry.name]
        address, port = self._ports.place(entry, "modbus")
        gateway = gateways.get((address, port))
        if gateway is None:
            gateway = gateways[address, port] = Gateway()
            conduct = self._conduct(gateway.any_reachable, gateway.devices, "Modbus", modbus.buffers or BUFFERS)
            server = ModbusTcpServer(
                gateway,
                address,
                port,
                max_connections=partial(self._most_connections, gateway.devices, modbus.connections),
                when_full=modbus.when_full,
                idle_timeout_s=modbus.idle_timeout_s,
                pool=self._pool,
                processor=thread_time if self._draining else promptly,
                **conduct,
            )
            await self._bind(entry.name, server)
        unit_id = modbus.unit if entry.unit is None else entry.unit
        if unit_id in gateway:
            raise ServeError(f"{entry.name}: unit {unit_id} at {address}:{port} is taken; give it another `unit`")
        unit = _face(self.site, entry).unit
        assert unit is not None
        gateway.add(unit_id, unit, device, partial(self.site.reachable, entry.name))
        self.endpoints.append(Endpoint(entry.name, "modbus", address, port, unit_id))

    async def _bind(self, name: str, server: Server) -> None:
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


@dataclass(frozen=True)
class _Face:
    """The surface of a device in each protocol."""

    tree: SurfaceTree | None
    unit: ProfileUnit | None


_faces: WeakKeyDictionary[Site, dict[str, _Face]] = WeakKeyDictionary()
"""Made once for each site: a site that is taken back to its start and served again answers as before."""


def _face(site: Site, entry: DeviceEntry) -> _Face:
    faces = _faces.setdefault(site, {})
    if entry.name not in faces:
        surface = Surface(entry.profile, site.devices[entry.name])
        faces[entry.name] = _Face(
            None if entry.profile.snmp is None else SurfaceTree(surface, lazy=True),
            None if entry.profile.modbus is None else unit_of(surface),
        )
    return faces[entry.name]
