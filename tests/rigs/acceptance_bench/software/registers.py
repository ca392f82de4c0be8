"""The register file of the bench's meters, as flat lists of sixteen-bit words."""

from __future__ import annotations

import struct
from pathlib import Path

from ruamel.yaml import YAML

COUNT = 21400
"""The number of holding registers of a meter here, from address 0."""

TEXT_REGISTERS = 20


def words(file: Path, meter: str) -> list[int]:
    """Every register of that meter; those not in the file are 0."""
    shown = YAML(typ="safe").load(file)[meter]
    octets = bytearray(2 * COUNT)
    for address, text in shown["texts"].items():
        octets[2 * address : 2 * (address + TEXT_REGISTERS)] = text.encode().ljust(2 * TEXT_REGISTERS, b"\0")
    for address, number in shown["floats"].items():
        struct.pack_into(">f", octets, 2 * address, number)
    return list(struct.unpack(f">{COUNT}H", octets))
