"""SNMP v1, v2c and v3, the agent's side: codecs, the variables, the agent, notifications, and servers for UDP and TCP.

An agent in ten lines::

    from twinfeed.emulators.wire.snmp import Access, Instance, MibTree, SnmpAgent, SnmpServer, Syntax, agent_instances

    SYSTEM = (1, 3, 6, 1, 2, 1, 1)
    own = [
        Instance((*SYSTEM, 1, 0), Syntax.OCTET_STRING, lambda: b"an emulated UPS"),
        Instance((*SYSTEM, 5, 0), Syntax.OCTET_STRING, lambda: ups.name, write=ups.rename),
        Instance((1, 3, 6, 1, 2, 1, 33, 1, 2, 4, 0), Syntax.INTEGER, lambda: round(ups.charge_percent)),
    ]
    tree = MibTree(own, revision=lambda: plant.revision)
    agent = SnmpAgent(tree, {b"public": Access.READ_ONLY, b"private": Access.READ_WRITE})
    tree.replace(own + agent_instances(agent))      # if the device shows its agent's own counters
    server = SnmpServer(agent, "127.0.0.1", 161)
    await server.start()

Everything but :class:`SnmpServer` and :class:`NotificationSender` is sans-IO: bytes and the time in, bytes out.
Names and values: :mod:`~emulators.wire.snmp.ber`; instances and what a write may raise:
:mod:`~emulators.wire.snmp.mib`; users and engines: :mod:`~emulators.wire.snmp.usm`; what users may see and set:
:mod:`~emulators.wire.snmp.access`.
"""

from twinfeed.emulators.wire.snmp.access import ALL, NOTHING, AccessEntry, Subtree, View, parse_subtree
from twinfeed.emulators.wire.snmp.agent import Access, SnmpAgent, agent_instances
from twinfeed.emulators.wire.snmp.ber import BerError, Oid, Syntax, Value, format_oid, parse_oid
from twinfeed.emulators.wire.snmp.counters import Counter
from twinfeed.emulators.wire.snmp.crypto import AuthProtocol, PrivProtocol
from twinfeed.emulators.wire.snmp.message import ErrorStatus, PduType, VarBind, Version
from twinfeed.emulators.wire.snmp.mib import (
    InconsistentName,
    InconsistentValue,
    Instance,
    MibTree,
    NoAccess,
    NoCreation,
    NotWritable,
    ResourceUnavailable,
    SetError,
    WrongEncoding,
    WrongLength,
    WrongType,
    WrongValue,
)
from twinfeed.emulators.wire.snmp.notify import (
    AUTHENTICATION_FAILURE,
    COLD_START,
    LINK_DOWN,
    LINK_UP,
    WARM_START,
    Notification,
    NotificationOriginator,
    Target,
)
from twinfeed.emulators.wire.snmp.server import NotificationSender, NotLoopback, SnmpServer
from twinfeed.emulators.wire.snmp.stream import SnmpStreamServer
from twinfeed.emulators.wire.snmp.usm import Engine, User, engine_id_from_mac, engine_id_from_text

__all__ = [
    "ALL",
    "AUTHENTICATION_FAILURE",
    "COLD_START",
    "LINK_DOWN",
    "LINK_UP",
    "NOTHING",
    "WARM_START",
    "Access",
    "AccessEntry",
    "AuthProtocol",
    "BerError",
    "Counter",
    "Engine",
    "ErrorStatus",
    "InconsistentName",
    "InconsistentValue",
    "Instance",
    "MibTree",
    "NoAccess",
    "NoCreation",
    "NotLoopback",
    "NotWritable",
    "Notification",
    "NotificationOriginator",
    "NotificationSender",
    "Oid",
    "PduType",
    "PrivProtocol",
    "ResourceUnavailable",
    "SetError",
    "SnmpAgent",
    "SnmpServer",
    "SnmpStreamServer",
    "Subtree",
    "Syntax",
    "Target",
    "User",
    "Value",
    "VarBind",
    "Version",
    "View",
    "WrongEncoding",
    "WrongLength",
    "WrongType",
    "WrongValue",
    "agent_instances",
    "engine_id_from_mac",
    "engine_id_from_text",
    "format_oid",
    "parse_oid",
    "parse_subtree",
]
