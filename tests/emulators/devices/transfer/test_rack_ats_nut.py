"""NUT, which nobody here wrote, sees the emulated rack ATS as an ATS."""

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
site: one-ats
power:
  mains-a: {kind: utility}
  mains-b: {kind: utility}
racks:
  ats:
    {kind: rack_ats, from: {a: mains-a, b: mains-b},
     device: {profile: apc-rack-ats, address: 127.13.1.1, model: AP4423, serial: 5A0000E00013, firmware: 6.4.7}}
  rack: {kind: rack, from: {a: ats}, rack_kw: 2}
"""


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Running]:
    path = tmp_path / "site.yaml"
    path.write_text(SITE)
    with running(Site(sitefile.read(path)), 0.001) as served:
        yield served


@pytest.fixture
def nut(live: Running, tmp_path: Path) -> Nut:
    access = [f"port = {live.at('ats')}", "mibs = apc_ats", "snmp_version = v2c", "community = public"]
    return Nut(tmp_path, {"ats": access})


def test_nut_reads_sources_and_output(nut: Nut) -> None:
    seen = nut.look("ats")
    assert seen["device.type"] == "ats"
    assert seen["device.model"] == "AP4423"
    assert (seen["input.source"], seen["input.source.preferred"], seen["input.count"]) == ("1", "1", "2")
    assert (seen["input.1.voltage"], seen["input.2.voltage"], seen["input.1.frequency"]) == ("230", "230", "50")
    assert seen["input.sensitivity"] == "high"
    assert (seen["output.voltage"], seen["ups.status"]) == ("230", "OL")


def test_nut_sees_the_transfer(live: Running, nut: Nut) -> None:
    live.do(lambda: live.site.inject("mains-a", "outage"))
    live.advance(1.0)
    seen = nut.look("ats")
    assert (seen["input.source"], seen["input.1.voltage"], seen["ups.status"]) == ("2", "0", "OL")
