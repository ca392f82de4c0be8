"""An SNMP agent without sockets: one datagram in, at most one datagram out.

Message processing and its counters follow RFC 3418 for communities and RFC 3412 for v3. The agent raises nothing on
account of what arrives.

Managers ask the same over and over. A community request is remembered, keyed by its octets without the request-id,
together with its last answer; that answer is given again while the tree's generation is the same and it showed no
volatile instance, otherwise the request is carried out again. What is remembered is bounded an agent.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum

from twinfeed.emulators.wire.snmp.access import ALL, NOTHING, AccessEntry, SeenTree, View
from twinfeed.emulators.wire.snmp.ber import BerError, Syntax, Value, encode_integer, encode_tlv
from twinfeed.emulators.wire.snmp.counters import Counter, Counters, counter_oid
from twinfeed.emulators.wire.snmp.message import (
    ErrorStatus,
    Pdu,
    PduType,
    Version,
    content_room,
    encode_community_message,
    read_community_message,
    read_pdu,
    read_pdu_head,
    read_version,
)
from twinfeed.emulators.wire.snmp.mib import InconsistentValue, Instance, MibTree, WrongValue
from twinfeed.emulators.wire.snmp.operations import REQUESTS, V1_REQUESTS, Outcome, execute, refuse
from twinfeed.emulators.wire.snmp.usm import Engine, User
from twinfeed.emulators.wire.snmp.v3 import V3Responder

STREAM_MAX_MESSAGE = 8192  # octets: the least that RFC 3430 §2 recommends for messages over TCP
STREAM_MARK = b"\0stream"  # ends the keys of remembered requests that came over TCP: their answers may be longer
DEFAULT_MAX_MESSAGE = 1472  # octets: what fits an Ethernet frame, recommended by RFC 3417 §3.2
DEFAULT_REQUEST_MEMORY = 32 * 1024  # octets
_REQUEST_OCTETS = 500  # a remembered request takes this, about, besides its byte strings and bindings
_IN_PKTS = int(Counter.IN_PKTS)
_NEVER = -1  # no tree has this generation
_BINDING_OCTETS = 150  # and this for each binding it has


class Access(Enum):
    """The access of a community without views; `AccessEntry` is for views."""

    READ_ONLY = "read-only"
    READ_WRITE = "read-write"


def _entries(communities: Mapping[bytes, Access | AccessEntry]) -> dict[bytes, AccessEntry]:
    """The variables that each community may read and set."""
    whole = {Access.READ_ONLY: AccessEntry(0, ALL, NOTHING), Access.READ_WRITE: AccessEntry(0, ALL, ALL)}
    return {name: whole[access] if isinstance(access, Access) else access for name, access in communities.items()}


class _Request:
    """A community request and its last answer.

    `head` and `tail` are the answer's octets before and after the request-id; they hold for `generation`, which is
    one the tree never has if they must not be given again. `given` counts answers not yet added to the counters.
    """

    __slots__ = (
        "bindings",
        "community",
        "entry",
        "generation",
        "given",
        "head",
        "pdu",
        "room",
        "status",
        "tail",
        "version",
    )

    def __init__(self, version: int, community: bytes, pdu: Pdu, entry: AccessEntry, room: int) -> None:
        self.version = version
        self.community = community
        self.pdu = pdu
        self.entry = entry  # the view of the community, for reading and setting
        self.room = room  # octets there are for the answer's PDU
        self.generation = _NEVER
        self.head = b""
        self.tail = b""
        self.status = 0
        self.bindings = 0
        self.given = 0


class SnmpAgent:
    """One device's agent: v1 and v2c for its communities, v3 for its users if it has an engine.

    `contexts` are the names under which v3 reaches the variables; each shows the same, and the default one has no name.

    `max_message` is the longest message it sends and takes, and `request_memory` about what it remembers of requests,
    both in octets. `on_authentication_failure` is called for a request with an unknown community while
    snmpEnableAuthenTraps is on: the place to send the trap.
    """

    __slots__ = (
        "_communities",
        "_counters",
        "_max_message",
        "_memory",
        "_memory_left",
        "_requests",
        "_seen",
        "_v3",
        "authen_traps_enabled",
        "on_authentication_failure",
        "set_serial",
        "tree",
    )

    def __init__(
        self,
        tree: MibTree,
        communities: Mapping[bytes, Access | AccessEntry],
        users: Sequence[User] = (),
        engine: Engine | None = None,
        *,
        contexts: Iterable[bytes] = (b"",),
        max_message: int = DEFAULT_MAX_MESSAGE,
        request_memory: int = DEFAULT_REQUEST_MEMORY,
        on_authentication_failure: Callable[[], None] | None = None,
    ) -> None:
        if users and engine is None:
            raise ValueError("an agent with users needs an engine: their keys are localized to its engine id")
        if not 484 <= max_message <= 65507:
            raise ValueError(f"the longest message is 484 to 65507 octets (RFC 3417 §3.2), found {max_message}")
        self.tree = tree
        self.authen_traps_enabled = False
        self.on_authentication_failure = on_authentication_failure
        self.set_serial = 0  # snmpSetSerialNo
        self._communities = _entries(communities)
        self._counters = Counters()
        self._v3 = None if engine is None else V3Responder(engine, users, contexts, self._counters, max_message)
        self._max_message = max_message
        self._seen: dict[View, SeenTree] = {}
        self._requests: dict[bytes, _Request] = {}
        self._memory = request_memory
        self._memory_left = request_memory

    @property
    def engine(self) -> Engine | None:
        """The engine that v3 messages must name; None for an agent without v3."""
        return None if self._v3 is None else self._v3.engine

    @property
    def max_message(self) -> int:
        """The longest message this agent sends and takes, in octets (snmpEngineMaxMessageSize)."""
        return self._max_message

    @property
    def communities(self) -> Mapping[bytes, AccessEntry]:
        """The access of each community. Assign a new mapping to change it."""
        return dict(self._communities)

    @communities.setter
    def communities(self, communities: Mapping[bytes, Access | AccessEntry]) -> None:
        self._communities = _entries(communities)
        self._forget_requests()

    def counter(self, counter: Counter) -> int:
        """The present value of a counter as managers read it, modulo 2^32."""
        self._count_given()
        return self._counters[counter]

    def handle_in_stream(self, message: bytes) -> bytes | None:
        """The answer to a message that came over TCP, where messages may be longer. As `handle`."""
        return self.handle(message, max(self._max_message, STREAM_MAX_MESSAGE))

    def handle(self, datagram: bytes, most: int | None = None) -> bytes | None:
        """The answer to a datagram, None when there is none to give.

        `most` is the longest message, octets, if not `max_message`. A longer datagram is not processed (RFC 3411 §5:
        snmpEngineMaxMessageSize is meant in both directions). A v2c manager gets tooBig, whatever it asked, and nothing
        is read or set; others get no answer.

        Raises:
            Exception: the code of a device, see `MibTree.fatal` and `MibTree.refresh`; no answer is to be given.
        """
        self._counters.values[_IN_PKTS] += 1
        if most is None:
            most, mark = self._max_message, b""
        else:
            mark = STREAM_MARK
        if len(datagram) > most:
            return self._handle(datagram, b"", 0, most)
        generation = self.tree.refresh()
        # Where a community message's request-id lies follows from the length octets before it. If this is not one,
        # the slices are nonsense that was never remembered, and the proper parser decides.
        try:
            first = datagram[1]
            community = 6 if first < 0x80 else 6 + (first & 0x7F)
            pdu = community + 1 + datagram[community]
            length = datagram[pdu + 1]
            start = pdu + 4 if length < 0x80 else pdu + 4 + (length & 0x7F)
            end = start + datagram[start - 1]
        except IndexError:
            return self._handle(datagram, b"", 0, most)
        key = datagram[:start] + datagram[end:] + mark
        request = self._requests.get(key)
        if request is None:
            return self._handle(datagram, key, start, most)
        if request.generation != generation:
            octets_before = len(request.tail)
            if not self._carry_out(request):
                return None
            self._memory_left += octets_before - len(request.tail)
        request.given += 1
        return request.head + datagram[start:end] + request.tail

    def _handle(self, datagram: bytes, key: bytes, id_start: int, most: int) -> bytes | None:
        """The answer to a request that is not in the cache."""
        counters = self._counters
        try:
            version, start, end = read_version(datagram)
            too_long = len(datagram) > most
            if too_long and version != Version.V2C:  # v1 would have to repeat the bindings, v3 to authenticate them
                raise BerError(f"{len(datagram)} octets, of which {most} have been received")
            if version == Version.V3 and self._v3 is not None:
                return self._v3.handle(datagram, start, end, self._carry_out_v3, most)
            request = self._read_request(datagram, version, start, end, most)
        except BerError:
            counters.add(Counter.IN_ASN_PARSE_ERRS)
            return None
        if request is None:
            return None
        if too_long:
            outcome = refuse(request.pdu, ErrorStatus.TOO_BIG, 0, v1=False, room=request.room)
            return None if outcome is None else self._refused(request, outcome)
        if not self._carry_out(request):
            return None
        request.given = 1
        # The key is sound only if the request-id was found where the parser found it.
        if id_start == request.pdu.id_start and request.pdu.tag != PduType.SET:
            self._remember(key, request)
        else:
            self._count(request)
        return request.head + request.pdu.request_id + request.tail

    def _read_request(self, datagram: bytes, version: int, start: int, end: int, most: int) -> _Request | None:
        """The community request in datagram[start:end]. None, and counted, if it gets no answer."""
        counters = self._counters
        if version not in (Version.V1, Version.V2C):
            counters.add(Counter.IN_BAD_VERSIONS)
            return None
        community, pdu_start = read_community_message(datagram, start, end)
        entry = self._communities.get(community)
        if entry is None:
            counters.add(Counter.IN_BAD_COMMUNITY_NAMES)
            if self.authen_traps_enabled and self.on_authentication_failure is not None:
                self.on_authentication_failure()
            return None
        too_long = len(datagram) > most
        pdu = read_pdu_head(datagram, pdu_start, end)[0] if too_long else read_pdu(datagram, pdu_start, end)
        if pdu.tag not in REQUESTS:
            counters.add(Counter.UNKNOWN_PDU_HANDLERS)
            return None
        if version == Version.V1 and pdu.tag not in V1_REQUESTS:
            raise BerError(f"tag {pdu.tag:#04x} is no PDU of SNMPv1")
        if pdu.tag == PduType.SET and entry.write == NOTHING:
            counters.add(Counter.IN_BAD_COMMUNITY_USES)
        around = len(encode_integer(version)) + len(encode_tlv(Syntax.OCTET_STRING, community))
        return _Request(version, community, pdu, entry, content_room(most) - around)

    def _carry_out(self, request: _Request) -> bool:
        """Make the answer to a request anew. Returns False if no answer fits."""
        entry, pdu = request.entry, request.pdu
        tree = self.tree if pdu.tag == PduType.SET else self._seen_through(entry.read)
        tree.touched_volatile = False
        outcome = execute(tree, pdu, v1=request.version == Version.V1, writable=entry.write, room=request.room)
        if outcome is None:
            self._counters.add(Counter.SILENT_DROPS)
            return False
        if request.given and (outcome.status != request.status or outcome.bindings != request.bindings):
            self._count(request)
        request.tail, request.status, request.bindings = outcome
        whole = self._encoded(request)
        request.head = whole[: len(whole) - len(request.tail) - len(pdu.request_id)]
        request.generation = _NEVER if tree.touched_volatile else self.tree.generation
        return True

    def _encoded(self, request: _Request) -> bytes:
        """The whole answer to the request."""
        content = encode_tlv(Syntax.INTEGER, request.pdu.request_id) + request.tail
        return encode_community_message(request.version, request.community, encode_tlv(PduType.RESPONSE, content))

    def _refused(self, request: _Request, outcome: Outcome) -> bytes:
        """The answer to a request that is not carried out."""
        request.tail, request.status, request.bindings = outcome
        request.given = 1
        self._count(request)
        return self._encoded(request)

    def _carry_out_v3(self, pdu: Pdu, entry: AccessEntry, room: int) -> Outcome | None:
        tree = self.tree if pdu.tag == PduType.SET else self._seen_through(entry.read)
        return execute(tree, pdu, v1=False, writable=entry.write, room=room)

    def _seen_through(self, view: View) -> MibTree:
        """The variables that are in a view."""
        if view == ALL:
            return self.tree
        seen = self._seen.get(view)
        if seen is None:
            seen = self._seen[view] = SeenTree(self.tree, view)
        seen.refresh()
        return seen

    # remembered requests -------------------------------------------------------------------------------------

    def _remember(self, key: bytes, request: _Request) -> None:
        bindings = _BINDING_OCTETS * len(request.pdu.varbinds)
        self._memory_left -= _REQUEST_OCTETS + 2 * len(key) + bindings + len(request.tail)
        if self._memory_left < 0:
            self._forget_requests()
            self._count(request)
            return
        self._requests[key] = request

    def _forget_requests(self) -> None:
        self._count_given()
        self._requests.clear()
        self._memory_left = self._memory

    def _count_given(self) -> None:
        for request in self._requests.values():
            if request.given:
                self._count(request)

    def _count(self, request: _Request) -> None:
        self._counters.add_answered(request.pdu.tag, request.status, request.bindings, request.given)
        request.given = 0


def agent_instances(agent: SnmpAgent) -> list[Instance]:
    """The agent's own variables, to be merged into its tree if the device offers them: the snmp group, the
    statistics of RFC 3412 to 3414, snmpSetSerialNo and, with an engine, the snmpEngine group (RFC 3411 §5)."""
    instances = [_counter_instance(agent, counter) for counter in Counter]
    instances.append(_authen_traps_instance(agent))
    instances.append(_set_serial_instance(agent))
    engine = agent.engine
    if engine is not None:
        group = (1, 3, 6, 1, 6, 3, 10, 2, 1)
        octets = engine.engine_id
        instances += [
            Instance((*group, 1, 0), Syntax.OCTET_STRING, lambda: octets),
            Instance((*group, 2, 0), Syntax.INTEGER, engine.boots, volatile=True),
            Instance((*group, 3, 0), Syntax.INTEGER, engine.time_s, volatile=True),
            Instance((*group, 4, 0), Syntax.INTEGER, lambda: agent.max_message),
        ]
    return instances


def _counter_instance(agent: SnmpAgent, counter: Counter) -> Instance:
    return Instance(counter_oid(counter), Syntax.COUNTER32, lambda: agent.counter(counter), volatile=True)


def _authen_traps_instance(agent: SnmpAgent) -> Instance:
    """snmpEnableAuthenTraps: enabled(1), disabled(2)."""

    def write(value: Value) -> None:
        agent.authen_traps_enabled = value == 1

    def check(value: Value) -> None:
        if value not in (1, 2):
            raise WrongValue(f"snmpEnableAuthenTraps is enabled(1) or disabled(2), found {value!r}")

    return Instance(
        (1, 3, 6, 1, 2, 1, 11, 30, 0),
        Syntax.INTEGER,
        lambda: 1 if agent.authen_traps_enabled else 2,
        write,
        check,
        volatile=True,
    )


def _set_serial_instance(agent: SnmpAgent) -> Instance:
    """snmpSetSerialNo, a TestAndIncr (RFC 2579): setting it succeeds with its present value only, and adds one."""

    def write(_: Value) -> None:
        agent.set_serial = (agent.set_serial + 1) & 0x7FFF_FFFF

    def check(value: Value) -> None:
        if value != agent.set_serial:
            raise InconsistentValue(f"snmpSetSerialNo is {agent.set_serial}, found {value!r}")

    return Instance(
        (1, 3, 6, 1, 6, 3, 1, 1, 6, 1, 0), Syntax.INTEGER, lambda: agent.set_serial, write, check, volatile=True
    )
