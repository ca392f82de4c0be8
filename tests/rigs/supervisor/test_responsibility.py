"""The record of the bench has the person who armed, the file, the clock and the watched limits."""

from __future__ import annotations

import asyncio
import json
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import memory_bench
import pytest
from memory_bench import MemoryBench

from twinfeed.harness import unixpaths
from twinfeed.harness.record import Entry, Person, acting_for, read
from twinfeed.harness.report.facts import Facts
from twinfeed.hil_rigs import rigfile
from twinfeed.hil_rigs.checking.findings import Level
from twinfeed.hil_rigs.checking.fit import fit_to_arm
from twinfeed.hil_rigs.persons import pins
from twinfeed.hil_rigs.supervisor.moves import Denied
from twinfeed.hil_rigs.supervisor.places import folder
from twinfeed.hil_rigs.supervisor.process import CannotSupervise, join
from twinfeed.hil_rigs.supervisor.server import Server

AWA, MOUSSA = Person(1001, "awa"), Person(1002, "moussa")

BOTH = """
logins: {awa: Awa, moussa: Moussa}
interlocks: {charge: {quantity: ups-1.battery.charge, above: 40}}
"""
FILE = "may_arm: [Awa]"


@pytest.fixture
def both(bench: MemoryBench, monkeypatch: pytest.MonkeyPatch) -> MemoryBench:
    """A bench that two people may arm, each under their own login."""
    monkeypatch.setattr(memory_bench, "RIG", memory_bench.RIG.replace(FILE, "may_arm: [Awa, Moussa]"))
    bench.start(BOTH)
    return bench


def arm(bench: MemoryBench, user: Person, person: str, for_s: float = 600.0) -> None:
    with acting_for(user):
        bench.run(bench.supervisor.arm(person, for_s))


def disarm(bench: MemoryBench, user: Person, person: str) -> None:
    with acting_for(user):
        bench.run(bench.supervisor.disarm(person))


def status(bench: MemoryBench) -> dict[str, Any]:
    async def asked() -> dict[str, Any]:
        return bench.supervisor.status()

    found: dict[str, Any] = bench.run(asked())
    return found


def record(bench: MemoryBench) -> list[Entry]:
    return read(bench.folder / "record.jsonl")


def test_the_line_of_an_arming_carries_the_login(both: MemoryBench) -> None:
    arm(both, AWA, "Awa")
    line = next(entry for entry in record(both) if entry.what == "armed the bench")
    assert (line.who, line.login, line.uid) == ("Awa", "awa", 1001)


def test_nobody_arms_under_the_name_of_somebody_else(both: MemoryBench) -> None:
    with pytest.raises(Denied, match="the login moussa is not Awa"):
        arm(both, MOUSSA, "Awa")
    refused = next(entry for entry in record(both) if entry.what == "was not allowed to arm the bench")
    assert refused.login == "moussa"


def test_an_armed_bench_is_not_armed_by_somebody_else(both: MemoryBench) -> None:
    """Nor is its time shortened."""
    arm(both, AWA, "Awa", 600.0)
    with pytest.raises(Denied, match=r"is armed by Awa \(login awa\) for .* more; ask them to disarm it"):
        arm(both, MOUSSA, "Moussa", 30.0)
    assert status(both)["armed_for_s"] > 500.0


def test_who_has_armed_a_bench_may_arm_it_for_longer(both: MemoryBench) -> None:
    arm(both, AWA, "Awa", 60.0)
    both.wait(30.0)
    arm(both, AWA, "Awa", 600.0)
    assert status(both)["armed_for_s"] == 600.0


def test_two_who_arm_at_the_same_instant_do_not_both_succeed(both: MemoryBench) -> None:
    async def one(user: Person, person: str) -> str:
        with acting_for(user):
            try:
                await both.supervisor.arm(person, 600.0)
            except Denied as error:
                return str(error)
        return "armed"

    async def two() -> list[str]:
        return await asyncio.gather(one(AWA, "Awa"), one(MOUSSA, "Moussa"))

    first, second = both.run(two())
    assert first == "armed"
    assert "is armed by Awa" in second


def test_who_may_arm_may_disarm_and_nobody_else(both: MemoryBench) -> None:
    arm(both, AWA, "Awa")
    with pytest.raises(Denied, match="Mr X may not arm"):
        disarm(both, MOUSSA, "Mr X")
    disarm(both, MOUSSA, "Moussa")
    assert both.supervisor.state == "read-only"


# -- the file in force -------------------------------------------------------------------------------------------------


def test_the_record_has_the_file_in_force(both: MemoryBench) -> None:
    """Its text, its hash and its limits, from before anything moves."""
    line = next(entry for entry in record(both) if (entry.who, entry.what) == ("bench", "in force"))
    path = both.folder / "rig.yaml"
    assert line.data["text"] == path.read_text(encoding="utf-8")
    assert line.data["sha256"] == rigfile.read(path).sha256
    assert line.data["limits"]["interlocks"]["charge"]["above"] == 40
    assert line.data["devices"][0] == {
        "device": "ups-1", "profile": "ups-rfc1628", "where": "snmp 127.44.0.11:161", "loopback": True
    }  # fmt: skip


def test_a_file_that_is_edited_while_the_bench_is_armed_is_told(both: MemoryBench) -> None:
    arm(both, AWA, "Awa")
    path = both.folder / "rig.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("above: 40", "above: 5"), encoding="utf-8")
    both.wait(3.0)
    facts = Facts()
    for entry in record(both):
        facts.take(entry)
    assert len(facts.edits) == 1
    assert status(both)["edited"]
    with pytest.raises(Denied, match="was edited after the supervisor had read it"):
        arm(both, AWA, "Awa")


# -- one function for what check shows and arm refuses -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("days", "says"),
    [({"calibrated": 30}, "which is to come"), ({"calibrated": -400, "due": -30}, "calibration was due")],
)
def test_arm_refuses_what_check_calls_a_problem(
    bench: MemoryBench, monkeypatch: pytest.MonkeyPatch, days: dict[str, int], says: str
) -> None:
    today = datetime.now(UTC).date()
    given = ", ".join(f"{name}: {today + timedelta(days=n)}" for name, n in days.items())
    point = "{point: ups-1.battery.charge"
    monkeypatch.setattr(memory_bench, "RIG", memory_bench.RIG.replace(point, f"{point}, accuracy: 1, {given}"))
    rig = bench.start().rig
    problems = [str(finding) for finding in fit_to_arm(rig) if finding.level >= Level.PROBLEM]
    assert len(problems) == 1
    assert says in problems[0]
    with pytest.raises(Denied, match=says):
        bench.run(bench.supervisor.arm("Awa", 60.0))


def test_a_dead_clock_is_a_problem(bench: MemoryBench) -> None:
    bench.start()
    found = fit_to_arm(bench.supervisor.rig, now=datetime(2020, 1, 1, tzinfo=UTC))
    assert "this computer's clock shows 2020-01-01 00:00 UTC" in [str(each.found) for each in found]
    assert not [each for each in fit_to_arm(bench.supervisor.rig) if each.check == "clock"]


# -- evidence that limits were watched ---------------------------------------------------------------------------------


def test_the_readings_of_interlocks_are_in_the_record(both: MemoryBench) -> None:
    arm(both, AWA, "Awa")
    both.wait(12.0)
    both.values["ups-1.battery.charge"] = 71.0
    both.wait(3.0)
    disarm(both, AWA, "Awa")
    facts = Facts()
    for entry in record(both):
        facts.take(entry)
    (watch,) = facts.watches
    assert (watch.name, watch.quantity, watch.least, watch.most) == ("charge", "ups-1.battery.charge", 71.0, 90.0)
    assert watch.samples >= 14
    assert watch.largest_gap_s == pytest.approx(1.0, abs=0.1)


# -- folders and sockets -----------------------------------------------------------------------------------------------


def test_what_is_armed_cannot_be_removed_by_another_user(bench: MemoryBench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that only its owner writes, sticky all the same; a socket for the group."""
    monkeypatch.setenv("TWINFEED_BENCHES", str(bench.folder / "benches"))
    rig = bench.start().rig
    place = folder(rig)
    assert stat.S_IMODE(place.stat().st_mode) == 0o1750
    assert place.parent.stat().st_mode & stat.S_ISVTX

    async def listening() -> int:
        server = Server(place / "s")
        await server.start(bench.supervisor)
        mode = stat.S_IMODE((place / "s").stat().st_mode)
        await server.stop()
        return mode

    assert asyncio.run(listening()) == 0o660


def test_a_folder_of_the_version_before_is_closed(bench: MemoryBench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWINFEED_BENCHES", str(bench.folder / "benches"))
    rig = bench.start().rig
    place = folder(rig)
    place.chmod(0o777)
    assert stat.S_IMODE(folder(rig).stat().st_mode) == 0o1750


def test_a_folder_that_cannot_be_made_is_named_with_the_next_step(
    bench: MemoryBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = bench.start().rig
    (bench.folder / "file").touch()
    monkeypatch.setenv("TWINFEED_BENCHES", str(bench.folder / "file" / "benches"))
    with pytest.raises(CannotSupervise, match="cannot be made: Not a directory; set TWINFEED_BENCHES to a folder"):
        asyncio.run(join(rig))


async def _asked(path: Path, *requests: dict[str, Any]) -> list[dict[str, Any]]:
    with unixpaths.short(path) as place:
        reader, writer = await asyncio.open_unix_connection(place)
    answers = []
    for n, request in enumerate(requests, 1):
        writer.write(json.dumps({"id": n, **request}).encode() + b"\n")
        while "id" not in (answer := json.loads(await reader.readline())):
            pass
        answers.append(answer)
    writer.close()
    return answers


def test_a_remark_cannot_be_written_in_the_name_of_somebody_else(bench: MemoryBench) -> None:
    """`note` is open to everybody who is connected; an arming that never was is not to be written with it."""
    bench.start()

    async def forge() -> None:
        server = Server(bench.folder / "s")
        await server.start(bench.supervisor)
        await _asked(
            bench.folder / "s",
            {"do": "hello", "who": "Awa"},
            {"do": "note", "what": "armed the bench", "data": {"for_s": 60.0}},
        )
        await server.stop()

    asyncio.run(forge())
    facts = Facts()
    for entry in record(bench):
        facts.take(entry)
    assert [arming.person for arming in facts.armings] == []


def test_a_wrong_pin_is_slow_and_its_hash_is_in_no_record(bench: MemoryBench, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = pins.hashed("4711")
    monkeypatch.setattr(memory_bench, "RIG", memory_bench.RIG.replace(FILE, f"{FILE}\npins: {{Awa: '{kept}'}}"))
    bench.start()
    began_s = bench.loop.time()
    with pytest.raises(Denied, match="the PIN of Awa is wrong"):
        bench.run(bench.supervisor.arm("Awa", 60.0, "4712"))
    assert bench.loop.time() - began_s >= 1.0
    bench.run(bench.supervisor.arm("Awa", 60.0, "4711"))
    written = (bench.folder / "record.jsonl").read_text(encoding="utf-8")
    assert "scrypt:(left out)" in written
    assert kept not in written
