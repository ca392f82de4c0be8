"""NUT, which nobody here wrote, sees the emulated rack ATS as an ATS."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from running import Running, running

from emulators import sitefile
from emulators.site import Site

SNMP_UPS = shutil.which("snmp-ups", path="/lib/nut:/usr/lib/nut:/usr/libexec/nut")

pytestmark = [
    pytest.mark.interop,
    pytest.mark.skipif(SNMP_UPS is None, reason="snmp-ups is missing: apt install nut-snmp"),
]

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


def nut(live: Running, folder: Path) -> dict[str, str]:
    """What NUT's driver prints of the switch."""
    (folder / "ups.conf").write_text(
        f"[ats]\n driver=snmp-ups\n port={live.at('ats')}\n mibs=apc_ats\n snmp_version=v2c\n community=public\n"
    )
    assert SNMP_UPS is not None
    done = subprocess.run(
        [SNMP_UPS, "-a", "ats", "-d", "1"],
        env={**os.environ, "NUT_CONFPATH": str(folder), "NUT_STATEPATH": str(folder), "NUT_ALTPIDPATH": str(folder)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return dict(re.findall(r"^([a-z0-9.]+): (.*)$", done.stdout, flags=re.MULTILINE))


def test_nut_reads_sources_and_output(live: Running, tmp_path: Path) -> None:
    seen = nut(live, tmp_path)
    assert seen["device.type"] == "ats"
    assert seen["device.model"] == "AP4423"
    assert (seen["input.source"], seen["input.source.preferred"], seen["input.count"]) == ("1", "1", "2")
    assert (seen["input.1.voltage"], seen["input.2.voltage"], seen["input.1.frequency"]) == ("230", "230", "50")
    assert seen["input.sensitivity"] == "high"
    assert (seen["output.voltage"], seen["ups.status"]) == ("230", "OL")


def test_nut_sees_the_transfer(live: Running, tmp_path: Path) -> None:
    live.do(lambda: live.site.inject("mains-a", "outage"))
    live.advance(1.0)
    seen = nut(live, tmp_path)
    assert (seen["input.source"], seen["input.1.voltage"], seen["ups.status"]) == ("2", "0", "OL")
