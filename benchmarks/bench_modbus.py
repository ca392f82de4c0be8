"""Modbus TCP requests a second: ours, libmodbus's C server and pymodbus's, in the same run.

    python -m benchmarks.bench_modbus [--rounds 5] [--seconds 2] [--connections 32]

Every server is one process pinned to core 0; the load comes from a C program pinned to core 1, one outstanding
request on each connection. Servers take turns in every round, so that a machine busy with other things disturbs all
alike. Printed are the median over the rounds, the median of the ratios to libmodbus in the same round, and the
processor time (user and system) that the server itself spent on a request, which a busy machine disturbs least.
Needs a C compiler, pkg-config and libmodbus-dev; uvloop is measured if it is installed.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import struct
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

PEERS = Path(__file__).parent / "peers"
ROOT = Path(__file__).parents[2]
SERVER_CORE, LOAD_CORE = 0, 1


def build(directory: Path) -> tuple[Path, Path]:
    """Compile the libmodbus server and the load generator; returns their paths."""
    compiler = shutil.which("cc")
    if compiler is None or shutil.which("pkg-config") is None:
        raise SystemExit("no C compiler or no pkg-config found: apt install gcc pkg-config")
    flags = subprocess.run(["pkg-config", "--cflags", "--libs", "libmodbus"], capture_output=True, text=True)
    if flags.returncode:
        raise SystemExit(f"libmodbus not found ({flags.stderr.strip()}): apt install libmodbus-dev")
    server, load = directory / "libmodbus_server", directory / "modbus_load"
    source = PEERS / "libmodbus_server.c"
    subprocess.run([compiler, "-O2", "-o", server, source, *flags.stdout.split()], check=True)
    subprocess.run([compiler, "-O2", "-o", load, PEERS / "modbus_load.c"], check=True)
    return server, load


def pinned(command: list[str | Path], core: int) -> list[str | Path]:
    """The command, run on that core only (of those this process may use)."""
    cores = sorted(os.sched_getaffinity(0))
    return ["taskset", "-c", str(cores[core % len(cores)]), *command]


def start(command: list[str | Path]) -> tuple[subprocess.Popen[str], int]:
    """Start a server; returns its process and the port it printed."""
    process = subprocess.Popen(pinned(command, SERVER_CORE), stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert process.stdout is not None
    port = process.stdout.readline().strip()
    if not port:
        raise SystemExit(f"server did not start: {' '.join(map(str, command))}")
    return process, int(port)


def answers_per_second(load: Path, port: int, connections: int, seconds: float, registers: int) -> float:
    """One measurement of function 3 reading `registers` registers from address 0."""
    request = struct.pack(">HHHBBHH", 1, 0, 6, 1, 3, 0, registers)
    prefix = struct.pack(">HHHBBB3H", 1, 0, 3 + 2 * registers, 1, 3, 2 * registers, 0, 1, 2)
    arguments = [port, connections, round(seconds * 1000), request.hex(), prefix.hex(), 9 + 2 * registers]
    command = pinned([load, *map(str, arguments)], LOAD_CORE)
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"load generator failed: {done.stderr.strip()}")
    return int(done.stdout) / seconds


def processor_seconds(process: subprocess.Popen[str]) -> float:
    """Processor time the process has used, user and system (fields 14 and 15 of proc(5) stat)."""
    after_name = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(after_name[11]) + int(after_name[12])) / os.sysconf("SC_CLK_TCK")


@dataclass
class Measured:
    """One server's figures: answers a second by round, and answers and processor seconds in all."""

    rates: list[float] = field(default_factory=list)
    answers: float = 0.0
    processor_s: float = 0.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0, help="of each measurement")
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--registers", type=int, nargs="+", default=[10, 125])
    options = parser.parse_args()

    with tempfile.TemporaryDirectory() as directory:
        libmodbus, load = build(Path(directory))
        ours = PEERS / "twinfeed_modbus_server.py"
        commands: dict[str, list[str | Path]] = {
            "libmodbus (C)": [libmodbus],
            "pymodbus": [sys.executable, PEERS / "pymodbus_server.py"],
            "twinfeed, asyncio": [sys.executable, ours],
        }
        if find_spec("uvloop"):
            commands["twinfeed, uvloop"] = [sys.executable, ours, "uvloop"]
        os.environ["PYTHONPATH"] = str(ROOT)
        servers = {name: start(command) for name, command in commands.items()}
        try:
            for registers in options.registers:
                measured = {name: Measured() for name in servers}
                for _ in range(options.rounds):
                    for name, (process, port) in servers.items():
                        before_s = processor_seconds(process)
                        rate = answers_per_second(load, port, options.connections, options.seconds, registers)
                        measured[name].rates.append(rate)
                        measured[name].answers += rate * options.seconds
                        measured[name].processor_s += processor_seconds(process) - before_s
                report(registers, options.connections, measured)
        finally:
            for process, _ in servers.values():
                process.kill()
                process.wait()


def report(registers: int, connections: int, measured: dict[str, Measured]) -> None:
    """Print each server's median rate, its spread, the ratio to libmodbus and its processor time a request."""
    reference = measured["libmodbus (C)"].rates
    print(f"FC3, {registers} registers, {connections} connections, requests/s, {len(reference)} rounds")
    for name, figures in measured.items():
        rates = figures.rates
        ratio = statistics.median(own / other for own, other in zip(rates, reference, strict=True))
        spread = f"{min(rates):7.0f} to {max(rates):7.0f}"
        processor_us = figures.processor_s / figures.answers * 1e6
        print(
            f"  {name:<18} {statistics.median(rates):7.0f} ({spread})  {ratio:5.2f} x libmodbus"
            f"  {processor_us:6.2f} us of processor a request",
            flush=True,
        )


if __name__ == "__main__":
    main()
