"""Places of points in profiles: flags, pairs of counters, missing values and texts of numbers."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from twinfeed.emulators.profiles import library
from twinfeed.emulators.profiles.schema import Profile, Register
from twinfeed.emulators.profiles.values import Unmapped, from_raw
from twinfeed.harness.transports.places import Place, places, point_of, row_of


def one(profile: str, point: str, written: bool = False) -> Place:
    return next(places(library.get(profile), point, written))


class TestNames:
    def test_a_template_gives_its_row(self) -> None:
        assert row_of("outlet.{outlet}.state", "outlet.12.state") == {"outlet": 12}

    def test_an_index_may_have_several_parts(self) -> None:
        assert row_of("neighbour.{neighbour}.name", "neighbour.0-49-1.name") == {"neighbour": (0, 49, 1)}

    @pytest.mark.parametrize(
        "name", ["outlet.state", "outlet.x.state", "outlet.1.state.on", "xoutlet.1.state", "outlet.-.state"]
    )
    def test_another_name_gives_none(self, name: str) -> None:
        assert row_of("outlet.{outlet}.state", name) is None

    def test_the_catalogue_knows_the_unit(self) -> None:
        units = {
            name: getattr(point_of("ups", name), "unit", None)
            for name in ("battery.charge", "system.uptime", "battery.colour")
        }
        assert units == {"battery.charge": "%", "system.uptime": "s", "battery.colour": None}


class TestPlaces:
    def test_registers_of_a_row_are_a_stride_away(self) -> None:
        first, third = (one("schneider-pm5000", f"voltage.{phase}") for phase in (1, 3))
        assert third.address - first.address == 4

    @pytest.mark.parametrize("name", ["voltage.0", "voltage.1-2"])
    def test_registers_number_their_rows_from_1(self, name: str) -> None:
        assert list(places(library.get("schneider-pm5000"), name)) == []

    def test_of_two_counters_the_one_that_does_not_wrap_is_read(self) -> None:
        entry = one("aruba-cx-8360", "port.1.in_octets").entry
        assert (entry.type, one("aruba-cx-8360", "port.1.in_octets").oid) == ("counter64", "1.3.6.1.2.1.31.1.1.1.6.1")  # type: ignore[union-attr]

    def test_of_two_gauges_the_one_that_reaches_further_is_read(self) -> None:
        """ifSpeed stops at 4.3 Gb/s, ifHighSpeed goes on (RFC 2863 §3.1.6)."""
        assert one("aruba-cx-8360", "port.1.speed").oid == "1.3.6.1.2.1.31.1.1.1.15.1"

    def test_what_can_only_be_read_is_no_place_to_write(self) -> None:
        assert list(places(library.get("ups-rfc1628"), "battery.charge", written=True)) == []


class TestFlags:
    WORD = """
profile: flags
vendor: Nobody
product: Flags
kind: ups
modbus:
  registers:
    - {table: holding, address: 0, type: u16, flags: {bits: {0: {point: alarm.on_battery.active}, 3: {point: alarm.low_battery.active, invert: true}}}}
    - {table: holding, address: 1, type: u16, flags: {bits: {1: {point: output.source, in: [normal]}, 2: {point: output.source, in: [battery]}}}}
snmp:
  objects:
    - {oid: 1.3.6.1.4.1.9.1.0, type: string, flags: {length: 4, bits: {2: {point: battery.replace}}}}
"""

    @pytest.fixture
    def profile(self, tmp_path: Path) -> Profile:
        path = tmp_path / "flags.yaml"
        path.write_text(self.WORD)
        return library.load(path)

    @pytest.mark.parametrize(
        ("raw", "on", "low"), [(0b0000, False, True), (0b0001, True, True), (0b1000, False, False)]
    )
    def test_a_bit_is_a_point(self, profile: Profile, raw: int, on: bool, low: bool) -> None:
        assert next(places(profile, "alarm.on_battery.active")).value(raw) is on
        assert next(places(profile, "alarm.low_battery.active")).value(raw) is low

    def test_a_character_of_a_text_is_a_point(self, profile: Profile) -> None:
        place = next(places(profile, "battery.replace"))
        assert [place.value(text) for text in ("0000", "0100", "1011")] == [False, True, False]

    def test_bits_that_do_not_tell_all_values_apart_show_nothing(self, profile: Profile) -> None:
        """A UPS's output also comes from its bypass or from nowhere, and both show no bit set."""
        assert list(places(profile, "output.source")) == []

    def test_three_bits_tell_four_conditions_apart(self) -> None:
        place = one("dse-gencomm", "alarm.low_fuel.condition")
        words = {place.value(sum(1 << flag for flag in flags)) for flags in ((4,), (5,), (4, 5), (6,))}
        assert words == {"inactive", "warning", "shutdown", "trip"}

    def test_flags_that_contradict_each_other_mean_nothing(self) -> None:
        place = one("dse-gencomm", "alarm.low_fuel.condition")
        with pytest.raises(Unmapped, match="contradict each other"):
            place.value(0b0111_0000)


def register(**fields: Any) -> Register:
    return Register(table="holding", address=0, type="i16", point="system.uptime", **fields)


class TestValues:
    def test_what_stands_for_no_value_is_nan(self) -> None:
        value = from_raw(register(factor=0.1, missing=-9999), -9999)
        assert isinstance(value, float)
        assert math.isnan(value)

    def test_any_other_number_is_one(self) -> None:
        assert from_raw(register(factor=0.1, missing=-9999), 215) == 21.5

    @pytest.mark.parametrize(
        ("form", "text", "number"), [("{:.0f}A", "40A", 40.0), ("{:.1f}", "-1.5", -1.5), ("{:.0f}VA", "3000VA", 3000.0)]
    )
    def test_a_number_written_as_text_is_a_number_again(self, form: str, text: str, number: float) -> None:
        assert from_raw(register(format=form), text) == number

    @pytest.mark.parametrize("text", ["40", "40V", "A", ""])
    def test_another_text_means_nothing(self, text: str) -> None:
        with pytest.raises(Unmapped, match=r"is not of the form '\{:\.0f\}A'"):
            from_raw(register(format="{:.0f}A"), text)
