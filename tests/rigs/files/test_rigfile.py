"""Rig files: the accepted ones, and the report of each mistake: file, line, field, the value found, the expected ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from twinfeed.emulators import sitefile
from twinfeed.emulators.profiles import library
from twinfeed.emulators.site import Site
from twinfeed.emulators.yamlfile import FileError
from twinfeed.hil_rigs import rigfile
from twinfeed.hil_rigs.rigfile import Rig

SMALL = """\
bench: small
may_arm: [Awa Traoré]
wiring:
  power:
    utility-a: {kind: utility, capacity_kw: 10}
    k1: {kind: breaker, from: utility-a, rated_a: 16}
    ups-1: {kind: ups, from: {input: k1}, kva: 1.5, kw: 1.35, phases: 1, device: {profile: apc-smartups-modbus}}
  devices:
    meter-1: {profile: schneider-pm5000, of: k1}
    relay-1: {profile: advantech-adam-6060, inputs: [k1.closed], outputs: [k1.open/close]}
devices:
  ups-1: {modbus: {serial: /dev/ttyUSB0, baud: 9600, parity: N, unit: 1}}
  meter-1: {modbus: {address: 192.0.2.14}}
  relay-1: {modbus: {address: 192.0.2.13}}
actuators:
  contactor:
    relay: relay-1.relay.1.closed
    normal: "off"
    causes: {utility-a outage: "on"}
    proof: {quantity: ups-1.input.1.voltage, below: 50}
instruments:
  k1.closed: {point: relay-1.input.1.on, every: 50ms}
interlocks:
  charge: {quantity: ups-1.battery.charge, above: 40}
order: {de_energise: [contactor]}
"""


def read(tmp_path: Path, text: str = SMALL) -> Rig:
    path = tmp_path / "rig.yaml"
    path.write_text(text)
    return rigfile.read(path)


def mistakes(tmp_path: Path, text: str) -> list[str]:
    with pytest.raises(FileError) as caught:
        read(tmp_path, text)
    return [problem.removeprefix(f"{tmp_path}/") for problem in caught.value.problems]


class TestAccepted:
    def test_devices_take_their_profiles_from_the_wiring(self, tmp_path: Path) -> None:
        profiles = read(tmp_path).profiles
        assert {name: profile.profile for name, profile in profiles.items()} == {
            "ups-1": "apc-smartups-modbus", "meter-1": "schneider-pm5000", "relay-1": "advantech-adam-6060",
        }  # fmt: skip

    @pytest.mark.parametrize("named", ["my-meter", "profiles/my-meter.yaml"])
    def test_a_device_may_have_a_profile_of_ones_own(self, tmp_path: Path, named: str) -> None:
        own = (
            (library.FOLDER / "schneider-pm5000.yaml")
            .read_text()
            .replace("profile: schneider-pm5000", "profile: my-meter")
        )
        path = tmp_path / f"{named.removesuffix('.yaml')}.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(own)
        text = SMALL.replace("meter-1: {modbus:", f"meter-1: {{profile: {named}, modbus:")
        assert read(tmp_path, text).profiles["meter-1"].profile == "my-meter"
        in_wiring = SMALL.replace("profile: schneider-pm5000", f"profile: {named}")
        assert read(tmp_path, in_wiring).profiles["meter-1"].profile == "my-meter"

    def test_what_is_left_out_has_defaults(self, tmp_path: Path) -> None:
        bench = read(tmp_path).bench
        meter, contactor, charge = bench.devices["meter-1"], bench.actuators["contactor"], bench.interlocks["charge"]
        assert meter.modbus is not None
        assert (meter.modbus.port, meter.modbus.framing, meter.modbus.timeout, meter.modbus.retries) == (
            502,
            "tcp",
            3.0,
            1,
        )
        assert (contactor.safe_position, contactor.settle, contactor.rest) == ("off", 0.0, 0.0)
        assert (charge.for_, charge.stale) == (0.0, 10.0)
        assert (bench.limits.safe_within, bench.limits.heartbeat) == (10.0, 2.0)

    def test_times_may_have_units(self, tmp_path: Path) -> None:
        assert read(tmp_path).bench.instruments["k1.closed"].every == 0.05

    def test_a_fault_leads_to_its_actuator(self, tmp_path: Path) -> None:
        rig = read(tmp_path)
        found = rig.actuator_for("utility-a", "outage")
        assert found is not None
        assert found[0] == "contactor"
        assert rig.actuator_for("utility-a", "sag") is None

    def test_a_point_of_a_device_needs_no_instrument(self, tmp_path: Path) -> None:
        rig = read(tmp_path)
        charge, closed = rig.instrument_for("ups-1.battery.charge"), rig.instrument_for("k1.closed")
        assert charge is not None
        assert closed is not None
        assert (charge.point, closed.point) == ("ups-1.battery.charge", "relay-1.input.1.on")
        assert rig.instrument_for("utility-a.output_volts") is None


class TestWiring:
    def test_inline_it_is_the_site_of_the_twin(self, tmp_path: Path) -> None:
        assert list(read(tmp_path).site.devices) == ["ups-1", "meter-1", "relay-1"]

    def test_a_rig_file_is_a_site_file(self, tmp_path: Path) -> None:
        read(tmp_path)
        assert Site.load(tmp_path / "rig.yaml").name == "small"

    def test_it_may_name_a_shipped_site(self, tmp_path: Path) -> None:
        text = "bench: b\nwiring: bench\ndevices:\n  ups-1: {snmp: {address: 192.0.2.1}}\n"
        assert "generator-1" in read(tmp_path, text).site.components

    def test_it_may_name_a_site_file_beside(self, tmp_path: Path) -> None:
        (tmp_path / "lab.yaml").write_text(sitefile.find("bench").read_text())
        text = "bench: b\nwiring: lab.yaml\ndevices:\n  ups-1: {snmp: {address: 192.0.2.1}}\n"
        assert read(tmp_path, text).profiles["ups-1"].profile == "ups-rfc1628"

    @pytest.mark.parametrize(
        ("found", "wrong", "says"),
        [
            ("kind: utility,", "kind: utillity,", "rig.yaml:5: power.utility-a.kind: found 'utillity'; did you mean utility?"),
            ("from: utility-a,", "from: utility-b,", "rig.yaml:6: power.k1.from.input: 'utility-b' is not in the power path; did you mean utility-a?"),
            ("of: k1}", "of: k9}", "rig.yaml:9: devices.meter-1.of: found 'k9'; expected one of k1, ups-1, utility-a"),
        ],
    )  # fmt: skip
    def test_mistakes_in_it_keep_their_lines(self, tmp_path: Path, found: str, wrong: str, says: str) -> None:
        assert mistakes(tmp_path, SMALL.replace(found, wrong))[0] == says

    def test_a_missing_one_says_what_is_expected(self, tmp_path: Path) -> None:
        assert mistakes(tmp_path, "bench: b\ndevices: {}\n") == [
            "rig.yaml:1: wiring: expected the sections of a site file, or the name of a site"
        ]


MISTAKES = [
    # form
    ("may_arm:", "may_arn:", "rig.yaml:2: may_arn: unknown field; is it misspelt?"),
    ("bench: small", "bench: my bench", r"rig.yaml:1: bench: String should match pattern '^[\w-]+$', found 'my bench'"),
    ("every: 50ms", "every: soon", "rig.yaml:22: instruments.k1.closed.every: found 'soon', expected a time such as"),
    ("baud: 9600", "baud: fast", "rig.yaml:12: devices.ups-1.modbus.baud: expected a valid integer, unable to parse string as an integer, found 'fast'"),
    ("parity: N", "parity: X", "rig.yaml:12: devices.ups-1.modbus.parity: expected 'N', 'E' or 'O', found 'X'"),
    ("address: 192.0.2.14", "port: 502", "rig.yaml:13: devices.meter-1.modbus: expected either `address` or `serial`"),
    ("meter-1: {modbus: {address: 192.0.2.14}}", "meter-1: {rate: 5}", "rig.yaml:13: devices.meter-1: expected `modbus` or `snmp`: how the device is reached"),
    ("{modbus: {address: 192.0.2.14}}", "{snmp: {address: 192.0.2.14, version: v3}}", "rig.yaml:13: devices.meter-1.snmp: `user` belongs to version v3, `read` and `write` to v1 and v2c"),
    ("above: 40", "stale: 40", "rig.yaml:24: interlocks.charge: expected `above`, `below` or `is`: what must hold of the quantity"),
    ('normal: "off"', "outlet: relay-1.relay.2.closed", "rig.yaml:16: actuators.contactor: expected one of outlet, relay, port, point, scpi, netem, proxy, operator, found outlet and relay"),
    ("{point: relay-1.input.1.on, every: 50ms}", "{every: 50ms}", "rig.yaml:22: instruments.k1.closed: expected one of point, scpi, operator and notifications: how it is measured"),
    ("order:", "limits: {heartbeat: 20s}\norder:", "limits.safe_within is 10 s, expected "),
    ('normal: "off"', "normal: [1]", "rig.yaml:18: actuators.contactor.normal: found a list, expected a word such as on or off, or a number"),
    ('normal: "off"', "effect: {de: aus}", "rig.yaml:18: actuators.contactor.effect: found a mapping with de, expected one text, or {en: …, fr: …}"),
    # names
    ("  ups-1: {modbus: {serial", "  ups-9: {modbus: {serial", "rig.yaml:12: devices.ups-9.profile: is missing: the wiring has no device of that name to take it from"),
    ("{modbus: {address: 192.0.2.14}}", "{profile: schneider-pm500, modbus: {address: 192.0.2.14}}", "rig.yaml:13: devices.meter-1.profile: no profile is called 'schneider-pm500'; did you mean schneider-pm5000?"),
    ("{modbus: {address: 192.0.2.14}}", "{profile: apc-rpdu2, modbus: {address: 192.0.2.14}}", "rig.yaml:13: devices.meter-1.profile: is of a pdu, in the wiring meter-1 is a meter"),
    ("{modbus: {address: 192.0.2.14}}", "{snmp: {address: 192.0.2.14}}", "rig.yaml:13: devices.meter-1.snmp: profile schneider-pm5000 has nothing over snmp"),
    ("relay-1.relay.1.closed", "relay-1.relay.1.close", "rig.yaml:17: actuators.contactor.relay: profile advantech-adam-6060 has no point 'relay.1.close' that can be written"),
    ("relay-1.relay.1.closed", "relay-1.input.1.on", "rig.yaml:17: actuators.contactor.relay: profile advantech-adam-6060 has no point 'input.1.on' that can be written"),
    ("relay-1.relay.1.closed", "relay.1.closed", "rig.yaml:17: actuators.contactor.relay: found 'relay.1.closed', expected DEVICE.POINT; did you mean relay-1?"),
    ("utility-a outage", "utility-b outage", "rig.yaml:19: actuators.contactor.causes.utility-b outage:"),
    ("utility-a outage", "utility-a outrage", "rig.yaml:19: actuators.contactor.causes.utility-a outrage: utility-a cannot suffer 'outrage'; did you mean outage?"),
    ('outage: "on"', "outage: half", "rig.yaml:19: actuators.contactor.causes.utility-a outage:"),
    ('outage: "on"', "outage: true", "found true, expected a word such as on or off, or a number"),
    ("ups-1.input.1.voltage", "ups-1.input.1.volts", "rig.yaml:20: actuators.contactor.proof.quantity: profile apc-smartups-modbus has no point 'input.1.volts' that can be read"),
    ("relay-1.input.1.on,", "relay-1.input.on,", "rig.yaml:22: instruments.k1.closed.point: profile advantech-adam-6060 has no point 'input.on' that can be read"),
    ("  k1.closed: {point", "  closed: {point", "rig.yaml:22: instruments.closed: found 'closed', expected NAME.QUANTITY"),
    ("ups-1.battery.charge", "ups-2.battery.charge", "rig.yaml:24: interlocks.charge.quantity: found 'ups-2.battery.charge', expected DEVICE.POINT; did you mean ups-1?"),
    ("order:", "emergency_stop: {input: {quantity: relay-1.input.on, is: true}}\norder:", "rig.yaml:25: emergency_stop.input.quantity: profile advantech-adam-6060 has no point 'input.on'"),
    ("[contactor]}", "[contacter]}", "rig.yaml:25: order.de_energise.0: found 'contacter'; did you mean contactor?"),
    ("[contactor]}", "[contactor, contactor]}", "rig.yaml:25: order.de_energise.1: names 'contactor' a second time"),
    # places
    ("192.0.2.13", "192.0.2.14", "rig.yaml:14: devices.relay-1.modbus.unit: unit 1 of 192.0.2.14 is already meter-1's; expected one of its own"),
    ("{address: 192.0.2.14}", "{serial: /dev/ttyUSB0, unit: 2, parity: N}", "rig.yaml:13: devices.meter-1.modbus.baud: found 19200, expected 9600 as ups-1 on the same line"),
]  # fmt: skip


@pytest.mark.parametrize(("right", "wrong", "says"), MISTAKES, ids=lambda text: text[:30])
def test_a_mistake_is_told_where_it_is(tmp_path: Path, right: str, wrong: str, says: str) -> None:
    assert right in SMALL
    told = "\n".join(mistakes(tmp_path, SMALL.replace(right, wrong, 1)))
    assert says in told


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    text = SMALL.replace("ups-1.battery.charge", "ups-1.charge").replace("[contactor]", "[contacter]")
    assert len(mistakes(tmp_path, text)) == 2


def test_units_behind_one_address_are_devices_of_their_own(tmp_path: Path) -> None:
    text = SMALL.replace("{address: 192.0.2.13}", "{address: 192.0.2.14, unit: 2}")
    assert list(read(tmp_path, text).bench.devices) == ["ups-1", "meter-1", "relay-1"]


@pytest.mark.parametrize("number", [".nan", ".inf", "-.inf"])
def test_no_number_of_a_bench_is_beyond_all_measure(tmp_path: Path, number: str) -> None:
    told = "\n".join(mistakes(tmp_path, SMALL.replace("below: 50", f"below: {number}", 1)))
    assert "proof.below: expected a finite number" in told
