"""Points that are answered as odd devices answer them, over SNMP and over Modbus, on the shipped bench site."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from workers.examples import examples

from twinfeed.emulators.devices.firmware.answer_faults import ANSWER_FAULTS, MODBUS_ONLY, SNMP_ONLY
from twinfeed.emulators.plant.kernel.actor import PlantError
from twinfeed.emulators.profiles import odd_answers
from twinfeed.emulators.profiles.binding import Surface
from twinfeed.emulators.profiles.modbus_binding import ProfileUnit
from twinfeed.emulators.profiles.snmp_binding import SurfaceTree
from twinfeed.emulators.site import Site
from twinfeed.emulators.wire.modbus import IllegalAddress, ModbusTcpConnection, Unanswered, respond
from twinfeed.emulators.wire.modbus.diagnostics import Counters
from twinfeed.emulators.wire.snmp.ber import encode_oid_content, parse_oid

CHARGE = "1.3.6.1.2.1.33.1.2.4.0"  # upsEstimatedChargeRemaining, RFC 1628
IN_OCTETS_1 = "1.3.6.1.2.1.2.2.1.10.1"  # ifInOctets.1, RFC 2863


@pytest.fixture(scope="module")
def built() -> tuple[Site, dict[str, Any]]:
    site = Site.load("bench")
    site.advance(60.0)
    return site, site.plant.snapshot()


@pytest.fixture
def site(built: tuple[Site, dict[str, Any]]) -> Iterator[Site]:
    found, snapshot = built
    found.plant.restore(snapshot)
    yield found
    found.plant.restore(snapshot)


def surface(site: Site, device: str) -> Surface:
    profile = next(item.profile for item in site.file.devices if item.name == device)
    return Surface(profile, site.devices[device])


def binding(tree: SurfaceTree, oid: str) -> bytes:
    """The octets of that variable's binding."""
    tree.refresh()
    position = tree.find(encode_oid_content(parse_oid(oid)))
    assert position is not None, f"{oid} is not there"
    return tree.encode(position)


@pytest.mark.parametrize(
    ("kind", "parameters", "value"),
    [
        ("null", {}, "0500"),
        ("wrong-type", {}, "0403313030"),  # OCTET STRING "100"
        ("sentinel", {"form": 1}, "0201ff"),  # INTEGER -1
        ("sentinel", {"form": 2}, "02047fffffff"),
        ("sentinel", {"form": 3}, "020480000000"),
        ("sentinel", {"form": 4}, "020100"),
        ("missing", {"form": 2}, "8100"),  # noSuchInstance
        ("malformed", {"form": 1}, "020480000064"),
        ("malformed", {"form": 2}, "02050100000064"),
        ("malformed", {"form": 3}, "0200"),
        ("malformed", {"form": 4}, "02080101010101010101"),
        ("malformed", {"form": 6}, "0282000164"),
        ("malformed", {"form": 7}, "470164"),
    ],
)
def test_a_variable_is_answered_oddly(site: Site, kind: str, parameters: dict[str, float], value: str) -> None:
    tree = SurfaceTree(surface(site, "ups-1"))
    well = binding(tree, CHARGE)
    assert well.endswith(bytes.fromhex("020164")), "a full battery"
    site.inject("ups-1:battery.charge", kind, parameters)
    assert binding(tree, CHARGE)[2 + len(well) - 5 :] == bytes.fromhex(value)
    site.clear("ups-1:battery.charge")
    assert binding(tree, CHARGE) == well


@pytest.mark.parametrize(("form", "name"), [(5, "8000"), (8, "9080808005")])
def test_the_last_sub_identifier_of_a_name_is_malformed(site: Site, form: int, name: str) -> None:
    tree = SurfaceTree(surface(site, "ups-1"))
    site.inject("ups-1:battery.charge", "malformed", {"form": form})
    content = encode_oid_content(parse_oid(CHARGE))[:-1] + bytes.fromhex(name)
    assert binding(tree, CHARGE)[2:] == bytes((6, len(content))) + content + bytes.fromhex("020164")


def test_a_walk_skips_a_missing_variable(site: Site) -> None:
    tree = SurfaceTree(surface(site, "ups-1"))
    tree.refresh()
    before = len(tree)
    site.inject("ups-1:battery.charge", "missing")
    tree.refresh()
    assert (len(tree), tree.find(encode_oid_content(parse_oid(CHARGE)))) == (before - 1, None)
    site.clear()
    tree.refresh()
    assert len(tree) == before


def test_a_lazy_tree_follows_the_faults_that_are_there_already(site: Site) -> None:
    site.inject("ups-1:battery.charge", "missing")
    tree = SurfaceTree(surface(site, "ups-1"), lazy=True)
    tree.refresh()
    assert tree.find(encode_oid_content(parse_oid(CHARGE))) is None


def test_a_counter_wraps_soon_after_the_onset(site: Site) -> None:
    tree = SurfaceTree(surface(site, "switch-1"))

    def octets() -> int:
        return int.from_bytes(binding(tree, IN_OCTETS_1).rpartition(b"\x41")[2][1:], "big")

    true = site.devices["switch-1"].point("port.1.in_octets")
    site.inject("switch-1:port.1.in_octets", "counter-wrap", {"left": 5.0, "speed": 1e6})
    assert octets() == 2**32 - 5
    began = int(float(true.read()))
    site.advance(10.0)
    passed = int(float(true.read())) - began
    assert passed > 0, "the port carries traffic"
    assert octets() == (2**32 - 5 + passed * 1_000_000) % 2**32


# -- Modbus ---------------------------------------------------------------------------------------------------


def phase_current(site: Site) -> tuple[ProfileUnit, int]:
    """The meter's unit and the address of its first current, an f32 of two registers (PM5000: 3000 less one)."""
    return ProfileUnit(surface(site, "meter-1")), 2999


@pytest.mark.parametrize(
    ("kind", "parameters", "octets"),
    [
        ("null", {}, "00000000"),
        ("sentinel", {"form": 1}, "ffffffff"),
        ("sentinel", {"form": 2}, "7f7fffff"),
        ("sentinel", {"form": 3}, "ff7fffff"),
        ("sentinel", {"form": 4}, "00000000"),
    ],
)
def test_registers_hold_odd_octets(site: Site, kind: str, parameters: dict[str, float], octets: str) -> None:
    unit, address = phase_current(site)
    well = unit.read_registers("holding", address, 2)
    site.inject("meter-1:current.1", kind, parameters)
    assert unit.read_registers("holding", address, 2) == bytes.fromhex(octets)
    site.clear()
    assert unit.read_registers("holding", address, 2) == well


@pytest.mark.parametrize(("form", "order"), [(1, (2, 3, 0, 1)), (2, (1, 0, 3, 2)), (3, (3, 2, 1, 0))])
def test_octets_of_registers_come_in_another_order(site: Site, form: int, order: tuple[int, ...]) -> None:
    unit, address = phase_current(site)
    well = unit.read_registers("holding", address, 2)
    site.inject("meter-1:current.1", "swapped", {"form": form})
    assert unit.read_registers("holding", address, 2) == bytes(well[place] for place in order)


def test_a_read_that_touches_a_missing_point_is_refused_and_others_are_not(site: Site) -> None:
    unit, address = phase_current(site)
    next_to_it = unit.read_registers("holding", address + 2, 2)
    site.inject("meter-1:current.1", "missing")
    with pytest.raises(IllegalAddress):
        unit.read_registers("holding", address, 4)
    assert unit.read_registers("holding", address + 2, 2) == next_to_it


def test_a_read_that_touches_a_silent_point_is_not_answered(site: Site) -> None:
    unit, address = phase_current(site)
    site.inject("meter-1:current.1", "missing", {"form": 3})
    with pytest.raises(Unanswered):
        unit.read_registers("holding", address, 2)
    request = bytes((3,)) + address.to_bytes(2, "big") + b"\0\2"
    assert respond(unit, request) == b""
    counters = Counters()
    assert ModbusTcpConnection({1: unit}, counters).receive(b"\0\1\0\0\0\6\1" + request) == b""
    assert counters.no_responses == 1


# -- points that can be odd -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "kind", "why"),
    [
        ("ups-1:battery.charge", "swapped", "ups-rfc1628 does not show battery.charge in Modbus registers"),
        ("meter-1:current.1", "malformed", "schneider-pm5000 does not show current.1 over SNMP"),
        ("ups-1:battery.charge", "counter-wrap", "does not show battery.charge as a counter"),
        ("ups-1:system.clock", "null", "ups-rfc1628 does not show system.clock"),
    ],
)
def test_a_fault_that_no_answer_can_show_is_refused(site: Site, target: str, kind: str, why: str) -> None:
    with pytest.raises(PlantError, match=why):
        site.inject(target, kind)


@settings(max_examples=examples(60), deadline=None)
@given(data=st.data())
def test_one_odd_point_changes_no_other_answer_and_ends_exactly(
    built: tuple[Site, dict[str, Any]], data: st.DataObject
) -> None:
    """Whatever point suffers whatever fault: the other variables stay, and clearing restores all to the octet."""
    site, snapshot = built
    site.plant.restore(snapshot)
    item = data.draw(st.sampled_from([device for device in site.file.devices if device.profile.snmp is not None]))
    tree = SurfaceTree(surface(site, item.name))
    tree.refresh()
    well = {i.oid: tree.encode(at) for at, i in enumerate(tree.instances) if not i.volatile}
    kind = data.draw(st.sampled_from(sorted(set(ANSWER_FAULTS) - MODBUS_ONLY - {"counter-wrap"})))
    point = data.draw(st.sampled_from(item_points(site, item.name)))
    form = data.draw(st.integers(1, int(ANSWER_FAULTS[kind].parameters["form"].high))) if kind in FORMED else None
    try:
        site.inject(f"{item.name}:{point}", kind, {} if form is None else {"form": form})
    except PlantError:
        return  # the product does not show this point
    tree.refresh()
    mine = {name for name, _, shown in tree._shown() if shown == point}
    for at, instance in enumerate(tree.instances):
        if instance.oid in mine or instance.oid not in well or point == "system.uptime":
            continue
        assert tree.encode(at) == well[instance.oid]
    site.clear()
    tree.refresh()
    assert {i.oid: tree.encode(at) for at, i in enumerate(tree.instances) if not i.volatile} == well


FORMED = {kind for kind, fault in ANSWER_FAULTS.items() if "form" in fault.parameters}


def item_points(site: Site, device: str) -> list[str]:
    return [name for name in site.devices[device].point_names() if not name.startswith("system.")]


def test_each_fault_is_of_one_point() -> None:
    assert {fault.of for fault in ANSWER_FAULTS.values()} == {("point",)}
    assert set(ANSWER_FAULTS) >= SNMP_ONLY | MODBUS_ONLY


def test_the_entries_of_every_point_are_those_whose_template_has_its_name(site: Site) -> None:
    for name, device in site.devices.items():
        profile, index = site.profiles[name], odd_answers._Shown(site.profiles[name])
        for point in device.point_names():
            expected = [
                entry
                for entry in odd_answers.entries(profile)
                if entry.point is not None and _has_name(entry.point, point)
            ]
            assert sorted(map(repr, index.entries(point))) == sorted(map(repr, expected)), f"{name} {point}"


def _has_name(template: str, name: str) -> bool:
    """Part by part, as a person compares them."""
    parts, given = template.split("."), name.split(".")
    return len(parts) == len(given) and all(
        set(there) <= set("0123456789-") if part.startswith("{") else part == there
        for part, there in zip(parts, given, strict=True)
    )
