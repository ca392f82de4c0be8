"""The application: the page, and `/api/v1`.

    app = Console(Live(control), Policy.of_port(8140, tokens))

`twinfeed.harness.console.access.guard` stands before it. Answers are JSON; a refused request has `{"error", "next"}`.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Mapping
from email.utils import formatdate
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route, Router

from twinfeed.emulators.plant.kernel.actor import PlantError
from twinfeed.emulators.textfile import printable
from twinfeed.harness.console.access.guard import Bucket, Guard, Policy, Receive, Refusal, Scope, Send
from twinfeed.harness.console.actions import ACTIONS, branch_at, carry_out
from twinfeed.harness.console.component import POINTS
from twinfeed.harness.console.drawing import drawing
from twinfeed.harness.console.history import TooMany
from twinfeed.harness.console.metrics import CONTENT_TYPE
from twinfeed.harness.console.openapi import document
from twinfeed.harness.console.stream import Full, Hub
from twinfeed.harness.console.world import DRAWINGS, NOT_RECORDED, NotRecorded, World
from twinfeed.harness.quantities import UnknownQuantity

API: Final = "/api/v1"

MOST_NAMES = 50
"""Quantities in one request for series."""

PAGE = Path(__file__).parent / "page"

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".json": "application/json",
    ".png": "image/png",
}
"""The files that are served; others are not there."""

Endpoint = Callable[[Request], Awaitable[Response]]


class Console:
    """The application of one world behind its guard: an ASGI callable."""

    def __init__(self, world: World, policy: Policy, bucket: Bucket | None = None) -> None:
        self.world = world
        self._drawn: dict[str, dict[str, Any]] = {}
        self.hub = Hub(world.look, world.about)
        self._router = Router(self._routes(), redirect_slashes=False)
        self.guard = Guard(self._answer, policy, bucket)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.guard(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """
        Raises:
            Refusal: there is no such path, or not with this method.
        """
        scope["app"] = self  # so that the router raises
        try:
            await self._router(scope, receive, send)
        except ClientDisconnect:
            return  # nobody is there to be answered
        except HTTPException as error:
            path = f"{scope['method']} {scope['path']}"
            raise Refusal(error.status_code, f"{path}: {error.detail}", f"see {API}/openapi.json") from None

    def _routes(self) -> list[Route]:
        gets: dict[str, Endpoint] = {
            "/site": self.site,
            "/state": self.state,
            "/stream": self.stream,
            "/drawing/{which}": self.drawing,
            "/component/{name}": self.component,
            "/openapi.json": self.openapi,
            "/series": self.series,
            "/events": self.events,
            "/timeline": self.timeline,
        }
        return [
            Route(f"{API}/branch", self.branch, methods=["POST"]),
            Route("/", page_file, methods=["GET"]),
            Route("/page/{name}", page_file, methods=["GET"]),
            Route("/metrics", self.metrics, methods=["GET"]),
            *(Route(API + path, endpoint, methods=["GET"]) for path, endpoint in gets.items()),
            *(Route(f"{API}/{verb}", self.act, methods=["POST"]) for verb in ACTIONS),
        ]

    async def site(self, request: Request) -> Response:
        return JSONResponse(self.world.head(request.scope["role"]))

    async def state(self, request: Request) -> Response:
        at_s = self._at_s(request)
        if at_s is None:
            return JSONResponse(self.hub.whole())
        return JSONResponse({**self.world.about(), "seq": self.hub.seq, **self.world.look(at_s).whole()})

    def _at_s(self, request: Request) -> float | None:
        """The time of the site's clock that a request for a recording names, s; None for the present.

        Raises:
            Refusal: the site is running, or it is no time.
        """
        if "at_s" not in request.query_params:
            return None
        if self.world.timeline() is None:
            raise Refusal(422, "at_s: a running site shows the present only", "leave at_s out")
        return number(request, "at_s", 0.0, 0.0, 1e12)

    async def timeline(self, request: Request) -> Response:
        known = self.world.timeline()
        if known is None:
            raise Refusal(404, NOT_RECORDED, f"{API}/events has its journal")
        return JSONResponse({"boot_id": self.world.boot_id, **known})

    async def stream(self, request: Request) -> Response:
        try:
            events = self.hub.open()
        except Full:
            raise Refusal(503, "all streams are taken", "close other pages of this console") from None
        return StreamingResponse(events, media_type="text/event-stream", headers={"cache-control": "no-store"})

    async def drawing(self, request: Request) -> Response:
        which = request.path_params["which"]
        if which not in DRAWINGS:
            raise Refusal(404, f"there is no drawing {which!r}", f"expected one of {', '.join(DRAWINGS)}")
        drawn = self._drawn.get(which)
        if drawn is None:  # it depends on the site file alone
            drawn = self._drawn[which] = drawing(self.world.site_at(None), which)
        return JSONResponse({"boot_id": self.world.boot_id, **drawn})

    async def component(self, request: Request) -> Response:
        points = number(request, "points", POINTS, 0, 100_000)
        try:
            known = self.world.component(request.path_params["name"], int(points), self._at_s(request))
        except (PlantError, NotRecorded) as error:
            raise Refusal(404, str(error), "see /api/v1/state for all names") from None
        return JSONResponse(known)

    async def series(self, request: Request) -> Response:
        names = request.query_params.getlist("name")
        if not 1 <= len(names) <= MOST_NAMES:
            raise Refusal(
                422, f"name: found {len(names)} of them, expected 1 to {MOST_NAMES}", "?name=ups-1.charge_percent"
            )
        from_s, to_s = number(request, "from_s", 0.0, 0.0, 1e12), number(request, "to_s", 1e12, 0.0, 1e12)
        points = int(number(request, "points", 400, 2, 10_000))
        try:
            return JSONResponse(self.world.series(names, from_s, to_s, points))
        except UnknownQuantity as error:
            raise Refusal(404, str(error), "GET /api/v1/component/NAME lists quantities and points") from None
        except TooMany as error:
            raise Refusal(429, str(error), "ask for those that are sampled") from None

    async def events(self, request: Request) -> Response:
        after = int(number(request, "after", 0, 0, 1e12))
        return JSONResponse(self.world.events(after, int(number(request, "most", 1000, 1, 10_000))))

    async def openapi(self, request: Request) -> Response:
        return JSONResponse(document())

    async def metrics(self, request: Request) -> Response:
        return Response(await self.world.metrics(), headers={"content-type": CONTENT_TYPE})

    async def branch(self, request: Request) -> Response:
        """The site of a recording runs on from a time of it."""
        at_s = branch_at(await request.body())
        try:
            return JSONResponse({"link": await self.world.branch(at_s)})
        except PlantError as error:
            raise Refusal(409, str(error), "GET /api/v1/site has what this link can do") from None

    async def act(self, request: Request) -> Response:
        """One of the control socket's actions: the verb is in the path, its fields are the body."""
        verb = request.url.path.rpartition("/")[2]
        person = printable(request.headers.get("x-person", ""))[:60]
        who = f"{person} (console)" if person else "console"
        return JSONResponse(carry_out(self.world, verb, await request.body(), who))


def number(request: Request, name: str, default: float, low: float, high: float) -> float:
    """A number of the query.

    Raises:
        Refusal: it is no number, or beyond these limits.
    """
    given = request.query_params.get(name)
    try:
        value = default if given is None else float(given)
    except ValueError:
        value = math.nan
    if not low <= value <= high:
        raise Refusal(422, f"{name}: found {given!r}, expected a number from {low:g} to {high:g}", "correct the query")
    return value


async def page_file(request: Request) -> Response:
    """A file of the page. Names are looked up among those that are there, so that no path leads out of the folder."""
    name = request.path_params.get("name", "index.html")
    path = page_files().get(name)
    if path is None:
        raise Refusal(404, "there is no such file", "open /")
    content = path.read_bytes()
    tag = f'"{sha256(content).hexdigest()[:16]}"'
    headers = {"etag": tag, "cache-control": "no-cache", "last-modified": formatdate(path.stat().st_mtime, usegmt=True)}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(content, headers=headers, media_type=TYPES[path.suffix])


def page_files() -> Mapping[str, Path]:
    """The files of the page by name."""
    return {path.name: path for path in PAGE.iterdir() if path.suffix in TYPES}
