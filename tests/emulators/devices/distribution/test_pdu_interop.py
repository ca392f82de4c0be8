"""NUT, which nobody here wrote, sees the emulated rack PDU as it sees the real one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from nut import Nut
from running import Running, running

from twinfeed.emulators import sitefile
from twinfeed.emulators.site import Site

pytestmark = pytest.mark.interop

SITE = """
site: one-pdu
power: {utility: {kind: utility}}
racks:
  pdu:
    {kind: pdu, from: utility, phases: 1, rated_a: 16, outlets: 24, banks: 1, bank_a: 16, outlet_a: 16,
     device: {profile: apc-rpdu2, address: 127.18.1.1, model: AP8959EU3, serial: 5A0000E00001, firmware: 6.4.0}}
  rack: {kind: rack, from: {a: "pdu:7"}, rack_kw: 2}
"""


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Running]:
    path = tmp_path / "site.yaml"
    path.write_text(SITE)
    with running(Site(sitefile.read(path)), 0.001) as served:
        yield served


@pytest.fixture
def nut(live: Running, tmp_path: Path) -> Nut:
    access = [f"port = {live.at('pdu')}", "mibs = apc_pdu", "snmp_version = v1", "community = public"]
    return Nut(tmp_path, {"pdu": access})


def test_nut_reads_identity_load_and_outlets(live: Running, nut: Nut) -> None:
    live.do(lambda: live.site["pdu"].write("outlet.5.control", "off"))
    seen = nut.look("pdu")
    assert seen["device.mfr"] == "APC"
    assert seen["device.model"] == "AP8959EU3"
    assert seen["device.serial"] == "5A0000E00001"
    assert seen["device.type"] == "pdu"
    assert seen["input.realpower"] == "2000"
    assert float(seen["input.current"]) == pytest.approx(2000 / 0.98 / 230, abs=0.1)
    assert [n for n in range(1, 25) if seen[f"outlet.{n}.status"] == "off"] == [5]
    assert seen["outlet.24.switchable"] == "yes"
