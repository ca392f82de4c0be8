"""The faults of messages and paths, as data: names, meanings and parameters.

Protocol faults change messages (`twinfeed.harness.faults.frames.tamper`); transport faults change the path (`path`, a
`LinkConditions` for memory and proxies alike) or a connection (`reset`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cached_property

from twinfeed.emulators.plant.kernel.faults import Parameter
from twinfeed.emulators.plant.kernel.faults import chosen as chosen_of
from twinfeed.harness.faults.frames.added import PROTOCOLS, Speaks, WireFault, added
from twinfeed.harness.faults.kinds import WORLDS, FaultKind
from twinfeed.harness.virtual.links.link import LinkConditions

Faults = Mapping[str, Mapping[str, float]]
"""Active faults: kind -> parameter -> number."""

_PERCENT = "how many of them"
_OFFSET = "what is added to it"

ALL, READS, WRITES = range(3)
"""Values of `only`."""

_SHARE = Parameter(100, "%", 0, 100, "the share of those requests that suffers it", neutral=0.0)
_ONLY = Parameter(ALL, "", ALL, WRITES, "0 all requests, 1 only reads, 2 only writes", None, True, (READS, WRITES))
_CODES = (3, 4, 5, 6, 16)
"""The function codes that controllers use most."""
_FUNCTION = Parameter(0, "", 0, 127, "only requests with this function code of Modbus; 0: all", None, True, _CODES)
_NEXT = Parameter(0, "requests", 0, 1e6, "it is over after so many of them; 0: it goes on", None, True, (1, 2, 5))

_APPLICATION = "Modbus Application Protocol Specification V1.1b3 §7"
_MESSAGING = "Modbus Messaging on TCP/IP Implementation Guide V1.0b"
_SERIAL_LINE = "Modbus over Serial Line V1.02 §2.5: what the check finds is not answered"


def _protocol(kind: str, doc: str, source: str = "", **parameters: Parameter) -> FaultKind:
    return FaultKind(kind, "protocol", doc, ("device",), parameters, WORLDS, source)


def _transport(kind: str, doc: str, source: str = "", **parameters: Parameter) -> FaultKind:
    return FaultKind(kind, "transport", doc, ("device",), parameters, WORLDS, source)


PROTOCOL_KINDS: tuple[FaultKind, ...] = (
    _protocol(
        "modbus-exception",
        "requests are refused with this exception and not passed on",
        _APPLICATION,
        code=Parameter(
            4,
            "",
            1,
            255,
            "1 function, 2 address, 3 value, 4 failure, 5 acknowledge, 6 busy",
            0.0,
            True,
            (1, 2, 3, 4, 5, 6),
        ),
        percent=_SHARE,
        only=_ONLY,
        function=_FUNCTION,
        next=_NEXT,
    ),
    _protocol(
        "modbus-unanswered",
        "requests with this function code are not answered",
        "FC 43 on products older than the function: openHAB and pymodbus users report silence",
        function=Parameter(43, "", 1, 127, "the function code", typical=_CODES),
        percent=_SHARE,
        next=_NEXT,
    ),
    _protocol(
        "modbus-limit",
        "requests for more registers than this are refused with exception 3, or not answered",
        "influxdata/telegraf issue 8151",
        most=Parameter(10, "registers", 1, 125, "the most that one request may read", neutral=125),
        silent=Parameter(0, "", 0, 1, "0 exception 3, 1 no answer", neutral=None),
    ),
    _protocol(
        "answers-lost",
        "requests are carried out and their answers do not arrive (SNMP: v1, v2c)",
        percent=_SHARE,
        only=_ONLY,
        function=_FUNCTION,
        next=_NEXT,
    ),
    _protocol(
        "modbus-wrong-unit",
        "answers carry another unit identifier",
        _MESSAGING,
        offset=Parameter(1, "", 1, 255, _OFFSET, whole=True),
    ),
    _protocol(
        "modbus-wrong-transaction",
        "answers carry another transaction identifier",
        _MESSAGING,
        offset=Parameter(1, "", 1, 65535, _OFFSET, whole=True),
    ),
    _protocol(
        "truncated",
        "answers lack their last octets; one at least is left",
        bytes=Parameter(2, "octets", 1, 65535, "how many are cut off", whole=True),
    ),
    _protocol(
        "trailing",
        "answers are followed by octets that belong to no message",
        bytes=Parameter(2, "octets", 1, 1024, "how many follow"),
    ),
    _protocol("garbage", "answers are replaced by random octets, as many"),
    _protocol(
        "stale",
        "each request is answered as it was first answered after the onset, with its own identifier: the device lives, "
        "its values stand still",
    ),
    _protocol(
        "torn",
        "the first register of a pair is of the answer before, the second of this one, as in a device that updates "
        "its registers while they are read",
        register=Parameter(
            -1, "", -1, 65534, "address of the pair's first; -1: each pair from the start of the read", whole=True
        ),
    ),
    _protocol(
        "snmp-generr",
        "requests of v1 and v2c fail with genErr and are not passed on",
        "RFC 3416 §4.2",
        percent=_SHARE,
        only=_ONLY,
        next=_NEXT,
    ),
    _protocol(
        "snmp-too-big",
        "answers of v1 and v2c that are longer are replaced by tooBig",
        "RFC 3416 §4.2.1, RFC 1157 §4.1.2; 484 octets are the least that RFC 3417 §3.2.1 allows",
        octets=Parameter(
            484, "octets", 64, 65507, "the longest message that the device sends", neutral=65507, whole=True
        ),
    ),
    _protocol(
        "snmp-no-getbulk",
        "GETBULK requests of v2c are not answered, all others are",
        "prometheus/snmp_exporter issue 31",
    ),
    _protocol(
        "snmp-unsorted",
        "the variables of an answer come in another order: each two neighbours change places (v1, v2c)",
        "RFC 3416 §4.2.3 demands lexicographic order",
    ),
    _protocol(
        "snmp-other-port",
        "answers come from another UDP port than the requests went to",
        "gosnmp/gosnmp issue 118, prometheus/snmp_exporter issue 699",
    ),
    _protocol(
        "snmp-wrong-type",
        "numbers come as OCTET STRINGs of their digits, everything else as INTEGER 0 (v1, v2c)",
        "RFC 2578 §7.1",
    ),
    _protocol(
        "snmp-missing-instance",
        "the variable does not exist: noSuchInstance, endOfMibView to walks, noCreation to writes; v1 noSuchName",
        "RFC 3416 §4.2, RFC 1157 §4.1",
    ),
    _protocol(
        "snmp-wrong-request-id",
        "answers carry another request-id (v3: another msgID)",
        "RFC 3416 §3, RFC 3412 §6.2",
        offset=Parameter(1, "", 1, 1_000_000, _OFFSET, whole=True),
    ),
    _protocol(
        "snmp-engine-reboot",
        "the engine seems to have restarted at the onset: sysUpTime and snmpEngineTime count from 0, snmpEngineBoots "
        "is higher; authenticated v3 requests are reported notInTimeWindows",
        "RFC 3414 §2.2, RFC 3418 sysUpTime",
        boots=Parameter(1, "restarts", 1, 1000, "how many are counted", whole=True),
    ),
    _protocol(
        "snmp-time-window",
        "authenticated v3 requests are reported notInTimeWindows: the engine's clock is elsewhere",
        "RFC 3414 §3.2 step 7",
        offset_s=Parameter(300, "s", 151, 2_000_000_000, "how far the clock is ahead; the window is 150 s"),
    ),
    _protocol(
        "snmp-community-changed",
        "requests of v1 and v2c go unanswered, as by an agent that has another community now",
        "RFC 1157 §4.1, RFC 3584 §5.2",
    ),
    _protocol(
        "snmp-key-changed",
        "authenticated v3 requests are reported wrongDigests, as by an agent whose user has another key now",
        "RFC 3414 §3.2 step 6",
    ),
    _protocol(
        "traps-lost",
        "notifications do not reach the station",
        percent=Parameter(100, "%", 0, 100, _PERCENT),
    ),
    _protocol(
        "traps-duplicated",
        "notifications reach the station twice",
        percent=Parameter(100, "%", 0, 100, _PERCENT),
    ),
    _protocol(
        "traps-late",
        "notifications reach the station late",
        delay_s=Parameter(30, "s", 0, 86400, "how late"),
    ),
)
"""The faults of messages."""

TRANSPORT_KINDS: tuple[FaultKind, ...] = (
    _transport("delay", "everything takes longer, each way", delay_s=Parameter(0.5, "s", 0, 3600)),
    _transport("jitter", "everything takes longer by chance, each way", jitter_s=Parameter(0.1, "s", 0, 3600)),
    _transport(
        "loss",
        "packets are lost; a TCP stream stalls for its retransmissions instead",
        "RFC 6298",
        percent=Parameter(10, "%", 0, 100, _PERCENT),
    ),
    _transport(
        "duplication",
        "datagrams arrive twice; TCP mends it unseen",
        percent=Parameter(10, "%", 0, 100, _PERCENT),
    ),
    _transport(
        "reordering",
        "datagrams are overtaken by later ones; TCP mends it unseen",
        percent=Parameter(10, "%", 0, 100, _PERCENT),
        delay_s=Parameter(0.05, "s", 0, 3600, "how long the overtaken ones wait"),
    ),
    _transport("bandwidth", "the path carries so much and no more", bits_per_s=Parameter(9600, "bit/s", 1, 1e12)),
    _transport(
        "split",
        "answers on a TCP connection arrive in pieces",
        "pymodbus-dev/pymodbus issues 496 and 1922",
        octets=Parameter(3, "octets", 1, 65535, "length of each piece but the last", neutral=65535, whole=True),
        gap_s=Parameter(0.02, "s", 0, 60, "from one piece to the next"),
    ),
    _transport(
        "joined",
        "answers on a TCP connection that come soon after one another arrive as one",
        "pymodbus-dev/pymodbus issues 216 and 1949",
        hold_s=Parameter(0.2, "s", 0, 60, "how long the first of them is held back"),
    ),
    _transport("reset", "at the onset every connection is reset (TCP RST); new ones are accepted", "RFC 9293 §3.5.2"),
    _transport("refused", "connections are reset and new ones refused; datagrams are lost"),
    _transport(
        "half-open",
        "the device has gone without a word: connections seem open, nothing comes back",
        "RFC 9293 §3.5.1",
    ),
    _transport("black-hole", "nothing arrives either way; streams continue where they were when the fault ends"),
    _transport("partition", "device and station are in two parts of a network: as a black hole, traps included"),
    _transport(
        "serial-noise",
        "bits are flipped on the line, each way",
        _SERIAL_LINE,
        error_rate=Parameter(0.001, "errors/bit", 0, 0.5),
    ),
)
"""The faults of paths and connections."""

KINDS: tuple[FaultKind, ...] = PROTOCOL_KINDS + TRANSPORT_KINDS
"""Every fault that ships."""

STREAMS_ONLY = frozenset({"split", "joined"})
"""Faults of the path that a device without TCP cannot suffer."""


class _ByName(Mapping[str, FaultKind]):
    """Faults that ship, and faults of installed packages, which are loaded at the first look-up."""

    def __getitem__(self, name: str) -> FaultKind:
        return self._all[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)

    @cached_property
    def _all(self) -> Mapping[str, FaultKind]:
        own = {kind.kind: kind for kind in KINDS}
        theirs = added(frozenset(own)).items()
        return own | {name: _protocol(name, fault.doc, fault.source, **fault.parameters) for name, fault in theirs}


BY_NAME: Mapping[str, FaultKind] = _ByName()
"""Every fault of messages and paths.

Raises:
    FileError: at the first look-up, if the entry point of an installed package is broken.
"""


def of_package(kind: str) -> WireFault | None:
    """The fault of that name if an installed package adds it."""
    return added(frozenset(own.kind for own in KINDS)).get(kind)


def protocols(kind: str) -> tuple[Speaks, ...]:
    """The protocols whose messages a fault can change; none for faults of the path."""
    if (theirs := of_package(kind)) is not None:
        return theirs.protocols
    match kind.partition("-")[0]:
        case "modbus":
            return PROTOCOLS[:1] if kind == "modbus-wrong-transaction" else PROTOCOLS[:2]
        case "torn":
            return PROTOCOLS[:2]
        case "snmp" | "traps":
            return PROTOCOLS[2:]
        case "serial":
            return PROTOCOLS[1:2]
    return PROTOCOLS if BY_NAME[kind].family == "protocol" else ()


def chosen(kind: str, parameters: Mapping[str, float] | None = None) -> dict[str, float]:
    """All parameters of a fault: those given, else their defaults.

    Raises:
        ValueError: no such fault or parameter, or a number out of its range.
    """
    fault = BY_NAME.get(kind)
    if fault is None:
        raise ValueError(f"no fault is called {kind!r}; there are {', '.join(BY_NAME)}")
    try:
        return chosen_of(fault.parameters, parameters)
    except ValueError as error:
        raise ValueError(f"{kind}: {error}") from None


def path(faults: Faults, healthy: LinkConditions) -> LinkConditions:
    """The conditions of a path that suffers these faults and is `healthy` without; other faults change nothing."""
    c = healthy
    for kind, p in faults.items():
        match kind:
            case "delay":
                c = replace(c, latency_s=c.latency_s + p["delay_s"])
            case "jitter":
                c = replace(c, jitter_s=p["jitter_s"])
            case "loss":
                c = replace(c, loss_percent=p["percent"])
            case "duplication":
                c = replace(c, duplication_percent=p["percent"])
            case "reordering":
                c = replace(c, reordering_percent=p["percent"], reordering_s=p["delay_s"])
            case "bandwidth":
                c = replace(c, bandwidth_bps=p["bits_per_s"])
            case "split":
                c = replace(c, split_octets=int(p["octets"]), split_gap_s=p["gap_s"])
            case "joined":
                c = replace(c, join_s=p["hold_s"])
            case "refused":
                c = replace(c, state="refused")
            case "half-open":
                c = replace(c, state="half-open")
            case "black-hole" | "partition":
                c = replace(c, state="black-hole")
    return c
