"""Remote I/O: contacts that show the plant, relays that work it."""

from __future__ import annotations

import pytest
from stage import Load, plant, utilities

from twinfeed.emulators.devices.catalogue import RELAY_IO
from twinfeed.emulators.devices.monitoring.relay_io import RelayIo, RelayIoParams
from twinfeed.emulators.plant.kernel.actor import PlantError
from twinfeed.emulators.plant.kernel.engine import Plant
from twinfeed.emulators.plant.power.breaker_ratings import BreakerRatings
from twinfeed.emulators.plant.power.breakers import Breaker
from twinfeed.emulators.profiles import library
from twinfeed.emulators.profiles.binding import Surface
from twinfeed.emulators.profiles.modbus_binding import ProfileUnit

WIRING = RelayIoParams(
    inputs=("q1.closed", "q1.tripped", "!q1.closed"), outputs=("q1.open", "q1.close", "q1.reset"), pulse_s=0.5
)


def module(params: RelayIoParams = WIRING) -> tuple[Plant, RelayIo]:
    io = RELAY_IO.build("io", params)
    made = plant(
        utilities()[0], Breaker("q1", BreakerRatings(100.0), {"input": "mains-a"}), Load("load", "q1", 10.0), io
    )
    made.advance(1.0)
    return made, io


def test_inputs_follow_the_breaker():
    made, io = module()
    assert [io.read(f"input.{i}.on") for i in (1, 2, 3)] == [True, False, False]
    made.actors["q1"].trip("test")
    made.advance(2.0)
    assert [io.read(f"input.{i}.on") for i in (1, 2, 3)] == [False, True, True]
    assert io.read("input.word") == 0b110


def test_a_pulse_opens_the_breaker_and_the_relay_falls_back():
    made, io = module()
    io.write("relay.1.closed", True)
    assert not made.actors["q1"].closed
    assert io.read("relay.1.closed") is True
    made.advance(2.0)
    assert io.read("relay.1.closed") is False
    io.write("relay.2.closed", True)
    assert made.actors["q1"].closed


def contactor() -> tuple[Plant, RelayIo]:
    """A relay whose normally closed contact feeds the coil of q1."""
    return module(RelayIoParams(outputs=("q1.open/close",)))


def test_a_contactor_follows_its_relay_both_ways():
    made, io = contactor()
    io.write("relay.1.closed", True)
    assert not made.actors["q1"].closed
    io.write("relay.1.closed", False)
    assert made.actors["q1"].closed


def test_a_contactor_falls_in_when_the_module_loses_its_supply():
    made, io = contactor()
    io.write("relay.1.closed", True)
    io.card_supplied = lambda: False
    io.touch()
    made.advance(2.0)
    assert made.actors["q1"].closed
    assert io.relay(1) is False


def test_the_second_action_is_checked_like_the_first():
    with pytest.raises(PlantError, match="q1 cannot 'shut'; it can open, close"):
        module(RelayIoParams(outputs=("q1.open/shut",)))


def test_edges_are_counted():
    made, io = module()
    for start in (1.0, 5.0, 9.0):
        made.advance(start)
        made.actors["q1"].open()
        made.advance(start + 2.0)
        made.actors["q1"].close()
    made.advance(20.0)
    assert (io.read("input.1.count"), io.read("input.3.count")) == (3, 3)


def test_a_locked_breaker_does_not_obey():
    made, io = module()
    made.actors["q1"].open()
    made.actors["q1"].lock("Awa")
    io.write("relay.2.closed", True)
    made.advance(2.0)
    assert not made.actors["q1"].closed


def test_a_stuck_input_and_a_dead_relay():
    made, io = module()
    made.inject("io", "stuck-input", {"input": 1.0, "level": 1.0})
    made.inject("io", "dead-relay", {"relay": 2.0})
    made.actors["q1"].open()
    made.advance(2.0)
    assert io.read("input.1.on") is True
    io.write("relay.2.closed", True)
    assert not made.actors["q1"].closed


@pytest.mark.parametrize(
    ("wiring", "message"),
    [
        ({"inputs": ("q9.closed",)}, "nothing in this site is called 'q9'"),
        ({"inputs": ("q1.colour",)}, "q1 has no 'colour'; output_volts"),
        ({"outputs": ("q1.paint",)}, "q1 cannot 'paint'; it can open, close, reset, trip"),
        ({"outputs": ("q1.open",) * 7}, "wired to 0 inputs and 7 relays; it has 6 and 6"),
    ],
)
def test_wrong_wiring_is_refused(wiring, message: str):
    with pytest.raises(PlantError, match=message):
        module(RelayIoParams(**wiring))


def test_adam_6060_coils_and_registers():
    made, io = module()
    unit = ProfileUnit(Surface(library.get("advantech-adam-6060"), io))
    assert unit.read_bits("coil", 0, 6) == [True, False, False, False, False, False]
    unit.write_bits(16, [True])
    assert not made.actors["q1"].closed
    made.advance(10.0)
    assert unit.read_registers("holding", 300, 1) == b"\x00\x04"
    made.actors["q1"].close()
    made.advance(20.0)
    assert unit.read_registers("holding", 0, 2) == b"\x00\x01\x00\x00"  # low word first
