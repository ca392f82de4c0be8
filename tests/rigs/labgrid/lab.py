"""A lab on loopback: labgrid's coordinator and exporter, ser2net, and a meter of pymodbus's on a serial line."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from external import background

METER = """
import asyncio, sys
from pymodbus.server import ModbusSerialServer
from pymodbus.simulator import DataType, SimData, SimDevice

async def main():
    # Schneider PM5000, register 3110 (address 3109): the frequency, a float.
    hertz = [SimData(3109, values=[49.875], datatype=DataType.FLOAT32)]
    await ModbusSerialServer([SimDevice(id=1, simdata=hertz)], port=sys.argv[1], baudrate=19200, parity="N").serve_forever()

asyncio.run(main())
"""

RESOURCES = """
bench:
  meter-line:
    cls: RawSerialPort
    port: {line}
    speed: 115200
"""
"""The exporter's own speed is not the meter's: the client sets the rig file's."""

RIG = """
bench: meter-bench
labgrid: {{place: meter-bench, coordinator: "{coordinator}"{more}}}
wiring:
  power:
    utility-a: {{kind: utility, capacity_kw: 10}}
    k1: {{kind: breaker, from: utility-a, rated_a: 16}}
  devices:
    meter-1: {{profile: schneider-pm5000, of: k1}}
devices:
  meter-1: {{modbus: {{serial: "labgrid:{serial}", parity: N, unit: 1, timeout: 5s}}}}
"""


@dataclass
class Lab:
    """The address of the coordinator, and its programs, each ended by its process id."""

    folder: Path
    coordinator: str
    ending: contextlib.ExitStack
    processes: dict[str, subprocess.Popen] = field(default_factory=dict)

    def rig_file(self, serial: str = "meter-line", more: str = "") -> Path:
        path = self.folder / "meter-bench.yaml"
        path.write_text(RIG.format(coordinator=self.coordinator, serial=serial, more=more))
        return path

    def start(self, name: str, *command: str) -> None:
        log = self.folder / f"{name}.log"
        # The coordinator keeps its places in the folder it is started in.
        environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
        with contextlib.chdir(self.folder):
            self.processes[name] = self.ending.enter_context(background(command, log, environment))

    def output(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def client(self, *arguments: str, user: str = "awa") -> str:
        """The output of labgrid's own client; it must succeed."""
        done = subprocess.run(
            [script("labgrid-client"), "-x", self.coordinator, "-p", "meter-bench", *arguments],
            env={**os.environ, "LG_USERNAME": user, "LG_HOSTNAME": f"pc-of-{user}"},
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


def script(name: str) -> str:
    """A program of labgrid's, in the environment the tests run in."""
    return str(Path(sys.executable).parent / name)
