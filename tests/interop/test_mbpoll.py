"""mbpoll (libmodbus) reads and commands the Modbus devices of the bench, by the addresses of the makers' manuals."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from external import program, run
from running import Running

pytestmark = pytest.mark.interop

Poll = Callable[..., list[float]]

ILLEGAL_ADDRESS = "Illegal data address"
ILLEGAL_VALUE = "Illegal data value"


class Refused(Exception):
    """mbpoll was answered with an exception; its text."""


@pytest.fixture
def poll(bench: Running) -> Poll:
    """Reads `count` values of a type (mbpoll's -t) from an address as on the wire, or writes `values` there."""
    mbpoll = program("mbpoll", "mbpoll")

    def ask(device: str, type: str, address: int, count: int = 1, values: Sequence[int] = ()) -> list[float]:
        place = bench.endpoint(device, "modbus")
        command = [mbpoll, "-m", "tcp", "-1", "-0", "-B", "-o", "5", "-a", str(place.unit), "-p", str(place.port)]
        command += ["-t", type, "-r", str(address), *([] if values else ["-c", str(count)])]
        printed = run([*command, place.address, *map(str, values)])
        failed = re.search(r"(?:Read|Write) .*failed: (.*)", printed)
        if failed:
            raise Refused(failed[1])
        if values:
            assert f"Written {len(values)} references" in printed, printed
            return []
        found = re.findall(r"^\[\d+\]:\s+(\S+)", printed, re.MULTILINE)
        assert len(found) == count, printed
        return [float(value) for value in found]

    return ask


def test_the_meter_shows_the_board_in_floats(bench: Running, poll: Poll) -> None:
    board: Any = bench.site.components["board-a"]
    volts, amperes, kw, hertz = bench.do(
        lambda: (board.output.volts, board.load.amperes(board.output.volts), board.load_kw, board.output_hertz)
    )
    assert poll("meter-1", "4:float", 3027, 3) == pytest.approx(volts, rel=1e-4)
    assert poll("meter-1", "4:float", 2999, 3) == pytest.approx(amperes, rel=1e-3)
    assert poll("meter-1", "4:float", 3059) == pytest.approx([kw], rel=1e-3)
    assert poll("meter-1", "4:float", 3109) == pytest.approx([hertz], rel=1e-4)


def test_the_meters_energy_grows_by_power_times_time(bench: Running, poll: Poll) -> None:
    board: Any = bench.site.components["board-a"]
    before = poll("meter-1", "4:float", 2699)[0]
    kw = bench.do(lambda: board.load_kw)
    bench.advance(3600.0)
    assert poll("meter-1", "4:float", 2699)[0] - before == pytest.approx(kw, rel=0.05)


def test_the_ups_shows_its_battery_and_input_in_fixed_point(bench: Running, poll: Poll) -> None:
    ups: Any = bench.site.components["ups-3"]
    charge, runtime, volts = bench.do(lambda: (ups.charge_percent, ups.runtime_s, ups.seen["input"].volts[0]))
    assert poll("ups-3", "4", 130)[0] / 512 == pytest.approx(charge, abs=0.01)
    assert poll("ups-3", "4:int", 128)[0] == pytest.approx(runtime, abs=1.0)
    assert poll("ups-3", "4", 151)[0] / 64 == pytest.approx(volts, abs=0.02)


def test_a_battery_test_is_started_and_aborted_by_writing_its_register(bench: Running, poll: Poll) -> None:
    ups: Any = bench.site.components["ups-3"]
    poll("ups-3", "4", 1541, values=[1])
    bench.advance(3.0)
    assert bench.do(lambda: ups.on_battery)
    poll("ups-3", "4", 1541, values=[2])
    bench.advance(60.0)
    assert not bench.do(lambda: ups.on_battery)


def test_the_generator_shows_engine_and_fuel(bench: Running, poll: Poll) -> None:
    tank: Any = bench.site.components["tank-1"]
    oil, coolant, _, fuel = poll("generator-1", "4", 1024, 4)
    assert (oil, fuel) == (0, pytest.approx(bench.do(lambda: tank.level_percent), abs=0.51))
    assert 20 < coolant < 60, "kept warm by its jacket heater"


@pytest.mark.parametrize("function", ["holding", "input"])
def test_the_transfer_controller_shows_its_lines_by_either_function(bench: Running, poll: Poll, function: str) -> None:
    ats: Any = bench.site.components["ats-main"]
    type = "4:int" if function == "holding" else "3:int"
    normal = bench.do(lambda: ats.seen["normal"].volts)
    assert poll("ats-main", type, 0x0001, 3) == pytest.approx(list(normal), abs=0.51)
    assert poll("ats-main", type, 0x0019) == pytest.approx([500], abs=1)


def test_the_transfer_controllers_mode_is_set_and_its_test_starts_the_set(bench: Running, poll: Poll) -> None:
    generator: Any = bench.site.components["generator-1"]
    poll("ats-main", "4", 0x2EFF, values=[3])
    try:
        bench.advance(20.0)
        assert bench.do(lambda: generator.running)
        assert poll("generator-1", "4", 1030) == pytest.approx([1500], abs=8), "engine speed, rpm"
    finally:
        poll("ats-main", "4", 0x2EFF, values=[2])
        bench.advance(1800.0)
    assert not bench.do(lambda: generator.running)


def test_the_chiller_shows_its_water_and_is_stopped_by_its_enable_register(bench: Running, poll: Poll) -> None:
    chiller: Any = bench.site.components["chiller-1"]
    entering, leaving = bench.do(lambda: (chiller.quantity("entering_c"), chiller.quantity("leaving_c")))
    assert poll("chiller-1", "4", 15, 2) == pytest.approx([entering * 10, leaving * 10], abs=0.51)
    for enabled in (0, 1):
        poll("chiller-1", "4", 8, values=[enabled])
        bench.advance(900.0)
        assert bench.do(lambda: chiller.running) is bool(enabled)
        assert poll("chiller-1", "4", 7) == [enabled]


def test_a_coil_sheds_the_chiller_and_another_brings_it_back(bench: Running, poll: Poll) -> None:
    breaker: Any = bench.site.components["q-chiller"]
    opens, closes = 16, 17
    poll("relay-1", "0", opens, values=[1])
    assert not bench.do(lambda: breaker.live)
    poll("relay-1", "0", opens, values=[0])
    poll("relay-1", "0", closes, values=[1])
    assert bench.do(lambda: breaker.live)
    poll("relay-1", "0", closes, values=[0])
    assert poll("relay-1", "0", 16, 6) == [0, 0, 0, 0, 0, 0]


def test_contacts_show_where_the_transfer_switch_stands(bench: Running, poll: Poll) -> None:
    on_normal, on_emergency, running, rack_1, rack_2, spare = poll("relay-1", "0", 0, 6)
    assert (on_normal, on_emergency, running) == (1, 0, 0)
    assert (rack_1, rack_2, spare) == (1, 1, 0)


@pytest.mark.parametrize(
    ("device", "type", "address", "values", "says"),
    [
        ("relay-1", "0", 100, (), ILLEGAL_ADDRESS),
        ("relay-1", "0", 0, (1,), ILLEGAL_ADDRESS),
        ("ups-3", "4", 5000, (), ILLEGAL_ADDRESS),
        ("ups-3", "4", 130, (1,), ILLEGAL_ADDRESS),
        ("ups-3", "4", 1541, (7,), ILLEGAL_VALUE),
        ("ats-main", "4", 0x2EFF, (9,), ILLEGAL_VALUE),
        ("generator-1", "0", 0, (), "Illegal"),
    ],
)
def test_what_a_device_has_not_or_does_not_take_is_an_exception(
    poll: Poll, device: str, type: str, address: int, values: tuple[int, ...], says: str
) -> None:
    with pytest.raises(Refused, match=says):
        poll(device, type, address, values=values)
