"""A mistake in one served number is reported, without the device and its twin being in the same scenario."""

from __future__ import annotations

import copy
import math
from functools import cache
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from workers.examples import examples

from twinfeed.emulators.profiles import library
from twinfeed.emulators.profiles.registers import BOUNDS, pack, unpack
from twinfeed.emulators.profiles.schema import Bit, Profile, Register, SnmpObject
from twinfeed.emulators.profiles.values import whole
from twinfeed.harness.characterise.drift import compare, drift
from twinfeed.harness.characterise.drift.mistakes import COUNTED
from twinfeed.harness.characterise.drift.served import Item, Served, served
from twinfeed.harness.characterise.drift.surfaces import Difference
from twinfeed.harness.characterise.drift.twin import Twin, place_of
from twinfeed.harness.characterise.recording.recording import Recording, Walk, load
from twinfeed.harness.characterise.recording.snmprec import Variable

LARGE = ("aruba-cx-8360", "net-snmp-switch", "apc-rpdu2", "raritan-px2")
"""Profiles that serve a thousand values and more, of the same kinds as the others."""

SMALL = [name for name in library.names() if name not in LARGE]

TELLING = [name for name in SMALL if name != "advantech-adam-6060"]
"""A module of contacts has too few numbers to conclude from them in which state it is."""

METER = library.get("schneider-pm5000")

SNMP_ENDS = {"integer": (-(2**31), 2**31 - 1), "gauge32": (0, 2**32 - 1), "counter32": (0, 2**32 - 1)}


@cache
def emulated(profile: str, protocol: str) -> Recording:
    site, device = place_of(profile)
    return Twin(site, device, protocol).recording([0.0, 60.0])


@cache
def walks(profile: str, protocol: str) -> list[Served]:
    return [walk for _, walk in served(emulated(profile, protocol), library.get(profile))]


def what_is_served(profile: str, protocol: str) -> Served:
    return walks(profile, protocol)[0]


def protocols(profile: Profile) -> list[str]:
    return [protocol for protocol in ("snmp", "modbus") if getattr(profile, protocol) is not None]


def is_a_number(item: Item) -> bool:
    entry, domain = item.place.entry, item.place.domain
    if isinstance(item.raw, str | bytes) or item.raw is None or isinstance(entry, Bit) or not item.raw:
        return False
    return entry.enum is None and entry.flags is None and (domain is None or domain.kind == "number")


def put(walk: Walk, item: Item, raw: float, octets: bytes = b"") -> float:
    """Change what stands there in a walk; returns what it then is."""
    entry = item.place.entry
    if isinstance(entry, SnmpObject):
        low, high = SNMP_ENDS.get(entry.type, (0, 2**64 - 1))
        became = min(max(whole(raw), low), high)
        walk.variables[item.at] = Variable(item.at, entry.type, became)
        return became
    assert isinstance(entry, Register)
    octets = octets or pack(entry, raw)
    first = int(item.at.partition(" ")[2])
    for n in range(entry.words):
        walk.registers[entry.table, first + n] = int.from_bytes(octets[2 * n : 2 * n + 2], "big")
    number = unpack(entry, octets)
    assert not isinstance(number, str | bytes)
    return number


KINDS = (
    "scale -3",
    "scale -2",
    "scale -1",
    "scale 1",
    "scale 2",
    "scale 3",
    "sentinel",
    "words",
    "bytes",
    "°F",
    "minutes",
)


@st.composite
def mistakes(draw: st.DrawFn) -> tuple[str, str, str, str]:
    """A profile and protocol, where one of its numbers stands, and what is wrong with it."""
    name = draw(st.sampled_from(TELLING))
    protocol = draw(st.sampled_from(protocols(library.get(name))))
    item = draw(st.sampled_from([item for item in what_is_served(name, protocol).values() if is_a_number(item)]))
    able = [
        kind
        for kind in KINDS
        if (kind not in ("words", "bytes") or isinstance(item.place.entry, Register))
        and (kind != "words" or len(item.octets) > 2)
        and (kind != "°F" or item.place.unit == "°C")
        and (kind != "minutes" or item.place.unit == "s")
    ]
    return name, protocol, item.at, draw(st.sampled_from(able))


def mistaken(walk: Walk, item: Item, kind: str) -> float:
    """Make that mistake in a walk; returns what then stands there."""
    entry, raw = item.place.entry, item.raw
    assert isinstance(entry, SnmpObject | Register)
    assert isinstance(raw, int | float)
    assert isinstance(item.value, int | float)
    if kind.startswith("scale"):
        return put(walk, item, raw * 10.0 ** int(kind.split()[1]))
    if kind == "minutes":
        return put(walk, item, raw / 60.0)
    if kind == "°F":
        return put(walk, item, (item.value * 1.8 + 32.0) / float(entry.factor) + float(entry.raw_offset))
    if kind == "sentinel" and isinstance(entry, SnmpObject):
        return put(walk, item, SNMP_ENDS.get(entry.type, (0, 65535))[1])
    if kind == "sentinel":
        return put(walk, item, BOUNDS[entry.type][1] if entry.type in BOUNDS else math.inf)
    pairs = [item.octets[n : n + 2] for n in range(0, len(item.octets), 2)]
    octets = b"".join(reversed(pairs)) if kind == "words" else b"".join(pair[::-1] for pair in pairs)
    return put(walk, item, 0.0, octets)


@settings(max_examples=examples(60, quick=6), deadline=None)
@given(mistakes())
def test_a_mistake_in_any_served_number_is_reported(mistake: tuple[str, str, str, str]) -> None:
    name, protocol, at, kind = mistake
    item, device = what_is_served(name, protocol)[at], copy.deepcopy(emulated(name, protocol))
    for walk, there in zip(device.walks, walks(name, protocol), strict=True):
        became = mistaken(walk, there[at], kind)
    assume(became not in (item.raw, 0))  # a change that is rounded away cannot be found
    assume(item.place.unit not in COUNTED or min(abs(became), abs(float(item.raw or 0))) > 20)
    found = drift(device, emulated(name, protocol), library.get(name))
    assert found, f"{name}: {item.name} was {item.raw}, is {became}"


@settings(max_examples=examples(25, quick=8), deadline=None)
@given(st.data())
def test_a_change_of_any_served_value_is_reported_in_the_same_scenario(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(SMALL))
    protocol = data.draw(st.sampled_from(protocols(library.get(name))))
    served_here = what_is_served(name, protocol)
    numbers = [at for at, item in served_here.items() if is_a_number(item) and not item.name.startswith("system.")]
    item = served_here[data.draw(st.sampled_from(numbers))]
    device = copy.deepcopy(emulated(name, protocol))
    assert isinstance(item.raw, int | float)
    factor = data.draw(st.floats(1.3, 20.0))
    for walk in device.walks:
        became = put(walk, item, item.raw * factor)
    assume(abs(became - item.raw) > 1)
    assume(item.place.unit not in COUNTED or float(item.number or 0.0) > 10.0)
    assert drift(device, emulated(name, protocol), library.get(name), same_scenario=True) != []


@pytest.mark.parametrize("name", SMALL)
def test_a_twin_in_another_state_makes_no_mistake(name: str) -> None:
    """After an hour and a half energies, clocks, temperatures and charges are others, and no scale is."""
    site, device = place_of(name)
    for protocol in protocols(library.get(name)):
        later = Twin(site, device, protocol).recording([5400.0])
        found = drift(later, Twin(site, device, protocol).recording([0.0]), library.get(name))
        assert [d for d in found if d.kind not in ("rows", "missing", "extra")] == []


# -- mistakes that users met ------------------------------------------------------------------------------------


def meter(change: str) -> Recording:
    recording = copy.deepcopy(emulated("schneider-pm5000", "modbus"))
    for item in what_is_served("schneider-pm5000", "modbus").values():
        if not is_a_number(item):
            continue
        pairs = [item.octets[n : n + 2] for n in range(0, len(item.octets), 2)]
        octets = {"words": b"".join(reversed(pairs)), "bytes": b"".join(p[::-1] for p in pairs)}[change]
        for walk in recording.walks:
            put(walk, item, 0.0, octets)
    return recording


@pytest.mark.parametrize("change", ["words", "bytes"])
def test_a_whole_device_with_swapped_words_or_bytes_is_told_the_other_order(change: str) -> None:
    told = [d for d in drift(meter(change), emulated("schneider-pm5000", "modbus"), METER) if d.kind == "order"]
    assert len(told) > 20
    assert all(f"with the {change} the other way round" in d.note for d in told)


def test_nothing_in_common_is_no_pass() -> None:
    device = copy.deepcopy(emulated("schneider-pm5000", "modbus"))
    for walk in device.walks:
        walk.registers = {("holding", 0): 2300, ("holding", 1): 23}
    found, compared = compare(device, emulated("schneider-pm5000", "modbus"), METER, partial=True)
    assert [d.kind for d in found] == ["nothing"]
    assert compared.values == 0
    assert "nothing was compared" in str(compared)


def test_what_was_compared_is_counted() -> None:
    twin = emulated("ups-rfc1628", "snmp")
    found, compared = compare(twin, twin, library.get("ups-rfc1628"))
    assert found == []
    assert (compared.values, compared.numbers, compared.points) == (143, 119, 73)


def test_a_power_in_kilowatts_breaks_the_relation_within_the_device() -> None:
    """The load is another than the twin's, so only the device's own voltage and current show it."""
    device = copy.deepcopy(emulated("schneider-pm5000", "modbus"))
    factor = 0.37
    for item in what_is_served("schneider-pm5000", "modbus").values():
        if item.place.unit in ("A", "kW", "kVA", "kvar") and item.number:
            for walk in device.walks:
                put(walk, item, item.number * factor * (1000.0 if item.name == "power.2" else 1.0))
    told = [d for d in drift(device, emulated("schneider-pm5000", "modbus"), METER) if "power.2" in d.where]
    assert [d.kind for d in told] == ["relation"]
    assert "1000 times" in told[0].note


def test_one_point_that_several_rows_show_is_compared_in_each() -> None:
    device = copy.deepcopy(emulated("ups-rfc1628", "snmp"))
    second = what_is_served("ups-rfc1628", "snmp")["1.3.6.1.2.1.33.1.3.3.1.2.2"]
    for walk in device.walks:
        put(walk, second, 5000)
    told = drift(device, emulated("ups-rfc1628", "snmp"), library.get("ups-rfc1628"))
    assert [(d.kind, d.where) for d in told] == [("range", "input.frequency (1.3.6.1.2.1.33.1.3.3.1.2.2)")]


@pytest.mark.parametrize(("case", "kind"), [("word-swapped-meter", "order"), ("two-registers", "nothing")])
def test_recordings_for_which_it_once_passed(shared_data: Path, case: str, kind: str) -> None:
    device = load(shared_data.parent / "cases" / f"{case}.jsonl")
    found: list[Difference] = drift(device, Twin("bench", "meter-1", "modbus").beside(device), METER, partial=True)
    assert kind in {d.kind for d in found}
