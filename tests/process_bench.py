"""A bench whose devices are emulators in a process of their own, and the programs that work on it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from workers import supervising, warm

from twinfeed.harness.record import Entry, read

RIG = """
bench: processes
may_arm: [Awa, Moussa]
wiring:
  addresses: 127.45.0.0/24
  power:
    utility-a: {kind: utility}
    ups-1: {kind: ups, from: {input: utility-a}, kva: 3, kw: 2.7, phases: 1, device: {profile: ups-rfc1628, address: 127.45.0.11}}
  racks:
    pdu-1:
      {kind: pdu, from: ups-1, phases: 1, outlets: 8, banks: 1, device: {profile: apc-rpdu2, address: 127.45.0.12}}
    rack-1: {kind: rack, from: {a: "pdu-1:1"}, rack_kw: 1, psu_side_kw: 2}
devices:
  ups-1: {snmp: {address: 127.45.0.11, port: 1161, timeout: 2s}}
  pdu-1: {snmp: {address: 127.45.0.12, port: 1161, timeout: 2s, write: "env:BENCH_WRITE"}}
actuators:
  load: {outlet: pdu-1.outlet.1.control, causes: {pdu-1 inlet-loss: "off"}}
  spare: {outlet: pdu-1.outlet.2.control, safe: "off"}
instruments:
  pdu-1.outlet.1.state: {point: pdu-1.outlet.1.state, every: 200ms}
interlocks:
  charge: {quantity: ups-1.battery.charge, above: 20, stale: 60s}
limits: {safe_within: 30s, heartbeat: 5s, step: 10s}
"""

PATIENCE_S = 240.0
"""The time that anything may take on a machine that does much else, s; nothing is measured by it."""

HOLDING = """
import os, pytest

async def test_it_holds(site):
    await site.inject("pdu-1", "inlet-loss")
    print("held by", os.getpid(), flush=True)
    await site.run("10 min")
"""


def _hear_ctrl_c() -> None:
    """A shell's background jobs ignore it, and so would what they start."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class ProcessBench:
    """The bench that `text` describes, in a folder of its own; its emulators run until the block is left.

    The addresses of the text are those of the network 127.45.0; each process that runs tests has one of its own.
    `within` are the words before each command, of a program that runs it somewhere else.
    """

    def __init__(self, folder: Path, text: str = RIG, within: Sequence[str] = ()) -> None:
        self.folder, self._within = folder, within
        self.name = re.search(r"^bench: (\S+)", text, re.MULTILINE)[1]  # type: ignore[index]
        self.file = folder / "rig.yaml"
        self.network = f"127.45.{os.getpid() % 250 + 1}"
        self.file.write_text(text.replace("127.45.0", self.network), encoding="utf-8")
        self.env = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")} | {
            "BENCH_WRITE": "private",
            "TWINFEED_BENCHES": str(folder / "benches"),
            "TWINFEED_LOCKS": str(folder),
            "XDG_RUNTIME_DIR": str(folder),
            "XDG_STATE_HOME": str(folder / "state"),
            "PYTHONUNBUFFERED": "1",
            "COLUMNS": "200",
        }
        self._started: list[subprocess.Popen[str]] = []
        self.emulators: subprocess.Popen[str]

    @property
    def place(self) -> Path:
        return Path(self.env["TWINFEED_BENCHES"]) / self.name

    # -- programs -------------------------------------------------------------------------------------------------

    def start(self, *words: str, log: str) -> subprocess.Popen[str]:
        with (self.folder / log).open("w") as output:
            started = subprocess.Popen(
                [*self._within, sys.executable, "-m", *words], stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                text=True, env=self.env, cwd=self.folder, preexec_fn=_hear_ctrl_c,
            )  # fmt: skip
        self._started.append(started)
        return started

    def start_emulators(self, file: Path | None = None) -> None:
        """The devices of the bench, as that file describes them (default: the rig file's own wiring)."""
        log = self.folder / "up.log"
        log.write_text("")
        self.emulators = self.start("twinfeed.harness.cli", "up", str(file or self.file), "--json", log="up.log")

        def answer() -> bool:
            assert self.emulators.poll() is None, log.read_text()
            return log.read_text().startswith("{")

        self.until(answer, "the emulators answer")

    def twinfeed(self, *words: str) -> subprocess.CompletedProcess[str]:
        """`twinfeed rig …` on this bench."""
        line = ("rig", words[0], str(self.file), *words[1:])
        if not self._within:
            return warm.run(*line, env=self.env, timeout_s=2 * PATIENCE_S)
        return subprocess.run(
            [*self._within, sys.executable, "-m", "twinfeed.harness.cli", *line],
            capture_output=True, text=True, env=self.env, timeout=2 * PATIENCE_S, check=False,
        )  # fmt: skip

    def arm(self) -> None:
        done = self.twinfeed("arm", "--as", "Awa", "--yes")
        assert done.returncode == 0, done.stdout + done.stderr

    def holding_run(self) -> subprocess.Popen[str]:
        """A test run that has switched the load off and goes on for long."""
        (self.folder / "test_holding.py").write_text(HOLDING, encoding="utf-8")
        run = self.start(
            "pytest", "-s", "-p", "no:cacheprovider", "--rig", str(self.file), "test_holding.py", log="run.log"
        )
        self.until(lambda: "held by" in (self.folder / "run.log").read_text(), "the test run holds the bench")
        return run

    def stop(self) -> None:
        """End everything that was started on this bench, by its process id."""
        for started in self._started:  # before the supervisors: a run that misses its own starts another
            with suppress(ProcessLookupError):
                os.kill(started.pid, signal.SIGCONT)
                os.kill(started.pid, signal.SIGKILL)
        supervising.end(self.file)
        for started in self._started:
            started.wait()

    # -- state of the bench ------------------------------------------------------------------------------------------

    def supervisors(self) -> list[int]:
        """The guard and the supervisor of this bench, in this order."""
        return [*supervising.processes(self.file, worker=False), *supervising.processes(self.file, worker=True)]

    def guard(self) -> int:
        return supervising.processes(self.file, worker=False)[0]

    def supervisor(self) -> int:
        return supervising.processes(self.file, worker=True)[0]

    def status(self) -> dict[str, Any]:
        return json.loads(self.twinfeed("status", "--json").stdout)

    def record(self) -> list[Entry]:
        """The lines of all records of the bench, the oldest first, each chain checked."""
        paths = [*sorted(self.place.glob("record-*.jsonl")), self.place / "record.jsonl"]
        return [entry for path in paths if path.exists() for entry in read(path)]

    def said(self, what: str) -> list[Entry]:
        return [entry for entry in self.record() if entry.what == what]

    def outlets(self) -> list[str]:
        """The PDU's own state of its first two outlets, requested by net-snmp's own kind of question."""
        import asyncio

        from twinfeed.harness.transports import SnmpTransport

        async def ask() -> list[str]:
            pdu = SnmpTransport.v2c(f"{self.network}.12", 1161)
            state = "1.3.6.1.4.1.318.1.1.26.9.2.3.1.5."  # PowerNet-MIB rPDU2OutletSwitchedStatusState: off(1), on(2)
            found = await pdu.get([state + "1", state + "2"])
            pdu.close()
            return [{1: "off", 2: "on"}[int(value)] for value in found.values()]  # type: ignore[arg-type]

        with ThreadPoolExecutor(1) as thread:  # a test may have a loop of its own
            return thread.submit(asyncio.run, ask()).result()

    def until(self, holds: Callable[[], object], what: str) -> None:
        """Wait until that holds."""
        until_s = time.monotonic() + PATIENCE_S
        while not holds():
            if time.monotonic() > until_s:
                logs = "\n".join(f"--- {path.name}\n{path.read_text()[-3000:]}" for path in self.folder.glob("*.log"))
                raise AssertionError(f"not within {PATIENCE_S:g} s: {what}\n{logs}")
            time.sleep(0.1)


@contextmanager
def process_bench(folder: Path, text: str = RIG, within: Sequence[str] = ()) -> Iterator[ProcessBench]:
    bench = ProcessBench(folder, text, within)
    try:
        bench.start_emulators()
        yield bench
    finally:
        bench.stop()
