"""An SNMP agent without sockets: one datagram in, at most one datagram out.

Message processing and its counters follow RFC 3418 for communities and RFC 3412 for v3. The agent raises nothing
on account of what arrives.

Answers to community requests are remembered, keyed by the request without its request-id, until the tree's
generation changes; an answer that showed a volatile instance, or an error of the device, is not. The memory is
bounded by `answer_memory` octets an agent.
"""

from collections.abc import Callable, Mapping, Sequence
from enum import Enum

from emulators.wire.snmp.ber import BerError, Syntax, Value, encode_integer, encode_tlv
from emulators.wire.snmp.counters import Counter, Counters, counter_oid
from emulators.wire.snmp.message import (
    PduType,
    Version,
    content_room,
    encode_community_message,
    read_community_message,
    read_pdu,
    read_version,
)
from emulators.wire.snmp.mib import InconsistentValue, Instance, MibTree, WrongValue
from emulators.wire.snmp.operations import REQUESTS, V1_REQUESTS, execute
from emulators.wire.snmp.usm import Engine, User
from emulators.wire.snmp.v3 import V3Responder

DEFAULT_MAX_MESSAGE = 1472  # octets: what fits an Ethernet frame, recommended by RFC 3417 §3.2
DEFAULT_ANSWER_MEMORY = 64 * 1024  # octets
_ANSWER_OVERHEAD = 300  # octets a remembered answer takes besides its three byte strings, about


class Access(Enum):
    """What a community may do."""

    READ_ONLY = "read-only"
    READ_WRITE = "read-write"


class _Answer:
    """A remembered answer: what comes before and after the request-id, and how often it was given since
    that was last counted."""

    __slots__ = ("bindings", "given", "head", "pdu_type", "status", "tail")

    def __init__(self, head: bytes, tail: bytes, pdu_type: int, status: int, bindings: int) -> None:
        self.head = head
        self.tail = tail
        self.pdu_type = pdu_type
        self.status = status
        self.bindings = bindings
        self.given = 0


class SnmpAgent:
    """One device's agent: v1 and v2c for its communities, v3 for its users if it has an engine.

    `max_message` is the longest message it sends, in octets. `on_authentication_failure` is called for a
    request with an unknown community while snmpEnableAuthenTraps is on: the place to send the trap.
    """

    __slots__ = (
        "_answer_memory",
        "_answer_room",
        "_answers",
        "_communities",
        "_counters",
        "_generation",
        "_v3",
        "authen_traps_enabled",
        "max_message",
        "on_authentication_failure",
        "set_serial",
        "tree",
    )

    def __init__(
        self,
        tree: MibTree,
        communities: Mapping[bytes, Access],
        users: Sequence[User] = (),
        engine: Engine | None = None,
        *,
        max_message: int = DEFAULT_MAX_MESSAGE,
        answer_memory: int = DEFAULT_ANSWER_MEMORY,
        on_authentication_failure: Callable[[], None] | None = None,
    ) -> None:
        if users and engine is None:
            raise ValueError("an agent with users needs an engine: their keys are localized to its engine id")
        if not 484 <= max_message <= 65507:
            raise ValueError(f"the longest message is 484 to 65507 octets (RFC 3417 §3.2), found {max_message}")
        self.tree = tree
        self.max_message = max_message
        self.authen_traps_enabled = False
        self.on_authentication_failure = on_authentication_failure
        self.set_serial = 0  # snmpSetSerialNo
        self._communities = dict(communities)
        self._counters = Counters()
        self._v3 = None if engine is None else V3Responder(engine, users, self._counters, max_message)
        self._answers: dict[bytes, _Answer] = {}
        self._answer_memory = answer_memory
        self._answer_room = answer_memory
        self._generation = -1

    @property
    def engine(self) -> Engine | None:
        """The engine v3 messages must name; None for an agent without v3."""
        return None if self._v3 is None else self._v3.engine

    @property
    def communities(self) -> Mapping[bytes, Access]:
        """Who may do what; assign a new mapping to change it."""
        return dict(self._communities)

    @communities.setter
    def communities(self, communities: Mapping[bytes, Access]) -> None:
        self._communities = dict(communities)
        self._forget_answers()

    def counter(self, counter: Counter) -> int:
        """A counter as a manager would read it now, modulo 2^32."""
        self._count_answers()
        return self._counters[counter]

    def handle(self, datagram: bytes) -> bytes | None:
        """The answer to a datagram, None when there is none to give."""
        if self.tree.refresh() != self._generation:
            self._forget_answers()
            self._generation = self.tree.generation
        # Where a community message's request-id lies follows from the length octets before it. If this is not one,
        # the slices are nonsense that was never remembered, and the proper parser has its say.
        try:
            first = datagram[1]
            community = 6 if first < 0x80 else 6 + (first & 0x7F)
            pdu = community + 1 + datagram[community]
            length = datagram[pdu + 1]
            start = pdu + 4 if length < 0x80 else pdu + 4 + (length & 0x7F)
            end = start + datagram[start - 1]
        except IndexError:
            return self._handle(datagram, b"", 0)
        key = datagram[:start] + datagram[end:]
        answer = self._answers.get(key)
        if answer is not None:
            answer.given += 1
            return answer.head + datagram[start:end] + answer.tail
        return self._handle(datagram, key, start)

    def _handle(self, datagram: bytes, key: bytes, id_start: int) -> bytes | None:
        counters = self._counters
        counters.add(Counter.IN_PKTS)
        try:
            version, start, end = read_version(datagram)
            if version == Version.V3 and self._v3 is not None:
                return self._v3.handle(
                    datagram,
                    start,
                    end,
                    lambda pdu, writable, room: execute(self.tree, pdu, v1=False, writable=writable, room=room),
                )
            if version not in (Version.V1, Version.V2C):
                counters.add(Counter.IN_BAD_VERSIONS)
                return None
            community, pdu_start = read_community_message(datagram, start, end)
            access = self._communities.get(community)
            if access is None:
                self._bad_community()
                return None
            pdu = read_pdu(datagram, pdu_start, end)
            v1 = version == Version.V1
            if pdu.tag not in REQUESTS:
                counters.add(Counter.UNKNOWN_PDU_HANDLERS)
                return None
            if v1 and pdu.tag not in V1_REQUESTS:
                raise BerError(f"tag {pdu.tag:#04x} is no PDU of SNMPv1")
        except BerError:
            counters.add(Counter.IN_ASN_PARSE_ERRS)
            return None
        writable = access is Access.READ_WRITE
        if pdu.tag == PduType.SET and not writable:
            counters.add(Counter.IN_BAD_COMMUNITY_USES)
        self.tree.touched_volatile = False
        fixed = len(encode_integer(version)) + len(encode_tlv(Syntax.OCTET_STRING, community))
        room = content_room(self.max_message) - fixed
        outcome = execute(self.tree, pdu, v1=v1, writable=writable, room=room)
        if outcome is None:
            counters.add(Counter.SILENT_DROPS)
            return None
        counters.add_answered(pdu.tag, outcome.status, outcome.bindings)
        content = encode_tlv(Syntax.INTEGER, pdu.request_id) + outcome.tail
        response = encode_community_message(version, community, encode_tlv(PduType.RESPONSE, content))
        # The key is sound only if the request-id was found where the parser found it.
        if id_start == pdu.id_start and pdu.tag != PduType.SET and not self.tree.touched_volatile:
            head = response[: len(response) - len(outcome.tail) - len(pdu.request_id)]
            self._remember(key, _Answer(head, outcome.tail, pdu.tag, outcome.status, outcome.bindings))
        return response

    def _bad_community(self) -> None:
        self._counters.add(Counter.IN_BAD_COMMUNITY_NAMES)
        if self.authen_traps_enabled and self.on_authentication_failure is not None:
            self.on_authentication_failure()

    # remembered answers --------------------------------------------------------------------------------------

    def _remember(self, key: bytes, answer: _Answer) -> None:
        octets = len(key) + len(answer.head) + len(answer.tail) + _ANSWER_OVERHEAD
        if octets > self._answer_room:
            self._forget_answers()
            if octets > self._answer_room:
                return
        self._answer_room -= octets
        self._answers[key] = answer

    def _forget_answers(self) -> None:
        if self._answers:
            self._count_answers()
            self._answers.clear()
            self._answer_room = self._answer_memory

    def _count_answers(self) -> None:
        for answer in self._answers.values():
            if answer.given:
                self._counters.add(Counter.IN_PKTS, answer.given)
                self._counters.add_answered(answer.pdu_type, answer.status, answer.bindings, answer.given)
                answer.given = 0


def agent_instances(agent: SnmpAgent) -> list[Instance]:
    """What the agent knows of itself, to be merged into its tree where the device offers it: the snmp group, the
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
