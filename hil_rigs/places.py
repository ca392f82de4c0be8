"""A bench that several computers share: a place of a labgrid coordinator is taken, used and given back.

    async with held(rig) as here:         # raises PlaceHeld: who has it, since when, and how to get it
        handles = connect(here)           # `serial: labgrid:ups` now leads to the exporter's remote serial port

A place that the same user of the same computer has acquired before (`labgrid-client acquire`, or a run that was killed)
is used and left acquired: it was not ours to give back. Two runs of one user are kept apart by `hil_rigs.lock`.

labgrid is loaded when a rig file names a place, never before: that takes 0.7 s of a processor (labgrid 26.0.1).
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from twinfeed._phrases import N_, Phrase
from twinfeed.emulators.nearness import nearest
from twinfeed.hil_rigs.rigfile import Rig
from twinfeed.hil_rigs.schema import DeviceAccess, Labgrid, ModbusAccess

PORT = 20408
"""labgrid's default port of its coordinator."""
SERIAL_PORT = "NetworkSerialPort"
"""labgrid's classes of a serial port that an exporter offers."""
POLL_S = 0.5
"""The period at which a reservation and a port that is being opened are polled, s."""


class PlaceError(Exception):
    """A place cannot be used; the message gives the reason and the next step."""


class PlaceHeld(PlaceError):
    """Somebody else has the place."""


@dataclass(frozen=True)
class Resource:
    """Something an exporter offers at a place."""

    kind: str
    """labgrid's class, such as NetworkSerialPort."""
    settings: dict[str, Any]
    """The parameters in labgrid's words: host, port, speed, protocol …"""
    proxy: str | None
    """The SSH host it is reached through, None if it is reached directly."""


@dataclass(frozen=True)
class Place:
    """A place that is acquired."""

    access: Labgrid
    resources: dict[str, Resource]
    ours: bool
    """True if it was acquired here, and is to be given back."""
    reservation: str | None
    """The reservation it was waited for with."""


@contextlib.asynccontextmanager
async def held(rig: Rig) -> AsyncIterator[Rig]:
    """The rig with its serial lines led to the place's ports; the place is held while the block runs.

    A rig without a place is passed on as it is. Raises as `acquire`.
    """
    if rig.bench.labgrid is None:
        yield rig
        return
    place = await acquire(rig.bench.labgrid)
    try:
        yield at_place(rig, place)
    finally:
        await release(place)


async def acquire(access: Labgrid) -> Place:
    """Take the place; with `wait`, queue for it that long.

    Raises:
        PlaceHeld: somebody else has or has reserved it.
        PlaceError: no labgrid, no coordinator, no such place, or an exporter that does not do its part.
    """
    async with _Session.at(access, access.timeout + access.wait) as session:
        return await session.acquire()


async def release(place: Place) -> None:
    """Give the place back, unless it was acquired before.

    Raises:
        PlaceError: the coordinator is gone; the message gives the step to take when it is back.
    """
    if place.ours:
        async with _Session.at(place.access, place.access.timeout) as session:
            await session.release(place.reservation)


def at_place(rig: Rig, place: Place) -> Rig:
    """The rig with each `labgrid:RESOURCE` replaced by where that serial port is to be reached.

    Raises:
        PlaceError: the place has no such serial port, or not one that can be reached directly.
    """
    devices = {name: _at_place(name, device, place) for name, device in rig.bench.devices.items()}
    return replace(rig, bench=rig.bench.model_copy(update={"devices": devices}))


def _at_place(name: str, device: DeviceAccess, place: Place) -> DeviceAccess:
    if device.modbus is None or device.modbus.labgrid_resource is None:
        return device
    wanted = device.modbus.labgrid_resource
    ports = [name for name, resource in place.resources.items() if resource.kind == SERIAL_PORT]
    if wanted not in ports:
        raise PlaceError(
            Phrase(
                "{name}: the place {place} has no serial port {wanted!r}{near}; `labgrid-client -p {place} show` "
                "lists them, `add-match` and `add-named-match` add to them",
                name=name,
                place=place.access.place,
                wanted=wanted,
                near=_near(wanted, ports),
            )
        )
    resource = place.resources[wanted]
    if resource.proxy is not None:
        raise PlaceError(
            Phrase(
                "{name}: the serial port {wanted!r} is only reached through {proxy} by SSH, which is not "
                "supported; start its exporter without --isolated",
                name=name,
                wanted=wanted,
                proxy=resource.proxy,
            )
        )
    framing = "rtu" if resource.settings.get("protocol") == "raw" else "rfc2217"
    where = {"address": resource.settings["host"], "port": resource.settings["port"], "framing": framing}
    reached: ModbusAccess = device.modbus.model_copy(update={"serial": None, **where})
    return device.model_copy(update={"modbus": reached})


class _Session:
    """One conversation with a coordinator, for one deed. The coordinator keeps a place acquired without it."""

    def __init__(self, access: Labgrid, client: Any, messages: Any) -> None:
        self.access, self.client, self.messages = access, client, messages
        self.me = f"{client.gethostname()}/{client.getuser()}"

    @classmethod
    @contextlib.asynccontextmanager
    async def at(cls, access: Labgrid, patience_s: float) -> AsyncIterator[_Session]:
        try:
            # In a thread: while it loads, whoever watches the bench goes on watching.
            labgrid = await asyncio.to_thread(importlib.import_module, "labgrid.remote.client")
        except ImportError as error:
            raise PlaceError(
                Phrase(
                    "the place {place} needs labgrid ({error}): pip install 'twinfeed[labgrid]', or leave the "
                    "section `labgrid` out of the rig file where one computer has the bench to itself",
                    place=access.place,
                    error=error,
                )
            ) from None
        address = labgrid.proxymanager.get_grpc_address(access.coordinator, default_port=PORT)
        client = labgrid.ClientSession(address, asyncio.get_running_loop())
        gone = Phrase(
            "the labgrid coordinator {coordinator} of place {place} does not answer; is labgrid-coordinator "
            "running there, and may this computer reach its port?",
            coordinator=access.coordinator,
            place=access.place,
        )
        started = False
        try:
            async with asyncio.timeout(access.timeout):
                await client.start()
            started = True
            async with asyncio.timeout(patience_s):
                yield cls(access, client, labgrid.labgrid_coordinator_pb2)
        except (labgrid.Error, labgrid.grpc.aio.AioRpcError) as error:
            silent = client.stopping.is_set()
            why = error.details() if isinstance(error, labgrid.grpc.aio.AioRpcError) else " ".join(map(str, error.args))
            raise PlaceError(
                gone if silent else Phrase("place {place}: labgrid reports: {why}", place=access.place, why=why)
            ) from None
        except TimeoutError:
            late = Phrase(
                "place {place}: coordinator and exporter have not done their part within {patience_s:g} s",
                place=access.place,
                patience_s=patience_s,
            )
            raise PlaceError(Phrase("{late}; look at the exporter's output", late=late) if started else gone) from None
        finally:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(access.timeout):
                    await client.stop()
                    await client.close()

    async def acquire(self) -> Place:
        ours, reservation = True, None
        if self.place.acquired == self.me:
            ours = False
        elif self.place.acquired or await self._reserved_by() is not None:
            if not self.access.wait:
                raise PlaceHeld(await self._who_has_it())
            reservation = await self._queue()
        try:
            if ours:
                await self._acquire()
            return Place(self.access, await self._resources(), ours, reservation)
        except BaseException:
            if ours and self.place.acquired == self.me:
                await self.release(reservation)
            raise

    async def release(self, reservation: str | None) -> None:
        request = self.messages.ReleasePlaceRequest(placename=self.access.place, fromuser=self.me)
        await self.client.stub.ReleasePlace(request)
        if reservation is not None:
            await self._cancel(reservation)

    @property
    def place(self) -> Any:
        """The coordinator's last data of the place."""
        known = self.client.places
        if self.access.place not in known:
            raise PlaceError(
                Phrase(
                    "the labgrid coordinator {coordinator} has no place {place!r}{near}; `labgrid-client -p "
                    "{place} create` makes it",
                    coordinator=self.access.coordinator,
                    place=self.access.place,
                    near=_near(self.access.place, known),
                )
            )
        return known[self.access.place]

    async def _acquire(self) -> None:
        self.client.check_matches(self.place)
        try:
            await self.client.stub.AcquirePlace(self.messages.AcquirePlaceRequest(placename=self.access.place))
        finally:
            await self.client.sync_with_coordinator()
            if self.place.acquired not in (None, "", self.me):  # somebody was faster
                raise PlaceHeld(await self._who_has_it())

    async def _resources(self) -> dict[str, Resource]:
        """The resources of the place, once its serial ports are open."""
        while True:
            found = {
                name: Resource(
                    entry.cls, dict(entry.args), entry.extra.get("proxy") if entry.extra.get("proxy_required") else None
                )
                for (name, _), entry in self.client.get_target_resources(self.place).items()
            }
            if all(resource.settings.get("port") for resource in found.values() if resource.kind == SERIAL_PORT):
                return found
            await asyncio.sleep(POLL_S)
            await self.client.sync_with_coordinator()

    async def _queue(self) -> str:
        """Reserve the place and wait for it; the reservation's token."""
        mine = self.messages.Reservation.Filter(filter={"name": self.access.place})
        answer = await self.client.stub.CreateReservation(
            self.messages.CreateReservationRequest(filters={"main": mine}, prio=0.0)
        )
        token: str = answer.reservation.token
        try:
            async with asyncio.timeout(self.access.wait):
                while not answer.reservation.allocations:
                    await asyncio.sleep(POLL_S)
                    answer = await self.client.stub.PollReservation(self.messages.PollReservationRequest(token=token))
        except BaseException as error:
            await self._cancel(token)
            if isinstance(error, TimeoutError):
                raise PlaceHeld(
                    Phrase(
                        "after {wait:g} s of waiting {who_has_it}",
                        wait=self.access.wait,
                        who_has_it=await self._who_has_it(),
                    )
                ) from None
            raise
        return token

    async def _cancel(self, token: str) -> None:
        await self.client.stub.CancelReservation(self.messages.CancelReservationRequest(token=token))

    async def _reserved_by(self) -> str | None:
        """The other holder of a reservation of the place, None if nobody has one."""
        if not self.place.reservation:
            return None
        answer = await self.client.stub.GetReservations(self.messages.GetReservationsRequest())
        owners = {reservation.token: reservation.owner for reservation in answer.reservations}
        owner: str | None = owners.get(self.place.reservation)
        return None if owner == self.me else owner

    async def _who_has_it(self) -> str:
        place = self.access.place
        how = N_("held") if self.place.acquired else N_("reserved")
        owner = self.place.acquired or await self._reserved_by() or N_("somebody")
        host, _, user = owner.partition("/")
        who = f"{user} on {host}" if user else owner
        since = (
            Phrase(" since {time:%Y-%m-%d %H:%M}", time=datetime.fromtimestamp(self.place.changed))
            if self.place.acquired
            else ""
        )
        return Phrase(
            "the place {place} is {how} by {who}{since}; ask them for it, queue for it (`wait: 30min` in the "
            "rig file's section `labgrid`), or, if nobody works there any more, `labgrid-client -p {place} "
            "release --kick`",
            place=place,
            how=how,
            who=who,
            since=since,
        )


def _near(found: str, known: Iterable[str]) -> str:
    listed = sorted(known)
    near = nearest(found, listed) or listed[:20]
    return Phrase("; there are: {near}", near=", ".join(near)) if near else ""
