"""The control socket: every line is answered, whatever it is; the client trusts only a folder of its own."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import socket
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from workers.examples import examples

from twinfeed.emulators.serving import LiveSite
from twinfeed.emulators.site import Site
from twinfeed.harness import control, unixpaths
from twinfeed.harness.control import ControlError, ControlServer, places
from twinfeed.harness.control import server as serving
from twinfeed.harness.control.requests import VERBS
from twinfeed.harness.control.server import MAX_REQUEST


@cache
def server() -> ControlServer:
    """Of the bench at rest; nothing of it listens."""
    return ControlServer(LiveSite(Site.load("bench")))


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    return places.folder()


ODD: st.SearchStrategy[Any] = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8),
        st.sampled_from(["ups-1", "utility-a", "outage", "battery.charge", "setting.transfer.low", 10**399, "\x1b]0;x\a"]),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
    max_leaves=6,
)  # fmt: skip
FIELDS = ("device", "point", "value", "target", "kind", "parameters", "for_s", "nonsense")


def answered(line: bytes) -> dict[str, Any]:
    """The answer, which must be a line of JSON with `ok`, and if not, the reason."""
    answer = server().answer(line)
    assert json.loads(serving._line(answer)) == answer
    assert answer["ok"] is True or (answer["error"].isprintable() and 0 < len(answer["error"]) < 3000)
    return answer


@settings(max_examples=examples(300), deadline=None)
@given(st.binary(max_size=200))
def test_any_octets_are_answered(line: bytes) -> None:
    answered(line)


@settings(max_examples=examples(300), deadline=None)
@given(st.one_of(st.sampled_from(VERBS), ODD), st.dictionaries(st.sampled_from(FIELDS), ODD, max_size=5))
def test_any_request_that_is_nearly_one_is_answered(verb: Any, fields: dict[str, Any]) -> None:
    answered(json.dumps({"do": verb, **fields}).encode())
    site = server().live.site
    site.clear()
    site.advance(1.0)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (b"[" * 30_000, "nested deeper than 64"),
        (b'{"do": "read", "device": ' + b"[" * 900 + b"]" * 900 + b"}", "nested deeper than 64"),
        (b'{"do": "write", "device": "ups-1", "point": "battery.charge", "value": 1' + b"0" * 400 + b"}", "401 digits"),
        (b'{"do": "fault", "target": "utility-a", "kind": "outage", "for_s": 1' + b"0" * 399 + b"}", "for_s"),
        (b'{"do": "fault", "target": "utility-a", "kind": "outage", "for_s": NaN}', "for_s is not a number"),
        (b'{"do": "fault", "target": ["utility-a"], "kind": "outage"}', "target: expected a valid string, found ['utility-a']"),
        (b'{"do": "fault", "target": "utility-a", "kind": "outage", "parameters": [1]}', "parameters"),
        (b'{"do": "read", "device": "ups-1"}', "read: point: the field is missing"),
        (b'{"do": "read", "device": "ups-1", "point": "battery.charge", "x": 1}', "x: unknown field"),
        (b'{"do": "reed"}', 'expected {"do": one of status, devices'),
        (b'{"do": {}}', 'expected {"do": one of status, devices'),
        (b'"\xff\xfe"', "no JSON object"),
        (b"", "no JSON object"),
        (b'{"do": "read", "device": "\\u001b[2J", "point": "x"}', "\\x1b[2J"),
        (b'{"do": "read", "device": "\\ud800", "point": "x"}', ""),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(line: bytes, says: str) -> None:
    answer = answered(line)
    assert answer["ok"] is False
    assert says in answer["error"]


def test_a_refusal_is_one_line_of_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "twinfeed.harness.control.server"):
        server().answer(b'{"do": "reed",\n"x": "\\n"}')
    assert [record.getMessage().count("\n") for record in caplog.records] == [0]


async def test_a_line_that_is_too_long_is_answered_and_ends_the_connection(own: Path) -> None:
    listening = ControlServer(server().live)
    await listening.start()
    with unixpaths.short(listening.path) as path:
        reader, writer = await asyncio.open_unix_connection(path, limit=MAX_REQUEST)
    writer.write(b"x" * (MAX_REQUEST + 10) + b'\n{"do": "status"}\n')
    lines = (await asyncio.wait_for(reader.read(), 5)).splitlines()
    writer.close()
    await listening.stop()
    assert [json.loads(line)["error"] for line in lines] == [f"a request has at most {MAX_REQUEST} octets a line"]


# -- the client --------------------------------------------------------------------------------------------------------


def test_a_folder_that_others_may_enter_is_not_used(own: Path) -> None:
    own.mkdir(mode=0o755)
    own.chmod(0o755)
    with pytest.raises(ControlError, match=rf"has the mode 0755, expected 0700: .* chmod 700 {own}"):
        control.ask({"do": "status"})
    own.chmod(0o700)  # the next step that the message prints
    with pytest.raises(ControlError, match="no site is running"):
        control.ask({"do": "status"})


def test_a_link_to_a_folder_is_not_followed(own: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    own.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ControlError, match="is no folder"):
        control.running()


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a folder away")
def test_a_folder_of_another_user_is_not_used(own: Path) -> None:
    own.mkdir(mode=0o700)
    os.chown(own, 65534, 65534)
    with pytest.raises(ControlError, match="belongs to another user"):
        control.running()


@pytest.fixture
def impostor(own: Path) -> Iterator[Any]:
    """Answers once what it is given, whatever it is asked."""
    own.mkdir(mode=0o700)
    with socket.socket(socket.AF_UNIX) as listener:
        with unixpaths.short(own / "site.sock") as path:
            listener.bind(path)
        listener.listen(4)

        def gives(answer: bytes) -> str:
            import threading

            def serve() -> None:
                for _ in range(2):  # `running` checks that it is there, then it gets a request
                    connection, _ = listener.accept()
                    with connection:
                        if connection.recv(1000):
                            connection.sendall(answer)

            thread = threading.Thread(target=serve)
            thread.start()
            try:
                with pytest.raises(ControlError) as refusal:
                    control.ask({"do": "status"})
            finally:
                thread.join(5)
            return str(refusal.value)

        yield gives


@pytest.mark.parametrize("answer", [b"\n", b"[]\n", b"{}\n", b'{"ok": 1}\n', b"[" * 5000 + b"\n", b"\xff\n"])
def test_an_answer_that_is_none_is_one_line(impostor: Any, answer: bytes) -> None:
    assert "gave an answer that is none" in impostor(answer)


def test_an_answer_moves_no_terminal(impostor: Any) -> None:
    assert impostor(b'{"ok": false, "error": "\\u001b]0;title\\u0007gone"}\n') == r"\x1b]0;title\x07gone"
