"""A list of registers and a profile give the value of a raw 1 in the same way: value = raw * factor + offset."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from workers.examples import examples

from twinfeed.emulators.profiles import library
from twinfeed.emulators.profiles.values import from_raw, to_raw
from twinfeed.emulators.yamlfile import FileError
from twinfeed.harness.characterise.drafting import register_draft

PROFILE = """profile: by-hand
vendor: Example
product: M-1
kind: meter
modbus:
  registers:
    - {{table: holding, address: 7, type: i16, point: power.total, {factor}source: manual}}
"""


def read_from_a_list(folder: Path, unit: str, scale: str, offset: str, raw: int) -> object:
    path = folder / "map.csv"
    path.write_text(f"address;name;type;unit;scale;offset\n7;Total power;i16;{unit};{scale};{offset}\n")
    draft = register_draft.draft("draft", "meter", register_draft.rows(path).rows, path)
    (folder / "draft.yaml").write_text(draft.text())
    return read_from_a_profile(folder / "draft.yaml", raw)


def read_from_a_profile(path: Path, raw: int) -> object:
    modbus = library.load(path).modbus
    assert modbus is not None
    assert modbus.registers[0].point == "power.total"
    assert to_raw(modbus.registers[0], from_raw(modbus.registers[0], raw)) == pytest.approx(raw, abs=1e-6)
    return from_raw(modbus.registers[0], raw)


@settings(max_examples=examples(30), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    factor=st.sampled_from(["0.1", "0.01", "1/60", "1/512", "10", "2.5", "1"]),
    offset=st.sampled_from(["0", "-40", "12.5"]),
    raw=st.integers(-32768, 32767),
)
def test_a_list_and_a_profile_with_the_same_factor_read_the_same(
    tmp_path: Path, factor: str, offset: str, raw: int
) -> None:
    by_hand = tmp_path / "by-hand.yaml"
    by_hand.write_text(PROFILE.format(factor=f"factor: {factor}, offset: {offset}, "))
    read = read_from_a_profile(by_hand, raw)
    assert read == pytest.approx(read_from_a_list(tmp_path, "kW", factor, offset, raw))
    assert read == pytest.approx(float(raw * Fraction(factor) + Fraction(offset)))


def test_a_list_in_watts_is_drafted_for_a_point_in_kilowatts(tmp_path: Path) -> None:
    assert read_from_a_list(tmp_path, "W", "10", "-500", 2305) == pytest.approx(22.55)  # 23 050 W - 500 W


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("scale: 10, ", "found 10, expected `factor`, the value of a raw 1"),
        ("offset: 40, ", "expected a `factor` beside it: value = raw \\* factor \\+ offset"),
        ("factor: 0, ", "found 0, expected the value of a raw 1"),
    ],
)
def test_the_scale_of_an_older_profile_is_refused_with_the_new_word(tmp_path: Path, entry: str, message: str) -> None:
    path = tmp_path / "old.yaml"
    path.write_text(PROFILE.format(factor=entry))
    with pytest.raises(FileError, match=message) as refused:
        library.load(path)
    assert f"{path}:7" in str(refused.value)
