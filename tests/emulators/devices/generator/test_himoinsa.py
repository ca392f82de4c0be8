"""The Himoinsa profile against a walk of a real one."""

from __future__ import annotations

import re

import pytest
from station import Station

from twinfeed.emulators.profiles import library
from twinfeed.emulators.profiles.binding import Surface
from twinfeed.emulators.profiles.snmp_binding import SurfaceTree

PROFILE = library.get("himoinsa-gensets")
ENTERPRISE = "1.3.6.1.4.1.41809.1."
TAGS = {"integer": 2, "gauge32": 66}


def value(station: Station, oid: str) -> object:
    """The value of the entry of that OID."""
    entry = next(o for o in PROFILE.snmp.objects if o.oid == oid)
    return Surface(PROFILE, station.controller).getter(entry, {}, oid)()


def test_every_measure_of_the_walk_is_there_with_its_type(shared_data):
    walked = {}
    for line in (shared_data / "recordings" / "himoinsa-gensets.snmprec").read_text().splitlines():
        oid, tag, _ = line.split("|", 2)
        if oid.startswith(ENTERPRISE):
            walked[oid] = int(re.sub(r"\D", "", tag))
    shown = {o.oid: TAGS[o.type] for o in PROFILE.snmp.objects if o.oid.startswith(ENTERPRISE)}
    assert len(walked) > 25
    assert {oid: shown.get(oid) for oid in walked} == walked


def test_the_tree_can_be_built():
    SurfaceTree(Surface(PROFILE, Station().controller))


@pytest.mark.parametrize(("mode", "bits"), [("auto", 2 + 4), ("manual", 2 + 8), ("stop", 2 + 32)])
def test_status_bits_at_rest(mode: str, bits: int):
    assert value(Station(settings={"mode": mode}), f"{ENTERPRISE}46.0") == bits


def test_status_and_measures_on_load():
    station = Station()
    station.carrying(900.0)
    assert value(station, f"{ENTERPRISE}46.0") == 1 + 4
    assert value(station, f"{ENTERPRISE}55.1.9.0") == pytest.approx(500.0, abs=0.1)
    assert value(station, f"{ENTERPRISE}26.0") == pytest.approx(1500.0, abs=0.1)
    assert value(station, f"{ENTERPRISE}29.0") == pytest.approx(272.0)


def test_an_alarm_sets_its_bit():
    station = Station()
    station.plant.inject("g1/device", "emergency-stop")
    station.run(1.0)
    assert value(station, f"{ENTERPRISE}46.0") == 2 + 4 + 128
    assert value(station, f"{ENTERPRISE}55.1.28.0") == 1 + 2
