"""The common part of proxies: the faults, the path each way, and the capture."""

from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Mapping
from ipaddress import ip_address
from random import Random

from twinfeed.harness.faults.capture import Capture, Carrier, Place
from twinfeed.harness.faults.frames import Answer, Conversation, Tamper, chosen, path, protocols
from twinfeed.harness.virtual.links.link import LinkConditions, LinkModel

_log = logging.getLogger(__name__)

DIRECT = LinkConditions(latency_s=0.0)
"""A proxy adds nothing to the network it is in."""

WIRESHARK = {"modbus-tcp": "mbtcp", "modbus-rtu": "mbrtu", "snmp": "snmp"}
"""Wireshark's names of the protocols."""


class NotLoopback(ValueError):
    """An address that other computers can reach was given to a proxy."""


class Proxy(ABC):
    """Between clients and one device. Everything runs on the event loop that `start` was called on.

    `tamper` has the faults of messages, `healthy` the conditions of the path without faults; chance comes from `seed`.
    What the clients see is recorded in `capture`, with the times of the loop since `start`.
    """

    MEANINGLESS: tuple[str, ...] = ()
    """Faults of the path that this carrier cannot have."""

    def __init__(
        self, tamper: Tamper, *, healthy: LinkConditions = DIRECT, seed: int = 0, capture: Capture | None = None
    ) -> None:
        self.tamper = tamper
        self.capture = capture
        self.conditions = healthy
        """The path as it is now."""
        self.watch: Callable[[float, bytes, bool, str], None] | None = None
        """Called for each message: the time, the message of the client's side, True for an answer, a comment."""
        self._healthy = healthy
        self._rng = Random(seed)
        self._path_faults: dict[str, dict[str, float]] = {}
        self._began_s = 0.0
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def faults(self) -> dict[str, dict[str, float]]:
        """The faults there are: kind -> parameter -> number."""
        return {**self.tamper.active, **self._path_faults}

    @property
    def now_s(self) -> float:
        """The loop's time since `start`, s."""
        return self._loop.time() - self._began_s if self._loop is not None else 0.0

    def suffers(self, kind: str) -> bool:
        """True if this proxy can apply a fault of that kind."""
        return self.tamper.speaks in protocols(kind) or (not protocols(kind) and kind not in self.MEANINGLESS)

    async def apply(self, kind: str, parameters: Mapping[str, float] | None = None) -> None:
        """A fault begins, or its parameters change. `reset` is over at once.

        Raises:
            ValueError: no such fault or parameter, a number out of its range, or not a fault of this proxy.
        """
        numbers = chosen(kind, parameters)
        if protocols(kind):
            self.tamper.apply(kind, parameters)
            return
        if not self.suffers(kind):
            raise ValueError(f"{kind} is not a fault of {type(self).__name__}")
        if kind == "reset":
            self._reset()
            return
        self._path_faults[kind] = numbers
        await self._set(path(self._path_faults, self._healthy))

    async def lift(self, kind: str | None = None) -> list[str]:
        """End one fault or all; returns the ended ones."""
        ended = self.tamper.lift(kind)
        of_path = [name for name in self._path_faults if kind in (None, name)]
        for name in of_path:
            del self._path_faults[name]
        if of_path:
            await self._set(path(self._path_faults, self._healthy))
        return ended + of_path

    @property
    @abstractmethod
    def _clients_see(self) -> Place:
        """The address at which clients expect the device."""

    @abstractmethod
    async def start(self) -> None:
        """Begin to listen, on the running loop. Raises OSError if the address or the line cannot be had."""

    @abstractmethod
    async def stop(self) -> None:
        """Drop everything. Does nothing if not started."""

    async def __aenter__(self) -> Proxy:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    @abstractmethod
    async def _set(self, conditions: LinkConditions) -> None:
        """The path changes."""

    def _reset(self) -> None:  # noqa: B027 (only streams can be reset)
        """Connections are reset."""

    def _start_clock(self) -> asyncio.AbstractEventLoop:
        self.tamper.prepare()  # now, and not while a client waits for an answer
        self._loop = asyncio.get_running_loop()
        self._began_s = self._loop.time()
        return self._loop

    def _model(self) -> LinkModel:
        """A direction of the path, with its own chance."""
        return LinkModel(self.conditions, Random(self._rng.getrandbits(64)))

    def _record(self, src: Place, dst: Place, carrier: Carrier, payload: bytes, comment: str = "") -> None:
        """A message that a client sends (to where it believes the device is) or gets from there."""
        if self.watch is not None:
            self.watch(self.now_s, payload, src == self._clients_see, comment)
        if self.capture is not None:
            self.capture.frame(self.now_s, src, dst, carrier, payload, comment)


def check_loopback(host: str, exposed: bool) -> None:
    """NotLoopback unless `host` is a loopback address or is to be exposed. Names are not resolved."""
    try:
        loopback = ip_address(host).is_loopback
    except ValueError:
        loopback = host == "localhost"
    if not loopback and not exposed:
        raise NotLoopback(
            f"asked to listen on {host}, which is not a loopback address: everyone who reaches it can "
            "command the device. Use 127.x.y.z, or expose it on purpose"
        )


def asked(conversation: Conversation, tamper: Tamper, data: bytes) -> tuple[list[bytes], list[bytes], str]:
    """The octets for the device, those for the client in its place, and a comment if that differs from the request."""
    before = tamper.spared.copy() if tamper.active else None
    out = conversation.request(data)
    spared = _spared(tamper, before)
    onward = [item for item in out if isinstance(item, bytes)]
    instead = [item.frame for item in out if isinstance(item, Answer)]
    if b"".join(onward) == data or conversation.waiting:
        return onward, instead, spared
    return onward, instead, f"{_names(tamper)}: " + ("not passed on" if not onward else "passed on in part")


def answered(conversation: Conversation, tamper: Tamper, data: bytes) -> list[tuple[bytes, str]]:
    """The octets for the client for each answer of the device, each with a comment if they differ."""
    before = tamper.spared.copy() if tamper.active else None
    passed = conversation.answer(data)
    spared = _spared(tamper, before)
    return [(out, spared if out in data else made(tamper, data)) for out in passed]


def _spared(tamper: Tamper, before: Counter[tuple[str, str]] | None) -> str:
    """A comment on the faults that a message was spared since then; the first time of each is logged."""
    if before is None:
        return ""
    fresh = [(kind, why) for kind, why in tamper.spared if tamper.spared[kind, why] > before[kind, why]]
    for kind, why in fresh:
        if not before[kind, why]:
            _log.warning("%s is not applied to a message: %s", kind, why)
    return "; ".join(f"{kind} is not applied: {why}" for kind, why in fresh)


def made(tamper: Tamper, sent: bytes = b"") -> str:
    """A comment on an answer that the device did not send like this."""
    return f"{_names(tamper)}: " + (f"the device sent {sent.hex()}" if sent else "the device was not asked")


def _names(tamper: Tamper) -> str:
    return ", ".join(tamper.active) or "lifted"
