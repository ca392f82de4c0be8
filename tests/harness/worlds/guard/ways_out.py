"""A server in another process, and the ways in which code may try to reach it."""

from __future__ import annotations

import _socket
import asyncio
import concurrent.futures
import ctypes
import http.client
import multiprocessing
import os
import pty
import select
import smtplib
import socket
import ssl
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest
from pymodbus.client import ModbusTcpClient

Place = tuple[str, int]


class Listening:
    """The server in another process."""

    def __init__(self) -> None:
        script = Path(__file__).with_name("listening.py")
        self.process = subprocess.Popen(
            [sys.executable, str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.place: Place = ("127.0.0.1", int(self._line()))

    def _line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline()

    def arrived(self) -> list[int]:
        """Connections and octets since the last call."""
        assert self.process.stdin is not None
        self.process.stdin.write("how many?\n")
        self.process.stdin.flush()
        return [int(word) for word in self._line().split()]


def datagram(place: Place) -> None:
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", place)


def datagram_of_a_message(place: Place) -> None:
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendmsg([b"x"], [], 0, place)


def in_a_thread(work: Callable[[], object], of: Callable[..., threading.Thread] = threading.Thread) -> None:
    thread = of(target=work)
    thread.start()
    thread.join(120)


def other_loop(place: Place) -> None:
    async def connect() -> None:
        _, writer = await asyncio.open_connection(*place)
        writer.write(b"x")
        await writer.drain()

    in_a_thread(lambda: asyncio.run(connect()))


def uvloops(place: Place) -> None:
    uvloop = pytest.importorskip("uvloop")

    async def connect() -> None:
        _, writer = await asyncio.open_connection(*place)
        writer.write(b"x")
        await writer.drain()

    in_a_thread(lambda: uvloop.run(connect()))


def timer(place: Place) -> None:
    waiting = threading.Timer(0.0, socket.create_connection, (place,))
    waiting.start()
    waiting.join(120)


def pool(place: Place) -> None:
    with concurrent.futures.ThreadPoolExecutor(1) as threads:
        threads.submit(socket.create_connection, place).result()


def processes(place: Place) -> None:
    with concurrent.futures.ProcessPoolExecutor(1) as workers:
        workers.submit(socket.create_connection, place).result(10)


def process(method: str) -> Callable[[Place], None]:
    def start(place: Place) -> None:
        child = multiprocessing.get_context(method).Process(target=socket.create_connection, args=(place,))
        child.start()
        child.join(120)

    return start


def program(place: Place) -> list[str]:
    return [sys.executable, "-c", f"import socket; socket.create_connection({place!r}).send(b'x')"]


def forked(place: Place) -> None:
    if os.fork() == 0:
        socket.create_connection(place)
        os._exit(0)


def by_ctypes(place: Place) -> None:
    library = ctypes.CDLL(None)
    made = library.socket(socket.AF_INET, socket.SOCK_STREAM, 0)
    address = ctypes.create_string_buffer(
        socket.AF_INET.to_bytes(2, sys.byteorder) + place[1].to_bytes(2, "big") + socket.inet_aton(place[0]) + bytes(8)
    )
    library.connect(made, address, 16)


def modbus(place: Place) -> None:
    client = ModbusTcpClient(place[0], port=place[1], timeout=1, retries=0)
    client.connect()
    client.write_registers(0x2F09, [0x1100])


def raw(place: Place) -> None:
    _socket.socket().connect(place)


def encrypted(place: Place) -> None:
    ssl.create_default_context().wrap_socket(socket.socket(), server_hostname="x").connect(place)


WAYS: dict[str, Callable[[Place], object]] = {
    "socket.connect": lambda place: socket.socket().connect(place),
    "socket.connect_ex": lambda place: socket.socket().connect_ex(place),
    "socket.create_connection": socket.create_connection,
    "socket.bind": lambda place: socket.socket().bind(("127.0.0.1", 0)),
    "socket.sendto": datagram,
    "socket.sendmsg": datagram_of_a_message,
    "_socket": raw,
    "ssl": encrypted,
    "urllib": lambda place: urllib.request.urlopen("http://{}:{}/".format(*place)),
    "http.client": lambda place: http.client.HTTPConnection(*place).request("GET", "/"),
    "smtplib": lambda place: smtplib.SMTP(*place),
    "pymodbus": modbus,
    "a thread": lambda place: in_a_thread(lambda: socket.create_connection(place)),
    "a timer": timer,
    "a pool of threads": pool,
    "a pool of processes": processes,
    "multiprocessing fork": process("fork"),
    "multiprocessing spawn": process("spawn"),
    "another loop": other_loop,
    "uvloop": uvloops,
    "subprocess": lambda place: subprocess.run(program(place)),
    "os.popen": lambda place: os.popen(" ".join(program(place))),
    "os.system": lambda place: os.system(" ".join(program(place))),
    "os.posix_spawn": lambda place: os.posix_spawn(sys.executable, program(place), dict(os.environ)),
    "os.spawnv": lambda place: os.spawnv(os.P_WAIT, sys.executable, program(place)),
    "os.execv": lambda place: os.execv(sys.executable, program(place)),
    "pty.spawn": lambda place: pty.spawn(program(place)),
    "os.fork": forked,
    "ctypes": by_ctypes,
    "getaddrinfo": lambda place: socket.getaddrinfo("ups.example.org", 502),
    "gethostbyname": lambda place: socket.gethostbyname("ups.example.org"),
    "gethostbyaddr": lambda place: socket.gethostbyaddr("192.0.2.1"),
    "getnameinfo of a number": lambda place: socket.getnameinfo(("192.0.2.1", 502), 0),
    "a local socket": lambda place: socket.socket(socket.AF_UNIX).connect("/run/twinfeed.sock"),
    "select": lambda place: select.select([socket.socket()], [], [], 0.0),
    "poll": lambda place: select.poll(),
    "os.kill": lambda place: os.kill(os.getppid(), 0),
    "a thread without a name": lambda place: __import__("_thread").start_new_thread(socket.create_connection, (place,)),
}
