"""nmap's modbus-discover identifies devices: function 17 (report server id) where the product has it, and 43/14."""

from __future__ import annotations

import pytest
from external import program, run
from running import Running

pytestmark = pytest.mark.interop


def discovered(bench: Running, device: str) -> str:
    where = bench.endpoint(device, "modbus")
    command = [program("nmap", "nmap"), "-n", "-Pn", "-sT", "-p", str(where.port), "--script", "+modbus-discover"]
    return run([*command, where.address])


def test_a_transfer_controller_has_a_server_id(bench: Running) -> None:
    printed = discovered(bench, "ats-main")
    assert "sid 0x1" in printed
    assert "Slave ID data: u\\x04\\x00\\x01" in printed
    assert "Device identification: Siemens 3KC ATC6300 1.0.0" in printed


def test_a_meter_has_none_and_is_identified_all_the_same(bench: Running) -> None:
    printed = discovered(bench, "meter-1")
    assert "ILLEGAL FUNCTION" in printed
    assert "Device identification: Schneider Electric METSEPM5560 1.0.0" in printed
