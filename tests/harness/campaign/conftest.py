"""The stores of a memory: an SQLite file, and a PostgreSQL cluster of this test run's own."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from twinfeed.harness.campaign import Memory

DEBIAN = Path("/usr/lib/postgresql")


def programs() -> Path | None:
    """The folder of the programs of PostgreSQL, the newest on Debian."""
    found = sorted(DEBIAN.glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    on_path = shutil.which("initdb")
    return found[-1].parent if found else Path(on_path).resolve().parent if on_path else None


@contextmanager
def running_cluster() -> Iterator[str]:
    """A cluster in a temporary folder on loopback; yields the URL of its database. PostgreSQL refuses to run as root."""
    bin_folder = programs()
    if bin_folder is None:
        pytest.skip("needs PostgreSQL: apt install postgresql")
    user = "postgres" if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="twinfeed-pg-"))
    try:
        if user is not None:
            shutil.chown(folder, user)
        with closing(socket.create_server(("127.0.0.1", 0))) as probe:
            port = probe.getsockname()[1]

        def run(program: str, *arguments: str) -> None:
            subprocess.run(
                [bin_folder / program, *arguments], cwd="/", user=user, check=True, capture_output=True, timeout=60
            )

        data = str(folder / "data")
        run("initdb", "--pgdata", data, "--auth", "trust", "--username", "twinfeed", "--no-sync", "--encoding", "UTF8")
        options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
        run("pg_ctl", "--pgdata", data, "--log", str(folder / "log"), "--options", options, "--wait", "start")
        try:
            yield f"postgresql://twinfeed@127.0.0.1:{port}/postgres"
        finally:
            run("pg_ctl", "--pgdata", data, "--mode", "immediate", "stop")
    finally:
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def cluster() -> Iterator[str]:
    with running_cluster() as url:
        yield url


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.interop)])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path | str]:
    """An empty store: a path or a URL, as `Memory` takes it."""
    if request.param == "sqlite":
        yield tmp_path / "memory.sqlite"
        return
    url: str = request.getfixturevalue("cluster")
    with Memory(url) as memory:
        memory._db.run("drop schema twinfeed cascade")
    yield url
