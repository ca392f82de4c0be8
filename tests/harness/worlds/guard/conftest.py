"""A server in another process, and a connection to it."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from ways_out import Listening


@pytest.fixture(scope="module")
def server() -> Iterator[Listening]:
    listening = Listening()
    yield listening
    listening.process.communicate(timeout=120)


@pytest.fixture
def connected(server: Listening) -> Iterator[socket.socket]:
    """A connection that was made before the run."""
    with socket.create_connection(server.place) as made:
        server.arrived()
        yield made
