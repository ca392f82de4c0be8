"""The shipped site `bench` on addresses of its own, and a rig file that reaches its devices as if they were hardware."""

from __future__ import annotations

import os
import socket
from pathlib import Path

from twinfeed.emulators import sitefile
from twinfeed.emulators.site import Site

PASSWORDS = {"TEST_AUTH": "twinfeed-auth", "TEST_PRIV": "twinfeed-priv"}
"""The values behind the rig file's references: the bench's SNMPv3 user (emulators/sitefile)."""

FILE = """\
bench: workbench
title: {en: The emulated bench, fr: Le banc émulé}
may_arm: [Awa Traoré]
wiring: site.yaml

devices:
  ups-1:
    snmp: {address: NET.11, port: 1161, version: v3, user: twinfeed, auth_password: "env:TEST_AUTH", priv_password: "env:TEST_PRIV"}
    identity: {object_id: 1.3.6.1.2.1.33, firmware: "1.0.0"}
  ups-3:
    modbus: {address: NET.13, port: 1502, unit: 1}
    identity: {product: Smart-UPS, serial: BENCH0003, firmware: "1.0.0"}
  pdu-1:
    snmp: {address: NET.21, port: 1161, write: "env:TEST_WRITE"}
    identity: {object_id: 1.3.6.1.4.1.318, serial: BENCH0021, firmware: "1.0.0"}
  meter-1:
    modbus: {address: NET.51, port: 1502}
    identity: {firmware: "1.0.0"}
  relay-1:
    modbus: {address: NET.81, port: 1502}
    identity: {product: ADAM-6060, firmware: "1.0.0"}

actuators:
  chiller-breaker:
    relay: relay-1.relay.1.closed
    normal: "off"
    causes: {q-chiller trip: "on"}
  rack-cord:
    outlet: pdu-1.outlet.1.control
    causes: {rack-1 psu-a-failure: "off"}

instruments:
  rack-1.supplied: {point: relay-1.input.4.on, every: 100ms}
  meter-1.power.total: {point: meter-1.power.total, accuracy: 0.1, calibrated: 2026-01-15, due: 2027-01-15, certificate: LNM-0412}

interlocks:
  charge: {quantity: ups-1.battery.charge, above: 40, stale: 30s}
  supplied: {quantity: rack-1.supplied, is: true}
"""


def site_on(network: str, folder: Path) -> Site:
    """The site `bench` on another network of loopback."""
    path = folder / "site.yaml"
    path.write_text(sitefile.find("bench").read_text().replace("127.30.0.", f"{network}."))
    return Site.load(path)


def rig_file(network: str, folder: Path, *changes: tuple[str, str]) -> Path:
    """The rig file of that site, with texts of it replaced by others."""
    text = FILE.replace("NET.", f"{network}.")
    for old, new in changes:
        assert old in text, f"{old!r} is not in the rig file"
        text = text.replace(old, new)
    path = folder / "rig.yaml"
    path.write_text(text)
    return path


def free_network() -> str:
    """A network of loopback on which nobody serves the bench."""
    start = os.getpid() % 250
    for n in (*range(start, 250), *range(start)):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.bind((f"127.25.{n}.11", 1161))
            except OSError:
                continue
            return f"127.25.{n}"
    raise AssertionError("250 sites are running on this machine")
