"""The emergency stop in a browser: one red button on a page of this computer, for whoever stands at the bench.

The page is on the loopback address. Whoever reaches it can stop the bench, and do nothing else; a stop that nobody
needed costs a reset.
"""

from __future__ import annotations

import asyncio
import contextlib
import html
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

from twinfeed.hil_rigs.rigfile import Rig
from twinfeed.hil_rigs.schema import Language, text_in
from twinfeed.hil_rigs.supervisor.supervisor import Supervisor

ADDRESS = "127.0.0.1"

STOPPING_S = 60.0
"""So long a browser waits for the bench to be safe, s."""

TEXTS: dict[Language, dict[str, str]] = {
    "en": {"stop": "EMERGENCY STOP", "read-only": "read-only", "armed": "armed", "tripped": "stopped", "by": "by"},
    "fr": {"stop": "ARRÊT D'URGENCE", "read-only": "lecture seule", "armed": "armé", "tripped": "arrêté", "by": "par"},
}

PAGE = """<!doctype html><html lang="{language}"><meta charset="utf-8"><meta http-equiv="refresh" content="5">
<meta name="viewport" content="width=device-width"><title>{title}</title>
<style>body{{font:20px sans-serif;text-align:center;margin:2em}}
button{{font:bold 32px sans-serif;color:#fff;background:#b00;border:12px solid #fc0;border-radius:50%;
width:10em;height:10em}}
</style><h1>{title}</h1><p>{state}</p><p>{why}</p>
<form method="post" action="/stop"><button>{stop}</button></form></html>
"""


class StopPage:
    """Serves the page while the block runs, if the rig file gives it a port.

    Raises:
        OSError: the port is taken.
    """

    def __init__(self, rig: Rig, supervisor: Supervisor, loop: asyncio.AbstractEventLoop) -> None:
        port = rig.bench.emergency_stop.web
        self._server = None if port is None else ThreadingHTTPServer((ADDRESS, port), _handler(rig, supervisor, loop))

    def __enter__(self) -> None:
        if self._server is not None:
            threading.Thread(target=self._server.serve_forever, name="stop page", daemon=True).start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()


def _handler(rig: Rig, supervisor: Supervisor, loop: asyncio.AbstractEventLoop) -> type[BaseHTTPRequestHandler]:
    async def status() -> dict[str, Any]:
        return supervisor.status()

    class Handler(BaseHTTPRequestHandler):
        """One browser's request, in a thread of its own."""

        timeout = 10.0

        def do_GET(self) -> None:
            if self.path != "/":
                return self.send_error(HTTPStatus.NOT_FOUND)
            return self._show()

        def do_POST(self) -> None:
            if self.path != "/stop":
                return self.send_error(HTTPStatus.NOT_FOUND)
            stopping = asyncio.run_coroutine_threadsafe(supervisor.trip("emergency stop in the browser"), loop)
            with contextlib.suppress(TimeoutError):  # the page says what is not safe yet
                stopping.result(STOPPING_S)
            self.send_response(HTTPStatus.SEE_OTHER)
            self.send_header("Location", "/")
            return self.end_headers()

        def _show(self) -> None:
            french = self.headers.get("Accept-Language", "").lower().startswith("fr")
            language: Language = "fr" if french else "en"
            words = TEXTS[language]
            told = asyncio.run_coroutine_threadsafe(status(), loop).result(STOPPING_S)
            by = f" {words['by']} {told['armed_by']}" if told["state"] == "armed" else ""
            why = "; ".join([told["tripped"], *told["not_safe"]]) if told["tripped"] else ""
            title = text_in(rig.bench.title, language) or rig.name
            page = PAGE.format(
                language=language,
                title=html.escape(title),
                state=html.escape(words[told["state"]] + by),
                why=html.escape(why),
                stop=html.escape(words["stop"]),
            ).encode()
            self.send_response(HTTPStatus.OK)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(page)))
            self.send_header("Cache-Control", "no-store")
            self.end_headers()
            self.wfile.write(page)

        def log_message(self, format: str, *args: object) -> None:
            """A page that is shown anew every five seconds is no news."""

    return Handler
