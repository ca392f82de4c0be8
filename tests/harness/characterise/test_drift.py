"""Mistakes of a twin are found; its right values are not reported."""

from __future__ import annotations

import copy
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from twinfeed.emulators import sitefile
from twinfeed.emulators.profiles import library
from twinfeed.emulators.yamlfile import FileError
from twinfeed.harness.characterise.drift import drift
from twinfeed.harness.characterise.drift.surfaces import Difference
from twinfeed.harness.characterise.drift.twin import NoTwin, Twin, place_of
from twinfeed.harness.characterise.recording.recording import Recording, load
from twinfeed.harness.characterise.recording.snmprec import Variable
from twinfeed.harness.faults.injection import Injection
from twinfeed.harness.faults.scenario import Scenario

CHARGE, STATUS = "1.3.6.1.2.1.33.1.2.4.0", "1.3.6.1.2.1.33.1.2.1.0"
VOLTAGE, SOURCE = "1.3.6.1.2.1.33.1.4.4.1.2", "1.3.6.1.2.1.33.1.4.1.0"
UPS = library.get("ups-rfc1628")

DEVICES = [
    (entry.name, protocol)
    for entry in sitefile.read("bench").devices
    for protocol in ("snmp", "modbus")
    if getattr(entry.profile, protocol) is not None
]


@cache
def emulated(device: str = "ups-1", protocol: str = "snmp") -> Recording:
    return Twin("bench", device, protocol).recording([0.0, 60.0])


def ups(**changed: Variable | None) -> Recording:
    """A device that is the twin, but for these variables."""
    recording = copy.deepcopy(emulated())
    for walk in recording.walks:
        for variable in changed.values():
            assert variable is not None
            walk.variables[variable.oid] = variable
    return recording


def without(*oids: str) -> Recording:
    recording = copy.deepcopy(emulated())
    for walk in recording.walks:
        for oid in list(walk.variables):
            if oid.startswith(oids):
                del walk.variables[oid]
    return recording


def found(device: Recording, **how: Any) -> list[Difference]:
    return drift(device, emulated(), UPS, **how)


def only(differences: list[Difference], kind: str) -> Difference:
    assert [difference.kind for difference in differences] == [kind], differences
    return differences[0]


@pytest.mark.parametrize(("device", "protocol"), DEVICES)
def test_a_twin_does_not_drift_from_itself(device: str, protocol: str) -> None:
    profile = next(entry.profile for entry in sitefile.read("bench").devices if entry.name == device)
    assert drift(emulated(device, protocol), emulated(device, protocol), profile, same_scenario=True) == []


def test_a_variable_that_the_twin_lacks_is_missing() -> None:
    difference = only(found(ups(more=Variable("1.3.6.1.4.1.9999.1.0", "integer", 7))), "missing")
    assert (difference.where, difference.device) == ("1.3.6.1.4.1.9999.1.0", "1 variable")


def test_a_variable_that_the_device_lacks_is_extra() -> None:
    difference = only(found(without(CHARGE)), "extra")
    assert (difference.where, difference.note) == ("1.3.6.1.2.1.33.1.2", "battery.charge")


def test_what_only_the_twin_has_is_fine_where_the_recording_is_partial() -> None:
    assert found(without("1.3.6.1.2.1.33.1.2", f"{VOLTAGE}.3"), partial=True) == []


def test_nothing_is_missing_of_what_was_not_asked_for() -> None:
    device = without("1.3.6.1.2.1.1", "1.3.6.1.2.1.2", "1.3.6.1.2.1.4", "1.3.6.1.2.1.11", "1.3.6.1.2.1.7", "1.3.6.1.6")
    device.head["asked"] = ["1.3.6.1.2.1.33"]
    assert found(device) == []


def test_rows_that_differ_are_told() -> None:
    difference = only(found(without(f"{VOLTAGE}.3")), "rows")
    assert difference.where == f"{VOLTAGE} output.{{line}}.voltage"
    assert (difference.device, difference.twin, difference.note) == ("2 rows", "3 rows", "only the twin: 3")


def test_another_asn1_type_is_told() -> None:
    difference = only(found(ups(charge=Variable(CHARGE, "gauge32", 100))), "type")
    assert (difference.where, difference.device, difference.twin) == (f"{CHARGE} battery.charge", "gauge32", "integer")


def test_another_product_is_told() -> None:
    device = ups()
    device.head["identity"] = {"sysObjectID": "1.3.6.1.4.1.318.1.3.27"}
    assert only(found(device), "identity").twin == "1.3.6.1.2.1.33"


def test_a_number_that_the_profile_gives_no_meaning_is_told() -> None:
    difference = only(found(ups(status=Variable(STATUS, "integer", 9))), "meaning")
    assert (difference.where, difference.device) == ("battery.status", "9 is not one of 1, 2, 3, 4")


def test_a_scale_ten_times_off_is_told() -> None:
    tenths = [Variable(f"{VOLTAGE}.{line}", "integer", 100) for line in (1, 2, 3)]
    differences = found(ups(**{f"line_{n}": v for n, v in enumerate(tenths)}))
    assert {d.kind for d in differences} <= {"scale"}
    ten_times = [Variable(f"{VOLTAGE}.{line}", "integer", 2300) for line in (1, 2, 3)]
    differences = found(ups(**{f"line_{n}": v for n, v in enumerate(ten_times)}))
    assert {(d.kind, d.note) for d in differences} == {("range", "0 to 1500 V is possible; it is 10 times as much")}


def test_a_factor_within_what_is_possible_is_told_as_a_scale() -> None:
    frequency = "1.3.6.1.2.1.33.1.4.2.0"
    difference = only(found(ups(frequency=Variable(frequency, "integer", 50))), "scale")
    assert (difference.where, difference.device, difference.note) == (
        "output.frequency", "5 Hz", "the device shows 10 times less",
    )  # fmt: skip


def test_values_count_only_in_the_same_scenario() -> None:
    device = ups(charge=Variable(CHARGE, "integer", 60))
    assert found(device) == []
    difference = only(found(device, same_scenario=True), "value")
    assert (difference.where, difference.device, difference.twin) == ("battery.charge", "60 %", "100 %")
    assert found(device, same_scenario=True, tolerance=0.7) == []


def test_what_is_ignored_is_not_told() -> None:
    device = ups(charge=Variable(CHARGE, "gauge32", 100), more=Variable("1.3.6.1.4.1.9999.1.0", "integer", 7))
    assert found(device, ignore=[CHARGE, "1.3.6.1.4.1"]) == []


class TestTiming:
    """A UPS goes on battery at 60 s. It is read every 10 s."""

    TIMES = tuple(10.0 * n for n in range(13))

    def twin(self) -> Recording:
        outages = tuple(Injection(f"utility-{feed}", "outage", at_s=60.0) for feed in "ab")
        outage = Scenario("bench", injections=outages)
        return Twin("bench", "ups-1", "snmp", outage).recording(self.TIMES)

    def shifted(self, by: int) -> Recording:
        """A device on which everything happens so many walks later, or earlier."""
        recording = self.twin()
        old = [walk.variables for walk in recording.walks]
        for n, walk in enumerate(recording.walks):
            walk.variables = old[min(max(n - by, 0), len(old) - 1)]
        return recording

    def test_the_same_at_the_same_time_is_no_drift(self) -> None:
        assert drift(self.twin(), self.twin(), UPS, same_scenario=True) == []

    def test_a_change_between_the_same_two_walks_is_no_drift_though_it_was_another_moment(self) -> None:
        device = self.twin()
        device.walks = [replace(walk, t_s=walk.t_s + 4.0) for walk in device.walks]
        assert drift(device, self.twin(), UPS) == []

    @pytest.mark.parametrize(("by", "words"), [(3, "the twin is 20 s early"), (-3, "the twin is 20 s late")])
    def test_a_mode_that_changes_at_another_time_is_told(self, by: int, words: str) -> None:
        told = {d.where: d for d in drift(self.shifted(by), self.twin(), UPS) if d.kind == "timing"}
        assert told["output.source"].note == f"{words} at least"
        assert told["output.source"].twin.startswith("battery at 50 to 60 s")

    def test_a_condition_ends_a_fault_of_the_twin(self) -> None:
        until = tuple(
            Injection(f"utility-{feed}", "outage", at_s=20.0, until="ups-1.charge_percent < 99.5") for feed in "ab"
        )
        twin = Twin("bench", "ups-1", "snmp", Scenario("bench", injections=until))
        twin.recording([600.0])
        assert [event.what for event in twin._site.plant.journal if event.who == "utility-a"] == [
            "fault", "fault cleared",
        ]  # fmt: skip

    def test_a_scenario_that_does_not_fit_the_site_of_the_twin_is_refused_with_its_line(self, tmp_path: Path) -> None:
        file = tmp_path / "wrong.scenario.yaml"
        file.write_text(
            "site: bench\ninjections:\n"
            "  - {target: utility-a, kind: outage, until: nothing.x}\n"
            "properties: [always(nothing.y)]\n"
        )
        with pytest.raises(FileError) as refused:
            Twin("bench", "ups-1", "snmp", Scenario.load(file), scenario_file=file)
        assert [line.partition(": ")[0] for line in str(refused.value).splitlines()] == [f"{file}:3", f"{file}:4"]

    def test_a_twin_that_does_not_follow_is_told(self) -> None:
        still = Twin("bench", "ups-1", "snmp").recording(self.TIMES)
        told = {d.where: d for d in drift(self.twin(), still, UPS) if d.kind == "timing"}
        assert told["output.source"].device.startswith("battery at 50 to 60 s")
        assert told["output.source"].twin == "no change"

    def test_within_lets_changes_be_apart(self) -> None:
        assert [d for d in drift(self.shifted(3), self.twin(), UPS, within_s=20.0) if d.note.endswith("at least")] == []


class TestRegisters:
    def test_registers_are_compared_where_both_were_asked(self) -> None:
        device = copy.deepcopy(emulated("generator-1", "modbus"))
        walk = device.walks[0]
        device.walks = [walk]
        place = next(iter(walk.registers))
        twin = copy.deepcopy(device)
        twin.walks[0].registers.pop(place)
        assert drift(device, twin, None) == []
        twin.walks[0].refused[place] = 2
        difference = only(drift(device, twin, None), "missing")
        assert (difference.where, difference.device, difference.twin) == (
            f"{place[0]} {place[1]}", "1 register", "refused",
        )  # fmt: skip

    def test_recordings_of_two_protocols_cannot_be_compared(self) -> None:
        with pytest.raises(ValueError, match="recorded by modbus, the twin by snmp"):
            drift(emulated("generator-1", "modbus"), emulated(), None)


class TestWhichTwin:
    def test_a_site_and_a_device_are_named(self) -> None:
        assert place_of("bamako:ups-a1") == ("bamako", "ups-a1")

    @pytest.mark.parametrize("name", library.names())
    def test_every_shipped_profile_has_a_device_on_a_shipped_site(self, name: str) -> None:
        site, device = place_of(name)
        assert any(e.name == device and e.profile.profile == name for e in sitefile.read(site).devices)

    def test_a_profile_that_no_site_uses_is_told(self) -> None:
        with pytest.raises(NoTwin, match="name a device as SITE:DEVICE"):
            place_of("ups-9000")

    def test_a_protocol_it_does_not_speak_is_told(self) -> None:
        with pytest.raises(NoTwin, match="bench:meter-1 does not speak snmp"):
            Twin("bench", "meter-1", "snmp")


@pytest.mark.parametrize(
    ("recording", "profile", "missing"),
    [
        ("apc_ap8959eu3", "apc-rpdu2", "1.3.6.1.4.1.318.1.4.2.4.1.4.2"),
        ("apc_smtl1000-nmc3", "apc-smartups-snmp", "1.3.6.1.4.1.318.1.1.25.1"),
    ],
)
def test_real_devices_have_what_the_shipped_twins_lack(
    shared_data: Path, recording: str, profile: str, missing: str
) -> None:
    """Both are known: an environment monitor in the card, and a branch of modules in the MIB."""
    device = load(shared_data / "recordings" / f"{recording}.snmprec")
    site, name = place_of(profile)
    differences = drift(device, Twin(site, name, "snmp").recording([0.0]), library.get(profile), partial=True)
    assert {d.kind for d in differences} == {"missing"}
    assert missing in [d.where for d in differences]
