"""From a rig file to handles of its devices: one connection or line for all units behind it."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Hashable, Iterable, Iterator

from twinfeed.emulators.devices.firmware.points import Value
from twinfeed.emulators.profiles.schema import Profile
from twinfeed.harness.transports import DeviceHandle, ModbusTransport, Reading, SnmpTransport, TransportError
from twinfeed.harness.transports.snmp.usm import UsmUser
from twinfeed.harness.transports.tries import TryOptions
from twinfeed.hil_rigs.credentials import NoCredential, secret
from twinfeed.hil_rigs.rigfile import Rig
from twinfeed.hil_rigs.schema import ModbusAccess, SnmpAccess


def connect(rig: Rig, clock: Callable[[], float] | None = None) -> dict[str, DeviceHandle]:
    """A handle for each device of the bench; nothing is sent yet.

    Raises:
        NoCredential: a password is not where the file has it; the message names the device.
    """
    handles: dict[str, DeviceHandle] = {}
    for name, handle in handles_of(rig, clock):
        if isinstance(handle, NoCredential):
            raise handle
        handles[name] = handle
    return handles


def connect_what_can(rig: Rig) -> dict[str, DeviceHandle]:
    """A handle for each device; one whose password is missing fails by itself, and leaves the others to be moved."""
    return {
        name: LockedOut(name, rig.profiles[name], handle) if isinstance(handle, NoCredential) else handle
        for name, handle in handles_of(rig)
    }


class LockedOut(DeviceHandle):
    """A device without its password: every request fails with the reason."""

    def __init__(self, name: str, profile: Profile, why: NoCredential) -> None:
        super().__init__(name, profile)
        self._why = str(why).removeprefix(f"{name}: ")

    async def read_many(self, points: Iterable[str]) -> dict[str, Reading]:
        raise TransportError(self._why, "password").named(self.name, ", ".join(points))

    async def write(self, point: str, value: Value) -> None:
        raise TransportError(self._why, "password").named(self.name, point)

    async def points(self) -> list[str]:
        raise TransportError(self._why, "password").named(self.name, "")


def handles_of(rig: Rig, clock: Callable[[], float] | None = None) -> Iterator[tuple[str, DeviceHandle | NoCredential]]:
    """Each device's handle, or the password that is not where the file has it; nothing is sent yet."""
    lines: dict[Hashable, ModbusTransport] = {}
    for name, device in rig.bench.devices.items():
        profile = rig.profiles[name]
        modbus = None
        if device.modbus is not None:
            line = lines.setdefault(device.modbus.line, modbus_transport(device.modbus))
            modbus = line.unit(device.modbus.unit_of(profile))
        try:
            snmp = None if device.snmp is None else snmp_transport(device.snmp)
        except NoCredential as error:
            yield name, NoCredential(f"{name}: {error}")
        else:
            twin = rig.site.devices.get(name)
            rated_kva = None if twin is None else twin.rated_kva
            yield name, DeviceHandle(name, profile, snmp, modbus, clock, device.rows, rated_kva)


def _times(access: ModbusAccess | SnmpAccess) -> TryOptions:
    return {"timeout_s": access.timeout, "retries": access.retries}


def modbus_transport(access: ModbusAccess) -> ModbusTransport:
    """The connection or line of that access."""
    times = _times(access)
    # A labgrid:RESOURCE whose place could not be had is opened as it stands and does not answer: the others still do.
    if access.serial is not None:
        return ModbusTransport.serial(
            access.serial, baud=access.baud, parity=access.parity, stop_bits=access.stop_bits, **times
        )
    assert access.address is not None, "the rig file gives an address or a serial line"
    match access.framing:
        case "tcp":
            return ModbusTransport.tcp(access.address, access.port, **times)
        case "udp":
            return ModbusTransport.udp(access.address, access.port, **times)
        case "rtu":
            return ModbusTransport.rtu_over_tcp(access.address, access.port, **times)
        case "rfc2217":
            return ModbusTransport.rfc2217(
                access.address,
                access.port,
                baud=access.baud,
                parity=access.parity,
                stop_bits=access.stop_bits,
                **times,
            )
        case "tls":
            context = ssl.create_default_context(cafile=access.trusted)
            return ModbusTransport.tls(access.address, access.port, context=context, **times)


def snmp_transport(access: SnmpAccess) -> SnmpTransport:
    """The agent of that access.

    Raises:
        NoCredential: a password is not where the file has it.
    """
    times = _times(access)
    read, user = listens_for(access)
    if user is not None:
        return SnmpTransport.v3(
            access.address, access.port, user=user, over=access.over, context=access.context, **times
        )
    make = SnmpTransport.v1 if access.version == "v1" else SnmpTransport.v2c
    return make(access.address, access.port, read, _secret(access.write), over=access.over, **times)


def listens_for(access: SnmpAccess) -> tuple[str, UsmUser | None]:
    """The community that the device is read with, which its notifications bear too, and the user of v3 if it has one.

    Raises:
        NoCredential: a password is not where the file has it.
    """
    if access.version != "v3":
        return "public" if access.read is None else secret(access.read), None
    assert access.user is not None, "the rig file names a user for v3"
    references = [reference for reference in (access.auth_password, access.priv_password) if reference is not None]
    passwords = _secret(access.auth_password), _secret(access.priv_password)
    try:
        return "", UsmUser(access.user, *passwords, access.auth, access.priv, origin=" and ".join(references))
    except ValueError as error:
        raise NoCredential(str(error)) from None


def _secret(reference: str | None) -> str:
    return "" if reference is None else secret(reference)
