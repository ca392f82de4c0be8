"""The modules that every other MIB module imports, as far as pysmi needs them to compile one.

Debian has them in non-free only (package snmp-mibs-downloader). These are the names, numbers and types that RFC 2578,
RFC 2579, RFC 2580, RFC 1155, RFC 1212 and RFC 1215 define, without their descriptions and macros.
"""

from __future__ import annotations

SMI = """SNMPv2-SMI DEFINITIONS ::= BEGIN
org OBJECT IDENTIFIER ::= { iso 3 }
dod OBJECT IDENTIFIER ::= { org 6 }
internet OBJECT IDENTIFIER ::= { dod 1 }
directory OBJECT IDENTIFIER ::= { internet 1 }
mgmt OBJECT IDENTIFIER ::= { internet 2 }
mib-2 OBJECT IDENTIFIER ::= { mgmt 1 }
transmission OBJECT IDENTIFIER ::= { mib-2 10 }
experimental OBJECT IDENTIFIER ::= { internet 3 }
private OBJECT IDENTIFIER ::= { internet 4 }
enterprises OBJECT IDENTIFIER ::= { private 1 }
security OBJECT IDENTIFIER ::= { internet 5 }
snmpV2 OBJECT IDENTIFIER ::= { internet 6 }
snmpDomains OBJECT IDENTIFIER ::= { snmpV2 1 }
snmpProxys OBJECT IDENTIFIER ::= { snmpV2 2 }
snmpModules OBJECT IDENTIFIER ::= { snmpV2 3 }
zeroDotZero OBJECT IDENTIFIER ::= { 0 0 }
ObjectName ::= OBJECT IDENTIFIER
NotificationName ::= OBJECT IDENTIFIER
Integer32 ::= INTEGER (-2147483648..2147483647)
IpAddress ::= [APPLICATION 0] IMPLICIT OCTET STRING (SIZE (4))
Counter32 ::= [APPLICATION 1] IMPLICIT INTEGER (0..4294967295)
Gauge32 ::= [APPLICATION 2] IMPLICIT INTEGER (0..4294967295)
Unsigned32 ::= [APPLICATION 2] IMPLICIT INTEGER (0..4294967295)
TimeTicks ::= [APPLICATION 3] IMPLICIT INTEGER (0..4294967295)
Opaque ::= [APPLICATION 4] IMPLICIT OCTET STRING
Counter64 ::= [APPLICATION 6] IMPLICIT INTEGER (0..18446744073709551615)
END
"""

OLD_SMI = """RFC1155-SMI DEFINITIONS ::= BEGIN
internet OBJECT IDENTIFIER ::= { iso org(3) dod(6) 1 }
directory OBJECT IDENTIFIER ::= { internet 1 }
mgmt OBJECT IDENTIFIER ::= { internet 2 }
experimental OBJECT IDENTIFIER ::= { internet 3 }
private OBJECT IDENTIFIER ::= { internet 4 }
enterprises OBJECT IDENTIFIER ::= { private 1 }
ObjectName ::= OBJECT IDENTIFIER
IpAddress ::= [APPLICATION 0] IMPLICIT OCTET STRING (SIZE (4))
Counter ::= [APPLICATION 1] IMPLICIT INTEGER (0..4294967295)
Gauge ::= [APPLICATION 2] IMPLICIT INTEGER (0..4294967295)
TimeTicks ::= [APPLICATION 3] IMPLICIT INTEGER (0..4294967295)
Opaque ::= [APPLICATION 4] IMPLICIT OCTET STRING
END
"""

CONVENTIONS = {
    "DisplayString": "OCTET STRING (SIZE (0..255))",
    "PhysAddress": "OCTET STRING",
    "MacAddress": "OCTET STRING (SIZE (6))",
    "TruthValue": "INTEGER { true(1), false(2) }",
    "TestAndIncr": "INTEGER (0..2147483647)",
    "AutonomousType": "OBJECT IDENTIFIER",
    "InstancePointer": "OBJECT IDENTIFIER",
    "VariablePointer": "OBJECT IDENTIFIER",
    "RowPointer": "OBJECT IDENTIFIER",
    "RowStatus": "INTEGER { active(1), notInService(2), notReady(3), createAndGo(4), createAndWait(5), destroy(6) }",
    "TimeStamp": "TimeTicks",
    "TimeInterval": "INTEGER (0..2147483647)",
    "DateAndTime": "OCTET STRING (SIZE (8 | 11))",
    "StorageType": "INTEGER { other(1), volatile(2), nonVolatile(3), permanent(4), readOnly(5) }",
    "TDomain": "OBJECT IDENTIFIER",
    "TAddress": "OCTET STRING (SIZE (1..255))",
}
"""The textual conventions of RFC 2579 -> their syntax."""

TC = "\n".join(
    (
        "SNMPv2-TC DEFINITIONS ::= BEGIN",
        "IMPORTS TimeTicks FROM SNMPv2-SMI;",
        *(
            f'{name} ::= TEXTUAL-CONVENTION STATUS current DESCRIPTION "" SYNTAX {syntax}'
            for name, syntax in CONVENTIONS.items()
        ),
        "END\n",
    )
)


def _empty(name: str) -> str:
    """A module of macros only, which pysmi knows."""
    return f"{name} DEFINITIONS ::= BEGIN\nEND\n"


TEXTS = {
    "SNMPv2-SMI": SMI,
    "SNMPv2-TC": TC,
    "RFC1155-SMI": OLD_SMI,
    **{name: _empty(name) for name in ("SNMPv2-CONF", "RFC-1212", "RFC-1215")},
}
"""By the module's name."""
