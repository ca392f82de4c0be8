"""Every OID of every profile is as in its MIB: the object exists, with that type, those values, that access."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from mib_modules import UNSUPPORTED, Mibs

from twinfeed.emulators.profiles import library
from twinfeed.emulators.profiles.schema import Profile, SnmpObject

EXCEPTIONS = {
    "1.3.6.1.4.1.21796.3.3": "POSEIDON-MIB: not among the shared modules; columns and types as in a walk",
    "1.3.6.1.2.1.33.1.6.3.8": "upsAlarmOutputOverload only names an alarm; NUT's ietf-mib reads it as a flag, else it never shows OVER",
    "1.3.6.1.2.1.10.7": "EtherLike-MIB (RFC 3635): not among the shared modules",
    "1.3.6.1.4.1.47196.4.1.1.3": "Aruba chassis modules: not among the shared modules; taken from a walk",
    "1.3.6.1.4.1.318.1.4.2.4.1.4": "PowerNet's branch of modules: in APC's walks, not in this version of the MIB",
}
"""Prefixes that real devices answer although no MIB module we have contains them: prefix -> evidence."""


def instances(entry: SnmpObject) -> tuple[int, ...]:
    """The entry's OID with 1 for every row."""
    return tuple(map(int, re.sub(r"\{[^}]*\}", "1", entry.oid).split(".")))


def excused(oid: str) -> bool:
    return any(f"{oid}.".startswith(f"{prefix}.") for prefix in EXCEPTIONS)


def disagreements(profile: Profile, mibs: Mibs) -> Iterator[str]:
    """One line for each, beginning with the OID."""
    assert profile.snmp is not None
    for entry in profile.snmp.objects:
        oid = instances(entry)
        found = mibs.find(oid)
        if found is None or found[0].kind == "notification":
            yield f"{entry.oid}: no MIB defines it"
            continue
        node, index = found
        where = f"{entry.oid} ({node.module} {node.name})"
        if node.kind == "scalar" and index != (0,):
            yield f"{where}: is a scalar, its instance ends in .0"
        if node.kind == "column" and not index:
            yield f"{where}: is a column, its instances need an index"
        if node.type != entry.type:
            yield f"{where}: type is {entry.type}, the MIB says {node.type}"
        if node.access == "not-accessible":
            yield f"{where}: the MIB says not-accessible"
        if entry.access != "ro" and node.access not in ("read-write", "read-create", "write-only"):
            yield f"{where}: access is {entry.access}, the MIB says {node.access}"
        if node.values:
            raws = set((entry.enum or {}).values()) if entry.enum else set()
            if isinstance(entry.value, int):
                raws.add(entry.value)
            wrong = sorted(str(raw) for raw in raws if raw not in node.values and raw != UNSUPPORTED.get(node.module))
            if wrong:
                known = ", ".join(map(str, sorted(node.values)))
                yield f"{where}: {', '.join(wrong)} is not one of the MIB's values {known}"
        if entry.range and not (node.low <= entry.range[0] and entry.range[1] <= node.high):
            yield f"{where}: takes {entry.range[0]:g} to {entry.range[1]:g}, the MIB {node.low:g} to {node.high:g}"
    for trap in profile.snmp.traps:
        oid = tuple(map(int, trap.oid.split(".")))
        node = mibs.nodes.get(oid)
        if node is None or node.kind != "notification":
            yield f"{trap.oid} (trap of {trap.alarm} {trap.on}): no MIB defines that notification"


def named(line: str) -> str:
    """The OID a disagreement is about."""
    return re.split("[: ]", line)[0]


SNMP_PROFILES = [name for name in library.names() if library.get(name).snmp is not None]


@pytest.mark.parametrize("name", SNMP_PROFILES)
def test_profile_agrees_with_its_mibs(name: str, mibs: Mibs) -> None:
    found = [line for line in disagreements(library.get(name), mibs) if not excused(named(line))]
    assert not found, f"{len(found)} disagreements of {name}:\n" + "\n".join(found)


def test_every_exception_is_still_needed(mibs: Mibs) -> None:
    lines = [line for name in SNMP_PROFILES for line in disagreements(library.get(name), mibs)]
    unused = [prefix for prefix in EXCEPTIONS if not any(f"{named(line)}.".startswith(f"{prefix}.") for line in lines)]
    assert not unused, f"nothing disagrees under these any more, drop the exceptions: {', '.join(unused)}"


def test_the_modules_the_profiles_need_compile(mibs: Mibs) -> None:
    assert {"PowerNet-MIB", "PDU2-MIB", "UPS-MIB", "XUPS-MIB", "IF-MIB", "LLDP-MIB"} <= set(mibs.modules)


def test_a_wrong_type_value_and_access_are_found(mibs: Mibs) -> None:
    profile = Profile.model_validate(
        {
            "profile": "x",
            "vendor": "x",
            "product": "x",
            "kind": "pdu",
            "snmp": {
                "objects": [
                    {"oid": "1.3.6.1.4.1.318.1.1.26.9.2.3.1.5.{outlet}", "type": "gauge32", "value": 7, "access": "rw"},
                    {"oid": "1.3.6.1.4.1.318.1.1.12.1.7", "type": "integer", "value": 1},
                    {"oid": "1.3.6.1.4.1.318.99.1.0", "type": "integer", "value": 1},
                ],
                "traps": [{"alarm": "overload", "on": "raised", "oid": "1.3.6.1.4.1.318.0.99999"}],
            },
        }
    )
    text = "\n".join(disagreements(profile, mibs))
    for expected in (
        "type is gauge32, the MIB says integer",
        "7 is not one of the MIB's values 1, 2",
        "access is rw, the MIB says read-only",
        "is a scalar, its instance ends in .0",
        "318.99.1.0: no MIB defines it",
        "no MIB defines that notification",
    ):
        assert expected in text
