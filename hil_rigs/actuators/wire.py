"""The inline fault proxy in front of a device of the bench, in the process that alone touches it.

The controller under test comes to the proxy (`comes_to`); the bench's own handles go straight to the device, so that a
fault of the wire hides nothing from interlocks and instruments. A serial line has one master: there the proxy stands on
a second line of the device, or of this computer.
"""

from __future__ import annotations

from collections.abc import Mapping

from twinfeed._phrases import Phrase
from twinfeed.harness.faults.frames import Speaks, Tamper
from twinfeed.harness.faults.proxy import NotLoopback, Proxies, Proxy, SerialProxy, TcpProxy, UdpProxy
from twinfeed.hil_rigs.actuators.base import Actuator, ActuatorFailed
from twinfeed.hil_rigs.rigfile import Rig
from twinfeed.hil_rigs.schema import DeviceAccess, Position, Wire

SEED = 0
"""Of the faults' chance: the same in every run."""


class WireActuator(Actuator):
    """Positions are the names of faults of the wire, which add up; a move to normal lifts them all.

    While it is not open nothing passes and nothing is disturbed: that is normal, too.
    """

    def __init__(self, name: str, device: str, proxies: Mapping[str, Proxy], normal: Position) -> None:
        super().__init__(name)
        self.device = device
        self._of = dict(proxies)
        self._proxies = Proxies({device: tuple(proxies.values())})
        self._normal = normal
        self._open = False

    @property
    def comes_to(self) -> dict[str, tuple[str, int] | str]:
        """Protocol -> where the controller under test finds the device: host and port, or the path of a line."""
        return {
            protocol: proxy.path if isinstance(proxy, SerialProxy) else proxy.address
            for protocol, proxy in self._of.items()
            if isinstance(proxy, SerialProxy | TcpProxy | UdpProxy)
        }

    async def open(self) -> None:
        if self._open:
            return
        try:
            await self._proxies.start()
        except OSError as error:
            places = ", ".join(map(_place, self.comes_to.values()))
            raise ActuatorFailed(
                Phrase(
                    "{name}: the proxy of {device} cannot listen at {places}: {strerror}",
                    name=self.name,
                    device=self.device,
                    places=places,
                    strerror=error.strerror or error,
                )
            ) from None
        self._open = True

    async def move(self, position: Position, parameters: Mapping[str, float] | None = None) -> None:
        if not self._open:
            if position == self._normal:
                return
            raise ActuatorFailed(
                Phrase("{name}: the proxy of {device} is not open", name=self.name, device=self.device)
            )
        kind = str(position)
        try:
            if position == self._normal:
                await self._proxies.lift(self.device)
            else:
                await self._proxies.apply(self.device, kind, parameters)
        except (ValueError, OSError) as error:  # a port that was given up while it refused may be taken meanwhile
            raise ActuatorFailed(
                Phrase("{name}: should be {position}: {error}", name=self.name, position=position, error=error)
            ) from None

    async def position(self) -> Position | None:
        suffered = dict.fromkeys(kind for proxy in self._of.values() for kind in proxy.faults)
        return ", ".join(suffered) or self._normal

    async def try_dry(self) -> str:
        found = ", ".join(
            Phrase("{protocol} at {place}", protocol=protocol, place=_place(place))
            for protocol, place in self.comes_to.items()
        )
        if self._open:
            return Phrase("the controller finds {device} by {places}", device=self.device, places=found)
        return Phrase(
            "the controller finds {device} by {places} once the bench is open", device=self.device, places=found
        )

    async def close(self) -> None:
        await self._proxies.stop()
        self._open = False


def make(rig: Rig, name: str) -> WireActuator:
    """The proxy of that name; it listens once it is opened.

    Raises:
        ValueError: it would listen where others reach it, or on a line of a speed that there is not.
    """
    section = rig.bench.actuators[name]
    assert section.proxy is not None, "the rig file gives a device"
    try:
        proxies = dict(_proxies(section.proxy, rig.bench.devices[section.proxy.device]))
    except NotLoopback as error:
        raise ValueError(Phrase("{name}: {error}: `expose: true`", name=name, error=error)) from None
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None
    return WireActuator(name, section.proxy.device, proxies, section.normal)


def _proxies(wire: Wire, device: DeviceAccess) -> list[tuple[str, Proxy]]:
    found: list[tuple[str, Proxy]] = []
    if wire.modbus is not None:
        access = device.modbus
        assert access is not None and access.address is not None, "the rig file's reader has seen to it"
        target, listen = (access.address, access.port), _listen(wire.modbus)
        if access.framing == "udp":
            found.append(("modbus", UdpProxy(listen, target, _tamper("modbus-tcp"), seed=SEED, exposed=wire.expose)))
        else:
            speaks: Speaks = "modbus-rtu" if access.framing == "rtu" else "modbus-tcp"
            found.append(("modbus", TcpProxy(listen, target, _tamper(speaks), seed=SEED, exposed=wire.expose)))
    if wire.line is not None:
        tamper = _tamper("modbus-rtu")
        line = SerialProxy(
            str(wire.terminal), wire.line, tamper, pseudo=True, baud=wire.baud, parity=wire.parity, seed=SEED
        )
        found.append(("modbus", line))
    if wire.snmp is not None:
        agent = device.snmp
        assert agent is not None, "the rig file's reader has seen to it"
        target, listen = (agent.address, agent.port), _listen(wire.snmp)
        found.append(("snmp", UdpProxy(listen, target, _tamper("snmp"), seed=SEED, exposed=wire.expose)))
    return found


def _tamper(speaks: Speaks) -> Tamper:
    return Tamper(SEED, speaks)


def _listen(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    return host, int(port)


def _place(place: tuple[str, int] | str) -> str:
    return place if isinstance(place, str) else f"{place[0]}:{place[1]}"
