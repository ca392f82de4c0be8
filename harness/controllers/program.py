"""A controller under test that is a separate program, started by the test or running already; for the live world.

The program learns where the devices answer from a JSON file, named in `TWINFEED_INVENTORY`, and from one variable for
each device and protocol: `TWINFEED_UPS_A1_SNMP=127.20.1.11:1161`, `TWINFEED_ATS_A_MODBUS=127.20.2.1:1502/1`.
`TWINFEED_STORE` names a file that survives its restarts, `TWINFEED_SPEED` how many seconds of the site pass in one.
"""

from __future__ import annotations

import asyncio
import json
import os
import shlex
import shutil
import subprocess
import tempfile
from asyncio.subprocess import Process
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from twinfeed.harness.controllers.in_process import Controller, ControllerFailed

PATIENCE_S = 5.0
"""Time that a program has to end after SIGTERM, s of the machine's clock; then it is killed."""

LAST_LINES = 20
"""Number of lines of a failed program's output that are shown."""


class Program(Controller):
    """A controller in a separate process. With `faketime` its clock runs at the site's speed (Debian: faketime)."""

    def __init__(self, command: str, speed: float = 1.0, faketime: bool = False, folder: Path | None = None) -> None:
        self.name = command
        self.folder = folder or Path(tempfile.mkdtemp(prefix="twinfeed-controller-"))
        self.output = self.folder / "output.txt"
        self._words = shlex.split(command)
        self._speed = speed
        self._environment: dict[str, str] = {}
        self._clock = faster(speed) if faketime else {}
        self._ended: asyncio.Task[None] | None = None
        self._process: Process | None = None

    async def start(self, inventory: Mapping[str, Any]) -> None:
        path = self.folder / "inventory.json"
        path.write_text(json.dumps(inventory, indent=1), encoding="utf-8")
        self._environment = {
            **os.environ,
            **self._clock,
            **variables(inventory),
            "TWINFEED_INVENTORY": str(path),
            "TWINFEED_STORE": str(self.folder / "store.json"),
            "TWINFEED_SPEED": f"{self._speed:g}",
        }
        await self.restart()

    async def restart(self) -> None:
        if self._process is not None:
            return
        with self.output.open("ab") as output:
            try:
                self._process = await asyncio.create_subprocess_exec(
                    *self._words, env=self._environment, stdin=asyncio.subprocess.DEVNULL, stdout=output, stderr=output
                )
            except OSError as error:
                raise ControllerFailed(f"{self.name}: cannot be started: {error.strerror or error}") from None
        self._ended = asyncio.create_task(self._wait(self._process), name=f"controller {self.name}")

    async def _wait(self, process: Process) -> None:
        code = await process.wait()
        self._tidy(process)
        lines = self.output.read_text(errors="replace").splitlines()[-LAST_LINES:]
        said = "\n  ".join(lines) or "(nothing)"
        raise ControllerFailed(
            f"{self.name}: ended with exit code {code}; the end of its output ({self.output}):\n  {said}"
        )

    async def stop(self) -> None:
        process, self._process = self._process, None
        waiting, self._ended = self._ended, None
        if waiting is not None:
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
        if process is None or process.returncode is not None:
            return
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), PATIENCE_S)
        except TimeoutError:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
        self._tidy(process)

    def _tidy(self, process: Process) -> None:
        """Remove libfaketime's shared memory: it remains after a signal and disturbs the next process of that pid."""
        if self._clock:
            for left in (f"faketime_shm_{process.pid}", f"sem.faketime_sem_{process.pid}"):
                Path("/dev/shm", left).unlink(missing_ok=True)

    @property
    def ended(self) -> asyncio.Future[None] | None:
        return self._ended


class AlreadyRunning(Controller):
    """A controller that runs already and polls the addresses of the site. The test only writes its inventory."""

    name = "already running"

    def __init__(self, inventory_file: Path) -> None:
        self._file = inventory_file

    async def start(self, inventory: Mapping[str, Any]) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._file.write_text(json.dumps(inventory, indent=1), encoding="utf-8")

    async def stop(self) -> None:
        """Does nothing: the test did not start the program."""

    async def restart(self) -> None:
        """Does nothing, like `stop`."""

    @property
    def ended(self) -> asyncio.Future[None] | None:
        return None


def faster(speed: float) -> dict[str, str]:
    """The environment that loads libfaketime, so that the clock and the timers of a program run at that speed.

    Its starter `faketime` only names the library here: it would stay between us and the program, and when ordered
    to stop it would end alone.

    Raises:
        ControllerFailed: faketime is not installed.
    """
    if shutil.which("faketime") is None:
        raise ControllerFailed("faketime is missing: apt install faketime")
    asking = ["faketime", "-m", "-f", "+0", "printenv", "LD_PRELOAD"]
    library = subprocess.run(asking, capture_output=True, text=True, check=True).stdout.strip()
    return {"LD_PRELOAD": library, "FAKETIME": f"+0 x{speed:g}"}


def variables(inventory: Mapping[str, Any]) -> dict[str, str]:
    """The addresses of the devices: one environment variable for each device and protocol."""
    found = {}
    for name, device in inventory["devices"].items():
        stem = "TWINFEED_" + "".join(c if c.isalnum() else "_" for c in name.upper())
        if "snmp" in device:
            found[f"{stem}_SNMP"] = f"{device['snmp']['address']}:{device['snmp']['port']}"
        if "modbus" in device:
            place = device["modbus"]
            found[f"{stem}_MODBUS"] = f"{place['address']}:{place['port']}/{place['unit']}"
    return found
