"""Batches: as few Modbus requests as the product allows, and never one that it refuses."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinfeed.emulators.profiles.schema import Bit, Modbus, Register
from twinfeed.harness.transports.modbus.ranges import MAX_BITS, MAX_REGISTERS, Range, ranges
from twinfeed.harness.transports.places import Place


def register(address: int, type: str = "u16", table: str = "holding", **fields: object) -> Register:
    return Register(table=table, address=address, type=type, point="system.uptime", **fields)  # type: ignore[arg-type]


def place(entry: Register | Bit, **row: int) -> Place:
    return Place(f"{entry.table}-{entry.address}-{row}", None, entry, dict(row))


def plan(
    entries: Sequence[Register | Bit], gaps: str = "illegal", asked: Sequence[Place] | None = None
) -> list[tuple[str, int, int]]:
    """Table, first address and count of each request."""
    return [(r.table, r.first, r.size) for r in planned(entries, gaps, asked)]


def planned(
    entries: Sequence[Register | Bit], gaps: str = "illegal", asked: Sequence[Place] | None = None
) -> list[Range]:
    modbus = Modbus(
        gaps=gaps,  # type: ignore[arg-type]
        registers=tuple(e for e in entries if isinstance(e, Register)),
        bits=tuple(e for e in entries if isinstance(e, Bit)),
    )
    return ranges(modbus, [place(entry) for entry in entries] if asked is None else asked)


def test_registers_side_by_side_are_one_request() -> None:
    assert plan([register(4, "u32"), register(6), register(7, "f64")]) == [("holding", 4, 7)]


def test_a_hole_that_the_product_refuses_parts_two() -> None:
    assert plan([register(4), register(6)]) == [("holding", 4, 1), ("holding", 6, 1)]


def test_a_hole_that_the_product_answers_with_zero_does_not() -> None:
    assert plan([register(4), register(60)], gaps="zero") == [("holding", 4, 57)]


def test_registers_that_nobody_asked_for_bridge_a_hole() -> None:
    ends = [register(4), register(6)]
    assert plan([*ends, register(5)], asked=[place(entry) for entry in ends]) == [("holding", 4, 3)]


def test_those_that_can_only_be_written_do_not() -> None:
    ends = [register(4), register(6)]
    assert len(plan([*ends, register(5, access="wo")], asked=[place(entry) for entry in ends])) == 2


def test_tables_are_asked_apart() -> None:
    bit = Bit(table="coil", address=4, point="system.uptime")
    assert plan([register(4), register(4, table="input"), bit]) == [("holding", 4, 1), ("input", 4, 1), ("coil", 4, 1)]


def test_more_registers_than_one_request_takes_are_two() -> None:
    assert plan([register(n) for n in range(130)]) == [("holding", 0, 125), ("holding", 125, 5)]


def test_a_value_is_never_cut_in_two() -> None:
    assert plan([register(n, "u32") for n in range(0, 130, 2)]) == [("holding", 0, 124), ("holding", 124, 6)]


def test_bits_come_two_thousand_at_a_time() -> None:
    bits = [Bit(table="discrete", address=n, point="system.uptime") for n in (0, 1999, 2000)]
    assert plan(bits, gaps="zero") == [("discrete", 0, 2000), ("discrete", 2000, 1)]


def test_rows_up_to_the_last_that_is_asked_for_bridge_a_hole() -> None:
    table = register(10, stride={"outlet": 1})
    asked = [place(table, outlet=n) for n in (1, 4)]
    assert plan([table], asked=asked) == [("holding", 10, 4)]


def test_rows_beyond_it_do_not() -> None:
    table, other = register(10, stride={"outlet": 1}), register(15)
    asked = [place(table, outlet=2), place(other)]
    assert plan([table, other], asked=asked) == [("holding", 11, 1), ("holding", 15, 1)]


def test_two_points_in_one_register_are_one_request() -> None:
    word = register(4)
    assert plan([word], asked=[place(word), place(word)]) == [("holding", 4, 1)]


@pytest.mark.parametrize("gaps", ["illegal", "zero"])
@given(addresses=st.sets(st.integers(0, 600), min_size=1, max_size=80), asked=st.data())
def test_every_place_is_in_one_request_that_the_product_grants(
    gaps: str, addresses: set[int], asked: st.DataObject
) -> None:
    entries = [register(2 * address, "u32") for address in sorted(addresses)]
    wanted = asked.draw(st.lists(st.sampled_from(entries), min_size=1, unique_by=lambda entry: entry.address))
    requests = planned(entries, gaps, [place(entry) for entry in wanted])
    told = [where for request in requests for where in request.places]
    assert sorted(where.address for where in told) == sorted(entry.address for entry in wanted)
    listed = {2 * address + word for address in addresses for word in (0, 1)}
    for request in requests:
        assert request.size <= (MAX_REGISTERS if request.table == "holding" else MAX_BITS)
        for where in request.places:
            assert request.first <= where.address <= request.first + request.size - 2
        if gaps == "illegal":
            assert listed.issuperset(range(request.first, request.first + request.size))


def test_a_product_that_gives_few_registers_at_once_is_asked_for_no_more() -> None:
    entries = tuple(register(n) for n in range(25))
    modbus = Modbus(most_registers=10, registers=entries)
    assert [(r.first, r.size) for r in ranges(modbus, [place(e) for e in entries])] == [(0, 10), (10, 10), (20, 5)]


def test_a_value_wider_than_the_limit_is_refused_when_the_profile_is_read() -> None:
    with pytest.raises(ValueError, match="holding 1 has 4 registers, most_registers is 2: it could not be read"):
        Modbus(most_registers=2, registers=(register(0), register(1, "f64")))
