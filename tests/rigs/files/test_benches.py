"""The benches that ship: every one can be read, completed by editors, and run on its software twin."""

from __future__ import annotations

import json
import re
from ipaddress import ip_address, ip_network

import jsonschema
import pytest
from ruamel.yaml import YAML

from twinfeed.emulators.site import Site
from twinfeed.hil_rigs import rigfile
from twinfeed.hil_rigs.schema import json_schema

BENCHES = pytest.mark.parametrize("name", rigfile.names())


@BENCHES
def test_every_bench_can_be_read(name: str) -> None:
    assert rigfile.read(name).name == name


@BENCHES
def test_every_bench_says_who_may_arm_it_and_what_stops_it(name: str) -> None:
    bench = rigfile.read(name).bench
    assert bench.may_arm
    assert bench.interlocks


@BENCHES
def test_people_are_told_in_both_languages(name: str) -> None:
    bench = rigfile.read(name).bench
    told = [bench.title, *(actuator.effect for actuator in bench.actuators.values())]
    told += [
        text for actuator in bench.actuators.values() if actuator.operator for text in actuator.operator.do.values()
    ]
    assert all(isinstance(text, dict) and set(text) == {"en", "fr"} for text in told)


@BENCHES
def test_the_schema_for_editors_takes_every_bench(name: str) -> None:
    path = rigfile.find(name)
    assert path.read_text().splitlines()[0] == "# yaml-language-server: $schema=rig.schema.json"
    data = json.loads(json.dumps(YAML(typ="safe").load(path), default=str))
    jsonschema.validate(data, json_schema())


def test_the_shipped_schema_is_the_one_rig_files_are_validated_with() -> None:
    shipped = json.loads((rigfile.FOLDER / "rig.schema.json").read_text())
    assert shipped == json_schema(), "write it anew: twinfeed rig schema > hil_rigs/benches/rig.schema.json"


def test_the_schema_refuses_a_password() -> None:
    data = {
        "bench": "b",
        "wiring": "bench",
        "devices": {"pdu-1": {"snmp": {"address": "192.0.2.1", "write": "private"}}},
    }
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(data, json_schema())


@BENCHES
def test_every_proof_and_interlock_is_as_it_should_be_at_rest_on_the_twin(name: str) -> None:
    """No proof holds before anything has moved, and no interlock stops the bench."""
    rig, site = rigfile.read(name), Site.load(rigfile.find(name))
    site.advance(3600.0)
    for limit in rig.bench.interlocks.values():
        assert limit.holds(_value(site, limit.quantity)), limit
    for actuator in rig.bench.actuators.values():
        if actuator.proof is not None:
            assert not actuator.proof.holds(_value(site, actuator.proof.quantity)), actuator.proof


@pytest.mark.parametrize("name", ["chiller-skid", "network-bench"])
def test_every_fault_that_has_a_proof_shows_it_on_the_twin(name: str) -> None:
    """On benches whose proofs read what the fault does; a contactor's own auxiliary contact proves the move alone."""
    rig = rigfile.read(name)
    for actuator in rig.bench.actuators.values():
        for fault in actuator.causes if actuator.proof is not None else ():
            site = Site.load(rigfile.find(name))
            site.advance(3600.0)
            target, _, kind = fault.partition(" ")
            if kind not in site.faults(target):
                continue  # of the wire
            site.inject(target, kind)
            assert actuator.proof is not None
            site.advance(actuator.proof.within)
            assert actuator.proof.holds(_value(site, actuator.proof.quantity)), fault


def _value(site: Site, quantity: str) -> object:
    name, _, rest = quantity.partition(".")
    device, component = site.devices.get(name), site.components.get(name)
    bound = device.find_point(rest) if device is not None else None
    if bound is not None:
        return bound.read()
    assert component is not None, quantity
    return component.quantity(rest)


NOBODYS = tuple(map(ip_network, ("127.0.0.0/8", "192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "198.18.0.0/15")))
"""Loopback, the example networks of RFC 5737, and that of RFC 2544 for benches of network devices."""


@pytest.mark.parametrize("name", rigfile.names())
def test_a_shipped_bench_has_only_addresses_that_belong_to_nobody(name: str) -> None:
    """A newcomer who tries `twinfeed rig check` on an example must not reach a device of their network."""
    found = re.findall(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])", rigfile.find(name).read_text(encoding="utf-8"))
    addresses = [ip_address(text) for text in found]
    assert addresses
    assert [str(one) for one in addresses if not any(one in network for network in NOBODYS)] == []
