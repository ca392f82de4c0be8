"""The emergency stop in a browser: one red button, for the person at the bench.

The guard serves the page for as long as it lives, so the page outlives the supervisor; each request asks the keeper of
the bench over its socket. Anybody who reaches the page can stop the bench, from any other page too: a stop that was not
needed costs a reset. Where the stop came from is in the record. How the bench is, and who armed it, the page shows only
to a browser that has the token, which `twinfeed rig arm` prints as a part of the address.
"""

from __future__ import annotations

import contextlib
import hmac
import html
import os
import secrets
import socket
import threading
from collections.abc import Callable
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs, urlsplit

from twinfeed._phrases import N_, Phrase
from twinfeed.harness.language import Words
from twinfeed.hil_rigs.emergency.asking import Hangs, NobodyThere, Refused, ask

TOKEN = "page-token"
"""The file beside the bench's socket that holds the token, for those who may read the folder."""

STATES = {"read-only": N_("read-only"), "armed": N_("armed"), "tripped": N_("stopped")}
"""States as the page names them."""

PAGE = """<!doctype html><html lang="{language}"><meta charset="utf-8"><meta http-equiv="refresh" content="5;url=/">
<meta name="viewport" content="width=device-width"><title>{title}</title>
<style>body{{font:20px sans-serif;text-align:center;margin:2em}}
button{{font:bold 32px sans-serif;color:#fff;background:#b00;border:12px solid #fc0;border-radius:50%;
width:10em;height:10em}} .bad{{color:#b00;font-weight:bold}} table{{margin:auto;text-align:left}}
</style><h1>{title}</h1><p>{state}</p><p>{why}</p>{rows}
<form method="post" action="/stop"><button>{stop}</button></form></html>
"""


class _Server(ThreadingHTTPServer):
    """A thread for each request; one that is slow holds up nobody."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        super().__init__(address, handler)


class StopPage:
    """Serves the page of the bench in that folder while the block runs, at `address` and `port` unless that is None.

    `titles` are by language. `hangs` is called when a stop was pressed and the keeper does not answer.

    Raises:
        OSError: the port is taken, or the address is not this computer's.
    """

    def __init__(
        self, place: Path, address: str, port: int | None, titles: dict[str, str], hangs: Callable[[], None]
    ) -> None:
        try:
            self._server = None if port is None else _Server((address, port), _handler(place, titles, hangs))
        except OSError as error:
            text = Phrase(
                "the stop page cannot be served at {address}:{port}: {strerror}; give another web or listen under "
                "emergency_stop in the rig file",
                address=address,
                port=port,
                strerror=error.strerror,
            )
            raise OSError(error.errno, text) from None

    def __enter__(self) -> None:
        if self._server is not None:
            threading.Thread(target=self._server.serve_forever, name="stop page", daemon=True).start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()


def token_of(place: Path) -> str:
    """The token of that bench's page, made if it has none. Raises OSError."""
    path = place / TOKEN
    with contextlib.suppress(FileNotFoundError):
        return path.read_text(encoding="ascii").strip()
    made = secrets.token_urlsafe(16)
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640)
    with open(file, "w", encoding="ascii") as out:
        out.write(made)
    return made


def _handler(place: Path, titles: dict[str, str], hangs: Callable[[], None]) -> type[BaseHTTPRequestHandler]:
    token = token_of(place)

    class Handler(BaseHTTPRequestHandler):
        """One browser's request, in a thread of its own."""

        timeout = 10.0

        def do_GET(self) -> None:
            asked = urlsplit(self.path)
            if asked.path != "/":
                return self.send_error(HTTPStatus.NOT_FOUND)
            given = parse_qs(asked.query).get("token", [""])[0]
            if self._same(given):  # the address with the token is not shown again
                self.send_response(HTTPStatus.SEE_OTHER)
                self.send_header("Set-Cookie", f"token={token}; HttpOnly; SameSite=Strict; Path=/")
                return self._to_the_page()
            return self._show()

        def do_POST(self) -> None:
            if self.path != "/stop":
                return self.send_error(HTTPStatus.NOT_FOUND)
            try:
                ask(place, "emergency", who="the browser", why=self._from(), page=True)
            except Hangs:
                hangs()
            except (NobodyThere, Refused):
                pass  # the page shows what is not safe
            self.send_response(HTTPStatus.SEE_OTHER)
            return self._to_the_page()

        def _to_the_page(self) -> None:
            self.send_header("Location", "/")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def _from(self) -> str:
            """The origin of the stop, for the record."""
            origin = self.headers.get("Origin", "")[:200]
            peer = self.client_address[0]
            far = peer not in ("127.0.0.1", "::1")
            strange = origin not in ("", f"http://{self.headers.get('Host', '')}")
            if far and strange:
                return Phrase("from {peer}, from a page of {origin}", peer=peer, origin=origin)
            if strange:
                return Phrase("from a page of {origin}", origin=origin)
            return Phrase("from {peer}", peer=peer) if far else ""

        def _same(self, given: str) -> bool:
            return hmac.compare_digest(given.encode("utf-8", "replace"), token.encode())

        def _may_see(self) -> bool:
            try:
                cookie = SimpleCookie(self.headers.get("Cookie", "")).get("token")
            except CookieError:
                return False
            return cookie is not None and self._same(cookie.value)

        def _show(self) -> None:
            language = "fr" if self.headers.get("Accept-Language", "").lower().startswith("fr") else "en"
            words = Words(language)
            state, why, rows = self._bench(words)
            page = PAGE.format(
                language=language,
                title=html.escape(titles[language]),
                state=state, why=why, rows=rows,
                stop=html.escape(words(N_("EMERGENCY STOP"))),
            ).encode()  # fmt: skip
            self.send_response(HTTPStatus.OK)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(page)))
            self.send_header("Cache-Control", "no-store")
            self.send_header("X-Frame-Options", "DENY")
            self.end_headers()
            self.wfile.write(page)

        def _bench(self, words: Words) -> tuple[str, str, str]:
            """State, reasons and readings, as HTML. Without the token only what a stop has led to."""
            try:
                told = ask(place, "status", who="the browser")
            except (NobodyThere, Refused):
                return "", _bad(words(N_("NOT SAFE: nobody supervises the bench"))), ""
            except Hangs:
                return "", _bad(words(N_("NOT SAFE: the supervisor does not answer"))), ""
            failed = "; ".join(told["not_safe"])
            safe = _bad(words(Phrase("NOT SAFE: {failed}", failed=failed))) if failed else ""
            if told["state"] == "tripped":
                seen = words(N_("the bench is in its safe state")) if told.get("life") == "safe" else "…"
                return (
                    html.escape(words(STATES["tripped"])),
                    html.escape(words(told["tripped"])),
                    f"<p>{safe or seen}</p>",
                )
            if not self._may_see():
                return "", safe, ""
            state = words(STATES[told["state"]])
            if told["state"] == "armed":
                state = words(Phrase("armed by {person}", person=told["armed_by"]))
            return html.escape(state), safe, _rows(told)

        def log_message(self, format: str, *args: object) -> None:
            """A page that is shown anew every five seconds is no news."""

    return Handler


def _bad(text: str) -> str:
    return f'<span class="bad">{html.escape(text)}</span>'


def _rows(told: dict[str, Any]) -> str:
    rows = "".join(
        f"<tr><td>{html.escape(name)}</td><td>{html.escape(str(reading['value']))}</td></tr>"
        for name, reading in told.get("readings", {}).items()
        if name not in told.get("silent", {})
    )
    return f"<table>{rows}</table>" if rows else ""
