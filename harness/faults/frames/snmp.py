"""Faults of SNMP messages: v1 and v2c (`community`), and v3 as far as its header shows (`snmpv3`).

A message that cannot be taken apart suffers those faults only that need no reading. Which faults a message was spared,
and why, is noted (`ActiveFaults.spared`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from twinfeed.emulators.wire.snmp.ber import BerError
from twinfeed.emulators.wire.snmp.message import ErrorStatus, read_version
from twinfeed.harness.faults.frames.active import ActiveFaults, spoil
from twinfeed.harness.faults.frames.community import (
    GET,
    GET_BULK,
    GET_NEXT,
    INTEGER,
    OCTET_STRING,
    RESPONSE,
    SET,
    V3,
    Binding,
    CommunityMessage,
    taken_apart,
    version_of,
)
from twinfeed.harness.faults.frames.kinds import ALL
from twinfeed.harness.faults.frames.snmpv3 import V3Faults
from twinfeed.harness.transports.answers.tlv import Unreadable, integer
from twinfeed.harness.transports.answers.values import UNSIGNED, read_value
from twinfeed.harness.virtual.links.tampering import Answer

MOST_OPEN = 256
"""Requests of one manager that are remembered until their answers come."""

SYS_UP_TIME = "1.3.6.1.2.1.1.3.0"
ENGINE_BOOTS = "1.3.6.1.6.3.10.2.1.2.0"
ENGINE_TIME = "1.3.6.1.6.3.10.2.1.3.0"

NO_SUCH_INSTANCE, END_OF_MIB_VIEW = 0x81, 0x82
"""RFC 3416 §3."""

_REQUESTS = frozenset({GET, GET_NEXT, GET_BULK, SET})
_MOST_ID = 0x7FFF_FFFF

OF_REQUESTS = ("snmp-generr", "snmp-missing-instance", "snmp-no-getbulk")
OF_BINDINGS = ("snmp-engine-reboot", "snmp-wrong-type", "snmp-unsorted")
OF_ANSWERS = ("stale", "snmp-wrong-type", "snmp-unsorted", "snmp-too-big")
OF_V3 = ("snmp-time-window", "snmp-key-changed")
"""Faults that need a message to be read, and those that only v3 can have."""

SEALED = "a message of v3 is authenticated: an altered one is lost"
NOT_V3 = "a message of v1 and v2c has no clock and no key"


class SnmpConversation:
    """One manager's address; see `twinfeed.harness.virtual.links.tampering.Conversation`."""

    __slots__ = ("_open", "_tamper", "_v3")

    waiting = False
    """A datagram is a whole message."""

    def __init__(self, tamper: ActiveFaults) -> None:
        self._tamper = tamper
        self._v3 = V3Faults(tamper)
        self._open: dict[int, CommunityMessage] = {}  # request-id -> what was asked

    def idle(self) -> tuple[bytes, bytes]:
        return b"", b""

    def request(self, data: bytes) -> list[bytes | Answer]:
        active = self._tamper.active
        if not active:
            return [data]
        passing: list[bytes | Answer] = [self._tamper.requested(data)]
        try:
            if version_of(data) == V3:
                return self._request_of_v3(data)
            message = taken_apart(data)
        except (Unreadable, BerError) as error:
            self._spare((*OF_REQUESTS, *OF_V3), str(error))
            return passing
        self._spare(OF_V3, NOT_V3)
        if message.tag not in _REQUESTS:
            return passing
        if "snmp-community-changed" in active or ("snmp-no-getbulk" in active and message.tag == GET_BULK):
            return []
        fails = self._tamper.strikes("snmp-generr", message.tag == SET)
        if fails or "snmp-missing-instance" in active:
            return [Answer(self._marked(_failed(message) if fails else _missing(message)))]
        if len(self._open) >= MOST_OPEN:
            del self._open[next(iter(self._open))]
        self._open[message.request_id] = message
        return passing

    def _request_of_v3(self, data: bytes) -> list[bytes | Answer]:
        self._spare(OF_REQUESTS, SEALED)
        _, start, end = read_version(data)
        report = self._v3.report(data, start, end)
        if report is None:
            return [self._tamper.requested(data)]
        return [Answer(spoil(self._tamper, report))] if report else []

    def answer(self, data: bytes) -> list[bytes]:
        if not self._tamper.active:
            return [data]
        try:
            if version_of(data) == V3:
                return self._answer_of_v3(data)
            message = taken_apart(data)
        except (Unreadable, BerError) as error:
            self._spare((*OF_ANSWERS, "snmp-engine-reboot", "snmp-wrong-request-id", "answers-lost"), str(error))
            return [spoil(self._tamper, data)]
        asked = self._open.pop(message.request_id, None)
        if self._tamper.strikes("answers-lost", asked is not None and asked.tag == SET):
            return []
        return [self._marked(self._answered(data, message, asked))]

    def _answer_of_v3(self, data: bytes) -> list[bytes]:
        self._spare(OF_ANSWERS, SEALED)
        lost = self._tamper.active.get("answers-lost")
        if lost is not None and lost["only"] != ALL:
            self._spare(("answers-lost",), "whether a message of v3 reads or writes is encrypted")
        elif self._tamper.strikes("answers-lost", False):
            return []
        _, start, end = read_version(data)
        return [spoil(self._tamper, self._v3.answer(data, start, end))]

    def _spare(self, kinds: Iterable[str], why: str) -> None:
        """Note that these faults, as far as they are active, do nothing to a message."""
        for kind in kinds:
            if kind in self._tamper.active:
                self._tamper.spare(kind, why)

    def _answered(self, data: bytes, message: CommunityMessage, asked: CommunityMessage | None) -> bytes:
        """The answer with other values in it, or none."""
        active = self._tamper.active
        if "stale" in active and asked is not None:
            held = self._tamper.first("stale", asked.asks, data)
            if held is not data:
                message, request_id = taken_apart(held), message.request_id
                message.request_id = request_id
                data = message.octets
        if not active.keys().isdisjoint(OF_BINDINGS):
            for binding in message.bindings:
                self._revalue(binding)
            if "snmp-unsorted" in active:
                _swap_neighbours(message.bindings)
            data = message.octets
        limit = active.get("snmp-too-big")
        if limit is not None and len(data) > limit["octets"]:
            message.status, message.index = int(ErrorStatus.TOO_BIG), 0
            if message.version:
                message.bindings = []
            data = message.octets
        return data

    def _revalue(self, binding: Binding) -> None:
        """A variable with another value or type."""
        active = self._tamper.active
        if not binding.oid:
            self._spare(("snmp-wrong-type",), "a variable that cannot be read")
            return
        if "snmp-engine-reboot" in active:
            _reboot(binding, self._tamper, int(active["snmp-engine-reboot"]["boots"]))
        if "snmp-wrong-type" in active and binding.tag not in (0x80, NO_SUCH_INSTANCE, END_OF_MIB_VIEW):
            number = _number(binding)
            if number is None:
                binding.put(INTEGER, b"\0")
            else:
                binding.put(OCTET_STRING, b"%d" % number)

    def _marked(self, data: bytes) -> bytes:
        """An answer as it leaves: with the wrong identifier, cut short or spoilt."""
        wrong = self._tamper.active.get("snmp-wrong-request-id")
        if wrong is not None:
            message = taken_apart(data)
            message.request_id = (message.request_id + int(wrong["offset"])) % (_MOST_ID + 1)
            data = message.octets
        return spoil(self._tamper, data)


def _swap_neighbours(bindings: list[Binding]) -> None:
    """Each two variables side by side change places."""
    for place in range(0, len(bindings) - 1, 2):
        bindings[place], bindings[place + 1] = bindings[place + 1], bindings[place]


def _failed(request: CommunityMessage) -> bytes:
    """The answer that something failed."""
    return _answer(request, ErrorStatus.GEN_ERR, min(1, len(request.bindings)))


def _missing(request: CommunityMessage) -> bytes:
    """The answer that the requested variable does not exist."""
    index = min(1, len(request.bindings))
    if request.version == 0:
        return _answer(request, ErrorStatus.NO_SUCH_NAME, index)
    if request.tag == SET:
        return _answer(request, ErrorStatus.NO_CREATION, index)
    for binding in request.bindings:
        if binding.oid:
            binding.put(NO_SUCH_INSTANCE if request.tag == GET else END_OF_MIB_VIEW, b"")
    return _answer(request, ErrorStatus.NO_ERROR, 0)


def _answer(request: CommunityMessage, status: int, index: int) -> bytes:
    bindings = request.bindings
    return CommunityMessage(
        request.version, request.community, RESPONSE, request.request_id, int(status), index, bindings
    ).octets


def _number(binding: Binding) -> int | None:
    """The value if it is a number, however it came."""
    value = read_value(binding.tag, binding.contents).value
    if isinstance(value, int):
        return value
    return integer(binding.contents) if binding.tag == INTEGER or binding.tag in UNSIGNED else None


def _reboot(binding: Binding, tamper: ActiveFaults, boots: int) -> None:
    """The variables of a restart: times count from the first one seen, the number of boots is higher."""
    number = _number(binding)
    if number is None:
        return
    if binding.oid in (SYS_UP_TIME, ENGINE_TIME):
        number = max(0, number - int(tamper.first("snmp-engine-reboot", binding.oid, b"%d" % number)))
    elif binding.oid == ENGINE_BOOTS:
        number += boots
    else:
        return
    binding.put(binding.tag, number.to_bytes(number.bit_length() // 8 + 1, "big", signed=True))


def dissected(datagram: bytes) -> Any:
    """A v1 or v2c message as scapy's packet, to be altered, shown or searched; None if scapy cannot read it. 0.6 ms."""
    from scapy.error import Scapy_Exception
    from scapy.layers.snmp import SNMP

    try:
        message = SNMP(datagram)
        return message if message.PDU.varbindlist is not None and message.PDU.fields.get("id") is not None else None
    except (Scapy_Exception, ValueError, TypeError, IndexError, AttributeError, KeyError):
        return None  # scapy reads what is there as far as it goes, and raises what its parts raise
