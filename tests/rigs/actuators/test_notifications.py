"""A quantity of notifications is unknown one heartbeat after the last sign of life of the device."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pysnmp.hlapi.v3arch.asyncio import (
    CommunityData,
    ContextData,
    NotificationType,
    ObjectIdentity,
    SnmpEngine,
    UdpTransportTarget,
    send_notification,
)

from twinfeed.emulators.devices.firmware.points import Value
from twinfeed.emulators.yamlfile import FileError
from twinfeed.harness.journal import Trace
from twinfeed.harness.properties import evaluate, never
from twinfeed.harness.transports.snmp.traps import Trap, TrapReceiver
from twinfeed.harness.unknown import Unknown
from twinfeed.harness.virtual.loop import VirtualLoop
from twinfeed.hil_rigs import rigfile
from twinfeed.hil_rigs.instruments import EventInstrument, NoReading
from twinfeed.hil_rigs.instruments.notifications import Listener, NotificationInstrument
from twinfeed.hil_rigs.instruments.sampling import Sampling
from twinfeed.hil_rigs.schema import Instrument as Section

ON, OFF, OTHER = "1.3.6.1.4.1.9.1", "1.3.6.1.4.1.9.2", "1.3.6.1.4.1.9.3"
SECTION = Section.model_validate(
    {"notifications": {"device": "ups-1", "listen": "127.0.0.1:1162", "values": {ON: True, OFF: False}},
     "heartbeat": "2 s"}
)  # fmt: skip
NAME = "ups-1.on_battery"


class InMemory(Listener):
    """Hands on what a test sends."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[Trap] = asyncio.Queue()
        self.receiver = TrapReceiver("127.0.0.1", 1162)

    async def of(self, source: str) -> asyncio.Queue[Trap]:
        return self.queue

    def send(self, oid: str) -> None:
        now_s = asyncio.get_running_loop().time()
        self.queue.put_nowait(Trap(now_s, "192.0.2.7", oid, now_s, {}))

    async def close(self) -> None:
        return


def recorded(sent: Sequence[tuple[float, str]], until_s: float) -> Trace:
    """The trace of a quantity of these notifications, as a bench records it."""
    trace = Trace()

    def take(t_s: float, name: str, value: Value) -> None:
        trace.known_for(name, SECTION.known_for_s)
        trace.add(t_s, name, value)

    def silent(t_s: float, name: str, why: NoReading) -> None:
        if name in trace:
            trace.silent(t_s, name, str(why))
        else:
            trace.add(t_s, name, Unknown(str(why)))

    async def main() -> None:
        listener = InMemory()
        sampling = Sampling(take, silent, lambda t_s, name: trace.alive(t_s, name))
        sampling.start([NotificationInstrument(NAME, SECTION, "192.0.2.7", listener)])
        loop = asyncio.get_running_loop()
        for at_s, oid in sent:
            await asyncio.sleep(at_s - loop.time())
            listener.send(oid)
        await asyncio.sleep(until_s - loop.time())
        await sampling.stop()
        trace.reach(until_s)

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(main())
    return trace


def known_at(sent: Sequence[tuple[float, str]], t: float) -> bool | None:
    """By the definition: the value of the last notification of the quantity, if no silence since was too long."""
    past = [(at_s, oid) for at_s, oid in sent if at_s <= t]
    last = max((n for n, (_, oid) in enumerate(past) if oid != OTHER), default=None)
    if last is None:
        return None
    signs = [at_s for at_s, _ in past[last:]] + [t]
    alive = all(later - earlier <= 2.0 for earlier, later in pairwise(signs))
    return past[last][1] == ON if alive else None


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (OSError(98, "Address already in use"), "Address already in use"),
        (OSError("no such network"), "no such network"),
    ],
)
def test_notifications_that_cannot_be_received_are_no_reading(error: OSError, reason: str) -> None:
    class Deaf(InMemory):
        async def of(self, source: str) -> asyncio.Queue[Trap]:
            raise error

    async def first() -> Value | NoReading | None:
        return await anext(NotificationInstrument(NAME, SECTION, "192.0.2.7", Deaf()).events())

    told = asyncio.run(first())
    assert isinstance(told, NoReading)
    assert str(told) == f"ups-1.on_battery: notifications cannot be received at 127.0.0.1:1162: {reason}"


@pytest.mark.parametrize(
    ("silence_s", "uptime_s", "lost"), [(3.0, 99.0, "was silent for more than 2 s"), (1.0, 0.5, "was restarted")]
)
def test_what_makes_a_known_quantity_unknown_is_told(silence_s: float, uptime_s: float, lost: str) -> None:
    async def main() -> list[Any]:
        listener = InMemory()
        told = NotificationInstrument(NAME, SECTION, "192.0.2.7", listener).events()
        listener.queue.put_nowait(Trap(0.0, "192.0.2.7", ON, 10.0, {}))
        first = await anext(told)
        await asyncio.sleep(silence_s)
        listener.queue.put_nowait(Trap(silence_s, "192.0.2.7", OTHER, uptime_s, {}))
        return [first, await anext(told)]

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        on, unknown = runner.run(main())
    assert on is True
    assert isinstance(unknown, NoReading)
    assert f"192.0.2.7 {lost}: a notification may have been lost" in str(unknown)


@given(st.lists(st.tuples(st.integers(1, 39), st.sampled_from([ON, OFF, OTHER])), max_size=12), st.integers(0, 160))
@settings(deadline=None)
def test_it_is_known_exactly_as_long_as_no_heartbeat_is_missed(steps: list[tuple[int, str]], at: int) -> None:
    sent, t = [], 0.0
    for step, oid in steps:
        t += step / 10.0
        sent.append((t, oid))
    trace = recorded(sent, t + 5.0)
    now_s = at / 10.0 + 0.05
    if now_s < t + 5.0 and sent:
        found = trace.at(NAME, now_s) if NAME in trace and now_s >= trace[NAME][0][0] else Unknown("no sign yet")
        assert (None if isinstance(found, Unknown) else found) is known_at(sent, now_s)


def test_a_change_that_may_have_been_missed_is_not_seen_not_to_have_been() -> None:
    heartbeats = [(1.5 * n, OTHER) for n in range(1, 10)]
    well, cut = [(0.5, OFF), *heartbeats], [(0.5, OFF), *heartbeats[:3], *heartbeats[6:]]
    assert [evaluate(recorded(sent, 13.0), never(NAME))[0].word for sent in (well, cut)] == ["holds", "inconclusive"]


async def test_notifications_come_over_the_network() -> None:
    listener = Listener("127.0.0.1", 0)
    instrument: EventInstrument = NotificationInstrument(NAME, SECTION, "127.0.0.1", listener)
    told = instrument.events()
    first = asyncio.ensure_future(anext(told))
    while not listener.receiver.port:
        await asyncio.sleep(0.01)
    manager = SnmpEngine()
    for oid in (ON, OTHER, OFF):
        await send_notification(
            manager, CommunityData("public"), await UdpTransportTarget.create(("127.0.0.1", listener.receiver.port)),
            ContextData(), "trap", NotificationType(ObjectIdentity(oid)),
        )  # fmt: skip
    async with asyncio.timeout(10.0):
        assert [await first, await anext(told), await anext(told)] == [True, None, False]
    manager.close_dispatcher()
    await told.aclose()  # type: ignore[attr-defined]
    await instrument.close()


BENCH = """\
bench: told
may_arm: [Awa]
wiring:
  power:
    utility-a: {kind: utility}
    ups-1: {kind: ups, from: {input: utility-a}, kva: 3, kw: 2.7, phases: 1, device: {profile: ups-rfc1628, address: 127.44.0.11}}
devices:
  ups-1: {snmp: {address: 127.44.0.11}}
instruments:
  ups-1.on_battery: %s
"""
TOLD = "notifications: {device: %s, listen: '127.0.0.1:1162', values: {1.3.6.1.2.1.33.2.1: true}}"


def test_a_rig_file_names_the_notifications_and_the_heartbeat(tmp_path: Path) -> None:
    file = tmp_path / "told.yaml"
    file.write_text(BENCH % ("{" + TOLD % "ups-1" + ", heartbeat: 2 s}"))
    section = rigfile.read(file).instrument_for("ups-1.on_battery")
    assert section is not None and section.known_for_s == 2.0


@pytest.mark.parametrize(
    ("instrument", "says"),
    [
        ("{" + TOLD % "ups-1" + "}", "notifications need a `heartbeat`"),
        ("{" + TOLD % "ups-2" + ", heartbeat: 2 s}", "found 'ups-2', expected a device of the bench"),
        ("{" + TOLD % "ups-1" + ", heartbeat: 0 s}", "greater than 0"),
        ("{point: ups-1.battery.charge, heartbeat: 2 s}", "`heartbeat` belongs to notifications"),
        ("{operator: {ask: now}, heartbeat: 2 s, " + TOLD % "ups-1" + "}", "beside scpi or operator"),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_line(tmp_path: Path, instrument: str, says: str) -> None:
    file = tmp_path / "told.yaml"
    file.write_text(BENCH % instrument)
    with pytest.raises(FileError) as refused:
        rigfile.read(file)
    assert says in str(refused.value) and f"{file}:10" in str(refused.value)
