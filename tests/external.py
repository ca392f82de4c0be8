"""Programs nobody here wrote: finding them, running them for a bounded time, and ending them by their process id."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

TIMEOUT_S = 120.0
"""Longest any client may take, s."""


def program(name: str, package: str, *folders: str) -> str:
    """The path of that program; without it the test is skipped, naming the Debian package to install."""
    search = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", *folders])
    path = shutil.which(name, path=search)
    if path is None:
        pytest.skip(f"{name} is missing: apt install {package}")
    return path


def run(command: Sequence[str], env: Mapping[str, str] | None = None, timeout_s: float = TIMEOUT_S) -> str:
    """The output of the program, error texts included, whatever its exit code."""
    done = subprocess.run(
        list(command), env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=timeout_s, check=False
    )
    return done.stdout.decode(errors="replace")


@contextmanager
def background(command: Sequence[str], log: Path, env: Mapping[str, str] | None = None) -> Iterator[subprocess.Popen]:
    """The program, running while the block runs; everything it prints goes to `log`."""
    with log.open("wb") as output:
        process = subprocess.Popen(list(command), env=env, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(120)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(120)


def until(holds: Callable[[], bool], why: Callable[[], str] = str, patience_s: float = TIMEOUT_S) -> None:
    """Wait for something a program of its own does; `why` describes what is there instead when it never comes."""
    deadline = time.monotonic() + patience_s
    while not holds():
        assert time.monotonic() < deadline, f"it did not happen within {patience_s:g} s: {why()}"
        time.sleep(0.02)


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """A port of 127.0.0.1 that nobody uses at this moment."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
