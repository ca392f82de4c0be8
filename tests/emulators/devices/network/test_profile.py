"""The profile of the Aruba CX 8360 against a walk of a real one and against the MIBs."""

from __future__ import annotations

import json
import re

import pytest
from lan import Lan

from twinfeed.emulators.profiles import library
from twinfeed.emulators.profiles.binding import Surface
from twinfeed.emulators.profiles.snmp_binding import SurfaceTree

TAGS = {
    "integer": 2,
    "string": 4,
    "oid": 6,
    "ipaddress": 64,
    "counter32": 65,
    "gauge32": 66,
    "timeticks": 67,
    "opaque": 68,
    "counter64": 70,
}

NOT_MODELLED = (
    "1.3.6.1.2.1.4.3",  # IP statistics, IPv6 addresses and neighbours
    "1.3.6.1.2.1.11.",  # counted by the agent itself
    "1.3.6.1.2.1.25.2.3.1.",  # file systems: only the row of the main memory is modelled
    "1.3.6.1.4.1.47196.4.1.1.3.7.",  # a scalar of the VSX module
    "1.3.6.1.6.3.10.",  # SNMP-FRAMEWORK-MIB, the agent's
    "1.3.111.",  # VLANs of the IEEE bridge MIB
)


def walk(shared_data, name):
    for line in (shared_data / "recordings" / f"{name}.snmprec").read_text(errors="replace").splitlines():
        if line.count("|") >= 2:
            oid, tag, _ = line.split("|", 2)
            yield oid, int(re.sub(r"\D", "", tag))


@pytest.fixture(scope="module")
def profile():
    return library.get("aruba-cx-8360")


@pytest.fixture(scope="module")
def tree(profile):
    plant = Lan().build(firmware=True)
    plant.advance(60.0)
    return SurfaceTree(Surface(profile, plant.actors["core-1/device"]))


def columns(profile):
    """The prefix of each object's instances, and its type's tag."""
    return [(re.sub(r"\.?\{.*", "", entry.oid), TAGS[entry.type]) for entry in profile.snmp.objects]


def matching(known, oid):
    return {tag for prefix, tag in known if oid == prefix or oid.startswith(prefix + ".")}


def test_every_recorded_column_of_the_modelled_tables_has_the_recorded_type(profile, shared_data):
    known = [*columns(profile), ("1.3.6.1.2.1.1.1.0", 4), ("1.3.6.1.2.1.1.2.0", 6)]
    wrong = [
        (oid, tag, matching(known, oid))
        for oid, tag in walk(shared_data, "arubaos-cx_8360")
        if not oid.startswith(NOT_MODELLED) and tag not in matching(known, oid)
    ]
    # The recording's forwarding table is of VLANs 1004 and 1014, ours of VLAN 1.
    assert [entry for entry in wrong if not entry[0].startswith("1.3.6.1.2.1.17.7.1.2.2.1.2.")] == []


def test_spanning_tree_columns_have_the_types_of_a_recorded_access_switch(profile, shared_data):
    known = columns(profile)
    recorded = [
        (oid, tag)
        for oid, tag in walk(shared_data, "ios_stp-vlans")
        if oid.startswith(("1.3.6.1.2.1.17.1", "1.3.6.1.2.1.17.2"))
    ]
    assert len(recorded) > 40
    assert [(oid, tag, matching(known, oid)) for oid, tag in recorded if tag not in matching(known, oid)] == []


def test_all_columns_of_a_row_are_there(tree):
    """ifXTable has 19 columns for each interface, ifTable 22, each in ascending order of OID."""
    rows = {}
    for instance in tree.instances:
        for table, width in (((1, 3, 6, 1, 2, 1, 2, 2, 1), 22), ((1, 3, 6, 1, 2, 1, 31, 1, 1, 1), 19)):
            if instance.oid[: len(table)] == table:
                rows.setdefault((width, instance.oid[-1]), []).append(instance.oid[len(table)])
    assert len(rows) == 2 * (54 + 1 + 1), "ports, an aggregate and the VLAN of the virtual router"
    for (width, _), found in rows.items():
        assert found == list(range(1, width + 1))


def test_counters_move_with_the_plant():
    plant = Lan().build(firmware=True)
    tree = SurfaceTree(Surface(library.get("aruba-cx-8360"), plant.actors["access-1/device"]))

    def value(oid):
        return next(i.read() for i in tree.instances if ".".join(map(str, i.oid)) == oid)

    plant.advance(10.0)
    wide, narrow = "1.3.6.1.2.1.31.1.1.1.10.53", "1.3.6.1.2.1.2.2.1.16.53"
    first = value(wide)
    plant.advance(20.0)
    assert value(wide) - first == pytest.approx(10.0 * plant.actors["access-1"].counters.rate(53, "out_octets"), abs=2)
    assert value(narrow) == value(wide) % 2**32 != value(wide), "the 32-bit counter has wrapped"


# -- the MIBs -------------------------------------------------------------------------------------------------

MODULES = (
    "IF-MIB",
    "BRIDGE-MIB",
    "RSTP-MIB",
    "Q-BRIDGE-MIB",
    "LLDP-MIB",
    "IEEE8023-LAG-MIB",
    "VRRPV3-MIB",
    "ENTITY-MIB",
    "ENTITY-SENSOR-MIB",
    "SNMPv2-MIB",
    "HOST-RESOURCES-MIB",
)

BASES = {
    "INTEGER": 2,
    "Enumeration": 2,
    "Integer32": 2,
    "OCTET STRING": 4,
    "BITS": 4,
    "Bits": 4,
    "OBJECT IDENTIFIER": 6,
    "IpAddress": 64,
    "Counter32": 65,
    "Gauge32": 66,
    "Unsigned32": 66,
    "TimeTicks": 67,
    "Counter64": 70,
}

HEAD = "{0} DEFINITIONS ::= BEGIN IMPORTS MODULE-IDENTITY, mib-2, Integer32, Unsigned32 FROM SNMPv2-SMI "
HEAD += 'TEXTUAL-CONVENTION FROM SNMPv2-TC; {1} MODULE-IDENTITY LAST-UPDATED "202601010000Z" '
HEAD += 'ORGANIZATION "" CONTACT-INFO "" DESCRIPTION "" ::= {{ mib-2 {2} }} '
CONVENTION = '{0} ::= TEXTUAL-CONVENTION STATUS current DESCRIPTION "" SYNTAX {1} '

STAND_INS = {
    "RMON2-MIB": HEAD.format("RMON2-MIB", "rmon2", 9991)
    + CONVENTION.format("ZeroBasedCounter32", "Unsigned32")
    + CONVENTION.format("TimeFilter", "Unsigned32")
    + "END",
    "IANA-ADDRESS-FAMILY-NUMBERS-MIB": HEAD.format("IANA-ADDRESS-FAMILY-NUMBERS-MIB", "ianaAddressFamily", 9992)
    + CONVENTION.format("AddressFamilyNumbers", "Integer32")
    + "END",
    "IANA-ENTITY-MIB": HEAD.format("IANA-ENTITY-MIB", "ianaEntity", 9993)
    + CONVENTION.format("IANAPhysicalClass", "Integer32")
    + "END",
}
"""Three modules that the others only take textual conventions from and that are not among the shared ones."""


@pytest.fixture(scope="module")
def mib_objects(shared_data):
    """OID -> (name, tag of its base type, access), as pysmi reads the MIB modules."""
    compiler = pytest.importorskip("pysmi.compiler")
    from pysmi.codegen.jsondoc import JsonCodeGen
    from pysmi.parser.smi import parserFactory
    from pysmi.reader.callback import CallbackReader
    from pysmi.reader.localfile import FileReader
    from pysmi.writer.callback import CallbackWriter

    modules = {}

    def keep(name, text, context):
        modules[name] = json.loads(text)

    mibs = compiler.MibCompiler(parserFactory()(), JsonCodeGen(), CallbackWriter(keep))
    mibs.add_sources(
        FileReader(str(shared_data / "mibs")), CallbackReader(lambda name, context: STAND_INS.get(name, ""))
    )
    mibs.compile(*MODULES, genTexts=False)
    assert set(MODULES) <= set(modules)
    conventions = {
        name: entry["type"]["type"]
        for module in modules.values()
        for name, entry in module.items()
        if isinstance(entry, dict) and entry.get("class") in ("textualconvention", "type")
    }
    found = {}
    for module in modules.values():
        for name, entry in module.items():
            if isinstance(entry, dict) and entry.get("nodetype") in ("scalar", "column"):
                base = entry["syntax"]["type"]
                while base not in BASES:
                    base = conventions[base]
                found[entry["oid"]] = (name, BASES[base], entry["maxaccess"])
    return found


def test_names_types_and_access_are_those_of_the_mibs(profile, mib_objects):
    checked = 0
    wrong = []
    for entry in profile.snmp.objects:
        prefix = re.sub(r"(\.0|\.?\{.*)$", "", entry.oid)
        while prefix and prefix not in mib_objects:
            prefix = prefix.rpartition(".")[0]
        if not prefix:
            continue
        checked += 1
        name, tag, access = mib_objects[prefix]
        if name not in entry.source or tag != TAGS[entry.type]:
            wrong.append((entry.oid, entry.source, entry.type, name, tag))
        if entry.access == "rw" and access not in ("read-write", "read-create"):
            wrong.append((entry.oid, "is writable here", access))
    assert wrong == []
    assert checked > 200
