"""`twinfeed up` in a process of its own, as a script would start it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]
PATIENCE_S = 120.0


@dataclass
class Up:
    """A running `twinfeed up --json`: its process and the line it printed when it was ready."""

    process: subprocess.Popen[str]
    ready: dict[str, Any]

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """End it with that signal; returns its exit code."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE_S)

    @property
    def places(self) -> list[tuple[str, str, int]]:
        """Protocol, address and port of every endpoint."""
        found = []
        for device in self.ready["devices"]:
            for endpoint in device["endpoints"]:
                protocol, _, rest = endpoint.partition("://")
                address, _, port = rest.partition("/")[0].partition(":")
                found.append((protocol, address, int(port)))
        return found


def command(runtime: Path, *arguments: object) -> tuple[Sequence[str], dict[str, str]]:
    """The command line and environment of `twinfeed` with these arguments."""
    environment = {**os.environ, "XDG_RUNTIME_DIR": str(runtime), "PYTHONPATH": str(ROOT)}
    environment["XDG_STATE_HOME"] = str(runtime / "state")
    return [sys.executable, "-m", "twinfeed.harness.cli", *map(str, arguments)], environment


@contextmanager
def running_up(runtime: Path, *arguments: object) -> Iterator[Up]:
    line, environment = command(runtime, "up", *arguments, "--json")
    process = subprocess.Popen(line, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert process.stderr is not None
        first = process.stdout.readline()
        assert first, process.stderr.read()
        yield Up(process, json.loads(first))
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        try:
            process.communicate(timeout=PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate(timeout=PATIENCE_S)
