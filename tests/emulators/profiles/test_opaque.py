"""Floats in an Opaque: numbers in profiles, on the wire as net-snmp has them, and numbers again for a handle."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from twinfeed.emulators.profiles import library, opaque
from twinfeed.emulators.profiles.binding import Surface
from twinfeed.emulators.profiles.snmp_binding import SurfaceTree, oid
from twinfeed.emulators.site import Site
from twinfeed.emulators.wire.snmp import Instance, WrongEncoding
from twinfeed.harness.characterise.recording.recording import load
from twinfeed.harness.transports import DeviceHandle
from twinfeed.harness.transports.answers import VarBind
from twinfeed.harness.transports.replay import recorded_agent

CHARGE, LOW = "1.3.6.1.4.1.6574.4.3.1.1.0", "1.3.6.1.4.1.6574.4.3.1.2.0"

PROFILE = f"""profile: nas
vendor: Maker
product: Box with a UPS
kind: ups
snmp:
  sys_object_id: 1.3.6.1.4.1.8072.3.2.10
  objects:
    - {{oid: {CHARGE}, type: opaque-float, point: battery.charge, source: own}}
    - {{oid: {LOW}, type: opaque-double, point: setting.transfer.low, access: rw, source: own}}
"""


@pytest.fixture
def site() -> Site:
    return Site.load("bench")


@pytest.fixture
def instances(site: Site, tmp_path: Path) -> dict[str, Instance]:
    path = tmp_path / "nas.yaml"
    path.write_text(PROFILE)
    tree = SurfaceTree(Surface(library.load(path), site["ups-2"]))
    return {".".join(map(str, instance.oid)): instance for instance in tree.instances}


@pytest.mark.parametrize(
    ("octets", "number"),
    [
        ("9f780442c80000", 100.0),
        ("9f780443660000", 230.0),
        ("9f78043dcccccd", 0.1),
        ("9f78047f7fffff", 3.4028234663852886e38),
    ],
)
def test_a_float_as_devices_sent_it(octets: str, number: float) -> None:
    """Of a Synology with a UPS, and of snmpd's laLoadFloat."""
    assert opaque.unpacked(bytes.fromhex(octets)) == number
    assert opaque.packed("opaque-float", number).hex() == octets


@given(st.floats(width=32), st.floats())
@example(3.4028234663852886e38, 0.0)
def test_every_number_comes_back(single: float, double: float) -> None:
    for type, number in (("opaque-float", single), ("opaque-double", double)):
        again = opaque.unpacked(opaque.packed(type, number))
        assert again is not None
        assert opaque.packed(type, again) == opaque.packed(type, number)
        assert type == "opaque-float" or again == number or math.isnan(number)


@pytest.mark.parametrize("octets", ["", "9f7804", "9f780442c8000000", "9f790442c80000", "48692c20"])
def test_what_holds_no_float_is_none(octets: str) -> None:
    assert opaque.unpacked(bytes.fromhex(octets)) is None


def test_a_point_is_shown_as_a_float(instances: dict[str, Instance]) -> None:
    assert instances[CHARGE].read() == bytes.fromhex("9f780442c80000")  # 100 %


def test_a_point_is_written_as_a_float(instances: dict[str, Instance], site: Site) -> None:
    low = instances[LOW]
    assert low.write is not None and low.check is not None
    value = opaque.packed("opaque-float", 201.0)  # a manager may send either
    low.check(value)
    low.write(value)
    assert site["ups-2"].read("setting.transfer.low") == 201.0
    with pytest.raises(WrongEncoding):
        low.check(b"201")


async def test_a_handle_reads_the_number(tmp_path: Path) -> None:
    path = tmp_path / "nas.yaml"
    path.write_text(PROFILE)
    agent = recorded_agent([VarBind(CHARGE, bytes.fromhex("9f780442ae0000"), "opaque")], "nas")
    assert (await DeviceHandle("nas", library.load(path), snmp=agent).read("battery.charge")).value == 87.0


def test_the_reported_recording_holds_floats(shared_cases: Path) -> None:
    variables = load(shared_cases / "opaque-float.snmprec").walks[0].variables
    found = [opaque.unpacked(v.value) for v in variables.values() if v.type == "opaque" and isinstance(v.value, bytes)]
    assert found == [100.0, 230.0]
    assert oid("1.3.6.1.4.1.99999.9.1.0") in {oid(name) for name in variables}
