"""A connection to a supervisor that hangs up, or that refuses the run, is closed before the error is raised."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from memory_bench import RIG

from twinfeed.harness.unixpaths import short
from twinfeed.harness.worlds.world import Cannot
from twinfeed.hil_rigs import rigfile
from twinfeed.hil_rigs.supervisor.client import Client, SupervisorGone
from twinfeed.hil_rigs.supervisor.moves import Denied
from twinfeed.hil_rigs.supervisor.places import socket_of
from twinfeed.hil_rigs.world.world import RigWorld

PATIENCE_S = 120.0


@asynccontextmanager
async def answering(path: Path, *answers: dict[str, object]) -> AsyncIterator[asyncio.Event]:
    """A supervisor that answers each request with the next of these, then sends no more. The event: its client closed."""
    closed = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            for answer in answers:
                request = json.loads(await reader.readline())
                writer.write(json.dumps({"id": request["id"], **answer}).encode() + b"\n")
            await writer.drain()
            if not answers:
                writer.write_eof()
            while await reader.readline():
                pass
            closed.set()
        finally:
            writer.close()

    with short(path) as place:
        server = await asyncio.start_unix_server(serve, place)
        async with server:
            yield closed


async def test_one_that_hangs_up_before_it_greets(tmp_path: Path) -> None:
    async with answering(tmp_path / "s") as closed:
        with pytest.raises(SupervisorGone) as raised:
            await Client.connect(tmp_path / "s", who="Awa")
        await asyncio.wait_for(closed.wait(), PATIENCE_S)
    assert "has ended" in str(raised.value)


async def test_one_that_refuses_to_greet(tmp_path: Path) -> None:
    async with answering(tmp_path / "s", {"error": "Denied", "says": "not you"}) as closed:
        with pytest.raises(Denied, match="not you"):
            await Client.connect(tmp_path / "s", who="Awa")
        await asyncio.wait_for(closed.wait(), PATIENCE_S)


async def test_one_that_refuses_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWINFEED_BENCHES", str(tmp_path / "benches"))
    (tmp_path / "rig.yaml").write_text(RIG, encoding="utf-8")
    rig = rigfile.read(tmp_path / "rig.yaml")
    denied = {"error": "Denied", "says": "another test has it"}
    async with answering(socket_of(rig), {"is": {}}, denied) as closed:
        with pytest.raises(Cannot, match="another test has it"):
            await RigWorld(rig).start()
        await asyncio.wait_for(closed.wait(), PATIENCE_S)
