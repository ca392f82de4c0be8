"""Sites of any size to measure with: boards, each with five meters (Modbus) and five rack PDUs (SNMP)."""

from __future__ import annotations

from pathlib import Path

from twinfeed.fixtures.controllers.plant import maps

ON_A_BOARD = 5
"""Meters, and as many PDUs, on each board."""

METER_BLOCK = maps.MODBUS["schneider-pm5000"].blocks[0]
"""The readings of a meter."""

PDU_POWER = "1.3.6.1.4.1.318.1.1.26.4.3.1.5.1"
"""The readings of a PDU: rPDU2DeviceStatusPower (PowerNet-MIB)."""


def address(n: int) -> str:
    """The n-th device's."""
    return f"127.31.{n // 200}.{n % 200 + 1}"


def write(folder: Path, devices: int) -> Path:
    """A site file with that many devices, half of them meters and half PDUs. `meter-N` and `pdu-N` have addresses."""
    lines = [
        "site: grown",
        f"title: {devices} devices",
        "addresses: 127.31.0.0/16",
        "snmp: {read: public, write: private, user: twinfeed}",
        "power:",
        f"  utility: {{kind: utility, grid: town, capacity_kw: {100 + devices}}}",
        f"  board: {{kind: board, from: {{mains: utility}}, rated_a: {100 + 10 * devices}}}",
    ]
    meters = []
    boards = max(1, devices // (2 * ON_A_BOARD))
    numbers = iter(range(devices))
    for b in range(1, boards + 1):
        lines.append(f"  board-{b}: {{kind: board, from: {{main: board}}, rated_a: 160}}")
        for _ in range(ON_A_BOARD):
            n = next(numbers)
            meters.append(f"  meter-{n}: {{profile: schneider-pm5000, of: board-{b}, address: {address(n)}}}")
            n = next(numbers)
            lines.append(
                f"  pdu-{n}: {{kind: pdu, from: board-{b}, phases: 1, rated_a: 32, outlets: 24, banks: 2, bank_a: 16, "
                f"outlet_a: 10, device: {{profile: apc-rpdu2, address: {address(n)}}}}}"
            )
    lines += ["devices:", *meters]
    path = folder / f"grown-{devices}.yaml"
    path.write_text("\n".join(lines) + "\n")
    return path
