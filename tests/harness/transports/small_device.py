"""A small SNMP device and who may ask it."""

from __future__ import annotations

from typing import Any

from twinfeed.emulators.wire.snmp import Access, Engine, Instance, MibTree, SnmpAgent, Syntax, User
from twinfeed.harness.transports import UsmUser

SYSTEM = (1, 3, 6, 1, 2, 1, 1)
NAME, LIMIT = "1.3.6.1.2.1.1.5.0", "1.3.6.1.2.1.1.7.0"
TABLE = "1.3.6.1.4.1.53864.1"

USER = UsmUser("operator", "auth-password", "priv-password")


class SmallDevice:
    """A name and a limit that can be set, and a table of 60 rows."""

    def __init__(self) -> None:
        self.name = b"pdu-a"
        self.limit = 40

    def agent(self, **options: Any) -> SnmpAgent:
        def rename(value: Any) -> None:
            self.name = value

        def set_limit(value: Any) -> None:
            self.limit = value

        instances = [
            Instance((*SYSTEM, 5, 0), Syntax.OCTET_STRING, lambda: self.name, rename),
            Instance((*SYSTEM, 6, 0), Syntax.IP_ADDRESS, lambda: b"\x0a\x00\x00\x01"),
            Instance((*SYSTEM, 7, 0), Syntax.INTEGER, lambda: self.limit, set_limit),
            Instance((*SYSTEM, 8, 0), Syntax.OBJECT_IDENTIFIER, lambda: (1, 3, 6, 1, 4, 1, 53864)),
        ]
        for row in range(1, 61):
            instances.append(Instance((*map(int, TABLE.split(".")), row), Syntax.GAUGE32, lambda row=row: row * 1000))
        user = User(USER.name.encode(), USER.auth_password.encode(), USER.priv_password.encode(), writable=True)
        return SnmpAgent(
            MibTree(instances, lambda: (self.name, self.limit)),  # type: ignore[arg-type, return-value]
            {b"public": Access.READ_ONLY, b"private": Access.READ_WRITE},
            [user],
            Engine(bytes.fromhex("80001f88035400000001"), lambda: 1, lambda: 100),
            **options,
        )
