"""Two workers of one run may bind the same addresses."""

from __future__ import annotations

import shlex
import socket
import subprocess

import pytest
from workers import own_network

BIND = """
import socket
one = socket.create_server(("127.30.0.11", {port}))
socket.create_connection(("127.30.0.11", {port})).close()
print(*(socket.getaddrinfo(host, {port}, flags=socket.AI_ADDRCONFIG)[0][4][0] for host in ("127.0.0.1", "::1")))
"""


@pytest.mark.skipif(not own_network.possible(), reason="this system gives this user no network namespace")
def test_an_address_that_is_taken_here_is_free_there() -> None:
    with socket.create_server(("127.30.0.11", 0)) as taken:
        script = BIND.format(port=taken.getsockname()[1])
        command = [*shlex.split(own_network.command()), "-c", script]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert (done.stdout.strip(), done.returncode) == ("127.0.0.1 ::1", 0), done.stderr
