"""The clients of the devices: pymodbus and pysnmp, unmodified."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from pymodbus.client import AsyncModbusTcpClient
from pysnmp.hlapi.v3arch.asyncio import (
    CommunityData,
    ContextData,
    ObjectIdentity,
    ObjectType,
    SnmpEngine,
    UdpTransportTarget,
    UsmUserData,
    get_cmd,
    usmAesCfb128Protocol,
    usmHMACSHAAuthProtocol,
)

LOCAL = "127.0.0.1"
REGISTERS = [0, 0x0001, 0x0002, 0x0003, 0x0004, *range(5, 100)]
TIMEOUT_S = 0.3
"""The time that the clients here wait for an answer that does not come."""

Connect = Callable[[tuple[str, int]], Awaitable[AsyncModbusTcpClient]]


class Manager:
    """An unmodified pysnmp manager. `get` returns what it reports: an error's text, a status' name, or the values."""

    def __init__(self, place: tuple[str, int]) -> None:
        self._place = place
        self._engine = SnmpEngine()
        self._access: dict[str, Any] = {
            "v1": CommunityData("public", mpModel=0),
            "v2c": CommunityData("public", mpModel=1),
            "v3": UsmUserData(
                "twinfeed",
                "twinfeed-auth",
                "twinfeed-priv",
                authProtocol=usmHMACSHAAuthProtocol,
                privProtocol=usmAesCfb128Protocol,
            ),
        }

    async def get(self, *oids: str, version: str = "v2c", retries: int = 0) -> Any:
        target = await UdpTransportTarget.create(self._place, timeout=TIMEOUT_S, retries=retries)
        asked = [ObjectType(ObjectIdentity(oid)) for oid in oids]
        access = self._access[version]
        failure, status, _, binds = await get_cmd(self._engine, access, target, ContextData(), *asked, lookupMib=False)
        if failure:
            return str(failure)
        if status:
            return status.prettyPrint()
        return [bind[1] for bind in binds]

    def close(self) -> None:
        self._engine.close_dispatcher()
