"""A site that runs for hours: `python -m benchmarks.bench_soak [--hours 8] [--warm-up 10] [--pollers 20]`.

`twinfeed up` serves the weak twin of Bamako in a process of its own. Twenty pollers ask its devices in turn, each
`--rate` times a second (Modbus over connections that are kept, one poller an address), its traps go to a receiver, and
a fault a minute begins and ends. Compared are the ten minutes after the warm-up and the last ten: resident memory,
descriptors, asyncio tasks, timers, p50 and p99 of the answers. They are to agree within 5 %. An echo server in a third
process is asked as often as the site: its p99 shows how busy the machine was.

Devices that a fault has silenced answer nothing: such requests are printed as lost, and are not part of the p99.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.latency import Datagrams, Latencies, Modbus, Snmp
from twinfeed.emulators import sitefile
from twinfeed.harness import control

WINDOW_S = 600.0
"""Length of each of the two windows that are compared, s."""

FAULT_EVERY_S, FAULT_FOR_S = 60.0, 40.0

FAULTS = (
    ("utility-a", "outage"), ("utility-b", "sag"), ("ups-a1", "inverter"), ("ups-b1", "card-reboot"),
    ("ups-a1", "alarm-storm"), ("crah-11", "fan-failure"), ("crah-21", "sensor-out-of-range:air.supply"),
    ("chiller-1", "alarm-storm"), ("mgmt-a", "fan-failed"), ("mgmt-b", "psu-a-failed"), ("crah-12", "card-hang"),
    ("generator-1", "alarm-storm"), ("ups-a2", "settings-lost"), ("crah-13", "sensor-noise:air.supply"),
)  # fmt: skip
"""Faults that leave nothing behind once they are over."""

ECHO = """
import socket, sys
echo = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
echo.bind(("127.0.0.1", int(sys.argv[1])))
while True:
    echo.sendto(*echo.recvfrom(2048))
"""

TRAPS, ECHOES = 16201, 16202


class Traps(asyncio.DatagramProtocol):
    """Counts the traps that arrive."""

    count = 0

    def datagram_received(self, data: bytes, addr: object) -> None:
        self.count += 1


def site_with_traps(folder: Path, name: str) -> Path:
    """The shipped site with a receiver for its traps."""
    text = sitefile.find(name).read_text().replace("user: twinfeed}", f"user: twinfeed, traps: ['127.0.0.1:{TRAPS}']}}")
    assert str(TRAPS) in text, f"{name} has no `snmp: {{…, user: twinfeed}}` to add a receiver to"
    path = folder / f"{name}.yaml"
    path.write_text(text)
    return path


class Soak:
    def __init__(self, devices: list[dict[str, Any]], site: Path, options: argparse.Namespace) -> None:
        self.windows: list[tuple[float, Latencies, Latencies]] = []
        """For each minute: when it ended (s of the epoch), what the site's pollers saw, what the echo's saw."""
        self.faults = 0
        self._site, self._echo = Latencies(), Latencies()
        self._options = options
        profiles = {entry.name: entry.profile for entry in sitefile.read(site).devices}
        self._snmp: list[tuple[str, int]] = []
        self._modbus: list[Modbus] = []
        for device in devices:
            for endpoint in device["endpoints"]:
                protocol, _, place = endpoint.partition("://")
                host, _, port = place.partition("/")[0].rpartition(":")
                if protocol == "snmp":
                    self._snmp.append((host, int(port)))
                else:
                    unit = int(place.partition("/")[2])
                    self._modbus.append(Modbus(host, int(port), unit, profiles[device["name"]]))

    async def run(self) -> int:
        """Poll, disturb and count until the time is over; the number of traps that came."""
        loop = asyncio.get_running_loop()
        transport, traps = await loop.create_datagram_endpoint(Traps, local_addr=("127.0.0.1", TRAPS))
        works = [self._poll(number) for number in range(self._options.pollers)]
        tasks = [asyncio.create_task(work) for work in (*works, self._echoes(), self._disturb(), self._note())]
        done, pending = await asyncio.wait(
            tasks, timeout=self._options.hours * 3600.0, return_when=asyncio.FIRST_EXCEPTION
        )
        for task in pending:
            task.cancel()
        for task in done:
            task.result()
        transport.close()
        return traps.count

    async def _poll(self, number: int) -> None:
        asks = [Snmp(*place) for place in self._snmp] + self._modbus[number :: self._options.pollers]
        random.Random(number).shuffle(asks)
        period_s = 1.0 / self._options.rate
        due_s = time.monotonic() + period_s * number / self._options.pollers
        while True:
            for ask in asks:
                await asyncio.sleep(due_s - time.monotonic())
                await self._site.measure(ask)
                due_s = max(due_s + period_s, time.monotonic())

    async def _echoes(self) -> None:
        client = Datagrams()
        await client.open("127.0.0.1", ECHOES)
        number = 0
        while True:
            number += 1
            request = number.to_bytes(8, "big")

            async def ask(request: bytes = request) -> None:
                await client.ask(request, request)

            await asyncio.sleep(1.0 / self._options.rate)
            await self._echo.measure(ask)

    async def _disturb(self) -> None:
        chance = random.Random(1)
        while True:
            await asyncio.sleep(FAULT_EVERY_S)
            target, kind = chance.choice(FAULTS)
            name, _, of = kind.partition(":")
            request = {"do": "fault", "target": f"{target}:{of}" if of else target, "kind": name, "for_s": FAULT_FOR_S}
            try:
                await asyncio.to_thread(control.ask, request)
                self.faults += 1
            except control.ControlError as error:
                print(f"fault {target} {kind}: {error}", flush=True)

    async def _note(self) -> None:
        while True:
            await asyncio.sleep(60.0)
            self.windows.append((time.time(), self._site, self._echo))
            self._site, self._echo = Latencies(), Latencies()
            _, seen, echo = self.windows[-1]
            print(
                f"{len(self.windows):5} min  site p50 {seen.quantile(0.5):6.2f} p99 {seen.quantile(0.99):7.2f} ms "
                f"lost {seen.lost:4}   echo p99 {echo.quantile(0.99):7.2f} ms",
                flush=True,
            )


def joined(windows: list[tuple[float, Latencies, Latencies]], since: float, until: float, which: int) -> Latencies:
    whole = Latencies()
    for window in windows:
        if since < window[0] <= until:
            seen = window[which]
            assert isinstance(seen, Latencies)
            whole.ms += seen.ms
            whole.lost += seen.lost
    return whole


def compare(soak: Soak, report: Path, began: float, warm_up_s: float) -> None:
    """Print both windows beside each other."""
    lines = [json.loads(line) for line in report.read_text().splitlines()]
    ended = lines[-1]["at_s"]
    length_s = min(WINDOW_S, (ended - began - warm_up_s) / 2.0)
    windows = ((began + warm_up_s, began + warm_up_s + length_s), (ended - length_s, ended))
    print(f"\n{'':28}{'after warm-up':>14}{'at the end':>14}{'change':>9}")

    def row(name: str, first: float, last: float, unit: str = "") -> None:
        change = f"{(last / first - 1.0) * 100.0:+8.1f}%" if first else f"{last - first:+9.1f}"
        print(f"{name:28}{first:14.2f}{last:14.2f}{change} {unit}")

    for name, unit in (("rss_kb", "kB"), ("descriptors", ""), ("tasks", ""), ("timers", "")):
        means = [statistics.fmean(n[name] for n in lines if since <= n["at_s"] <= until) for since, until in windows]
        row(name, *means, unit)
    used = [[n["processor_s"] for n in lines if since <= n["at_s"] <= until] for since, until in windows]
    row("processor, share of a core", *((part[-1] - part[0]) / length_s for part in used))
    for title, which in (("site", 1), ("echo", 2)):
        seen = [joined(soak.windows, since, until, which) for since, until in windows]
        for share in (0.5, 0.99):
            row(f"{title} p{share * 100:g}", *(part.quantile(share) for part in seen), "ms")
        row(f"{title} answers", *(float(len(part.ms)) for part in seen))
        row(f"{title} lost", *(float(part.lost) for part in seen))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=float, default=8.0)
    parser.add_argument("--warm-up", type=float, default=10.0, help="minutes before the first window")
    parser.add_argument("--pollers", type=int, default=20)
    parser.add_argument("--rate", type=float, default=5.0, help="requests a second of each poller")
    parser.add_argument("--site", default="bamako-weak")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["XDG_RUNTIME_DIR"] = str(folder)  # the control socket of this run only
        site, report = site_with_traps(folder, options.site), folder / "figures.jsonl"
        command = [sys.executable, "-m", "benchmarks.served", str(report), "up", str(site), "--json"]
        log = (folder / "log").open("w+")
        served = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
        echo = subprocess.Popen([sys.executable, "-c", ECHO, str(ECHOES)])
        try:
            assert served.stdout is not None
            ready = json.loads(served.stdout.readline())
            began = time.time()
            soak = Soak(ready["devices"], site, options)
            traps = asyncio.run(soak.run())
        finally:
            for process in (served, echo):
                process.terminate()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(30)
            log.seek(0)
            print(f"the site's log:\n{log.read()}")
        compare(soak, report, began, options.warm_up * 60.0)
        print(f"{(time.time() - began) / 3600.0:.2f} h, {soak.faults} faults, {traps} traps")


if __name__ == "__main__":
    main()
