"""A receiver of SNMP notifications through pysnmp: v1 and v2c traps, v3 traps, and informs, which it acknowledges.

async with TrapReceiver("127.0.0.1", 1162, community="public", user=UsmUser("twinfeed", "…", "…")) as traps:
    trap = await traps.next(timeout_s=5.0)
    trap.oid, trap.values        # "1.3.6.1.2.1.33.2.1", {"1.3.6.1.2.1.33.1.2.3.0": 9}
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Self

from pysnmp.carrier.asyncio.dgram import udp, udp6
from pysnmp.entity import config
from pysnmp.entity.rfc3413 import ntfrcv

from twinfeed._phrases import Phrase
from twinfeed.harness.transports.answers import v3
from twinfeed.harness.transports.errors import NoAnswer
from twinfeed.harness.transports.snmp.messages import Malformed, Value, varbind
from twinfeed.harness.transports.snmp.usm import LoopDispatcher, UsmUser

SNMP_TRAP_PORT = 162
"""IANA."""

SYS_UP_TIME = "1.3.6.1.2.1.1.3.0"
SNMP_TRAP_OID = "1.3.6.1.6.3.1.1.4.1.0"

WAITING = 10_000
"""Notifications kept for `next`; the oldest make room for newer ones."""


@dataclass(frozen=True)
class Trap:
    """One notification, converted to the form of v2 (RFC 3584 §3.1)."""

    t_s: float
    """Time of arrival, s of the receiver's clock."""
    source: str
    """The address of the sender."""
    oid: str
    """snmpTrapOID: the kind of notification."""
    uptime_s: float
    """sysUpTime of the sender, s."""
    values: dict[str, Value]
    """The other variables of the notification, by OID and in order."""
    malformed: dict[str, Malformed] = field(default_factory=dict)
    """The variables whose values do not fit their type, with the reason."""


class TrapReceiver:
    """Receives the notifications for an address that have the community or come from the user.

    A v3 trap is authenticated with its sender's engine id, so `engine_ids` must list the senders'; informs and the
    communities need none. `clock` gives the time of notifications, s (default: the event loop's). Port 0 takes a free
    one; see `port`.
    """

    def __init__(
        self,
        address: str = "127.0.0.1",
        port: int = SNMP_TRAP_PORT,
        *,
        community: str = "public",
        user: UsmUser | None = None,
        engine_ids: Iterable[bytes] = (),
        clock: Callable[[], float] | None = None,
    ) -> None:
        self.address = address
        self.port = port
        self.received = 0
        """The notifications received so far."""
        self._community = community
        self._user = user
        self._engine_ids = list(engine_ids)
        self._clock = clock
        self._waiting: asyncio.Queue[Trap] = asyncio.Queue()
        self._engine: Any = None

    async def start(self) -> None:
        """Listen, on the running loop.

        Raises:
            OSError: the address cannot be bound.
        """
        loop = asyncio.get_running_loop()
        self._clock = self._clock or loop.time
        carrier = udp6 if ":" in self.address else udp
        transport = udp6.Udp6Transport() if ":" in self.address else udp.UdpTransport()
        endpoint, _ = await loop.create_datagram_endpoint(lambda: transport, local_addr=(self.address, self.port))
        bound = endpoint.get_extra_info("sockname")
        self.port = bound[1] if bound else self.port
        engine = self._engine = v3.engine()
        engine.register_transport_dispatcher(LoopDispatcher())
        config.add_transport(engine, carrier.DOMAIN_NAME, transport)
        config.add_v1_system(engine, "community", self._community)
        if self._user is not None:
            self._user.add_to(engine)
            for engine_id in self._engine_ids:
                self._user.add_to(engine, engine_id)
        ntfrcv.NotificationReceiver(engine, self._heard)

    async def stop(self) -> None:
        """Stop listening. Does nothing if not started."""
        if self._engine is not None:
            self._engine.close_dispatcher()
            self._engine = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def next(self, timeout_s: float) -> Trap:
        """Wait for the next notification, and return it.

        Raises:
            NoAnswer: none came within that time.
        """
        try:
            async with asyncio.timeout(timeout_s):
                return await self._waiting.get()
        except TimeoutError:
            raise NoAnswer(
                Phrase("no notification came in {timeout_s:g} s", timeout_s=timeout_s), f"{self.address}:{self.port}"
            ) from None

    def _heard(self, engine: Any, reference: Any, _engine_id: Any, _name: Any, varbinds: Any, _context: Any) -> None:
        _, source = engine.message_dispatcher.get_transport_info(reference)
        found = [v3.unwrapped(varbind(name, value)) for name, value in varbinds]
        values = {variable.oid: variable.value for variable in found}
        uptime, oid = values.pop(SYS_UP_TIME, 0), values.pop(SNMP_TRAP_OID, "")
        assert self._clock is not None
        self.received += 1
        if self._waiting.qsize() >= WAITING:
            self._waiting.get_nowait()
        self._waiting.put_nowait(
            Trap(
                self._clock(),
                str(source[0]),
                str(oid),
                uptime / 100.0 if isinstance(uptime, int) else 0.0,
                {name: value for name, value in values.items() if isinstance(value, (int, str, bytes))},
                {name: value for name, value in values.items() if isinstance(value, Malformed)},
            )
        )
