"""Loads and voltages that change their phases take their readings with them, on every device that shows phases.

A PDU feeds its controls from one phase; here they take nothing.
"""

from __future__ import annotations

from itertools import permutations
from pathlib import Path

import pytest
from expected_values import uneven

from twinfeed.emulators.devices.firmware.points import Value

ORDERS = list(permutations(range(3)))[1:]
CYCLIC = [(1, 2, 0), (2, 0, 1)]

SITE = """
site: phases
power:
  mains: {{kind: utility, capacity_kw: 100}}
  second: {{kind: utility, capacity_kw: 100}}
  set:
    kind: generator
    bus: bus
    standby_kw: 48
    kva: 60
    device: {{profile: dse-gencomm, address: 127.30.7.41, start_requests: [ats]}}
  bus: {{kind: board, from: {{g: set}}, rated_a: 160}}
  ats: {{kind: ats, from: {{normal: mains, emergency: bus}}, rated_a: 160,
        device: {{profile: siemens-atc6300, address: 127.30.7.32}}}}
  board: {{kind: board, from: {{supply: ats}}, rated_a: 160}}
  sts: {{kind: sts, from: {{preferred: board, alternate: board}}, rated_a: 63,
        device: {{profile: apc-rack-ats, address: 127.30.7.33, phases: 3}}}}
  sts-board: {{kind: board, from: {{supply: sts}}, rated_a: 160}}
  ups: {{kind: ups, from: {{input: sts-board, bypass: sts-board}}, kva: 40,
        device: {{profile: ups-rfc1628, address: 127.30.7.11}}}}
racks:
  pdu: {{kind: pdu, from: ups, rated_a: 63, outlets: 3, banks: 3, controls_kw: 0, device: {{profile: raritan-px2, address: 127.30.7.21}}}}
  rack-1: {{kind: rack, from: {{a: "pdu:1"}}, rack_kw: {kw[0]}, power_factor: {factor[0]}}}
  rack-2: {{kind: rack, from: {{a: "pdu:2"}}, rack_kw: {kw[1]}, power_factor: {factor[1]}}}
  rack-3: {{kind: rack, from: {{a: "pdu:3"}}, rack_kw: {kw[2]}, power_factor: {factor[2]}}}
  raw-1: {{kind: rack, from: {{a: sts-board}}, phase: 1, rack_kw: {kw[0]}, power_factor: {factor[0]}}}
  raw-2: {{kind: rack, from: {{a: sts-board}}, phase: 2, rack_kw: {kw[1]}, power_factor: {factor[1]}}}
  raw-3: {{kind: rack, from: {{a: sts-board}}, phase: 3, rack_kw: {kw[2]}, power_factor: {factor[2]}}}
devices:
  meter: {{profile: schneider-pm5000, of: sts-board, address: 127.30.7.51}}
"""

Three = tuple[float, float, float]


def readings(folder: Path, kw: Three, factor: Three, volts: Three) -> dict[str, dict[str, Value]]:
    """All numbers of all devices: on the mains, and of the generating set on load."""
    file = folder / "phases.yaml"
    file.write_text(SITE.format(kw=kw, factor=factor))
    found: dict[str, dict[str, Value]] = {}
    with uneven(file, mains=volts) as site:
        site.advance(10.0)
        for name, device in site.devices.items():
            if name != "set":
                found[name] = {p: device.read(p) for p in device.point_names() if not p.startswith("system.")}
        site.inject("mains", "outage")
        site.advance(120.0)
        device = site["set"]
        found["set"] = {p: device.read(p) for p in device.point_names() if p.startswith("generator.")}
    return found


def moved(point: str, order: tuple[int, ...]) -> str:
    """The name of the point of the phase to which this one has moved."""
    first, *rest = point.split(".")
    if first in ("sensor", "alarm"):
        return point
    kept = [first, rest.pop(0)] if first == "source" else [first]
    return ".".join(kept + [str(order.index(int(p) - 1) + 1) if p in ("1", "2", "3") else p for p in rest])


KW, FACTOR, VOLTS = (1.3, 4.1, 2.7), (0.99, 0.93, 0.87), (231.7, 226.3, 234.9)


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Value]]:
    return readings(tmp_path_factory.mktemp("phases"), KW, FACTOR, VOLTS)


@pytest.mark.parametrize("order", ORDERS)
def test_permuting_phases_permutes_readings(
    tmp_path: Path, before: dict[str, dict[str, Value]], order: tuple[int, ...]
) -> None:
    kw, factor, volts = ((three[order[0]], three[order[1]], three[order[2]]) for three in (KW, FACTOR, VOLTS))
    after = readings(tmp_path, kw, factor, volts)
    wrong = {}
    for name, points in before.items():
        for point, read in points.items():
            there = after[name][moved(point, order)]
            right = pytest.approx(read, rel=1e-6, abs=1e-9, nan_ok=True) if isinstance(read, float) else there
            # The sum of unequal currents with unequal angles depends on the direction in which the phases follow.
            turned = point == "current.neutral" and order not in CYCLIC
            if there != right and "line_voltage." not in point and not turned:
                wrong[name, point] = (read, there)
    assert wrong == {}
