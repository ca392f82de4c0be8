"""The surroundings of the devices: passwords that are no longer good, a disk that is full, an operator who is not there."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from external import program
from proof_bench import ProofBench, in_order

from twinfeed.hil_rigs.actuators import ActuatorFailed
from twinfeed.hil_rigs.supervisor.client import Client
from twinfeed.hil_rigs.supervisor.places import socket_of
from twinfeed.hil_rigs.world.world import BenchStopped

PLUG = """actuators:
  plug:
    operator: {do: {out: Pull the plug of the UPS., in: Put the plug of the UPS in again.}, timeout: 1s}
    normal: in
    causes: {utility-a outage: out}
"""

DISK_OCTETS = 1024 * 1024


async def test_a_password_that_is_changed_in_the_middle_of_a_run_trips_the_bench(bench: ProofBench) -> None:
    """The UPS refuses the old password; the PDU takes its own still, and goes to its safe state."""
    renewed = bench.folder / "renewed.yaml"
    text = bench.file.read_text(encoding="utf-8")
    renewed.write_text(text.replace("wiring:", "wiring:\n  snmp: {auth_password: renewed-auth}"), encoding="utf-8")

    async def test() -> None:
        async with bench.run() as site:
            await site.inject("pdu-1", "inlet-loss")
            bench.restart_emulators(renewed)
            await site.run("1 min")

    try:
        with pytest.raises(BenchStopped, match=r"interlock charge: nothing is known of ups-1.battery.charge"):
            await test()
        assert "(user twinfeed, whose passwords come from env:BENCH_AUTH and env:BENCH_PRIV)" in bench.why("trips")
        assert bench.outlets() == ["on", "off"]
        assert in_order(bench.story(), ("load", "moved"), ("supervisor", "trips"), ("supervisor", "is safe"))
    finally:
        bench.stop_supervisor()
        bench.restart_emulators()


def test_a_password_that_is_not_there_is_named_with_its_device_before_anything_is_sent(bench: ProofBench) -> None:
    del bench.env["BENCH_WRITE"]
    armed = bench.twinfeed("arm", "--as", "Awa", "--yes")
    assert armed.returncode == 3
    said = " ".join(armed.stderr.split())
    assert "pdu-1: env:BENCH_WRITE: the environment variable is not set; export BENCH_WRITE=… before" in said
    assert not (bench.place / "armed").exists()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of a megabyte."""
    if os.getuid() != 0:
        pytest.skip("only root may mount a small disk")
    program("mount", "mount")
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={DISK_OCTETS}", "tmpfs", str(tmp_path)], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip(f"no disk can be mounted here: {mounted.stderr.decode().strip()}")
    yield tmp_path
    subprocess.run(["umount", "--lazy", str(tmp_path)], check=True)


async def test_a_full_disk_trips_the_bench_and_the_record_tells_the_end(
    small_disk: Path, bench: ProofBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.env["TWINFEED_BENCHES"] = str(small_disk)
    monkeypatch.setenv("TWINFEED_BENCHES", str(small_disk))

    async def test() -> None:
        async with bench.run() as site:
            await site.inject("pdu-1", "inlet-loss")
            fill(small_disk)
            await site.ask("note", what="says more than fits", data={"text": 8192 * "x"})
            await site.run("1 min")

    with pytest.raises(BenchStopped, match="the disk is full; the record has gone into its reserve"):
        await test()
    assert bench.outlets() == ["on", "off"]
    assert in_order(bench.story(), ("load", "moved"), ("supervisor", "trips"), ("supervisor", "is safe"))
    assert "the disk is full" in bench.why("trips")
    bench.stop_supervisor()
    assert bench.said("ended")


def fill(disk: Path) -> None:
    """Leave no room on that disk."""
    with (disk / "something else").open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            return


async def test_an_operator_who_is_absent_fails_the_test_and_nothing_else(bench: ProofBench) -> None:
    async def test() -> None:
        async with bench.run() as site:
            await site.inject("utility-a", "outage")

    with bench.file_says("actuators:\n", PLUG):
        with pytest.raises(
            ActuatorFailed, match=r"plug: nobody could be asked “Pull the plug of the UPS.”: nobody ans"
        ):
            await test()
        assert bench.status()["state"] == "armed"
        assert in_order(
            bench.story(),
            ("plug", "moves"),
            ("operator", "is asked"),
            ("operator", "did not answer"),
            ("plug", "failed"),
        )
        assert not bench.said("trips")


async def test_an_operator_who_has_seen_the_question_and_says_nothing_is_asked_to_put_it_back(
    bench: ProofBench,
) -> None:
    """They may have begun: only their word that the plug is in again ends it."""

    async def technician() -> None:
        questions: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

        def hear(event: Mapping[str, Any]) -> None:
            if event["event"] == "question":
                questions.put_nowait(dict(event))

        client = await Client.connect(socket_of(bench.rig()), hear, "Moussa")
        try:
            await client.ask("attend")
            ready.set()
            while True:
                question = await questions.get()
                if "again" in question["text"]:
                    await client.ask("answer", question=question["question"], person="Moussa", done=True, text="in")
        finally:
            await client.close()

    ready = asyncio.Event()

    async def test() -> None:
        async with bench.run() as site:
            there = asyncio.create_task(technician())
            await ready.wait()
            try:
                await site.inject("utility-a", "outage")
            finally:
                there.cancel()

    with bench.file_says("actuators:\n", PLUG):
        with pytest.raises(
            ActuatorFailed, match=r"plug: the operator was asked “Pull the plug of the UPS.” and did not"
        ):
            await test()
        assert bench.status()["state"] == "armed"
        assert in_order(
            bench.story(), ("operator", "did not answer"), ("plug", "failed"), ("plug", "moves"), ("plug", "moved")
        )
