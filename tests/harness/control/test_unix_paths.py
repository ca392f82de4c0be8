"""A socket is found in a folder of any depth, by everybody who has its path."""

from __future__ import annotations

import asyncio
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from twinfeed.emulators.serving import LiveSite
from twinfeed.emulators.site import Site
from twinfeed.harness import control, unixpaths
from twinfeed.harness.control import ControlError, ControlServer

DEPTHS = [*range(95, 112), 150, 300, 1200]
"""Lengths of a socket's path, octets: around what systems take, and far beyond it."""


def deep(folder: Path, octets: int) -> Path:
    """A path of that length, below that folder; its folders are there."""
    name = "site.sock"
    missing = octets - len(str(folder / name))
    whole, rest = divmod(missing, 100)
    place = folder.joinpath(*["d" * 99] * (whole - 1), "d" * (rest + 99 if whole else rest - 1))
    place.mkdir(parents=True)
    return place / name


@pytest.fixture
def shallow() -> Iterator[Path]:
    """A folder whose path is short, whatever TMPDIR is."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        yield Path(folder)


@pytest.mark.parametrize("octets", DEPTHS)
def test_who_listens_there_is_reached(shallow: Path, octets: int) -> None:
    path = deep(shallow, octets)
    assert len(str(path)) == octets
    with socket.socket(socket.AF_UNIX) as listener, socket.socket(socket.AF_UNIX) as client:
        with unixpaths.short(path) as short:
            listener.bind(short)
        listener.listen(1)
        assert path.is_socket()
        with unixpaths.short(path) as short:
            client.connect(short)
        accepted, _ = listener.accept()
        accepted.close()


def test_nothing_remains_of_the_shorter_path(tmp_path: Path) -> None:
    with unixpaths.short(deep(tmp_path, 400)) as short:
        assert len(short) <= unixpaths.LONGEST
    assert not Path(short).parent.parent.exists()


def test_the_longest_name_has_room_in_the_shorter_path(tmp_path: Path) -> None:
    with unixpaths.short(deep(tmp_path, 400) / ("x" * unixpaths.LONGEST_NAME)) as short:
        assert len(short) <= unixpaths.LONGEST


def test_a_longer_name_is_refused(tmp_path: Path) -> None:
    path = deep(tmp_path, 400) / ("x" * (unixpaths.LONGEST_NAME + 1))
    with pytest.raises(OSError, match="the name of a socket has at most 80 octets"), unixpaths.short(path):
        pass


async def test_a_site_is_asked_in_a_folder_of_any_depth(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(deep(tmp_path, 450).parent))
    listening = ControlServer(LiveSite(Site.load("bench")))
    await listening.start()
    answer = await asyncio.to_thread(control.ask, {"do": "status"})
    await listening.stop()
    assert answer["site"] == "bench"
    assert control.running() == []


async def test_a_site_with_a_name_too_long_for_a_socket_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    listening = ControlServer(LiveSite(Site.load("bench")))
    listening.path = listening.path.with_name("b" * 76 + ".sock")
    with pytest.raises(ControlError, match=r"has 81 octets, expected at most 80; give the site a shorter name"):
        await listening.start()
