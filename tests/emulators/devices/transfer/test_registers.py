"""The transfer controller's registers, against the examples and tables of its manual."""

from __future__ import annotations

import pytest
from stage import Engine, Load, plant

from twinfeed.emulators.devices.catalogue import TRANSFER_SWITCH
from twinfeed.emulators.devices.transfer.transfer_switch import TransferSwitchParams
from twinfeed.emulators.plant.kernel.engine import Plant
from twinfeed.emulators.plant.power.transfer_switch import AutomaticTransferSwitch
from twinfeed.emulators.plant.power.utilities import Utility, UtilityRatings
from twinfeed.emulators.profiles import library
from twinfeed.emulators.profiles.binding import Surface
from twinfeed.emulators.profiles.modbus_binding import ProfileUnit


def site() -> tuple[Plant, ProfileUnit]:
    controller = TRANSFER_SWITCH.build("ctrl", TransferSwitchParams(of="ats"))
    made = plant(
        Utility("mains", UtilityRatings(volts=400 / 3**0.5)),
        Engine("engine", "ats"),
        AutomaticTransferSwitch("ats", None, {"normal": "mains", "emergency": "engine"}),
        Load("load", "ats"),
        controller,
    )
    made.advance(1.0)
    return made, ProfileUnit(Surface(library.get("siemens-atc6300"), controller))


def long(unit: ProfileUnit, address: int) -> int:
    return int.from_bytes(unit.read_registers("holding", address, 2), "big")


def test_the_manuals_example_of_a_voltage():
    """Page 150: function 04, address 000B, two registers, answers 00 00 01 90 for 400 V between L3 and L1."""
    _, unit = site()
    assert unit.read_registers("input", 0x000B, 2) == bytes.fromhex("00000190")


@pytest.mark.parametrize("table", ["holding", "input"])
def test_both_functions_read_the_same(table):
    _, unit = site()
    assert unit.read_registers(table, 0x220F, 2) == unit.read_registers("holding", 0x220F, 2)


def test_status_on_the_normal_line():
    """Page 164: 2 automatic, 4 voltage line 1 OK, 8 load on line 1, 10 mains breaker closed, 13 AC supply.

    Bit 23 is set because the generator stands still, below its minimum voltage.
    """
    _, unit = site()
    assert long(unit, 0x220F) == 1 << 2 | 1 << 4 | 1 << 6 | 1 << 8 | 1 << 10 | 1 << 13 | 1 << 23


def test_status_on_the_generator():
    made, unit = site()
    made.inject("mains", "outage")
    made.advance(60.0)
    status = long(unit, 0x220F)
    assert [bool(status >> bit & 1) for bit in (4, 5, 8, 9, 11, 15, 17)] == [False, True, False, True, True, True, True]


def test_the_alarm_of_a_breaker_that_does_not_close():
    """Page 158: bit 3 is A04, line 2 circuit breaker timeout."""
    made, unit = site()
    made.inject("ats", "stuck")
    made.inject("mains", "outage")
    made.advance(30.0)
    assert long(unit, 0x003F) & 0b1100 == 0b1000


def test_the_mode_is_written_as_a_number():
    """ATC5300 protocol, page 21: 2F00h takes 0 OFF, 1 MAN, 2 AUT, 3 TEST."""
    made, unit = site()
    unit.write_registers(0x2EFF, b"\x00\x03")
    made.advance(60.0)
    assert made.actors["ats"].on_emergency
    assert long(unit, 0x220F) & 0b1111 == 0b1000
