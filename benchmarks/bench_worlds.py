"""How fast the simulated world runs: processor time against the site's time, and where it goes.

    python -m benchmarks.bench_worlds [site] [devices] [rates] [peers]

`site`: the weak twin of Bamako with the reference controller polling its devices in real bytes, quiet and through an
outage of both utilities; with a sample of where the time goes. `devices`: sites of 10 to 1,000 devices, each polled by
a plain client. `rates`: its devices at other rates. `peers`: the same plain Modbus client and pymodbus' own server
on the simulated loop, on other virtual loops, and on real sockets. looptime is a pytest plugin that breaks
pytest-asyncio's tests: install it in an environment where no tests are run, as `tox -e bench` does.

What is counted is the processor's time, on one core, so that a busy machine spoils it less; it still does, since busy
cores are slower, so repeat and compare within a run.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice
from pysnmp.hlapi.v1arch.asyncio import SnmpDispatcher

from benchmarks import pollers, sites
from benchmarks.sampling import sampled, table
from twinfeed.emulators.serving import Endpoint
from twinfeed.emulators.site import Site
from twinfeed.fixtures.controllers.plant import maps
from twinfeed.harness.controllers.in_process import named
from twinfeed.harness.virtual.loop import VirtualLoop
from twinfeed.harness.worlds.simulated import SimulatedWorld
from twinfeed.harness.worlds.sites import fresh

CONTROLLER = "twinfeed.fixtures.controllers.plant"
AIM = 300.0
"""Times real time, on one core."""

SYS_UPTIME = "1.3.6.1.2.1.1.3.0"


def simulated(work: Any) -> Any:
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(work)


# -- the whole site -------------------------------------------------------------------------------------------------


async def site(minutes: float = 20.0) -> None:
    print(f"bamako-weak, reference controller, {minutes:g} min each (median and best minute)")
    began = time.process_time()
    world = SimulatedWorld(fresh("bamako-weak"), everything=False)
    print(f"  site built in {time.process_time() - began:.1f} s")
    await world.start()
    frames = 0

    def count(frame: object) -> None:
        nonlocal frames
        frames += 1

    world._loop.network.record = count
    await world.start_controller(named(CONTROLLER))
    began = time.process_time()
    await world.run("5 min")  # every device has been asked, and has made its variables
    print(
        f"  first 5 min, in which the devices make their variables: {300.0 / (time.process_time() - began):.0f} times"
    )
    print(f"  {'':<24}{'median':>8}{'best':>8}{'x aim':>8}{'requests/s':>12}")
    for what in ("quiet", "both utilities out", "and back"):
        if what == "both utilities out":
            for utility in ("utility-a", "utility-b"):
                await world.inject(utility, "outage", for_=60.0 * minutes)
        sent, slices = frames, []
        counts: Counter[str] = Counter()
        for _ in range(int(minutes) // 2):  # every other minute is timed, and the others are sampled
            began = time.process_time()
            await world.run("1 min")
            slices.append(60.0 / (time.process_time() - began))
            with sampled() as found:
                await world.run("1 min")
            counts += found
        slices.sort()
        median, rate = slices[len(slices) // 2], (frames - sent) / 2 / (60.0 * minutes)
        print(f"  {what:<24}{median:>8.0f}{slices[-1]:>8.0f}{median / AIM:>8.2f}{rate:>12.1f}")
        print("  " + table(counts).replace("\n", "\n  "))
    await world.stop()


# -- devices and rates ----------------------------------------------------------------------------------------------


async def cost(
    model: Site, asked: Callable[[Endpoint], bool], period_s: float, length_s: float
) -> tuple[int, float, float]:
    """Devices asked, times real time, and µs of the processor a request."""
    world = SimulatedWorld(model, everything=False)
    await world.start()
    profiles = {entry.name: entry.profile.profile for entry in model.file.devices}
    dispatcher = SnmpDispatcher()
    asks = []
    for endpoint in filter(asked, world.endpoints):
        block = _block(profiles[endpoint.device])
        if endpoint.protocol == "snmp":
            name = sites.PDU_POWER if model.name == "grown" else SYS_UPTIME
            asks.append(await pollers.snmp(dispatcher, endpoint.address, endpoint.port, name))
        elif block is not None:
            asks.append(await pollers.modbus(endpoint.address, endpoint.port, block.address, block.count))
    times = max(1, round(length_s / period_s))
    await pollers.poll(asks, 1.0, 1)  # connections are there, variables made
    began = time.process_time()
    await pollers.poll(asks, period_s, times)
    spent_s = time.process_time() - began
    dispatcher.close()
    await world.stop()
    return len(asks), times * period_s / spent_s, 1e6 * spent_s / (times * len(asks))


def _block(profile: str) -> maps.Block | None:
    """The readings of that product: the first of its holding registers that the reference controller reads."""
    product = maps.MODBUS.get(profile)
    return next((block for block in product.blocks if block.table == "holding"), None) if product else None


def devices() -> None:
    print("generated sites, plain clients, each device asked for one block or variable")
    print(f"  {'devices':>8}{'asked':>20}{'every':>8}{'requests/s':>12}{'x real time':>14}{'µs a request':>14}")
    with tempfile.TemporaryDirectory() as folder:
        for number in (10, 100, 1000):
            model = Site.load(sites.write(Path(folder), number))
            for protocol in ("modbus", "snmp"):
                for period_s in (1.0, 10.0):
                    length_s = max(period_s, 6000.0 / number)
                    asked, speed, each_us = simulated(
                        cost(model, lambda e, p=protocol: e.protocol == p, period_s, length_s)  # type: ignore[misc]  # a default binds p
                    )
                    print(
                        f"  {number:>8}{f'{asked} over {protocol}':>20}{period_s:>6.0f} s{asked / period_s:>12.1f}"
                        f"{speed:>14.1f}{each_us:>14.0f}"
                    )


def rates() -> None:
    print("bamako-weak, plain clients, every device asked for one block or variable at the same period")
    print(f"  {'a device-minute':>18}{'requests/s':>12}{'x real time':>14}{'µs a request':>14}")
    for a_minute in (0.1, 0.5, 1.0, 2.0, 5.0, 10.0, 60.0):
        period_s = 60.0 / a_minute
        asked, speed, each_us = simulated(cost(fresh("bamako-weak"), lambda e: True, period_s, max(period_s, 300.0)))
        print(f"  {a_minute:>18g}{asked / period_s:>12.1f}{speed:>14.1f}{each_us:>14.0f}")


# -- peers ----------------------------------------------------------------------------------------------------------


async def pymodbus_pair(port: int, clients: int, period_s: float, times: int) -> tuple[float, float]:
    """pymodbus' clients and server on the running loop; s of the loop and s of the processor."""
    registers = SimData(0, values=list(range(128)), datatype=DataType.REGISTERS)
    server = ModbusTcpServer(SimDevice(1, [registers]), address=("127.0.0.1", port))
    await server.serve_forever(background=True)
    asks = [await pollers.modbus("127.0.0.1", port, 0, sites.METER_BLOCK.count) for _ in range(clients)]
    loop = asyncio.get_running_loop()
    began, began_s = time.process_time(), loop.time()
    await pollers.poll(asks, period_s, times)
    spent = loop.time() - began_s, time.process_time() - began
    await server.shutdown()
    return spent


def peers() -> None:
    print("10 plain pymodbus clients, each asking pymodbus' own server once a second, in one process")
    print(f"  {'loop':<46}{'x real time':>14}{'µs a request':>14}")
    loops: list[tuple[str, Callable[[], asyncio.AbstractEventLoop], int]] = [
        ("twinfeed's simulated loop", VirtualLoop, 120),
        ("asyncio, real sockets, the wall clock", asyncio.new_event_loop, 10),
    ]
    try:
        import looptime

        loops.append(("looptime, real sockets", looptime.new_event_loop, 120))
    except ImportError:
        print("  (looptime is not installed)")
    try:
        import async_solipsism

        loops.append(("async-solipsism, its own sockets", async_solipsism.EventLoop, 120))
    except ImportError:
        print("  (async-solipsism is not installed)")
    for n, (name, factory, times) in enumerate(loops):
        try:
            with asyncio.Runner(loop_factory=factory) as runner:
                wall = time.perf_counter()
                loop_s, spent_s = runner.run(pymodbus_pair(15020 + n, 10, 1.0, times))
                wall = time.perf_counter() - wall
        except Exception as error:  # an ability that another loop lacks is part of the comparison
            print(f"  {name:<46}  {type(error).__name__}: {str(error)[:70]}")
            continue
        speed = loop_s / spent_s if wall < loop_s / 2 else loop_s / wall
        print(f"  {name:<46}{speed:>14.1f}{1e6 * spent_s / (10 * times):>14.0f}")
    with tempfile.TemporaryDirectory() as folder:
        model = Site.load(sites.write(Path(folder), 20))
        _, speed, each_us = simulated(cost(model, lambda e: e.protocol == "modbus", 1.0, 120.0))
        print(f"  {'the same clients, 10 emulated meters':<46}{speed:>14.1f}{each_us:>14.0f}")


def main() -> None:
    logging.disable(logging.ERROR)
    parts = {"site": lambda: simulated(site()), "devices": devices, "rates": rates, "peers": peers}
    for name in sys.argv[1:] or parts:
        parts[name]()


if __name__ == "__main__":
    main()
