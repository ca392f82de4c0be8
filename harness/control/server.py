"""The control socket of one running site: its lines are requests and answers."""

from __future__ import annotations

import asyncio
import json
import logging
import os
from typing import Any

from pydantic import ValidationError

from twinfeed.emulators.devices.firmware.points import PointError
from twinfeed.emulators.plant.kernel.actor import PlantError
from twinfeed.emulators.serving import LiveSite
from twinfeed.emulators.textfile import json_value, printable, shown
from twinfeed.harness import unixpaths
from twinfeed.harness.control.client import running
from twinfeed.harness.control.places import ControlError, own_folder, socket_path
from twinfeed.harness.control.requests import EXPECTED, REQUESTS, what_is_wrong
from twinfeed.harness.control.timed import TimedFaults
from twinfeed.harness.control.verbs import Verbs
from twinfeed.harness.record.person import acting
from twinfeed.harness.unixpaths import LONGEST_NAME

MAX_REQUEST = 64 * 1024
"""Longest request line, octets."""

log = logging.getLogger(__name__)


class ControlServer:
    """Answers the control socket of one running site."""

    def __init__(self, live: LiveSite) -> None:
        self.live = live
        self.path = socket_path(live.site.name)
        self._timed = TimedFaults(live)
        self._timer: asyncio.Task[None] | None = None
        self.verbs = Verbs(live, self._timed)
        self._server: asyncio.AbstractServer | None = None

    async def start(self) -> None:
        """Listen.

        Raises:
            ControlError: a site of this name is already running.
        """
        own_folder(make=True)
        if len(os.fsencode(self.path.name)) > LONGEST_NAME:
            raise ControlError(
                f"{self.path}: the name of its control socket has {len(os.fsencode(self.path.name))} octets, expected "
                f"at most {LONGEST_NAME}; give the site a shorter name"
            )
        if self.live.site.name in running():
            raise ControlError(f"site {self.live.site.name!r} is already running; see `twinfeed status`")
        self.path.unlink(missing_ok=True)
        with unixpaths.short(self.path) as path:
            self._server = await asyncio.start_unix_server(self._serve, path, limit=MAX_REQUEST)
        self._timer = asyncio.create_task(self._timed.run())

    async def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            await asyncio.gather(self._timer, return_exceptions=True)
            self._timer = None
        if self._server is not None:
            self._server.close()
            self._server = None
            self.path.unlink(missing_ok=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                try:
                    line = await reader.readline()
                except ValueError:  # longer than MAX_REQUEST: where the next request begins is not known any more
                    writer.write(_line(_refused("", f"a request has at most {MAX_REQUEST} octets a line")))
                    await writer.drain()
                    break
                if not line:
                    break
                writer.write(_line(self.answer(line)))
                await writer.drain()
        except ConnectionError:
            pass  # the client went away
        finally:
            writer.close()

    def answer(self, line: bytes) -> dict[str, Any]:
        """The answer to one request line. Never raises. A refused request is one line in the log."""
        try:
            request = REQUESTS.validate_python(json_value(line))
        except ValidationError as error:
            return _refused("", what_is_wrong(error))
        except ValueError as error:
            return _refused("", f"the request is no JSON object: {shown(error)}; expected {EXPECTED}")
        try:
            return {"ok": True, **self.verbs.carry_out(request, acting().login)}
        except (PlantError, PointError) as error:
            return _refused(request.do, str(error))
        except Exception as error:
            log.exception("control request %s", request.do)
            return {
                "ok": False,
                "failed": True,
                "error": f"{request.do}: failed inside twinfeed: {shown(repr(error))}; see the log of the site",
            }


def _refused(verb: str, message: str) -> dict[str, Any]:
    text = printable(f"{verb}: {message}" if verb and not message.startswith(verb) else message).replace("\n", " ")
    log.info("control request refused: %s", text)
    return {"ok": False, "error": text}


def _line(answer: dict[str, Any]) -> bytes:
    """An answer as one line of JSON. A lone surrogate is sent as an escape."""
    return json.dumps(answer, allow_nan=False).encode("ascii") + b"\n"
