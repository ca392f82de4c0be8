"""The GenComm registers of the DSE 8610, read as its documents and its clients in the field read them."""

from __future__ import annotations

import struct

import pytest
from station import Station

from twinfeed.emulators.profiles import library
from twinfeed.emulators.profiles.binding import Surface
from twinfeed.emulators.profiles.modbus_binding import ProfileUnit
from twinfeed.emulators.wire.modbus import DeviceFailure, IllegalAddress, IllegalValue

PROFILE = library.get("dse-gencomm")

PAGE_154 = [
    "emergency stop", "low oil pressure", "high coolant temperature", "low coolant temperature",
    "under speed", "over speed", "generator under frequency", "generator over frequency",
    "generator low voltage", "generator high voltage", "battery low voltage", "battery high voltage",
    "charge alternator failure", "fail to start", "fail to stop", "generator fail to close",
]  # fmt: skip
"""The first sixteen named alarms of the DSE 8xxx family."""


class Panel:
    """A client of one controller with GenComm's own arithmetic: page and offset, complement, nibbles."""

    def __init__(self, station: Station) -> None:
        self.unit = ProfileUnit(Surface(PROFILE, station.controller))

    def words(self, page: int, offset: int, count: int = 1) -> tuple[int, ...]:
        return struct.unpack(f">{count}H", self.unit.read_registers("holding", page * 256 + offset, count))

    def word(self, page: int, offset: int) -> int:
        return self.words(page, offset)[0]

    def long(self, page: int, offset: int) -> int:
        high, low = self.words(page, offset, 2)
        return high << 16 | low

    def signed(self, page: int, offset: int) -> int:
        value = self.long(page, offset)
        return value - 2**32 if value >= 2**31 else value

    def press(self, key: int) -> None:
        self.unit.write_registers(16 * 256 + 8, struct.pack(">HH", key, 65535 - key))

    def alarms(self) -> dict[str, int]:
        """The entries of `PAGE_154` that are not simply inactive."""
        codes = [word >> shift & 15 for word in self.words(154, 1, 4) for shift in (12, 8, 4, 0)]
        return {name: code for name, code in zip(PAGE_154, codes, strict=True) if code != 1}


def test_it_identifies_itself_as_a_deep_sea_8610_mkii():
    panel = Panel(Station())
    assert panel.words(3, 0, 2) == (1, 32832)
    assert panel.unit.identification[0] == b"Deep Sea Electronics"


def test_instruments_on_load():
    station = Station()
    station.carrying(900.0, seconds=600.0)
    panel = Panel(station)
    assert panel.word(3, 4) == 1
    assert panel.word(4, 0) == 450
    assert panel.word(4, 1) == 82
    assert panel.word(4, 3) == 100
    assert panel.word(4, 5) == 272
    assert panel.word(4, 6) == 1500
    assert panel.word(4, 7) == 500
    assert panel.long(4, 8) == 2300
    assert panel.long(4, 14) == 3984
    assert panel.long(4, 20) == pytest.approx(900e3 / 0.9 / 3 / 230 * 10, abs=1)
    assert panel.signed(4, 28) == 300_000
    assert panel.word(5, 128) == 3
    assert panel.signed(6, 0) == 900_000
    assert panel.long(6, 8) == 1_000_000
    assert panel.word(6, 21) == 90
    assert panel.word(6, 22) == pytest.approx(545, abs=1)
    assert panel.long(7, 16) == 1
    assert panel.long(7, 6) == round(station.controller.run_s)


def test_what_is_not_measured_reads_as_the_sentinel():
    panel = Panel(Station())
    assert panel.word(4, 2) == 0x7FFF
    assert panel.long(4, 26) == 0xFFFFFFFF
    assert panel.words(4, 35, 40) == (0xFFFF,) * 40


def test_every_page_can_be_read_as_a_whole():
    panel = Panel(Station())
    for page in (3, 4, 5, 6, 7):
        for offset in (0, 64, 128, 192):
            panel.words(page, offset, 64)


def test_a_page_the_controller_does_not_have_is_refused():
    with pytest.raises(IllegalAddress):
        Panel(Station()).word(200, 0)


def test_alarms_are_nibbles_the_first_on_top():
    station = Station()
    panel = Panel(station)
    assert panel.words(154, 1, 1) == (0x1111,)
    station.carrying(500.0)
    station.plant.inject("g1", "low-oil")
    station.run(5.0)
    assert panel.alarms() == {"low oil pressure": 3}
    assert panel.words(154, 1, 1) == (0x1311,)
    assert panel.words(8, 1, 1) == (0x131F,)
    assert panel.word(3, 6) == 1 << 12


def test_a_warning_and_an_electrical_trip_have_codes_and_flags_of_their_own():
    station = Station()
    panel = Panel(station)
    station.carrying(500.0)
    station.plant.inject("g1", "charger")
    station.run(10.0)
    assert panel.alarms() == {"charge alternator failure": 2}
    assert panel.word(3, 6) == 1 << 10
    station.plant.inject("g1", "breaker-fails-to-close")
    station.first.open_breaker()
    station.run(2.0)
    assert panel.alarms()["generator fail to close"] == 4
    assert panel.word(3, 6) & 1 << 11


def test_control_keys_work_with_their_complement():
    station = Station(settings={"mode": "stop"})
    panel = Panel(station)
    panel.press(35701)
    assert panel.word(3, 4) == 1
    panel.press(35732)
    station.run(15.0)
    assert station.bus.live
    panel.press(35733)
    station.run(400.0)
    assert panel.word(5, 128) == 0


def test_alarms_are_reset_by_key():
    station = Station()
    panel = Panel(station)
    station.plant.inject("g1", "fail-to-start", for_s=100.0)
    station.switch.call()
    station.run(120.0)
    assert panel.alarms() == {"fail to start": 3}
    panel.press(35734)
    assert panel.alarms() == {}


def test_a_key_without_its_complement_is_refused():
    panel = Panel(Station())
    with pytest.raises(IllegalValue):
        panel.unit.write_registers(4104, struct.pack(">HH", 35700, 35700))
    with pytest.raises(IllegalAddress):
        panel.unit.write_registers(4104, struct.pack(">H", 35700))
    assert panel.word(3, 4) == 1


def test_a_key_that_means_nothing_now_is_a_device_failure():
    panel = Panel(Station())
    with pytest.raises(DeviceFailure, match="start needs manual"):
        panel.press(35705)


@pytest.mark.parametrize("function", [0, 1, 2, 3, 5, 6, 7, 8, 9, 32, 33, 34])
def test_supported_functions_are_flagged_from_the_top_bit_down(function: int):
    assert Panel(Station()).word(16, function // 16) & 1 << (15 - function % 16)


def test_every_alarm_of_the_controller_has_a_place_on_page_154():
    shown = {
        condition.point.split(".")[1]
        for register in PROFILE.modbus.registers
        if register.address > 39424 and register.flags
        for condition in register.flags.bits.values()
    }
    assert shown == {alarm.name for alarm in Station().controller.alarms}
