"""A profile laid over a device: values, rows and writes, as SNMP variables and as Modbus registers."""

from __future__ import annotations

import re
import struct
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinfeed.emulators.devices import catalogue
from twinfeed.emulators.devices.firmware.alarms import Alarm
from twinfeed.emulators.devices.firmware.device import Device
from twinfeed.emulators.devices.firmware.kind import DeviceKind
from twinfeed.emulators.devices.firmware.points import Point, Refused, RowPoint
from twinfeed.emulators.devices.firmware.state import Params
from twinfeed.emulators.plant.kernel.engine import Plant
from twinfeed.emulators.profiles import library
from twinfeed.emulators.profiles.binding import ProfileError, Surface
from twinfeed.emulators.profiles.modbus_binding import ProfileUnit
from twinfeed.emulators.profiles.modbus_extras import unit_of
from twinfeed.emulators.profiles.snmp_binding import SurfaceTree
from twinfeed.emulators.profiles.values import from_raw, to_raw, whole
from twinfeed.emulators.wire.modbus import (
    Counters,
    DeviceFailure,
    IllegalAddress,
    IllegalFunction,
    IllegalValue,
    Unanswered,
    respond,
)
from twinfeed.emulators.wire.snmp import NotWritable, WrongLength, WrongValue
from twinfeed.emulators.wire.snmp.ber import encode_oid_content
from twinfeed.emulators.yamlfile import FileError


class Heater(Device):
    """A device of two elements, just enough to bind to."""

    kind = "heater"

    def start(self) -> None:
        self.degrees = 21.46
        self.on = {1: True, 2: False}
        self.rows = [1, 2]

    def indices(self, name):
        return self.rows if name == "element" else super().indices(name)

    def switch(self, element, value):
        if self.degrees > 80:
            raise Refused("too hot to switch")
        self.on[element] = value == "on"

    def set_degrees(self, value):
        self.degrees = value


HEATER = DeviceKind(
    Heater,
    points=(
        Point("temperature", "", lambda d: d.degrees, "°C", write=Heater.set_degrees, low=-20, high=100),
        RowPoint(
            "element.{element}.state",
            "",
            lambda d, e: "on" if d.on[e] else "off",
            write=Heater.switch,
            values=("on", "off"),
        ),
    ),
    alarms=(Alarm("hot", "too hot", lambda d: d.degrees > 80),),
)


PROFILE = """
profile: heater
vendor: Nobody
product: Heater
kind: heater
snmp:
  sys_object_id: 1.3.6.1.4.1.99999.1
  sys_descr: "Heater firmware {system.firmware}"
  objects:
    - {oid: 1.3.6.1.4.1.99999.1.1.0, type: integer, point: temperature, factor: 0.1, access: rw, range: [-100, 900]}
    - {oid: "1.3.6.1.4.1.99999.1.2.1.2.{element}", type: integer, point: "element.{element}.state", enum: {on: 1, off: 2}, access: rw}
    - {oid: "1.3.6.1.4.1.99999.1.2.1.3.{element}", type: string, value: "Element {element+10}"}
    - {oid: 1.3.6.1.4.1.99999.1.3.0, type: integer, count_of: element}
    - {oid: 1.3.6.1.4.1.99999.1.4.0, type: string, flags: {length: 4, bits: {2: {point: element.1.state, in: [on]}, 4: {point: alarm.hot.active}}}}
    - {oid: 1.3.6.1.4.1.99999.1.5.0, type: string, point: system.name, access: rw, size: [1, 8]}
    - {oid: 1.3.6.1.4.1.99999.1.6.0, type: string, value: "hex:00ff10"}
modbus:
  identification: {0: Nobody, 2: "{system.firmware}"}
  registers:
    - {table: holding, address: 10, type: i16, point: temperature, factor: 0.1, access: rw}
    - {table: holding, address: 11, type: f32, point: temperature, word_order: little}
    - {table: holding, address: 20, type: u16, point: "element.{element}.state", enum: {on: 1, off: 0}, stride: {element: 5}, access: rw}
    - {table: input, address: 0, type: string, length: 3, value: "abc"}
    - {table: input, address: 3, type: u16, flags: {base: 128, bits: {0: {point: element.1.state, in: [on]}, 1: {point: alarm.hot.active, invert: true}}}}
  bits:
    - {table: coil, address: 5, point: "element.{element}.state", enum: {on: 1, off: 0}, stride: {element: 1}, access: rw}
"""


@pytest.fixture
def heater(monkeypatch):
    monkeypatch.setitem(catalogue.KINDS.kinds, HEATER.name, HEATER)
    device = HEATER.build("heater/device", Params(firmware="1.2"))
    plant = Plant()
    plant.add(device)
    plant.start()
    return device


@pytest.fixture
def surface(heater, tmp_path):
    path = tmp_path / "heater.yaml"
    path.write_text(PROFILE)
    return Surface(library.load(path), heater)


def snmp(surface: Surface, oid: str):
    tree = SurfaceTree(surface)
    place = tree.find(encode_oid_content(tuple(map(int, oid.split(".")))))
    assert place is not None, f"{oid} is not in the tree"
    return tree.instances[place]


def test_a_number_is_scaled_and_rounded(surface):
    assert snmp(surface, "1.3.6.1.4.1.99999.1.1.0").read() == 215


def test_a_word_becomes_its_number_in_every_row(surface):
    column = "1.3.6.1.4.1.99999.1.2.1.2"
    assert [snmp(surface, f"{column}.{row}").read() for row in (1, 2)] == [1, 2]


def test_fixed_texts_may_hold_the_row_and_octets(surface):
    assert snmp(surface, "1.3.6.1.4.1.99999.1.2.1.3.2").read() == b"Element 12"
    assert snmp(surface, "1.3.6.1.4.1.99999.1.6.0").read() == bytes.fromhex("00ff10")


def test_flags_are_packed_into_text_and_bits(surface):
    assert snmp(surface, "1.3.6.1.4.1.99999.1.4.0").read() == b"0100"
    assert ProfileUnit(surface).read_registers("input", 3, 1) == struct.pack(">H", 128 | 1 | 2)


def test_the_product_introduces_itself(surface):
    assert snmp(surface, "1.3.6.1.2.1.1.1.0").read() == b"Heater firmware 1.2"
    assert ProfileUnit(surface).identification == {0: b"Nobody", 2: b"1.2"}


def test_rows_come_and_go_with_the_device(surface, heater):
    tree = SurfaceTree(surface)
    before = len(tree)
    heater.rows = [1, 2, 3]
    heater.on[3] = True
    heater.layout += 1
    tree.refresh()
    assert len(tree) == before + 2


def test_setting_a_variable_acts_on_the_device(surface, heater):
    snmp(surface, "1.3.6.1.4.1.99999.1.2.1.2.2").write(1)
    assert heater.on[2]


@pytest.mark.parametrize(
    ("oid", "value", "error"),
    [
        ("1.3.6.1.4.1.99999.1.1.0", 901, WrongValue),
        ("1.3.6.1.4.1.99999.1.2.1.2.1", 3, WrongValue),
        ("1.3.6.1.4.1.99999.1.5.0", b"much too long", WrongLength),
    ],
)
def test_a_variable_refuses_what_it_never_takes_before_anything_is_set(surface, oid, value, error):
    with pytest.raises(error):
        snmp(surface, oid).check(value)


def test_a_read_only_variable_has_no_way_to_be_written(surface):
    assert snmp(surface, "1.3.6.1.4.1.99999.1.3.0").write is None
    assert NotWritable.status.name == "NOT_WRITABLE"


def test_registers_are_read_whole_and_in_part(surface):
    unit = ProfileUnit(surface)
    assert struct.unpack(">h", unit.read_registers("holding", 10, 1)) == (215,)
    high, low = unit.read_registers("holding", 12, 1), unit.read_registers("holding", 11, 1)
    assert struct.unpack(">f", high + low)[0] == pytest.approx(21.46)


def test_a_gap_is_an_illegal_address(surface):
    with pytest.raises(IllegalAddress):
        ProfileUnit(surface).read_registers("holding", 12, 2)


def test_registers_follow_the_device(surface, heater):
    unit = ProfileUnit(surface)
    unit.read_registers("holding", 10, 1)
    heater.write("temperature", 50.0)
    assert unit.read_registers("holding", 10, 1) == struct.pack(">h", 500)


def test_several_values_are_written_together_or_not_at_all(surface, heater):
    unit = ProfileUnit(surface)
    with pytest.raises(IllegalAddress):
        unit.write_registers(10, struct.pack(">hH", 300, 0))
    assert heater.degrees == 21.46


def test_a_value_that_was_not_asked_for_is_an_illegal_value(surface):
    with pytest.raises(IllegalValue):
        ProfileUnit(surface).write_registers(20, struct.pack(">H", 7))


def test_what_the_device_refuses_now_is_a_device_failure(surface, heater):
    heater.degrees = 90.0
    with pytest.raises(DeviceFailure):
        ProfileUnit(surface).write_registers(20, struct.pack(">H", 0))


def test_coils_switch(surface, heater):
    unit = ProfileUnit(surface)
    unit.write_bits(5, [False, True])
    assert heater.on == {1: False, 2: True}
    assert list(unit.read_bits("coil", 5, 2)) == [False, True]


@given(st.integers(-200, 1000))
def test_what_is_written_is_read_back(raw):
    entry = library.Register(table="holding", address=0, type="i16", point="temperature", factor="0.1")
    assert to_raw(entry, from_raw(entry, raw)) == pytest.approx(raw)


def test_a_profile_that_asks_for_what_the_device_lacks_names_the_place(heater, tmp_path):
    path = tmp_path / "heater.yaml"
    path.write_text(
        PROFILE.replace("point: temperature, factor: 0.1, access: rw, range", "point: temprature, access: rw, range")
    )
    with pytest.raises(ProfileError, match=r"heater, 1\.3\.6\.1\.4\.1\.99999\.1\.1\.0: .*did you mean temperature"):
        SurfaceTree(Surface(library.load(path), heater))


@pytest.mark.parametrize(
    ("found", "wrong", "says"),
    [
        ("kind: heater", "kind: heater\nkindd: x", ":6: kindd: unknown field"),
        ("type: i16", "type: i15", "modbus.registers.0.type: expected 'u16', "),
        ('value: "abc"', "value: abc, point: temperature", "has point and value; expected exactly one of"),
        ("vendor: Nobody", "", ":2: vendor: is missing"),
        ("product: Heater", "product: [", "not valid YAML"),
        ("profile: heater", "profile: cooler", "expected the file's name 'heater'"),
    ],
)
def test_a_wrong_profile_says_file_line_field_found_and_expected(tmp_path: Path, found, wrong, says):
    path = tmp_path / "heater.yaml"
    path.write_text(PROFILE.replace(found, wrong))
    with pytest.raises(FileError) as error:
        library.load(path)
    assert says in str(error.value)
    assert str(path) in str(error.value)


@pytest.mark.parametrize(("beyond", "error"), [("refused", IllegalValue), ("silent", Unanswered)])
def test_more_registers_than_the_product_gives_at_once_are_refused_or_not_answered(surface, beyond, error) -> None:
    limits = {"most_registers": 1, "beyond_most": beyond}
    few = surface.profile.model_copy(update={"modbus": surface.profile.modbus.model_copy(update=limits)})
    unit = ProfileUnit(Surface(few, surface.device))
    assert len(unit.read_registers("input", 3, 1)) == 2
    with pytest.raises(error):
        unit.read_registers("input", 3, 2)


EXTRAS = """\
  exception_status: {flags: {base: 64, bits: {0: {point: element.1.state, in: [on]}, 7: {point: alarm.hot.active}}}}
  server_id: {id: "hex:b4", runs: {point: element.1.state, in: [on]}, more: "firmware {system.firmware}"}
  files:
    - {file: 4, address: 7, type: i16, point: temperature, factor: 0.1, access: rw}
    - {file: 4, address: 8, type: u16, value: 42}
  fifos: [{pointer: 1246, address: 10, count: 3}]
"""


@pytest.fixture
def extras(heater, tmp_path):
    path = tmp_path / "heater.yaml"
    path.write_text(PROFILE + EXTRAS)
    return unit_of(Surface(library.load(path), heater))


def respond_to(unit, pdu: str) -> str:
    return respond(unit, bytes.fromhex(pdu), Counters()).hex(" ")


def test_a_profile_says_what_functions_beyond_the_tables_answer(extras):
    assert respond_to(extras, "07") == "07 41"
    assert respond_to(extras, "11") == "11 0e b4 ff " + b"firmware 1.2".hex(" ")
    assert respond_to(extras, "14 07 06 0004 0007 0002") == "14 06 05 06 00 d7 00 2a"
    assert respond_to(extras, "18 04de").startswith("18 00 08 00 03 00 d7")


def test_a_value_in_a_file_is_written_to_its_point(extras, heater):
    assert respond_to(extras, "15 09 06 0004 0007 0001 0096") == "15 09 06 00 04 00 07 00 01 00 96"
    assert heater.read("temperature") == 15.0
    assert respond_to(extras, "15 09 06 0004 0008 0001 0096") == "95 02"


def test_a_profile_can_leave_out_functions(heater, tmp_path):
    path = tmp_path / "heater.yaml"
    path.write_text(PROFILE + "  functions: [3, 16]\n")
    unit = unit_of(Surface(library.load(path), heater))
    assert respond_to(unit, "03 000a 0001") == "03 02 00 d7"
    for pdu in ("04 0000 0001", "06 000a 0001", "08 0000 1234", "2b 0e 01 00", "11"):
        assert respond_to(unit, pdu)[3:] == "01"
    with pytest.raises(IllegalFunction):
        unit.read_registers("input", 0, 1)


@pytest.mark.parametrize(
    ("field", "says"),
    [
        ("functions: [3, 99]", "found [99], expected some of"),
        ("functions: [3, 17]", "17 is listed, but `server_id` has no answer"),
        ("fifos: [{pointer: 1, address: 1, count: 32}]", "count"),
        ("files: [{file: 0, address: 1, type: u16, value: 1}]", "file"),
        ('server_id: {id: "hex:xy"}', "hex"),
    ],
)
def test_mistakes_of_functions_are_told(heater, tmp_path, field, says):
    path = tmp_path / "heater.yaml"
    path.write_text(PROFILE + f"  {field}\n")
    with pytest.raises(FileError, match=re.escape(says)):
        unit_of(Surface(library.load(path), heater))


@given(st.integers(-(2**53), 2**53) | st.floats(-1e15, 1e15))
def test_numbers_are_rounded_to_the_nearest_halves_away_from_zero(number: float) -> None:
    exact = Fraction(number)
    rounded = int(abs(exact) + Fraction(1, 2))
    assert whole(number) == (rounded if exact >= 0 else -rounded)


@pytest.mark.parametrize("number", [2**52 + 1, float(2**52 + 1), -(2**52) - 1, 0.49999999999999994, 0.5, -0.5, 2.5])
def test_numbers_that_a_half_added_would_change(number: float) -> None:
    rounded = int(abs(Fraction(number)) + Fraction(1, 2))
    assert abs(whole(number)) == rounded
