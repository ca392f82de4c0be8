"""Values in a recording that their points cannot have."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinfeed.emulators.devices.firmware.domain import SENTINELS
from twinfeed.emulators.profiles import library
from twinfeed.harness.characterise.drift.plausible import implausible
from twinfeed.harness.characterise.recording.recording import Recording, Walk, load
from twinfeed.harness.characterise.recording.snmprec import variable

CHARGE, SECONDS_ON_BATTERY = "1.3.6.1.2.1.33.1.2.4.0", "1.3.6.1.2.1.33.1.2.2.0"  # RFC 1628
RATED_VA, OUTPUT_W = "1.3.6.1.2.1.33.1.9.5.0", "1.3.6.1.2.1.33.1.4.4.1.4.1"
UPS = library.get("ups-rfc1628")


def recorded(charge: str) -> Recording:
    """A walk of two variables, written as snmpsim's files have them: tag|value."""
    walk = Walk(1, 0.0, ended=True)
    for oid, value in ((CHARGE, charge), (SECONDS_ON_BATTERY, "2|0")):
        walk.variables[oid] = variable(f"{oid}|{value}")
    return Recording({}, walks=[walk])


def test_a_charge_of_128_percent_is_named_and_kept() -> None:
    (line,) = implausible(recorded(charge="2|128"), UPS)
    assert line.startswith(f"battery.charge ({CHARGE}): 128 % is impossible, expected 0 to 100 %")
    assert line.endswith("kept as it came")


@given(st.integers(-(2**31), 2**31 - 1))
def test_just_what_is_outside_0_to_100_percent_is_named(charge: int) -> None:
    assert bool(implausible(recorded(charge=f"2|{charge}"), UPS)) == (not 0 <= charge <= 100)


def test_a_value_of_another_type_is_named() -> None:
    assert implausible(recorded(charge="4|full"), UPS)


def test_a_meter_with_swapped_words_has_implausible_values(shared_data: Path) -> None:
    case = shared_data.parent / "cases" / "word-swapped-meter.jsonl"
    if not case.is_file():
        pytest.skip(f"no {case}")
    lines = implausible(load(case), library.get("schneider-pm5000"))
    assert any("Hz" in line for line in lines)


@given(st.integers(1, 2_000_000), st.integers(0, 2**31 - 2))
def test_a_power_is_judged_by_the_rating_that_the_device_shows(rated_va: int, watts: int) -> None:
    walk = Walk(1, 0.0, ended=True)
    for oid, value in ((RATED_VA, rated_va), (OUTPUT_W, watts)):
        walk.variables[oid] = variable(f"{oid}|2|{value}")
    of_the_output = [line for line in implausible(Recording({}, walks=[walk]), UPS) if OUTPUT_W in line]
    known = not any(RATED_VA in line for line in implausible(Recording({}, walks=[walk]), UPS))
    most_w = min(10 * rated_va, 10_000_000) if known else 10_000_000
    assert bool(of_the_output) == (watts > most_w or watts in SENTINELS)
