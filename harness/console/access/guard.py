"""The admission of requests: host, origin, token, length and rate, before any of it reaches the application.

The guard is an ASGI application around another one. It takes the role of a request from its bearer token, so that
nothing is kept in a cookie that another page could use, and every answer carries a strict content security policy.
"""

from __future__ import annotations

import json
import logging
import secrets
import time
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any, Literal

from twinfeed.emulators.textfile import printable

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

Role = Literal["read", "write"]

MAX_BODY = 256 * 1024
"""Longest body of a request, octets: a scenario of a thousand faults has 100 kB."""

WRITES_A_SECOND, WRITES_AT_ONCE = 20.0, 60.0
"""Actions that all clients together may send, and how many in a burst."""

SUSPECT = frozenset({401, 403, 413, 421, 429})
"""Refusals of requests that no page of ours sends."""

MOST_LOGGED = 50
"""Different refusals of one status that are logged; a client that tries names must not fill the log."""

HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (
        b"content-security-policy",
        b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        b"frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Policy:
    """The requests that a console admits."""

    hosts: frozenset[str]
    """The values of the header Host, with the port: `127.0.0.1:8140`."""
    tokens: dict[Role, str] = field(repr=False)
    scheme: str = "http"

    @classmethod
    def of_port(cls, port: int, tokens: dict[Role, str], *more: str, scheme: str = "http") -> Policy:
        """The policy of a console on this port of loopback and of the hosts `more`."""
        names = ("127.0.0.1", "localhost", "[::1]", *more)
        return cls(frozenset(f"{name}:{port}" for name in names), tokens, scheme)

    def role(self, header: str) -> Role | None:
        """The role that an Authorization header gives; None if its token is not one of ours."""
        kind, _, token = header.partition(" ")
        given = token.strip().encode()
        found: Role | None = None
        for role, known in self.tokens.items():
            if secrets.compare_digest(given, known.encode()) and kind.lower() == "bearer":
                found = role
        return found


class Bucket:
    """Admits so many actions a second, and some at once (a token bucket)."""

    def __init__(self, rate_hz: float, at_once: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate_hz, self._at_once, self._clock = rate_hz, at_once, clock
        self._left, self._seen_s = at_once, clock()

    def take(self) -> bool:
        now_s = self._clock()
        self._left = min(self._at_once, self._left + (now_s - self._seen_s) * self._rate_hz)
        self._seen_s = now_s
        if self._left < 1.0:
            return False
        self._left -= 1.0
        return True


class Refusal(Exception):
    """A request that is refused: the status, the reason and the next step."""

    def __init__(self, status: int, error: str, next: str = "") -> None:
        super().__init__(error)
        self.status, self.error, self.next = status, error, next

    @property
    def body(self) -> bytes:
        return json.dumps({"error": printable(self.error), "next": self.next}).encode()


class Guard:
    """Admits the requests that a policy allows and refuses the others, each kind of refusal once in the log."""

    def __init__(self, inner: Application, policy: Policy, bucket: Bucket | None = None) -> None:
        self._inner, self._policy = inner, policy
        self._bucket = bucket or Bucket(WRITES_A_SECOND, WRITES_AT_ONCE)
        self._logged: set[tuple[int, str]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":  # a websocket: there is none
            return await self._close(scope, send)
        begun = False

        async def sending(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                message = {**message, "headers": [*message.get("headers", ()), *HEADERS]}
            await send(message)

        try:
            scope["role"] = self._admit(scope)
            return await self._inner(scope, self._bounded(receive), sending)
        except Refusal as refusal:
            self.note(refusal, scope)
            if not begun:
                await self._refuse(refusal, sending)
        except Exception as error:
            log.exception("console: %s %s", scope["method"], printable(scope["path"]))
            if not begun:
                text = f"failed inside twinfeed: {error!r}"
                await self._refuse(Refusal(500, text, "see the log of the site, and report it"), sending)

    def _admit(self, scope: Scope) -> Role | None:
        """
        Raises:
            Refusal: the policy does not admit the request.
        """
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        hosts = [value for name, value in scope["headers"] if name.lower() == b"host"]
        host = headers.get("host", "")
        if len(hosts) != 1 or host.lower() not in self._policy.hosts:
            raise Refusal(421, f"this console is not {host or 'without a name'}", "open the link that was printed")
        origin = headers.get("origin")
        if origin is not None and origin.lower() != f"{self._policy.scheme}://{host.lower()}":
            raise Refusal(403, f"requests of pages from {origin} are refused", "open the link that was printed")
        api = scope["path"].startswith("/api/") or scope["path"] == "/metrics"
        # A link in a mail, or on the page of a recording, opens the page: it carries no action and shows no value.
        opened = not api and headers.get("sec-fetch-mode") == "navigate" and scope["method"] == "GET"
        if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none") and not opened:
            raise Refusal(403, "requests of other pages are refused", "open the link that was printed")
        if not api:
            return None
        role = self._policy.role(headers.get("authorization", ""))
        if role is None:
            raise Refusal(401, "the token is missing or wrong", "open the link that was printed; it carries the token")
        if scope["method"] not in ("GET", "HEAD"):
            self._admit_action(role, headers)
        return role

    def _admit_action(self, role: Role, headers: dict[str, str]) -> None:
        """
        Raises:
            Refusal: it may not act, or not so often.
        """
        if role != "write":
            raise Refusal(403, "this token only reads", "use the link that may act")
        length = headers.get("content-length", "0")
        if not length.isdigit() or len(length) > 12 or int(length) > MAX_BODY:
            raise too_long()
        if not self._bucket.take():
            raise Refusal(429, f"more than {WRITES_A_SECOND:g} actions a second", "wait a second")

    def _bounded(self, receive: Receive) -> Receive:
        """`receive`, which fails when the body becomes longer than it may be."""
        octets = 0

        async def receiving() -> Message:
            nonlocal octets
            message = await receive()
            octets += len(message.get("body", b""))
            if octets > MAX_BODY:
                raise too_long()
            return message

        return receiving

    def note(self, refusal: Refusal, scope: Scope) -> None:
        """Log a refusal: each status and reason once."""
        key = refusal.status, refusal.error
        alike = sum(status == refusal.status for status, _ in self._logged)
        if key not in self._logged and alike < MOST_LOGGED:
            self._logged.add(key)
            client = scope.get("client") or ("", 0)
            level = logging.WARNING if refusal.status in SUSPECT else logging.INFO
            log.log(level, "console: %s refused (%d): %s", client[0], refusal.status, printable(refusal.error)[:300])

    async def _refuse(self, refusal: Refusal, send: Send) -> None:
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(refusal.body)).encode())]
        if refusal.status == 401:
            headers.append((b"www-authenticate", b"Bearer"))
        if refusal.status == 429:
            headers.append((b"retry-after", b"1"))
        await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
        await send({"type": "http.response.body", "body": refusal.body})

    async def _close(self, scope: Scope, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})


def too_long() -> Refusal:
    return Refusal(413, f"a body has at most {MAX_BODY} octets", "send less")
