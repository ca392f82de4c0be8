"""What other clients notice while one device is attacked.

    python -m benchmarks.bench_attacks [--seconds 8] [--only NAME]

`twinfeed up bench` serves the bench in a process of its own. For each attack an attacker in another process works on
one device (or opens connections everywhere) while plain clients ask all the others, 100 requests a second over SNMP and
over Modbus. Printed are p50 and p99 of the others' latency and how many of their requests were lost (no answer in 2 s).
The aim is p99 below 50 ms and nothing lost. `quiet` is the same without an attack; an echo server in a third process
is asked as well, whose p99 shows how busy the machine was.

The attacks on a line (RTU) are on a small server with a line full of noise and a Modbus TCP device on one loop.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import random
import resource
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from benchmarks.bench_soak import ECHO
from benchmarks.latency import Datagrams, Latencies, Lost, Modbus, Snmp, snmp_request
from twinfeed.emulators import sitefile
from twinfeed.emulators.profiles.schema import Modbus as ModbusPart
from twinfeed.emulators.profiles.schema import Profile, Register
from twinfeed.emulators.wire.snmp.ber import Syntax, encode_oid, encode_sequence, encode_value, parse_oid
from twinfeed.emulators.wire.snmp.message import PduType, Version, encode_community_message, encode_pdu
from twinfeed.harness import control

ECHOES = 16302
RATE = 50.0
"""Requests a second of each kind of client."""

Place = tuple[str, int]


# -- attackers: each runs in a process of its own until it is killed -------------------------------------------------


def flood(place: Place, datagrams: list[bytes], pause_s: float) -> None:
    """Send these in turn, and throw the answers away."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as attacker:
        attacker.connect(place)
        attacker.setblocking(False)
        while True:
            for datagram in datagrams:
                with contextlib.suppress(OSError):
                    attacker.send(datagram)
                with contextlib.suppress(OSError):
                    while attacker.recv(65535):
                        pass
                time.sleep(pause_s)


def set_request(bindings: int) -> bytes:
    """A SET of sysLocation, again and again."""
    location = encode_oid(parse_oid("1.3.6.1.2.1.1.6.0"))
    names = [encode_sequence(location, encode_value(Syntax.OCTET_STRING, b"x")) for _ in range(bindings)]
    return encode_community_message(Version.V2C, b"private", encode_pdu(PduType.SET, 1, 0, 0, names))


def hold(places: list[Place], connections: int) -> None:
    """Open so many connections and keep them; open again what is closed."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    held = []
    for number in range(connections):
        with contextlib.suppress(OSError):
            held.append(socket.create_connection(places[number % len(places)], 2.0))
    time.sleep(3600.0)


def pipeline(place: Place, unit: int, connections: int) -> None:
    """Send reads of 100 registers without waiting for the answers."""
    request = b"\0\1\0\0\0\6" + bytes((unit, 3)) + b"\0\0\0\1"

    async def one() -> None:
        while True:
            with contextlib.suppress(OSError):
                reader, writer = await asyncio.open_connection(*place)
                while True:
                    writer.write(request * 40)
                    await writer.drain()
                    if not await reader.read(65536):
                        break

    async def all_of_them() -> None:
        await asyncio.gather(*(one() for _ in range(connections)))

    asyncio.run(all_of_them())


def noise(place: Place, octets_a_second: float) -> None:
    """Random octets into a line, as many a second as it has time for."""
    chance = random.Random(1)
    with socket.create_connection(place) as line:
        due_s = time.monotonic()
        while True:
            line.sendall(chance.randbytes(1 if octets_a_second < 2000 else 16))
            due_s += (1 if octets_a_second < 2000 else 16) / octets_a_second
            time.sleep(max(0.0, due_s - time.monotonic()))


# -- the site and its clients ---------------------------------------------------------------------------------------


class Ask(Protocol):
    """One request and its answer, again and again."""

    async def __call__(self) -> None:
        """Ask once; Lost without an answer."""

    def close(self) -> None:
        """Leave the connection."""


@dataclass
class Served:
    """A site in a process of its own."""

    snmp: dict[str, Place]
    modbus: dict[str, Modbus]
    log: Path


@contextmanager
def served(files: tuple[int, int] | None = None, site: str = "bench") -> Iterator[Served]:
    """`twinfeed up SITE`, with these limits of open files."""
    with tempfile.TemporaryDirectory() as name:
        os.environ["XDG_RUNTIME_DIR"] = os.environ["XDG_STATE_HOME"] = name
        log = Path(name) / "log"
        command = [sys.executable, "-m", "benchmarks.served", str(Path(name) / "figures"), "up", site, "--json"]
        with log.open("w") as errors:
            limit = None if files is None else (lambda: resource.setrlimit(resource.RLIMIT_NOFILE, files))
            process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True, preexec_fn=limit)
        try:
            assert process.stdout is not None
            devices = json.loads(process.stdout.readline())["devices"]
            profiles = {entry.name: entry.profile for entry in sitefile.read(site).devices}
            found = Served({}, {}, log)
            for device in devices:
                for endpoint in device["endpoints"]:
                    protocol, _, place = endpoint.partition("://")
                    host, _, port = place.partition("/")[0].rpartition(":")
                    if protocol == "snmp":
                        found.snmp[device["name"]] = (host, int(port))
                    else:
                        unit = int(place.partition("/")[2])
                        found.modbus[device["name"]] = Modbus(host, int(port), unit, profiles[device["name"]])
            yield found
        finally:
            process.terminate()
            process.wait(30)


async def clients(asks: Mapping[str, Sequence[Ask]], seconds: float) -> dict[str, Latencies]:
    """Ask each kind `RATE` times a second, in turn."""
    seen = {kind: Latencies() for kind in asks}

    async def poll(kind: str) -> None:
        began_s = time.monotonic()
        turn = 0
        pending = set()
        while (due_s := began_s + turn / RATE) < began_s + seconds:
            await asyncio.sleep(due_s - time.monotonic())
            ask = asks[kind][turn % len(asks[kind])]
            pending.add(asyncio.create_task(seen[kind].measure(ask)))
            turn += 1
        await asyncio.gather(*pending)

    await asyncio.gather(*map(poll, asks))
    for each in asks.values():
        for ask in each:
            ask.close()
    return seen


class Echo:
    """An echo in another process."""

    def __init__(self) -> None:
        self._client: Datagrams | None = None
        self._number = 0

    async def __call__(self) -> None:
        if self._client is None:
            self._client = Datagrams()
            await self._client.open("127.0.0.1", ECHOES)
        self._number += 1
        request = self._number.to_bytes(8, "big")
        await self._client.ask(request, request)

    def close(self) -> None:
        if self._client is not None:
            self._client.close()


class NewConnection:
    """Each request over a connection of its own."""

    def __init__(self, ask: Modbus) -> None:
        self._ask = ask

    async def __call__(self) -> None:
        ask = self._ask.again()
        try:
            await ask()
        finally:
            ask.close()

    def close(self) -> None:
        """Each has been closed already."""


class Status:
    """`twinfeed status`."""

    async def __call__(self) -> None:
        try:
            await asyncio.to_thread(control.ask, {"do": "status"})
        except control.ControlError as error:
            raise Lost from error

    def close(self) -> None:
        """Each has been closed already."""


def others(site: Served, attacked: str) -> dict[str, list[Ask]]:
    return {
        "snmp": [Snmp(*place) for name, place in site.snmp.items() if name != attacked],
        "modbus": [ask for name, ask in site.modbus.items() if name != attacked],
        "echo": [Echo()],
    }


@contextmanager
def attacker(target: Callable[..., None], *arguments: Any) -> Iterator[None]:
    """The attacker in a process of its own."""
    pid = os.fork()
    if pid == 0:
        try:
            target(*arguments)
        finally:
            os._exit(0)
    try:
        time.sleep(1.0)
        yield
    finally:
        os.kill(pid, 9)
        os.waitpid(pid, 0)


def show(name: str, seen: dict[str, Latencies]) -> None:
    for kind, latencies in seen.items():
        print(
            f"{name:34} {kind:8} p50 {latencies.quantile(0.5):7.2f}  p99 {latencies.quantile(0.99):8.2f}  "
            f"max {latencies.quantile(1.0):8.2f} ms  answers {len(latencies.ms):5}  lost {latencies.lost}",
            flush=True,
        )


# -- the attacks ----------------------------------------------------------------------------------------------------


def on_one_agent(seconds: float) -> None:
    """Floods of one agent, everybody else measured."""
    names = [f"1.3.6.1.2.1.2.2.1.{column}" for column in range(1, 23)]
    missing = [f"1.3.6.1.9.{n}" for n in range(2800)]
    attacks = {
        "quiet": None,
        "SET of 2,900 bindings": ([set_request(2900)], 0.005),
        "SET of 70 bindings": ([set_request(70)], 0.002),
        "GETBULK of 3,500 columns": ([snmp_request(PduType.GET_BULK, (names * 160)[:3500], 0, 100)], 0.005),
        "GETBULK of 80 columns": ([snmp_request(PduType.GET_BULK, (names * 5)[:80], 0, 2147483647)], 0.0),
        "GET of 2,800 missing names": ([snmp_request(PduType.GET, missing)], 0.005),
        "GET of 90 missing names": ([snmp_request(PduType.GET, missing[:90])], 0.0),
    }
    with served() as site:
        for name, attack in attacks.items():
            attacked = "switch-1" if "switch-1" in site.snmp else next(iter(site.snmp))
            asks = others(site, attacked)
            if attack is None:
                show(name, asyncio.run(clients(asks, seconds)))
            else:
                with attacker(flood, site.snmp[attacked], *attack):
                    show(name, asyncio.run(clients(asks, seconds)))


def pipelined(seconds: float) -> None:
    with served() as site:
        attacked = next(iter(site.modbus))
        place = site.modbus[attacked]
        asks = others(site, attacked)
        with attacker(pipeline, (place.address, place.port), place.unit, 30):
            show("30 pipelining Modbus connections", asyncio.run(clients(asks, seconds)))


def idle(seconds: float) -> None:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    for title, limits in (("1,024 files", (1024, 1024)), ("soft 1,024 files", (1024, hard))):
        with served(limits, "bamako-weak") as site:
            places = [(ask.address, ask.port) for ask in site.modbus.values()]
            asks: dict[str, list[Ask]] = {
                "snmp": [Snmp(*place) for place in site.snmp.values()],
                "new": [NewConnection(ask) for ask in site.modbus.values()],
                "status": [Status()],
                "echo": [Echo()],
            }
            with attacker(hold, places, 5000):
                time.sleep(4.0)
                show(f"5,000 idle connections, {title}", asyncio.run(clients(asks, seconds)))
            print(f"  the log: {site.log.read_text().strip() or 'empty'}")


def slow_card(seconds: float) -> None:
    with served() as site:
        name = "ups-1" if "ups-1" in site.snmp else next(iter(site.snmp))
        control.ask({"do": "fault", "target": name, "kind": "card-slow", "parameters": {"delay_s": 2.0}})
        asks = others(site, name)
        with attacker(flood, site.snmp[name], [snmp_request(PduType.GET, ["1.3.6.1.2.1.1.3.0"])], 0.001):
            show("slow card, 1,000 requests a second", asyncio.run(clients(asks, seconds)))
        control.ask({"do": "clear", "target": name})
        seen = asyncio.run(clients({"snmp": [Snmp(*site.snmp[name]) for _ in range(10)]}, 2.0))
        show("the same card once cleared", seen)


NOISY = """
import asyncio
from twinfeed.emulators.wire.modbus import ModbusTcpServer, TableUnit, direct

async def main():
    unit = TableUnit(holding=range(100))
    await ModbusTcpServer({17: unit}, "127.0.0.1", 16303, framing="rtu").start()
    await ModbusTcpServer(direct(unit), "127.0.0.1", 16304).start()
    print("ready", flush=True)
    await asyncio.sleep(3600)

asyncio.run(main())
"""


def noisy_line(seconds: float) -> None:
    process = subprocess.Popen([sys.executable, "-c", NOISY], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        process.stdout.readline()
        register = Register(table="holding", address=0, type="u16", value=0)
        profile = Profile(profile="x", vendor="x", product="x", kind="x", modbus=ModbusPart(registers=(register,)))
        for octets in (960.0, 11520.0, 100_000.0):
            asks: dict[str, list[Ask]] = {
                "modbus": [Modbus("127.0.0.1", 16304, 255, profile)],
                "echo": [Echo()],
            }
            with attacker(noise, ("127.0.0.1", 16303), octets):
                show(f"RTU noise, {octets:,.0f} octets/s", asyncio.run(clients(asks, seconds)))
    finally:
        process.kill()
        process.wait()


ATTACKS = {"agent": on_one_agent, "pipeline": pipelined, "idle": idle, "slow": slow_card, "noise": noisy_line}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=8.0, help="of each attack")
    parser.add_argument("--only", choices=ATTACKS)
    options = parser.parse_args()
    echo = subprocess.Popen([sys.executable, "-c", ECHO, str(ECHOES)])
    try:
        for name, attack in ATTACKS.items():
            if options.only in (None, name):
                attack(options.seconds)
    finally:
        echo.kill()
        echo.wait()


if __name__ == "__main__":
    main()
