"""An emulated product answers what the real one answered: every recorded column, of the same type and index shape."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from mib_modules import UNSUPPORTED, Mibs

from twinfeed.emulators import sitefile
from twinfeed.emulators.profiles import library
from twinfeed.emulators.profiles.binding import Surface
from twinfeed.emulators.profiles.snmp_binding import SurfaceTree
from twinfeed.emulators.site import Site
from twinfeed.emulators.wire.snmp.ber import Oid, Syntax

TAGS = {
    "2": Syntax.INTEGER,
    "4": Syntax.OCTET_STRING,
    "6": Syntax.OBJECT_IDENTIFIER,
    "64": Syntax.IP_ADDRESS,
    "65": Syntax.COUNTER32,
    "66": Syntax.GAUGE32,
    "67": Syntax.TIMETICKS,
    "70": Syntax.COUNTER64,
}
"""ASN.1 tags as .snmprec files write them; 4x is octets in hexadecimal."""


@dataclass(frozen=True)
class Product:
    """A profile, the walk of the real thing, and a site in which the device `unit` is that thing."""

    profile: str
    recording: str
    site: str
    subtrees: tuple[str, ...]
    """The subtrees that the profile models: everything recorded below must be served."""
    left_out: dict[str, str] = field(default_factory=dict)
    """Recorded prefixes below the subtrees that are not served -> why."""


PRODUCTS = (
    Product(
        "apc-rpdu2",
        "apc_ap8959eu3",
        """
power: {utility: {kind: utility}}
racks:
  unit:
    {kind: pdu, from: utility, phases: 1, rated_a: 16, outlets: 24, banks: 1, bank_a: 16, outlet_a: 16,
     device: {profile: apc-rpdu2}}
  rack: {kind: rack, from: {a: "unit:1"}, rack_kw: 2}
""",
        ("1.3.6.1.2.1.1", "1.3.6.1.4.1.318"),
    ),
    Product(
        "raritan-px2",
        "raritan-pdu_px2",
        """
power: {utility: {kind: utility}}
racks:
  unit:
    {kind: pdu, from: utility, phases: 1, rated_a: 16, outlets: 12, banks: 1, bank_a: 16, outlet_a: 10,
     device: {profile: raritan-px2}}
  rack: {kind: rack, from: {a: "unit:1"}, rack_kw: 2}
""",
        ("1.3.6.1.2.1.1", "1.3.6.1.4.1.13742.6"),
    ),
    Product(
        "apc-rack-ats",
        "apc_ats",
        """
power: {utility-a: {kind: utility}, utility-b: {kind: utility}}
racks:
  unit: {kind: rack_ats, from: {a: utility-a, b: utility-b}, device: {profile: apc-rack-ats}}
  rack: {kind: rack, from: {a: unit}, rack_kw: 2}
""",
        ("1.3.6.1.2.1.1", "1.3.6.1.4.1.318.1.1.8"),
    ),
)


def names(product: Product) -> str:
    return f"{product.profile} as {product.recording}"


def oid(text: str) -> Oid:
    return tuple(map(int, text.split(".")))


def starts(name: Oid, prefixes: object) -> bool:
    return any(name[: len(oid(p))] == oid(p) for p in prefixes)  # type: ignore[attr-defined]


def served(product: Product, tmp_path: Path) -> SurfaceTree:
    """The variables of the emulated product, its plant at rest."""
    path = tmp_path / "site.yaml"
    path.write_text(f"site: site\n{product.site}")
    site = Site(sitefile.read(path))
    site.advance(60.0)
    return SurfaceTree(Surface(library.get(product.profile), site["unit"]))


def recorded(product: Product, shared_data: Path) -> Iterator[tuple[Oid, Syntax]]:
    """The real product's answers below the modelled subtrees."""
    text = (shared_data / "recordings" / f"{product.recording}.snmprec").read_text(errors="replace")
    for line in text.splitlines():
        name, _, rest = line.partition("|")
        tag = rest.partition("|")[0].rstrip("xe")
        if name and starts(oid(name), product.subtrees) and not starts(oid(name), product.left_out):
            yield oid(name), TAGS[tag]


@pytest.mark.parametrize("product", PRODUCTS, ids=names)
def test_every_recorded_column_is_served_with_its_type_and_index(
    product: Product, shared_data: Path, tmp_path: Path
) -> None:
    columns: dict[Oid, tuple[Syntax, set[int]]] = {}
    for instance in served(product, tmp_path).instances:
        column = instance.oid[: -instance.index_length]
        columns.setdefault(column, (instance.syntax, set()))[1].add(instance.index_length)
    wrong: dict[str, None] = {}
    compared = 0
    for name, syntax in recorded(product, shared_data):
        compared += 1
        found = [n for n in range(len(name) - 1, 6, -1) if name[:n] in columns]
        dotted = ".".join(map(str, name))
        if not found:
            wrong[f"{dotted}: recorded, but no column of the profile covers it"] = None
        for length in found[:1]:
            mine, lengths = columns[name[:length]]
            column = ".".join(map(str, name[:length]))
            if mine is not syntax:
                wrong[f"{column}: {mine.name}, the real one answers {syntax.name}"] = None
            if len(name) - length not in lengths:
                wrong[f"{column}: an index of {lengths} numbers, the real one has {len(name) - length}"] = None
    assert compared, f"{product.recording} has nothing below {', '.join(product.subtrees)}"
    assert not wrong, f"{len(wrong)} differences:\n" + "\n".join(wrong)


@pytest.mark.parametrize("product", PRODUCTS, ids=names)
def test_what_is_left_out_was_recorded_and_is_not_served(product: Product, shared_data: Path, tmp_path: Path) -> None:
    text = (shared_data / "recordings" / f"{product.recording}.snmprec").read_text(errors="replace")
    instances = served(product, tmp_path).instances
    for prefix in product.left_out:
        assert f"\n{prefix}." in text, f"{prefix} is not in the recording: no need to leave it out"
        assert not any(starts(i.oid, (prefix,)) for i in instances), f"{prefix} is served: no need to leave it out"


@pytest.mark.parametrize("product", PRODUCTS, ids=names)
def test_served_numbers_are_ones_the_mib_allows(product: Product, mibs: Mibs, tmp_path: Path) -> None:
    wrong = []
    for instance in served(product, tmp_path).instances:
        found = mibs.find(instance.oid)
        value = instance.read()
        if found is None or not isinstance(value, int):
            continue
        node, _ = found
        if value == UNSUPPORTED.get(node.module):
            continue
        if (node.values and value not in node.values) or not node.low <= value <= node.high:
            wrong.append(f"{node.name} {'.'.join(map(str, instance.oid))} is {value}")
    assert not wrong, "\n".join(wrong)
