"""The counters an SNMP entity keeps of itself.

Numbers 1 to 32 are the sub-identifiers of the snmp group (RFC 1213 §6, those current in RFC 3418 among them); the
rest belong to SNMP-MPD-MIB (RFC 3412 §5), SNMP-USER-BASED-SM-MIB (RFC 3414 §5) and SNMP-TARGET-MIB (RFC 3413 §4.1).
"""

from enum import IntEnum

from twinfeed.emulators.wire.snmp.ber import Oid
from twinfeed.emulators.wire.snmp.message import ErrorStatus, PduType


class Counter(IntEnum):
    """The place of each counter in :class:`Counters`."""

    IN_PKTS = 1
    OUT_PKTS = 2
    IN_BAD_VERSIONS = 3
    IN_BAD_COMMUNITY_NAMES = 4
    IN_BAD_COMMUNITY_USES = 5
    IN_ASN_PARSE_ERRS = 6
    IN_TOO_BIGS = 8
    IN_NO_SUCH_NAMES = 9
    IN_BAD_VALUES = 10
    IN_READ_ONLYS = 11
    IN_GEN_ERRS = 12
    IN_TOTAL_REQ_VARS = 13
    IN_TOTAL_SET_VARS = 14
    IN_GET_REQUESTS = 15
    IN_GET_NEXTS = 16
    IN_SET_REQUESTS = 17
    IN_GET_RESPONSES = 18
    IN_TRAPS = 19
    OUT_TOO_BIGS = 20
    OUT_NO_SUCH_NAMES = 21
    OUT_BAD_VALUES = 22
    OUT_GEN_ERRS = 24
    OUT_GET_REQUESTS = 25
    OUT_GET_NEXTS = 26
    OUT_SET_REQUESTS = 27
    OUT_GET_RESPONSES = 28
    OUT_TRAPS = 29
    SILENT_DROPS = 31
    PROXY_DROPS = 32
    UNKNOWN_SECURITY_MODELS = 33
    INVALID_MSGS = 34
    UNKNOWN_PDU_HANDLERS = 35
    UNSUPPORTED_SEC_LEVELS = 36
    NOT_IN_TIME_WINDOWS = 37
    UNKNOWN_USER_NAMES = 38
    UNKNOWN_ENGINE_IDS = 39
    WRONG_DIGESTS = 40
    DECRYPTION_ERRORS = 41
    UNAVAILABLE_CONTEXTS = 42
    UNKNOWN_CONTEXTS = 43


_SNMP_GROUP: Oid = (1, 3, 6, 1, 2, 1, 11)
_MPD_STATS: Oid = (1, 3, 6, 1, 6, 3, 11, 2, 1)
_USM_STATS: Oid = (1, 3, 6, 1, 6, 3, 15, 1, 1)
_TARGET_OBJECTS: Oid = (1, 3, 6, 1, 6, 3, 12, 1)


def counter_oid(counter: Counter) -> Oid:
    """The instance that shows this counter."""
    if counter <= Counter.PROXY_DROPS:
        return (*_SNMP_GROUP, int(counter), 0)
    if counter <= Counter.UNKNOWN_PDU_HANDLERS:
        return (*_MPD_STATS, counter - Counter.UNKNOWN_SECURITY_MODELS + 1, 0)
    if counter <= Counter.DECRYPTION_ERRORS:
        return (*_USM_STATS, counter - Counter.UNSUPPORTED_SEC_LEVELS + 1, 0)
    return (*_TARGET_OBJECTS, counter - Counter.UNAVAILABLE_CONTEXTS + 4, 0)


_IN_TYPE: dict[int, Counter] = {
    PduType.GET: Counter.IN_GET_REQUESTS,
    PduType.GET_NEXT: Counter.IN_GET_NEXTS,
    PduType.SET: Counter.IN_SET_REQUESTS,
}
_OUT_STATUS: dict[int, Counter] = {
    ErrorStatus.TOO_BIG: Counter.OUT_TOO_BIGS,
    ErrorStatus.NO_SUCH_NAME: Counter.OUT_NO_SUCH_NAMES,
    ErrorStatus.BAD_VALUE: Counter.OUT_BAD_VALUES,
    ErrorStatus.GEN_ERR: Counter.OUT_GEN_ERRS,
}


class Counters:
    """All counters of one agent, from zero at its start; read them modulo 2^32."""

    __slots__ = ("values",)

    def __init__(self) -> None:
        self.values = [0] * (max(Counter) + 1)

    def add(self, counter: Counter, times: int = 1) -> None:
        """Count `times` more."""
        self.values[counter] += times

    def __getitem__(self, counter: Counter) -> int:
        return self.values[counter] & 0xFFFF_FFFF

    def add_answered(self, pdu_type: int, status: int, bindings: int, times: int = 1) -> None:
        """Count `times` requests of one type, each answered with this status and number of bindings."""
        values = self.values
        kind = _IN_TYPE.get(pdu_type)
        if kind is not None:
            values[kind] += times
        values[Counter.OUT_PKTS] += times
        values[Counter.OUT_GET_RESPONSES] += times
        if status == ErrorStatus.NO_ERROR:
            total = Counter.IN_TOTAL_SET_VARS if pdu_type == PduType.SET else Counter.IN_TOTAL_REQ_VARS
            values[total] += times * bindings
        else:
            out = _OUT_STATUS.get(status)
            if out is not None:
                values[out] += times
