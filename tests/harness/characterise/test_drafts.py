"""Drafts of profiles: they load, they answer as what was recorded, and they do not guess wrong."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path

import mib_modules
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from twinfeed.emulators.devices.catalogue import KINDS
from twinfeed.emulators.profiles import library
from twinfeed.emulators.profiles.binding import Surface
from twinfeed.emulators.profiles.schema import Profile
from twinfeed.emulators.profiles.snmp_binding import SurfaceTree
from twinfeed.emulators.site import Site
from twinfeed.emulators.yamlfile import FileError
from twinfeed.harness.characterise.drafting import mib_draft, register_draft
from twinfeed.harness.characterise.drafting.draft import Draft, flow, scalar
from twinfeed.harness.characterise.drafting.guesses import Guesser, Shown
from twinfeed.harness.characterise.drafting.mibs import MibError, Mibs, Node, compiled
from twinfeed.harness.characterise.drafting.shipped import ShippedEntries
from twinfeed.harness.characterise.drafting.units import described, measure
from twinfeed.harness.characterise.recording.recording import Recording, Walk, load
from twinfeed.harness.characterise.recording.snmprec import Variable

# Which MIB, recording and kind; the shipped profile was made by people from the same MIB.
PRODUCTS = [
    ("ups-rfc1628", "ups", "UPS-MIB", "generex-ups_cs141"),
    ("ups-rfc1628", "ups", "UPS-MIB", "dell-ups_tower1000w"),
    ("apc-smartups-snmp", "ups", "PowerNet-MIB", "apc_smtl1000-nmc3"),
    ("apc-rpdu2", "pdu", "PowerNet-MIB", "apc_ap8959eu3"),
    ("apc-rack-ats", "source_switch", "PowerNet-MIB", "apc_ats"),
    ("raritan-px2", "pdu", "PDU2-MIB", "raritan-pdu_px2"),
    ("himoinsa-gensets", "generator", "HIMOINSAv14-MIB", "himoinsa-gensets"),
    ("stulz-wib8000", "crah", "Stulz-WIB8000-MIB", "stulz_wib8000"),
]


NOTHING_KNOWN = ShippedEntries("ups", without=library.names())
"""Names and units alone make the points plain."""


@pytest.fixture(scope="module")
def modules(shared_data: Path) -> Mibs:
    """Everything that the products above are drafted from."""
    return mib_modules.Mibs(shared_data / "mibs")


def written(draft: Draft, folder: Path) -> Profile:
    path = folder / f"{draft.profile}.yaml"
    path.write_text(draft.text())
    return library.load(path)


@pytest.mark.parametrize(("shipped", "kind", "module", "recording"), PRODUCTS, ids=lambda value: str(value))
class TestFromMibs:
    @pytest.fixture
    def draft(self, modules: Mibs, shared_data: Path, kind: str, module: str, recording: str) -> Draft:
        recorded = load(shared_data / "recordings" / f"{recording}.snmprec")
        return mib_draft.draft("draft", kind, modules, [module], recorded, NOTHING_KNOWN)

    def test_the_draft_loads(self, draft: Draft, shipped: str, recording: str, tmp_path: Path) -> None:
        profile = written(draft, tmp_path)
        assert profile.snmp is not None
        assert len(profile.snmp.objects) == draft.points + draft.fixed > 0

    def test_no_guess_contradicts_the_shipped_profile(
        self, draft: Draft, shipped: str, recording: str, tmp_path: Path
    ) -> None:
        known = {entry.oid: entry for entry in library.get(shipped).snmp.objects}  # type: ignore[union-attr]
        wrong = []
        for entry in written(draft, tmp_path).snmp.objects:  # type: ignore[union-attr]
            by_people = known.get(entry.oid)
            if entry.point is None or by_people is None or by_people.point is None:
                continue
            line = next(
                line for line in draft.text().splitlines() if f"{entry.oid}, " in line or f'{entry.oid}", ' in line
            )
            factor = by_people.factor if "# TODO: unit and factor" in line else entry.factor
            if (entry.point, factor) != (by_people.point, by_people.factor):
                wrong.append(
                    f"{entry.oid} {entry.source}: {entry.point} x {entry.factor}, people say {by_people.point}"
                )
        assert not wrong

    def test_what_is_fixed_is_served_as_it_was_recorded(
        self, draft: Draft, shipped: str, kind: str, recording: str, shared_data: Path, tmp_path: Path
    ) -> None:
        site = Site.load("bench")
        device = next(device for device in site.devices.values() if device.kind == kind)
        tree = SurfaceTree(Surface(written(draft, tmp_path), device))
        served = {".".join(map(str, instance.oid)): instance for instance in tree.instances}
        recorded = load(shared_data / "recordings" / f"{recording}.snmprec").walks[0].variables
        fixed = re.findall(r"- \{oid: \"?([\d.]+)\"?, type: \w+, value: ", draft.text())
        assert len(fixed) == draft.fixed
        for oid in fixed:
            value = served[oid].read()
            plain = ".".join(map(str, value)) if isinstance(value, tuple) else value
            assert plain == recorded[oid].value or recorded[oid].type == "ipaddress", oid


def test_most_of_a_ups_is_told_from_the_ups_mib(modules: Mibs, shared_data: Path) -> None:
    recorded = load(shared_data / "recordings" / "generex-ups_cs141.snmprec")
    text = mib_draft.draft("draft", "ups", modules, ["UPS-MIB"], recorded, NOTHING_KNOWN).text()
    for line in (
        "point: battery.status, enum: {unknown: 1, normal: 2, low: 3, depleted: 4}, source: UPS-MIB upsBatteryStatus}",
        'point: battery.runtime, factor: 60, source: "UPS-MIB upsEstimatedMinutesRemaining, minutes"}',
        '{oid: "1.3.6.1.2.1.33.1.4.4.1.3.{line}", type: integer, point: "output.{line}.current", factor: 0.1,',
        "# TODO upsIdentManufacturer: which point? The name of the UPS manufacturer.",
    ):
        assert line in text


def test_an_object_that_a_shipped_profile_has_shows_the_same_point(modules: Mibs, shared_data: Path) -> None:
    recorded = load(shared_data / "recordings" / "generex-ups_cs141.snmprec")
    text = mib_draft.draft("draft", "ups", modules, ["UPS-MIB"], recorded).text()
    entries = {entry.oid: entry for entry in library.get("ups-rfc1628").snmp.objects}  # type: ignore[union-attr]
    oid = "1.3.6.1.2.1.33.1.2.4.0"  # upsEstimatedChargeRemaining
    assert f"point: {entries[oid].point}, " in next(line for line in text.splitlines() if f"{oid}, " in line)
    assert "as ups-rfc1628: " in text


def test_the_points_of_the_kind_that_nothing_shows_are_listed(modules: Mibs, shared_data: Path) -> None:
    recorded = load(shared_data / "recordings" / "generex-ups_cs141.snmprec")
    draft = mib_draft.draft("draft", "ups", modules, ["UPS-MIB"], recorded)
    note = next(note for note in draft.notes if note.startswith("Points of the kind ups that no entry shows: "))
    listed = set(note.rstrip(".").partition(": ")[2].split(", "))
    assert not listed & set(draft.shown)
    assert {point.name for point in KINDS["ups"].own} - set(draft.shown) >= listed - {"system.serial"}


def test_an_index_that_is_the_same_in_every_row_is_part_of_the_oid() -> None:
    column = Node("M", "outletCurrent", "column", "gauge32", "read-only", {}, 0, 2**31, units="0.1 A")
    rows = {(1, n): Variable(f"1.3.6.1.4.1.9.1.{1}.{n}", "gauge32", n) for n in (1, 2, 3)}
    assert mib_draft.Object((1, 3, 6, 1, 4, 1, 9, 1), column, "outletEntry", rows).rows == [1]
    with_both = {(1, 1): rows[1, 1], (2, 1): rows[1, 1], (2, 2): rows[1, 2]}
    assert mib_draft.Object((1, 3, 6, 1, 4, 1, 9, 1), column, "outletEntry", with_both).rows == [0, 1]


def test_a_recording_of_something_else_is_told(modules: Mibs) -> None:
    with pytest.raises(ValueError, match="nothing in the recording is of UPS-MIB; it has nothing"):
        mib_draft.draft("draft", "ups", modules, ["UPS-MIB"], Recording({"device": "x"}, [Walk(1, 0.0)]))


def test_a_module_that_cannot_be_had_is_named_with_where_it_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(
        MibError, match=rf"module NO-MIB is missing; looked in {tmp_path}. Modules of the IETF are in Deb"
    ):
        compiled([tmp_path], ["NO-MIB"])


def test_without_pysmi_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pysmi.codegen", None)
    with pytest.raises(MibError, match=r"pip install twinfeed\[mib\]"):
        compiled([tmp_path], ["UPS-MIB"])


LIST = """address,name,type,unit,scale,access,values
100,Frequency,u16,Hz,0.01,r,
101,Voltage L2,uint16,V,0.1,r,
102,Total active energy,u32,kWh,,r,
104,Tariff,u16,,,rw,1=day;2=night
110,Serial,u32,,,r,
"""


def recorded_registers(*values: int, first: int = 100) -> Recording:
    walk = Walk(1, 0.0, True, registers={("holding", first + n): value for n, value in enumerate(values)})
    head = {"protocol": "modbus", "device": "modbus://meter", "identity": {"0": "Maker", "1": "M-1", "2": "V1"}}
    return Recording(head, [walk])


RELAYS = """address,name,table,access,values
0,DI0,discrete,r,
1,DI1,discrete,r,
16,Relay 1 closed,coil,rw,0=off;1=on
17,Relay 2 closed,coil,rw,0=off;1=on
20,Watchdog tripped,coil,r,
"""


class TestFromARegisterListAlone:
    def draft(self, tmp_path: Path) -> Draft:
        path = tmp_path / "map.csv"
        path.write_text(RELAYS)
        return register_draft.draft("draft", "relay_io", register_draft.rows(path).rows, path)

    def test_numbers_in_names_are_rows(self, tmp_path: Path) -> None:
        modbus = written(self.draft(tmp_path), tmp_path).modbus
        assert modbus is not None
        assert {bit.address: bit.point for bit in modbus.bits if bit.point} == {
            0: "input.1.on",
            1: "input.2.on",
            16: "relay.1.closed",
            17: "relay.2.closed",
        }
        assert {bit.address: bit.access for bit in modbus.bits}[16] == "rw"

    def test_without_a_recording_other_bits_are_off_and_the_head_says_so(self, tmp_path: Path) -> None:
        draft = self.draft(tmp_path)
        assert "No device was asked: values that are no points are 0." in draft.notes[0]
        assert "# TODO Watchdog tripped: which point?" in draft.text()
        assert "{table: coil, address: 20, value: 0," in draft.text()

    def test_it_loads_and_answers(self, tmp_path: Path) -> None:
        assert written(self.draft(tmp_path), tmp_path).kind == "relay_io"


class TestFromARegisterList:
    def draft(self, tmp_path: Path, text: str = LIST, *values: int) -> Draft:
        path = tmp_path / "map.csv"
        path.write_text(text)
        recording = recorded_registers(*(values or (5003, 2301, 0, 77, 2)))
        return register_draft.draft("draft", "meter", register_draft.rows(path).rows, path, recording)

    def test_the_draft_loads_with_points_and_scales(self, tmp_path: Path) -> None:
        modbus = written(self.draft(tmp_path), tmp_path).modbus
        assert modbus is not None
        by_address = {register.address: register for register in modbus.registers}
        assert (by_address[100].point, by_address[100].factor) == ("frequency", Fraction(1, 100))
        assert (by_address[101].point, by_address[101].factor) == ("voltage.2", Fraction(1, 10))

    def test_what_is_not_plain_keeps_its_recorded_value_and_a_todo(self, tmp_path: Path) -> None:
        draft = self.draft(tmp_path)
        assert "# TODO Tariff: which point? (day 1, night 2)" in draft.text()
        modbus = written(draft, tmp_path).modbus
        assert modbus is not None
        assert {r.address: r.value for r in modbus.registers if r.value is not None}[104] == 2

    def test_what_was_not_recorded_is_said(self, tmp_path: Path) -> None:
        assert "# TODO: it was not recorded: what is it?" in self.draft(tmp_path).text()

    def test_what_was_recorded_but_not_listed_is_said(self, tmp_path: Path) -> None:
        assert "# Recorded, but not in the list: holding 105." in self.draft(tmp_path, LIST, 1, 2, 3, 4, 5, 6).text()

    def test_the_identity_is_that_of_the_recording(self, tmp_path: Path) -> None:
        profile = written(self.draft(tmp_path), tmp_path)
        assert profile.vendor == "Maker"
        assert profile.modbus is not None
        assert profile.modbus.identification == {0: "Maker", 1: "M-1", 2: "V1"}

    def test_addresses_may_count_from_one(self, tmp_path: Path) -> None:
        path = tmp_path / "map.csv"
        path.write_text(LIST)
        assert [row.address for row in register_draft.rows(path, "one").rows][:2] == [99, 100]

    @pytest.mark.parametrize(
        ("wrong", "says"),
        [
            (
                "name,type\nx,u16\n",
                ":1: the columns are name, type (separated by comma); known are address, name, table",
            ),
            ("address,name,scael\n1,x,0.1\n", ":1: the column 'scael' is not known; did you mean scale?"),
            ("", ":1: the columns are none"),
            ("address,name\n", ": lists no register"),
            ("address,name\nten,x\n", ":2: address: found 'ten', expected a whole number"),
            ("address,name\n70000,x\n", ":2: address: found 70000, expected 0 to 65535"),
            ("address,name\n1,\n", ":2: name: is empty"),
            ("address,name,type\n1,x,u17\n", ":2: type: found 'u17', expected u16, i16"),
            ("address,name,table\n1,x,holdings\n", ":2: table: found 'holdings', expected holding, input"),
            ("address,name,scale\n1,x,0\n", ":2: scale: found '0', expected a number"),
            ("address,name,access\n1,x,maybe\n", ":2: access: found 'maybe', expected r, rw or w"),
            ("address,name,type\n1,x,string\n", ":2: length: found '', expected a whole number"),
            ("address,name,values\n1,x,on\n", ":2: values: found 'on', expected NUMBER=NAME"),
            ("address,name,table,type\n1,x,coil,u16\n", ":2: type: found 'u16', expected bool"),
        ],
    )
    def test_a_mistake_is_told_with_file_line_and_column(self, tmp_path: Path, wrong: str, says: str) -> None:
        path = tmp_path / "map.csv"
        path.write_text(wrong)
        with pytest.raises(FileError) as error:
            register_draft.rows(path)
        assert str(error.value).startswith(f"{path}{says}")


class TestUnits:
    @pytest.mark.parametrize(
        ("text", "base", "times"),
        [
            ("0.1 Volt DC", "V", "1/10"),
            ("RMS Volts", "V", "1"),
            ("0.1 Hertz", "Hz", "1/10"),
            ("minutes", "s", "60"),
            ("degrees Centigrade", "°C", "1"),
            ("tenths of degrees Celsius", "°C", "1/10"),
            ("kW", "W", "1000"),
            ("Volt-Amps", "VA", "1"),
            ("milliamps", "A", "1/1000"),
            ("percent", "%", "1"),
        ],
    )
    def test_units_as_mibs_and_lists_write_them(self, text: str, base: str, times: str) -> None:
        assert measure(text) == (base, Fraction(times))

    @pytest.mark.parametrize("text", ["", "bananas", "volts or amps"])
    def test_what_is_no_unit_or_two_is_none(self, text: str) -> None:
        assert measure(text) is None

    def test_a_description_may_name_the_unit(self) -> None:
        assert described("The actual battery bus voltage in tenths of volts.") == ("V", Fraction(1, 10))
        assert described("The name of the unit.") is None

    def test_the_factor_is_from_the_raw_number_to_the_catalogues_unit(self) -> None:
        tenths, minutes = measure("0.1 Volt DC"), measure("minutes")
        assert tenths is not None
        assert minutes is not None
        assert (tenths.factor_for("V"), minutes.factor_for("s"), minutes.factor_for("V")) == (Fraction(1, 10), 60, None)


class TestGuesses:
    ups = Guesser("ups")

    def test_a_name_and_a_unit_make_a_point_plain(self) -> None:
        guess = self.ups.guess(Shown("batteryVoltage", measure("0.1 V")))
        assert guess is not None
        assert (guess.point, guess.factor, guess.doubt) == ("battery.voltage", Fraction(1, 10), "")

    @pytest.mark.parametrize(
        "shown",
        [
            Shown("batteryVoltage", measure("seconds")),
            Shown("batteryStatus", labels={"red": 1, "green": 2}),
            Shown("voltage", measure("V")),
            Shown("batteryVoltageAlarmThresholdHigh", measure("V")),
            Shown("outputFrequency", measure("0.1 Hz"), recorded=(50000.0,)),
        ],
        ids=lambda shown: shown.name,
    )
    def test_nothing_is_guessed_of_a_wrong_unit_words_or_value(self, shown: Shown) -> None:
        assert self.ups.guess(shown) is None

    def test_without_a_unit_the_guess_says_what_to_decide(self) -> None:
        guess = self.ups.guess(Shown("batteryVoltage"))
        assert guess is not None
        assert guess.doubt == "unit and factor are not given: the point is in V"

    def test_what_is_near_is_named(self) -> None:
        assert "battery.voltage" in self.ups.near(Shown("batteryVoltageAlarmThreshold"))


@given(st.one_of(st.text(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.booleans()))
def test_every_value_is_written_so_that_yaml_reads_it_back(value: object) -> None:
    yaml = YAML(typ="safe")
    assert yaml.load(f"- {flow({'value': scalar_text(value)})}") == [{"value": scalar_text(value)}]
    assert yaml.load(f"- {scalar(value)}  # TODO: what?") == [value]


def scalar_text(value: object) -> str:
    return str(value)


@given(st.text())
def test_comments_take_any_text_on_one_line(text: str) -> None:
    draft = Draft("d", "ups", "v", "p", head={"snmp": {}})
    draft.comment("objects", f"TODO {text}")
    draft.entry("objects", {"oid": "1.3.6", "type": "integer", "value": 1}, text or "x")
    loaded = YAML(typ="safe").load(draft.text())
    assert loaded["snmp"]["objects"] == [{"oid": "1.3.6", "type": "integer", "value": 1}]
