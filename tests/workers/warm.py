"""Run commands of twinfeed in processes of their own without waiting for the import of twinfeed: `run("sites", env=…)`.

A server that has loaded the packages forks a process for each command. That process has the environment, the folder and the
standard streams that it is given, and loads only the command itself. A test whose subject is the start of a program, or its
death, starts the program as a user does.
"""

from __future__ import annotations

import array
import atexit
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import traceback
import warnings
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, cast

LOADED = (
    "asyncio", "email.message", "rich.console", "rich.table", "typer.main", "pymodbus.client", "pysnmp.hlapi.v3arch.asyncio",
    "twinfeed.emulators.site", "twinfeed.emulators.profiles", "twinfeed.harness.transports", "twinfeed.harness.report",
    "twinfeed.harness.properties", "twinfeed.hil_rigs.actuators", "twinfeed.hil_rigs.instruments", "twinfeed.hil_rigs.rigfile",
    "twinfeed.hil_rigs.supervisor.process",
)  # fmt: skip
"""Modules that the server loads. None of the command line is among them, for its consoles read their environment."""

LENGTH = 4
"""Octets before each message between the server and those who ask."""


def run(
    *words: str, env: Mapping[str, str], cwd: Path | None = None, typed: str = "", timeout_s: float = 120.0
) -> subprocess.CompletedProcess[str]:
    """`twinfeed WORDS`: what it printed and its exit code, as from `subprocess.run`.

    Raises:
        subprocess.TimeoutExpired: it has not ended in that time; it is killed.
    """
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        given.write(typed.encode())
        given.seek(0)
        asked = {"words": words, "env": dict(env), "cwd": str(cwd or Path.cwd())}
        with socket.socket(socket.AF_UNIX) as server:
            server.connect(_server.address)
            server.sendmsg(
                [_framed(asked)],
                [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [f.fileno() for f in (given, out, err)]))],
            )
            process = _received(server)
            server.settimeout(timeout_s)
            try:
                code = _received(server)
            except TimeoutError:
                os.kill(process, signal.SIGKILL)
                raise subprocess.TimeoutExpired(words, timeout_s) from None
        out.seek(0)
        err.seek(0)
        return subprocess.CompletedProcess(words, code, out.read().decode(), err.read().decode())


class _Server:
    """The server of this process, started for its first command."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._address = ""

    @property
    def address(self) -> str:
        """Of its socket."""
        if self._process is None:
            name = f"twinfeed-warm-{os.getpid()}-{os.urandom(4).hex()}"
            words = [sys.executable, __file__, name]
            self._process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            assert self._process.stdout is not None
            assert self._process.stdout.readline() == b"ready\n"
            self._address = "\0" + name  # abstract, unix(7): no file is left behind
        return self._address

    def end(self) -> None:
        """It ends when its standard input does."""
        if self._process is not None:
            self._process.communicate()
            self._process = None


_server = _Server()


def end() -> None:
    """End the server, if there is one."""
    _server.end()


def _framed(message: Any) -> bytes:
    octets = json.dumps(message).encode()
    return len(octets).to_bytes(LENGTH, "big") + octets


def _received(connection: socket.socket, begun: bytes = b"") -> Any:
    """The next message. `begun` are its first octets, if they have been received."""
    octets = begun
    while len(octets) < LENGTH or len(octets) < LENGTH + int.from_bytes(octets[:LENGTH], "big"):
        more = connection.recv(65536)
        if not more:
            raise EOFError("the server of commands has ended")
        octets += more
    return json.loads(octets[LENGTH:])


# -- the server -------------------------------------------------------------------------------------------------------


def serve(address: str) -> None:
    """Fork a process for each connection, until standard input ends."""
    import select

    children: dict[int, socket.socket] = {}
    ended, at_end = os.pipe()
    os.set_blocking(at_end, False)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("\0" + address)
        listening.listen(64)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        signal.set_wakeup_fd(at_end)
        print("ready", flush=True)
        while True:
            ready, _, _ = select.select([sys.stdin, listening, ended], [], [])
            if sys.stdin in ready:
                return
            if ended in ready:
                os.read(ended, 4096)
                _tell_the_ends(children)
            if listening in ready:
                connection, _ = listening.accept()
                begun, ancillary, _, _ = connection.recvmsg(65536, socket.CMSG_SPACE(3 * array.array("i").itemsize))
                streams = array.array("i")
                streams.frombytes(ancillary[0][2])
                asked = _received(connection, begun)
                process = os.fork()
                if process == 0:
                    signal.set_wakeup_fd(-1)
                    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                    for inherited in (listening, connection, *children.values()):
                        inherited.close()
                    os._exit(_command(asked, streams.tolist()))
                for stream in streams:
                    os.close(stream)
                children[process] = connection
                connection.sendall(_framed(process))


def _tell_the_ends(children: dict[int, socket.socket]) -> None:
    while children:
        process, status = os.waitpid(-1, os.WNOHANG)
        if process == 0:
            return
        with children.pop(process) as connection:
            try:
                connection.sendall(_framed(os.waitstatus_to_exitcode(status)))
            except OSError:  # whoever asked no longer waits
                continue


def _command(asked: Mapping[str, Any], streams: Sequence[int]) -> int:
    """The command itself, in its process; returns its exit code."""
    import threading

    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.environ.clear()
    os.environ.update(asked["env"])
    os.chdir(asked["cwd"])
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - until the end
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", 1, "utf-8", "backslashreplace", closefd=False)  # noqa: SIM115
    for action in filter(
        None, os.environ.get("PYTHONWARNINGS", "").split(",")
    ):  # the interpreter reads it at its start
        warnings.simplefilter(cast(Any, action))
    sys.argv = ["twinfeed", *asked["words"]]
    code = 0
    try:
        import_module("twinfeed.__main__").main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else end.code is not None
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
    except BaseException:
        traceback.print_exc()
        code = 1
    threading._shutdown()  # type: ignore[attr-defined] - as the interpreter does: it waits for threads
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    return code


if __name__ == "__main__":
    sys.path.pop(0)  # this folder is not one of twinfeed's
    for name in LOADED:
        import_module(name)
    import gc

    gc.freeze()
    serve(sys.argv[1])
