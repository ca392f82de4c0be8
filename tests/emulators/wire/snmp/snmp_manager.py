"""A manager made of pysnmp's codec: what our agent is asked with and how its answers are read, none of it ours."""

from typing import Any, NamedTuple

from pyasn1.codec.ber import decoder, encoder
from pysnmp.proto import api
from pysnmp.proto.rfc1902 import Counter64

from twinfeed.emulators.wire.snmp import Access, Instance, MibTree, SnmpAgent, Syntax

V1 = api.PROTOCOL_MODULES[api.SNMP_VERSION_1]
V2C = api.PROTOCOL_MODULES[api.SNMP_VERSION_2C]

SYSTEM = (1, 3, 6, 1, 2, 1, 1)
TABLE = (1, 3, 6, 1, 4, 1, 53864, 1)


class Answer(NamedTuple):
    status: int
    index: int
    bindings: list[tuple[tuple[int, ...], str, Any]]  # name, type, value

    @property
    def names(self) -> list[tuple[int, ...]]:
        return [name for name, _, _ in self.bindings]

    @property
    def values(self) -> list[Any]:
        return [value for _, _, value in self.bindings]


def request(
    operation: str,
    *bindings: Any,
    version: int = 2,
    community: bytes = b"public",
    request_id: int = 4711,
    non_repeaters: int = 0,
    max_repetitions: int = 0,
) -> bytes:
    """`operation` is Get, GetNext, GetBulk, Set …; a binding is a name, or a name with a pysnmp value."""
    module = V1 if version == 1 else V2C
    pdu = getattr(module, f"{operation}RequestPDU")()
    access = module.apiBulkPDU if operation == "GetBulk" else module.apiPDU
    access.set_defaults(pdu)
    access.set_request_id(pdu, request_id)
    if operation == "GetBulk":
        access.set_non_repeaters(pdu, non_repeaters)
        access.set_max_repetitions(pdu, max_repetitions)
    pairs = [b if isinstance(b[0], tuple) else (b, module.Null("")) for b in bindings]
    access.set_varbinds(pdu, pairs)
    message = module.Message()
    module.apiMessage.set_defaults(message)
    module.apiMessage.set_community(message, community)
    module.apiMessage.set_pdu(message, pdu)
    octets: bytes = encoder.encode(message)
    return octets


def read(datagram: bytes, version: int = 2) -> Answer:
    module = V1 if version == 1 else V2C
    message, rest = decoder.decode(datagram, asn1Spec=module.Message())
    assert not rest
    pdu = module.apiMessage.get_pdu(message)
    assert pdu.__class__.__name__.startswith(("GetResponse", "Response"))
    bindings = []
    for name, value in module.apiPDU.get_varbinds(pdu):
        kind = value.__class__.__name__
        if kind == "ObjectIdentifier":
            plain: Any = tuple(value)
        elif kind in ("OctetString", "IpAddress", "Opaque"):
            plain = bytes(value)
        elif kind in ("Null", "NoSuchObject", "NoSuchInstance", "EndOfMibView"):
            plain = None
        else:
            plain = int(value)
        bindings.append((tuple(name), kind, plain))
    return Answer(
        int(module.apiPDU.get_error_status(pdu)), int(module.apiPDU.get_error_index(pdu, muteErrors=True)), bindings
    )


def ask(agent: SnmpAgent, operation: str, *bindings: Any, version: int = 2, **how: Any) -> Answer:
    """The agent's answer; it must answer."""
    datagram = agent.handle(request(operation, *bindings, version=version, **how))
    assert datagram is not None, "the agent did not answer"
    return read(datagram, version)


class Device:
    """A small device: three scalars, a writable name and a limit, and a table of two columns and three rows, the
    second column Counter64. `moved` is its revision."""

    def __init__(self) -> None:
        self.moved = 0
        self.name = b"pdu-a"
        self.limit = 40
        self.uptime = 100
        self.rows = [11, 12, 13]
        self.reads = 0

    def rename(self, value: Any) -> None:
        self.name = value

    def set_limit(self, value: Any) -> None:
        self.limit = value

    def read_name(self) -> bytes:
        self.reads += 1
        return self.name

    def instances(self) -> list[Instance]:
        scalars = [
            Instance((*SYSTEM, 1, 0), Syntax.OCTET_STRING, lambda: b"a device"),
            Instance((*SYSTEM, 2, 0), Syntax.OBJECT_IDENTIFIER, lambda: (1, 3, 6, 1, 4, 1, 53864)),
            Instance((*SYSTEM, 3, 0), Syntax.TIMETICKS, lambda: self.uptime, volatile=True),
            Instance((*SYSTEM, 5, 0), Syntax.OCTET_STRING, self.read_name, self.rename),
            Instance((*SYSTEM, 7, 0), Syntax.INTEGER, lambda: self.limit, self.set_limit),
        ]
        table = []
        for row in range(len(self.rows)):
            table.append(Instance((*TABLE, 1, row + 1), Syntax.GAUGE32, lambda row=row: self.rows[row]))
            table.append(Instance((*TABLE, 2, row + 1), Syntax.COUNTER64, lambda row=row: 2**40 + self.rows[row]))
        return scalars + table

    def agent(self, **options: Any) -> SnmpAgent:
        tree = MibTree(self.instances(), lambda: self.moved)
        return SnmpAgent(tree, {b"public": Access.READ_ONLY, b"private": Access.READ_WRITE}, **options)


__all__ = ["SYSTEM", "TABLE", "V1", "V2C", "Answer", "Counter64", "Device", "ask", "read", "request"]
