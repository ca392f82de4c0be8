"""A record shows if it is as it was written, whatever happened to the process and the disk meanwhile."""

from __future__ import annotations

import contextlib
import hashlib
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinfeed.harness.record import Broken, DiskFull, Record, read


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "record.jsonl"


def written(path: Path, lines: int = 3) -> list[str]:
    with Record.open(path) as record:
        for n in range(lines):
            record.write("operator", "confirmed", step=n, person="Awa Traoré")
    return path.read_text(encoding="utf-8").splitlines()


def test_what_is_written_is_read(path: Path) -> None:
    written(path)
    assert [(entry.n, entry.what, entry.data.get("step")) for entry in read(path)] == [
        (0, "begins", None),
        (1, "confirmed", 0),
        (2, "confirmed", 1),
        (3, "confirmed", 2),
    ]


def test_a_line_is_bound_as_the_docstring_says(path: Path) -> None:
    """Anybody can check it with a JSON parser and sha256sum."""
    first = json.loads(written(path)[0])
    claimed = first.pop("hash")
    first.pop("sig")
    text = json.dumps(first, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert hashlib.sha256(text.encode()).hexdigest() == claimed
    assert first["before"] == "0" * 64


def test_the_next_process_goes_on_with_the_chain(path: Path) -> None:
    written(path, 2)
    written(path, 1)
    assert [(entry.n, entry.what) for entry in read(path)] == [
        (0, "begins"), (1, "confirmed"), (2, "confirmed"), (3, "goes on"), (4, "confirmed")
    ]  # fmt: skip


def test_an_altered_line_is_named(path: Path) -> None:
    lines = written(path)
    lines[1] = lines[1].replace("Awa", "Moussa")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    with pytest.raises(Broken, match=r"record.jsonl:2: was altered"):
        read(path)


@pytest.mark.parametrize(
    "spoil", [lambda lines: lines.pop(1), lambda lines: lines.insert(1, lines[0])], ids=["removed", "inserted"]
)
def test_removed_and_inserted_lines_are_noticed(path: Path, spoil: object) -> None:
    lines = written(path)
    spoil(lines)  # type: ignore[operator]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    with pytest.raises(Broken, match=r"record.jsonl:2: does not follow"):
        read(path)


@given(data=st.data())
def test_no_octet_can_be_changed_unseen(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    path = tmp_path_factory.mktemp("record") / "record.jsonl"
    written(path, 2)
    octets = bytearray(path.read_bytes())
    at = data.draw(st.integers(0, 10_000)) % (len(octets) - 1)
    octets[at] ^= 1 << data.draw(st.integers(0, 7))
    before = read(path)
    path.write_bytes(octets)
    with contextlib.suppress(Broken):
        assert read(path) == before  # a blank between fields leaves its statement as it was


def test_half_a_line_of_a_process_that_died_is_put_aside_and_told(path: Path) -> None:
    written(path, 2)
    with path.open("ab") as file:
        file.write(b'{"before":"12')
    assert len(read(path)) == 3
    written(path, 1)
    assert [entry.what for entry in read(path)][3:] == ["goes on", "half a line was put aside", "confirmed"]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)], capture_output=True).returncode:
        pytest.skip("mounting a small file system needs root")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(bytes(4096)):
            pass


def write_until_full(record: Record) -> None:
    for n in range(100):  # the rest of the page is still its own
        record.write("supervisor", "saw", n=n, text="x" * 100)


def test_a_full_disk_leaves_room_for_the_end(small_disk: Path) -> None:
    record = Record.open(small_disk / "record.jsonl")
    record.write("supervisor", "started")
    fill(small_disk / "other")
    with pytest.raises(DiskFull, match="the disk is full"):
        write_until_full(record)
    record.write("supervisor", "safe")
    record.close()
    assert read(record.path)[-1].what == "safe"
