"""The power meter: exact energy, signs, and its registers as the register list has them."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stage import Load, plant, readings, utilities

from twinfeed.emulators.devices.catalogue import METER
from twinfeed.emulators.devices.distribution.meter import Meter, MeterParams
from twinfeed.emulators.plant.kernel.engine import Plant
from twinfeed.emulators.plant.power.boards import Board, BusTie
from twinfeed.emulators.plant.power.electrical import Draw, three_phase
from twinfeed.emulators.profiles import library
from twinfeed.emulators.profiles.binding import Surface
from twinfeed.emulators.profiles.modbus_binding import ProfileUnit


def metered(kw: float = 69.0, power_factor: float = 1.0) -> tuple[Plant, Meter]:
    meter = METER.build("meter", MeterParams(of="board", model="PM5560"))
    made = plant(
        utilities()[0], Board("board", None, {"mains": "mains-a"}), Load("load", "board", kw, power_factor), meter
    )
    made.advance(0.001)
    return made, meter


def test_readings_of_a_balanced_load():
    _, meter = metered(69.0, 0.92)
    r = readings(meter)
    assert r["voltage.2"] == 230.0
    assert r["line_voltage.2"] == pytest.approx(398.37, abs=0.01)
    assert r["power.total"] == pytest.approx(69.0)
    assert r["apparent_power.total"] == pytest.approx(75.0)
    assert r["reactive_power.1"] == pytest.approx(75.0 * (1 - 0.92**2) ** 0.5 / 3)
    assert r["current.3"] == pytest.approx(25_000 / 230)
    assert r["power_factor.total"] == pytest.approx(0.92)
    assert r["current.neutral"] == pytest.approx(0.0, abs=1e-9)
    assert r["frequency"] == 50.0


def test_energy_is_power_times_time():
    made, meter = metered(72.0)
    made.advance(3600.0)
    assert meter.read("energy.delivered") == pytest.approx(72.0)
    made.inject("mains-a", "outage", for_s=1800.0)
    made.advance(7200.0)
    assert meter.read("energy.delivered") == pytest.approx(108.0)


@given(st.lists(st.tuples(st.floats(0.1, 7200.0), st.floats(0.0, 500.0)), min_size=1, max_size=12))
def test_energy_is_exact_whatever_the_load_does(profile: list[tuple[float, float]]):
    made, meter = metered(0.0)
    load, start, expected = made.actors["load"], made.now, 0.0
    for seconds, kw in profile:
        load.take(three_phase(kw, 0.9))
        start += seconds
        made.advance(start)
        expected += kw * seconds / 3600.0
    assert meter.read("energy.delivered") == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_energy_survives_a_fork():
    made, meter = metered(72.0)
    made.advance(1800.0)
    snapshot = made.snapshot()
    made.advance(3600.0)
    whole = meter.read("energy.delivered")
    made.restore(snapshot)
    made.advance(3600.0)
    assert meter.read("energy.delivered") == pytest.approx(whole, rel=1e-12)


def test_energy_can_be_reset():
    made, meter = metered(72.0)
    made.advance(3600.0)
    meter.write("command.reset_energy", "reset")
    made.advance(5400.0)
    assert meter.read("energy.delivered") == pytest.approx(36.0)


def test_what_flows_backwards_through_a_tie_is_received():
    meter = METER.build("meter", MeterParams(of="tie", powered_by=("board-b",)))
    made = plant(
        *utilities(),
        Board("board-a", None, {}),
        Board("board-b", None, {"mains": "mains-b"}),
        BusTie("tie", None, {"a": "board-a", "b": "board-b"}),
        Load("load", "board-a", 36.0),
        meter,
    )
    made.actors["tie"].close()
    made.advance(3600.0)
    assert meter.read("power.total") == pytest.approx(-36.0)
    assert meter.read("energy.received") == pytest.approx(36.0)
    assert meter.read("energy.delivered") == 0.0


@pytest.mark.parametrize(
    ("kw", "kvar", "coded"),  # PM5000 register list: 0 deg = 1, 90 deg = 0; above 1, leading: 2 - value
    [(30.0, 0.0, 1.0), (24.0, 18.0, 0.8), (24.0, -18.0, 1.2)],
)
def test_the_four_quadrant_power_factor(kw: float, kvar: float, coded: float):
    made, meter = metered()
    made.actors["load"].take(Draw((kw / 3,) * 3, (kvar / 3,) * 3))
    made.advance(1.0)
    assert meter.read("power_factor.four_quadrant.total") == pytest.approx(coded)


# Registers, at the offsets public clients of the family read (register numbers minus one)


def unit(meter: Meter) -> ProfileUnit:
    return ProfileUnit(Surface(library.get("schneider-pm5000"), meter))


def f32(data: bytes) -> list[float]:
    return [v for (v,) in struct.iter_unpack(">f", data)]


def test_the_block_of_instantaneous_values():
    _, meter = metered(69.0)
    floats = f32(unit(meter).read_registers("holding", 2999, 112))
    at = {2999 + 2 * i: v for i, v in enumerate(floats)}
    assert [at[a] for a in (2999, 3001, 3003)] == pytest.approx([100.0] * 3)
    assert at[3019] == pytest.approx(398.37, abs=0.01)
    assert [at[a] for a in (3027, 3029, 3031)] == pytest.approx([230.0] * 3)
    assert at[3053] == pytest.approx(23.0)
    assert at[3059] == pytest.approx(69.0)
    assert at[3083] == pytest.approx(1.0)
    assert at[3109] == pytest.approx(50.0)


def test_energy_in_both_codings():
    made, meter = metered(72.0)
    made.advance(3600.0)
    assert unit(meter).read_registers("holding", 3203, 4) == (72_000).to_bytes(8, "big")
    assert f32(unit(meter).read_registers("holding", 2699, 2)) == pytest.approx([72.0])


def test_identity():
    _, meter = metered()
    model = unit(meter).read_registers("holding", 49, 20)
    assert model.rstrip(b"\0") == b"PM5560"
