"""SNMP through pysnmp."""

from __future__ import annotations

from typing import Any

from pysnmp.hlapi.v3arch.asyncio import (
    CommunityData,
    ContextData,
    ObjectIdentity,
    ObjectType,
    SnmpEngine,
    UdpTransportTarget,
    get_cmd,
)
from pysnmp.proto.rfc1905 import EndOfMibView, NoSuchInstance, NoSuchObject

from emulators.profiles.schema import SnmpObject
from emulators.profiles.values import Raw
from harness.transports.errors import NoAnswer, WrongAnswer


class SnmpTransport:
    """One SNMPv2c agent. `timeout_s` and `retries` are for each request."""

    def __init__(
        self,
        address: str,
        port: int,
        community: str = "public",
        timeout_s: float = 1.0,
        retries: int = 1,
        engine: SnmpEngine | None = None,
    ) -> None:
        self.where = f"snmp://{address}:{port}"
        self._place = (address, port)
        self._community = CommunityData(community, mpModel=1)
        self._timeout_s, self._retries = timeout_s, retries
        self._engine = engine or SnmpEngine()
        self._target: Any = None

    async def read(self, entry: SnmpObject, oid: str) -> Raw:
        """The raw value of one variable.

        Raises:
            NoAnswer: nothing came back within the timeout and its retries.
            WrongAnswer: an error status, or the variable does not exist.
        """
        if self._target is None:
            self._target = await UdpTransportTarget.create(self._place, timeout=self._timeout_s, retries=self._retries)
        failure, status, _, bindings = await get_cmd(
            self._engine,
            self._community,
            self._target,
            ContextData(),
            ObjectType(ObjectIdentity(oid)),
            lookupMib=False,
        )
        if failure:
            raise NoAnswer(f"{self.where} {oid}: {failure}")
        if status:
            raise WrongAnswer(f"{self.where} {oid}: answered {status.prettyPrint()}")
        value = bindings[0][1]
        if isinstance(value, (NoSuchObject, NoSuchInstance, EndOfMibView)):
            raise WrongAnswer(f"{self.where} {oid}: {value.prettyPrint()}")
        if entry.type in ("string", "opaque"):
            octets = bytes(value)
            try:
                return octets.decode()
            except UnicodeDecodeError:
                return octets
        if entry.type == "oid" or entry.type == "ipaddress":
            return str(value.prettyPrint())
        return int(value)

    def close(self) -> None:
        """Nothing stays open: pysnmp's engine is shared and closed by whoever made it."""
