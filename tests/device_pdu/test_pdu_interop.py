"""NUT, which nobody here wrote, sees the emulated rack PDU as it sees the real one."""

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


def nut(live: Running, folder: Path) -> dict[str, str]:
    """What NUT's driver prints of the PDU. Over v2c NUT 2.8.0 takes noSuchInstance of outlet 0 for an outlet."""
    (folder / "ups.conf").write_text(
        f"[pdu]\n driver=snmp-ups\n port={live.at('pdu')}\n mibs=apc_pdu\n snmp_version=v1\n community=public\n"
    )
    assert SNMP_UPS is not None
    done = subprocess.run(
        [SNMP_UPS, "-a", "pdu", "-d", "1"],
        env={**os.environ, "NUT_CONFPATH": str(folder), "NUT_STATEPATH": str(folder), "NUT_ALTPIDPATH": str(folder)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return dict(re.findall(r"^([a-z0-9.]+): (.*)$", done.stdout, flags=re.MULTILINE))


def test_nut_reads_identity_load_and_outlets(live: Running, tmp_path: Path) -> None:
    live.do(lambda: live.site["pdu"].write("outlet.5.control", "off"))
    seen = nut(live, tmp_path)
    assert seen["device.mfr"] == "APC"
    assert seen["device.model"] == "AP8959EU3"
    assert seen["device.serial"] == "5A0000E00001"
    assert seen["device.type"] == "pdu"
    assert seen["input.realpower"] == "2000"
    assert float(seen["input.current"]) == pytest.approx(2000 / 0.98 / 230, abs=0.1)
    assert [n for n in range(1, 25) if seen[f"outlet.{n}.status"] == "off"] == [5]
    assert seen["outlet.24.switchable"] == "yes"
