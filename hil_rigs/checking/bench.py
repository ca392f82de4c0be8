"""The check of a whole bench: devices side by side, those that share a line one after the other.

Nothing is written and nothing moves. Devices that cannot be read are reported and left out of further checks.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Hashable, Iterable
from datetime import UTC, date, datetime
from statistics import median

from twinfeed._phrases import Phrase
from twinfeed.harness.transports import DeviceHandle, TransportError
from twinfeed.hil_rigs.checking import clocks, dry_run, fit, identity, interlocks, points, ports
from twinfeed.hil_rigs.checking.asking import Asked
from twinfeed.hil_rigs.checking.findings import DeviceSummary, Finding, Level, Report
from twinfeed.hil_rigs.connecting import handles_of
from twinfeed.hil_rigs.credentials import NoCredential
from twinfeed.hil_rigs.rigfile import Rig

WITHIN_S = 300.0
"""Default time limit of a check, s."""

SLOW = 0.5
"""An answer that took more than this share of its time-out will come too late one day. Engineering judgement."""

Progress = Callable[[str, bool], None]
"""Called with the name of each device when its turn comes (False) and when it is done (True)."""


async def check(
    rig: Rig,
    within_s: float = WITHIN_S,
    progress: Progress = lambda name, done: None,
    now: Callable[[], float] = time.time,
    today: date | None = None,
    beside: bool = False,
) -> Report:
    """Everything that can be found out about a bench without moving it, in at most `within_s` and a little.

    `beside` a supervisor that has the bench, devices on serial lines are left to it.
    """
    return await _Check(rig, progress, now, beside).run(within_s, today)


class _Check:
    """One check of a bench, which collects findings."""

    def __init__(self, rig: Rig, progress: Progress, now: Callable[[], float], beside: bool) -> None:
        self.rig, self.progress, self.now, self.beside = rig, progress, now, beside
        self.report = Report(rig.name)
        self.answering: dict[str, Asked] = {}
        """Devices that were identified."""

    async def run(self, within_s: float, today: date | None) -> Report:
        findings = self.report.findings
        findings += fit.fit_to_arm(self.rig, today, datetime.fromtimestamp(self.now(), UTC))
        no_port = list(ports.taken(self.rig)) if self.beside else list(ports.serial_ports(self.rig))
        findings += no_port
        handles = self._handles({finding.on for finding in no_port})
        ends_s = asyncio.get_running_loop().time() + within_s
        try:
            await self._devices(handles, ends_s)
            await self._safety(ends_s)
        finally:
            for handle in handles.values():
                handle.close()
        order = ["", *self.rig.bench.devices]
        findings.sort(key=lambda finding: order.index(finding.on) if finding.on in order else len(order))
        self.report.devices.sort(key=lambda device: order.index(device.name))
        return self.report

    def _handles(self, left_out: set[str]) -> dict[str, DeviceHandle]:
        handles: dict[str, DeviceHandle] = {}
        for name, handle in handles_of(self.rig):
            if isinstance(handle, NoCredential):
                self.report.findings.append(
                    Finding(
                        name,
                        "credentials",
                        Level.PROBLEM,
                        str(handle),
                        None,
                        Phrase("put the password there, then check again"),
                    )
                )
            elif name not in left_out:
                handles[name] = handle
        return handles

    async def _devices(self, handles: dict[str, DeviceHandle], ends_s: float) -> None:
        lines: dict[Hashable, list[Asked]] = {}
        for name, handle in handles.items():
            access = self.rig.bench.devices[name]
            line = name if access.modbus is None else access.modbus.line
            lines.setdefault(line, []).append(Asked(handle, access))
        turns = {asyncio.create_task(self._one_after_another(devices)): devices for devices in lines.values()}
        if not turns:
            return
        try:
            left_s = ends_s - asyncio.get_running_loop().time()
            done, unfinished = await asyncio.wait(turns, timeout=max(0.0, left_s))
        except BaseException:  # Ctrl-C
            await _cancelled(turns)
            raise
        await _cancelled(unfinished)
        for turn in done:
            turn.result()
        seen = {device.name for device in self.report.devices}
        for device in (device for turn in unfinished for device in turns[turn] if device.name not in seen):
            self.answering.pop(device.name, None)
            self.report.findings.append(
                Finding(
                    device.name,
                    "reach",
                    Level.UNREACHABLE,
                    Phrase("was not done in time"),
                    None,
                    Phrase("give the check more time (--within), or the device a higher rate"),
                )
            )
            self.report.devices.append(self._summary(device))

    async def _one_after_another(self, devices: list[Asked]) -> None:
        for device in devices:
            self.progress(device.name, False)
            found, summary = await self._device(device)
            self.report.findings += found
            self.report.devices.append(summary)
            self.progress(device.name, True)

    async def _device(self, asked: Asked) -> tuple[list[Finding], DeviceSummary]:
        name, profile = asked.name, asked.handle.profile
        says = self.rig.bench.devices[name].identity
        summary = self._summary(asked)
        monotonic = asyncio.get_running_loop().time
        try:
            card = await identity.introduced(asked)
            summary.product, summary.object_id = card.product, card.object_id
            another = list(identity.of_profile(name, card, profile, says))
            if any(finding.level == Level.PROBLEM for finding in another):
                return another, summary  # its points would mean something else
            first = await clocks.look(asked, monotonic, self.now)
            read = await points.read_all(asked)
            last = await clocks.look(asked, monotonic, self.now)
        except TransportError as error:
            return [identity.unreachable(asked, error)], summary
        if read.fell_silent is None and not points.of_another_product(read):
            self.answering[name] = asked
        card.learn(read.values)
        summary.product, summary.object_id = card.product, card.object_id
        summary.serial, summary.firmware = card.serial, card.firmware
        summary.points, summary.requests = len(read.readings), asked.sent
        summary.median_s, summary.worst_s = median(asked.took_s), max(asked.took_s)
        return [
            *another,
            *identity.of_file(name, card, says),
            *identity.plate(name, card, says),
            *points.judged(asked, read, self.rig.site),
            *_latency(asked),
            *clocks.judged(name, first, last),
        ], summary

    def _summary(self, asked: Asked) -> DeviceSummary:
        return DeviceSummary(asked.name, asked.handle.profile.profile, asked.where, timeout_s=asked.timeout_s)

    async def _safety(self, ends_s: float) -> None:
        try:
            async with asyncio.timeout_at(ends_s):
                self.report.findings += await interlocks.tried(self.rig, self.answering)
                self.report.findings += await dry_run.tried(self.rig, self.answering)
        except TimeoutError:
            self.report.findings.append(
                Finding(
                    "",
                    "interlock",
                    Level.PROBLEM,
                    Phrase("there was no time to try interlocks and actuators"),
                    None,
                    Phrase("give the check more time (--within)"),
                )
            )


def _latency(asked: Asked) -> list[Finding]:
    """The finding on answer times, compared with the time-out."""
    worst_s = max(asked.took_s)
    if worst_s <= SLOW * asked.timeout_s:
        return []
    return [
        Finding(
            asked.name,
            "latency",
            Level.NOTICE,
            Phrase(
                "an answer took {worst} s, the median is {median} s",
                worst=f"{worst_s:.2f}",
                median=f"{median(asked.took_s):.3f}",
            ),
            Phrase("{most} s or less, half of its time-out", most=f"{SLOW * asked.timeout_s:g}"),
            Phrase("raise `timeout`, or find out what is slow: the line, a gateway, a second master"),
        )
    ]


async def _cancelled(tasks: Iterable[asyncio.Task[None]]) -> None:
    waiting = list(tasks)
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
