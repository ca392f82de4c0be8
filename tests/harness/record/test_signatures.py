"""Signed records: whose key it was can be checked, with openssl as well, and the clock's steps are written down."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import stat
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from external import program

from twinfeed.harness.record import Person, Record, acting_for, in_order, keys, read, stamps, steps, writing
from twinfeed.harness.virtual.clock import virtual_time
from twinfeed.harness.virtual.loop import VirtualLoop


@pytest.fixture
def key(tmp_path: Path) -> keys.Key:
    return keys.make(tmp_path / "key.pem")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "record.jsonl"


def test_each_line_is_signed_with_the_key_that_the_first_line_names(path: Path, key: keys.Key) -> None:
    with Record.open(path, key) as record:
        record.write("supervisor", "trips", why="smoke")
    begins, trips = read(path)
    assert begins.data["key"] == key.public
    assert keys.signed(trips.hash, trips.sig, key.public)
    assert not keys.signed(begins.hash, trips.sig, key.public)


@pytest.mark.interop
def test_openssl_agrees(path: Path, key: keys.Key, tmp_path: Path) -> None:
    """As docs/explanation/records.md has it: a JSON parser, sha256sum and openssl are enough for an auditor."""
    openssl = program("openssl", "openssl")
    with Record.open(path, key) as record:
        record.write("operator", "confirmed", person="Awa Traoré", at=12.5)
    line = json.loads(path.read_text(encoding="utf-8").splitlines()[1])
    signature, claimed = line.pop("sig"), line.pop("hash")
    text = json.dumps(line, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert hashlib.sha256(text.encode()).hexdigest() == claimed
    (tmp_path / "hash").write_text(claimed)
    (tmp_path / "sig").write_bytes(bytes.fromhex(signature))
    (tmp_path / "public.pem").write_text(keys.pem(key.public))
    command = [openssl, "pkeyutl", "-verify", "-pubin", "-inkey", "public.pem", "-rawin", "-in", "hash"]
    said = subprocess.run([*command, "-sigfile", "sig"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stdout + said.stderr


def test_the_key_file_is_for_its_owner_only_and_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(keys.ENVIRONMENT, str(tmp_path / "of" / "bench-7.pem"))
    first = keys.own()
    assert first is not None
    assert stat.S_IMODE(first.path.stat().st_mode) == 0o600
    assert keys.own() == first
    assert os.listdir(first.path.parent) == ["bench-7.pem"]


@pytest.mark.parametrize("text", ["", "not a key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"])
def test_a_file_that_holds_no_key_is_refused_by_name(tmp_path: Path, text: str) -> None:
    path = tmp_path / "bad.pem"
    path.write_text(text)
    with pytest.raises(keys.BadKey, match=r"bad\.pem: "):
        keys.read(path)
    with pytest.raises(keys.BadKey, match=r"bad\.pem: "):
        keys.public_of(path)


def test_a_public_key_is_taken_as_pem_and_as_hexadecimal(tmp_path: Path, key: keys.Key) -> None:
    (tmp_path / "public.pem").write_text(keys.pem(key.public))
    (tmp_path / "public.txt").write_text(key.public.upper() + "\n")
    found = {keys.public_of(tmp_path / name) for name in ("public.pem", "public.txt", "key.pem")}
    assert found == {key.public}


# -- people and clocks -------------------------------------------------------------------------------------------------


def test_a_line_carries_the_user_it_was_written_for(path: Path) -> None:
    with Record.open(path) as record, acting_for(Person(1007, "moussa")):
        record.write("Moussa Keïta", "armed the bench")
    begins, armed = read(path)
    assert (armed.uid, armed.login) == (1007, "moussa")
    assert begins.uid == os.getuid()


class Clock:
    """The two clocks of the computer, turned by hand."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.day_s, self.mono_s, self.boot = 1_795_000_000.0, 5000.0, "boot-1"
        monkeypatch.setattr(stamps.Stamp, "now", self.now)
        assert writing.Stamp is stamps.Stamp

    def now(self) -> stamps.Stamp:
        day = datetime.fromtimestamp(self.day_s, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return stamps.Stamp(day, self.mono_s, self.boot)

    def run(self, for_s: float, set_by_s: float = 0.0) -> None:
        self.day_s, self.mono_s = self.day_s + for_s + set_by_s, self.mono_s + for_s


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


@pytest.mark.parametrize("by_s", [1.2, -1.2, -3600.0, 218e6])
def test_a_clock_that_is_set_is_an_event_of_the_record(path: Path, clock: Clock, by_s: float) -> None:
    with Record.open(path) as record:
        clock.run(40.0)
        record.write("test", "started")
        clock.run(7.0, set_by_s=by_s)
        record.write("test", "finished")
    entries = read(path)
    assert [entry.what for entry in entries] == ["begins", "started", "was set", "finished"]
    assert [step.by_s for step in steps(entries)] == [pytest.approx(by_s, abs=0.002)]
    assert entries[2].data["by_s"] == pytest.approx(by_s, abs=0.002)


@pytest.mark.parametrize(("for_s", "by_s"), [(1.0, 0.9), (1.0, -0.9), (36_000.0, 15.0)], ids=["0.9", "-0.9", "slewed"])
def test_what_a_time_server_corrects_little_by_little_is_no_step(
    path: Path, clock: Clock, for_s: float, by_s: float
) -> None:
    with Record.open(path) as record:
        clock.run(for_s, set_by_s=by_s)
        record.write("test", "started")
    assert steps(read(path)) == []


def test_a_clock_that_went_back_over_a_restart_is_told(path: Path, clock: Clock) -> None:
    with Record.open(path):
        pass
    clock.boot, clock.mono_s, clock.day_s = "boot-2", 12.0, clock.day_s - 86_400.0
    with Record.open(path):
        pass
    assert [step.by_s for step in steps(read(path))] == [-86_400.0]


def test_lines_of_two_records_are_in_the_order_in_which_they_were_written(tmp_path: Path, clock: Clock) -> None:
    with Record.open(tmp_path / "run.jsonl") as run, Record.open(tmp_path / "bench.jsonl") as bench:
        run.write("test", "started")
        clock.run(1.0, set_by_s=-3600.0)
        bench.write("load", "moves")
        clock.run(1.0)
        run.write("test", "finished")
    found = in_order([(entry, name) for name in ("run", "bench") for entry in read(tmp_path / f"{name}.jsonl")])
    assert [entry.what for entry, _ in found if entry.who in ("test", "load")] == ["started", "moves", "finished"]


def test_lines_written_inside_a_simulated_world_have_the_clock_of_the_computer(path: Path) -> None:
    """Its virtual half hour is no step of the computer's clock, and its lines stay in order."""

    async def half_an_hour(record: Record) -> None:
        await asyncio.sleep(1800.0)
        record.write("test", "measured")

    with Record.open(path) as record, virtual_time():
        record.write("test", "started")
        VirtualLoop().run_until_complete(half_an_hour(record))
        record.write("test", "finished")
    assert steps(read(path)) == []
    assert [entry.what for entry, _ in in_order([(entry, 0) for entry in read(path)])] == [
        "begins", "started", "measured", "finished"
    ]  # fmt: skip


def test_a_user_without_a_home_writes_unsigned_records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A container's user has no entry in passwd and perhaps no HOME: no key, and no error."""
    for name in (keys.ENVIRONMENT, "HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(keys, "OF_COMPUTER", tmp_path / "none.pem")
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)
    monkeypatch.setattr(keys, "make", _refused)
    assert keys.place() == keys.OF_COMPUTER
    assert keys.own() is None
    assert keys.trusted() == set()


def _refused(path: Path) -> keys.Key:
    raise PermissionError(13, "Permission denied", str(path))
