"""The stop page: anybody may stop, few may read, and it is served at the rig file's address."""

from __future__ import annotations

import json
import socket
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from external import free_port

from twinfeed.harness import unixpaths
from twinfeed.hil_rigs.emergency.page import StopPage, token_of

BENCH = {
    "bench": "lab", "state": "armed", "life": "armed", "tripped": "", "not_safe": [], "armed_by": "Awa Traoré",
    "readings": {"load": {"value": 1.1}}, "silent": {},
}  # fmt: skip


class Keeper:
    """Answers at the socket of a bench, and notes what it was asked."""

    def __init__(self, place: Path) -> None:
        self.asked: list[dict[str, Any]] = []
        self._listening = socket.socket(socket.AF_UNIX)
        with unixpaths.short(place / "supervisor.sock") as short:
            self._listening.bind(short)
        self._listening.listen()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                line, _ = self._listening.accept()
            except OSError:
                return
            with line, line.makefile("rw") as both:
                self.asked += [json.loads(both.readline()) for _ in range(2)]
                both.write(json.dumps({"id": 2, "is": BENCH}) + "\n")
                both.flush()

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()


@pytest.fixture
def keeper(tmp_path: Path) -> Iterator[Keeper]:
    listening = Keeper(tmp_path)
    yield listening
    listening.close()


@pytest.fixture(params=["127.0.0.1", "127.0.0.5"], ids=["this computer", "the bench's network"])
def page(tmp_path: Path, keeper: Keeper, request: pytest.FixtureRequest) -> Iterator[str]:
    port = free_port()
    with StopPage(tmp_path, request.param, port, {"en": "Lab", "fr": "Labo"}, lambda: None):
        yield f"http://{request.param}:{port}/"


def shown(page: str, **headers: str) -> str:
    found: str = urllib.request.urlopen(urllib.request.Request(page, headers=headers), timeout=120).read().decode()
    return found


def test_without_the_token_there_is_the_button_and_no_word_of_the_bench(page: str) -> None:
    text = shown(page)
    assert "EMERGENCY STOP" in text
    assert "Awa" not in text
    assert "1.1" not in text


@pytest.mark.parametrize("token", ["", "x", "é", "a" * 5000])
def test_a_wrong_token_shows_no_more(page: str, token: str) -> None:
    assert "Awa" not in shown(f"{page}?token={urllib.request.quote(token)}", Cookie="token=wrong")


def test_the_token_shows_who_armed_the_bench_and_its_readings(page: str, tmp_path: Path) -> None:
    text = shown(page, Cookie=f"token={token_of(tmp_path)}")
    assert "armed by Awa Traoré" in text
    assert "<td>load</td><td>1.1</td>" in text


def test_the_stop_needs_no_token_and_the_record_learns_where_it_came_from(page: str, keeper: Keeper) -> None:
    pressed = urllib.request.Request(page + "stop", data=b"", headers={"Origin": "http://192.0.2.9"})
    urllib.request.urlopen(pressed, timeout=120)
    stop = next(each for each in keeper.asked if each["do"] == "emergency")
    assert stop["page"] is True
    assert "from a page of http://192.0.2.9" in stop["why"]


def test_a_bench_that_nobody_keeps_is_said_to_be_not_safe(tmp_path: Path) -> None:
    port = free_port()
    with StopPage(tmp_path, "127.0.0.1", port, {"en": "Lab", "fr": "Labo"}, lambda: None):
        french = shown(f"http://127.0.0.1:{port}/", **{"Accept-Language": "fr"})
    assert "PAS EN SÉCURITÉ : aucun superviseur ne surveille le banc" in french


def test_the_token_is_for_those_who_may_read_the_folder(tmp_path: Path) -> None:
    token_of(tmp_path)
    assert (tmp_path / "page-token").stat().st_mode & 0o007 == 0


def test_a_port_that_is_taken_is_named_with_the_fields_to_change(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match=f"127.0.0.1:{port}: Address already in use; give another web or listen"):
            StopPage(tmp_path, "127.0.0.1", port, {}, lambda: None)
