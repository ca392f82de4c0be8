"""Faults of SNMP messages: v1 and v2c through scapy's layers; v3 as far as its header tells (`snmpv3`).

A message that cannot be read suffers those faults only that need no reading.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

from emulators.wire.snmp.ber import BerError
from emulators.wire.snmp.message import (
    ErrorStatus,
    Pdu,
    PduType,
    Version,
    read_community_message,
    read_pdu,
    read_version,
)
from harness.faults.frames.snmpv3 import V3Faults
from harness.faults.frames.tamper import Answer, spoil

if TYPE_CHECKING:
    from harness.faults.frames.tamper import Tamper

MOST_OPEN = 256
"""Requests of one manager that are remembered until their answers come."""

SYS_UP_TIME = "1.3.6.1.2.1.1.3.0"
ENGINE_BOOTS = "1.3.6.1.6.3.10.2.1.2.0"
ENGINE_TIME = "1.3.6.1.6.3.10.2.1.3.0"

_REQUESTS = frozenset({PduType.GET, PduType.GET_NEXT, PduType.GET_BULK, PduType.SET})
_OF_BINDINGS = frozenset({"snmp-engine-reboot", "snmp-wrong-type", "snmp-unsorted"})
_MOST_ID = 0x7FFF_FFFF


class SnmpConversation:
    """One manager's address; see `harness.faults.frames.tamper.Conversation`."""

    __slots__ = ("_open", "_tamper", "_v3")

    waiting = False
    """A datagram is a whole message."""

    def __init__(self, tamper: Tamper) -> None:
        self._tamper = tamper
        self._v3 = V3Faults(tamper)
        self._open: dict[bytes, Hashable] = {}  # request-id, its octets -> what was asked

    def idle(self) -> tuple[bytes, bytes]:
        return b"", b""

    def request(self, data: bytes) -> list[bytes | Answer]:
        active = self._tamper.active
        if not active:
            return [data]
        try:
            version, start, end = read_version(data)
            if version == Version.V3:
                report = self._v3.report(data, start, end)
                if report is None:
                    return [data]
                return [Answer(spoil(self._tamper, report))] if report else []
            message = read_community_message(data, start, end)
            pdu = read_pdu(data, message.pdu_start, end)
        except BerError:
            return [data]
        if pdu.tag not in _REQUESTS:
            return [data]
        if "snmp-community-changed" in active or ("snmp-no-getbulk" in active and pdu.tag == PduType.GET_BULK):
            return []
        fails = self._tamper.strikes("snmp-generr", pdu.tag == PduType.SET)
        if fails or "snmp-missing-instance" in active:
            refusal = _refused(data, pdu, version, not fails)
            return [Answer(self._marked(refusal))] if refusal else []
        if len(self._open) >= MOST_OPEN:
            del self._open[next(iter(self._open))]
        self._open[pdu.request_id] = (version, message.community, pdu.tag, pdu.error_status, pdu.error_index,
                                      tuple(pdu.varbinds))  # fmt: skip
        return [data]

    def answer(self, data: bytes) -> list[bytes]:
        if not self._tamper.active:
            return [data]
        try:
            version, start, end = read_version(data)
            if version == Version.V3:
                return [spoil(self._tamper, self._v3.answer(data, start, end))]
            pdu = read_pdu(data, read_community_message(data, start, end).pdu_start, end)
        except BerError:
            return [spoil(self._tamper, data)]
        if self._tamper.strikes("answers-lost", self._asked_to_write(pdu)):
            self._open.pop(pdu.request_id, None)
            return []
        return [self._marked(self._cut_short(self._answered(data, pdu), pdu, version))]

    def _asked_to_write(self, answer: Pdu) -> bool:
        asked = self._open.get(answer.request_id)
        return isinstance(asked, tuple) and asked[2] == PduType.SET

    def _cut_short(self, data: bytes, pdu: Pdu, version: int) -> bytes:
        """The answer, or tooBig in its place where the device does not send as much."""
        limit = self._tamper.active.get("snmp-too-big")
        if limit is None or len(data) <= limit["octets"]:
            return data
        message = dissected(data)
        if message is None:
            return data
        message.PDU.error, message.PDU.error_index = int(ErrorStatus.TOO_BIG), 0
        if version != Version.V1:
            message.PDU.varbindlist = []
        return _built(message, data)

    def _answered(self, data: bytes, pdu: Pdu) -> bytes:
        active = self._tamper.active
        asked = self._open.pop(pdu.request_id, None)
        if "stale" in active and asked is not None:
            held = self._tamper.first("stale", asked, data)
            data = data if held is data else _with_id(held, int.from_bytes(pdu.request_id, "big", signed=True))
        if not active.keys().isdisjoint(_OF_BINDINGS):
            data = self._revalued(data)
        return data

    def _revalued(self, data: bytes) -> bytes:
        """An answer with other values or types in it."""
        active = self._tamper.active
        message = dissected(data)
        if message is None:
            return data
        for bind in message.PDU.varbindlist:
            if "snmp-engine-reboot" in active:
                _rebooted(bind, self._tamper, int(active["snmp-engine-reboot"]["boots"]))
            if "snmp-wrong-type" in active and bind.value is not None:
                bind.value = _of_another_type(bind.value)
        if "snmp-unsorted" in active:
            binds = message.PDU.varbindlist
            for place in range(0, len(binds) - 1, 2):
                binds[place], binds[place + 1] = binds[place + 1], binds[place]
        return _built(message, data)

    def _marked(self, data: bytes) -> bytes:
        """An answer as it leaves: with the wrong identifier, cut short or spoilt."""
        wrong = self._tamper.active.get("snmp-wrong-request-id")
        if wrong is not None:
            message = dissected(data)
            if message is not None:
                message.PDU.id = (message.PDU.id.val + int(wrong["offset"])) % (_MOST_ID + 1)
                data = _built(message, data)
        return spoil(self._tamper, data)


def dissected(datagram: bytes) -> Any:
    """A v1 or v2c message as scapy's packet, to be altered, shown or searched; None if scapy cannot read it. 0.6 ms."""
    from scapy.error import Scapy_Exception
    from scapy.layers.snmp import SNMP

    try:
        message = SNMP(datagram)
        return message if message.PDU.varbindlist is not None and message.PDU.fields.get("id") is not None else None
    except (Scapy_Exception, ValueError, TypeError, IndexError, AttributeError, KeyError):
        return None  # scapy reads what is there as far as it goes, and raises what its parts raise


def _built(message: Any, otherwise: bytes) -> bytes:
    """The octets of an altered message; `otherwise` where it holds values that scapy reads but cannot write."""
    from scapy.error import Scapy_Exception

    try:
        return bytes(message)
    except (Scapy_Exception, ValueError, TypeError, AttributeError):
        return otherwise


def _refused(request: bytes, pdu: Pdu, version: int, missing: bool) -> bytes:
    """The answer that something failed, or that it does not exist; empty if scapy cannot make it."""
    from scapy.layers.snmp import SNMPresponse

    message = dissected(request)
    if message is None:
        return b""
    binds = message.PDU.varbindlist
    status, index = (ErrorStatus.GEN_ERR, min(1, len(binds))) if not missing else (ErrorStatus.NO_ERROR, 0)
    if missing and (version == Version.V1 or pdu.tag == PduType.SET):
        status = ErrorStatus.NO_SUCH_NAME if version == Version.V1 else ErrorStatus.NO_CREATION
        index = min(1, len(binds))
    elif missing:
        exception = "noSuchInstance" if pdu.tag == PduType.GET else "endOfMibView"
        for bind in binds:
            bind.value = None
            setattr(bind, exception, 0)  # the NULL that scapy's field writes
    request_id = int.from_bytes(pdu.request_id, "big", signed=True)
    message.PDU = SNMPresponse(id=request_id, error=int(status), error_index=index, varbindlist=binds)
    return _built(message, b"")


def _with_id(answer: bytes, request_id: int) -> bytes:
    message = dissected(answer)
    if message is None:
        return answer
    message.PDU.id = request_id
    return _built(message, answer)


def _rebooted(bind: Any, tamper: Tamper, boots: int) -> None:
    """The variables that tell a restart: times count from the first one seen, the number of boots is higher."""
    oid = bind.oid.val.lstrip(".")
    number = getattr(bind.value, "val", None)
    if not isinstance(number, int):
        return
    if oid in (SYS_UP_TIME, ENGINE_TIME):
        first = int(tamper.first("snmp-engine-reboot", oid, b"%d" % number))
        bind.value = type(bind.value)(max(0, number - first))
    elif oid == ENGINE_BOOTS:
        bind.value = type(bind.value)(number + boots)


def _of_another_type(value: Any) -> Any:
    from scapy.asn1.asn1 import ASN1_INTEGER, ASN1_STRING

    number = value.val
    is_number = isinstance(number, int) and not isinstance(number, bool)
    return ASN1_STRING(b"%d" % number) if is_number else ASN1_INTEGER(0)
