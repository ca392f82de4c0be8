"""A client of the console without sockets: requests go to the ASGI application itself."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from twinfeed.emulators.serving import LiveSite
from twinfeed.emulators.site import Site
from twinfeed.harness.console.access.guard import Bucket, Policy
from twinfeed.harness.console.access.tokens import new
from twinfeed.harness.console.app import Console
from twinfeed.harness.console.world import Live
from twinfeed.harness.control import ControlServer

PORT = 8140
HOST = f"127.0.0.1:{PORT}"


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Browser:
    """Sends requests to an application, as a page does that was opened by the link of a role ('' for none)."""

    def __init__(self, console: Console, policy: Policy, role: str = "write") -> None:
        self.console, self.policy, self.role = console, policy, role

    async def get(self, path: str, **headers: str) -> Answer:
        return await self.send("GET", path, b"", headers)

    async def post(self, path: str, body: object, **headers: str) -> Answer:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return await self.send("POST", path, data, {"content_type": "application/json", **headers})

    async def send(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Answer:
        place, _, query = path.partition("?")
        given = {"host": HOST, **headers}
        if self.role:
            given.setdefault("authorization", f"Bearer {self.policy.tokens[self.role]}")  # type: ignore[index]
        scope = {
            "type": "http", "http_version": "1.1", "method": method, "path": place, "raw_path": place.encode(),
            "query_string": query.encode(), "scheme": "http", "client": ("127.0.0.1", 5), "server": ("127.0.0.1", PORT),
            "root_path": "",
            "headers": [(n.replace("_", "-").encode(), v.encode()) for n, v in given.items()],
        }  # fmt: skip
        sent: list[Any] = []
        parts = [body[n : n + 65536] for n in range(0, len(body), 65536)] or [b""]

        async def receive() -> dict[str, Any]:
            part = parts.pop(0) if parts else b""
            return {"type": "http.request", "body": part, "more_body": bool(parts)}

        async def send(message: Any) -> None:
            sent.append(message)

        await self.console(scope, receive, send)
        start, rest = sent[0], sent[1:]
        found = {n.decode().lower(): v.decode() for n, v in start["headers"]}
        return Answer(start["status"], found, b"".join(m.get("body", b"") for m in rest))


def browser_of(site: str = "bench", bucket: Bucket | None = None) -> Browser:
    """A client of the console of a site at rest; nothing listens."""
    policy = Policy.of_port(PORT, new())
    return Browser(Console(Live(ControlServer(LiveSite(Site.load(site)))), policy, bucket), policy)
