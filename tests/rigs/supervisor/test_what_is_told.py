"""The state of a bench that commands, the page and the record show: every field of it."""

from __future__ import annotations

import getpass
from typing import Any

import pytest
from memory_bench import ACTUATORS, MemoryBench

from twinfeed.harness.record import read

SUPPLIED, CHARGE = "rack-1.supplied", "ups-1.battery.charge"


def status(bench: MemoryBench) -> dict[str, Any]:
    async def told() -> dict[str, Any]:
        return bench.supervisor.status()

    return dict(bench.run(told()))


def test_the_status_of_an_armed_bench_with_a_fault_and_a_silent_instrument(bench: MemoryBench) -> None:
    supervisor = bench.armed(for_s=600.0)
    bench.run(supervisor.apply("pdu-1", "inlet-loss", {}))
    bench.wait(2.5)
    bench.values[CHARGE] = None
    bench.wait(4.2)
    now_s, told = bench.loop.time(), status(bench)
    readings = told.pop("readings")
    assert len(told.pop("sha256")) == 64
    assert told == {
        "bench": "memory",
        "file": str(bench.folder / "rig.yaml"),
        "state": "armed",
        "tripped": "",
        "not_safe": [],
        "life": "armed",
        "keeper": "supervisor",
        "edited": False,
        "armed_by": "Awa",
        "armed_login": getpass.getuser(),
        "armed_for_s": pytest.approx(593.3, abs=0.11),
        "faults": ["pdu-1 inlet-loss"],
        "silent": {CHARGE: "ups-1.battery.charge: nothing there"},
    }
    assert {name: reading["value"] for name, reading in readings.items()} == {SUPPLIED: True, CHARGE: 90.0}
    for name, oldest_s in ((SUPPLIED, 1.0), (CHARGE, 5.2)):
        reading = readings[name]
        assert reading["age_s"] == pytest.approx(now_s - reading["t_s"], abs=0.006)
        assert oldest_s - 1.0 <= reading["age_s"] <= oldest_s + 0.01, "each is read every second"


def test_the_status_of_a_bench_at_rest_and_of_one_that_has_tripped_in_the_hands_of_its_person(
    bench: MemoryBench,
) -> None:
    supervisor = bench.start()
    told = status(bench)
    assert (told["state"], told["life"], told["armed_by"], told["armed_login"], told["armed_for_s"]) == (
        "read-only", "read-only", None, None, None,
    )  # fmt: skip
    bench.run(supervisor.arm("Awa", 600.0))
    bench.run(supervisor.trip("the person stops it"))
    told = status(bench)
    assert (told["state"], told["tripped"], told["armed_by"]) == ("tripped", "the person stops it", "Awa")


@pytest.mark.parametrize(
    ("field", "noted"),
    [
        ("certificate: K-17", {"certificate": "K-17"}),
        ("due: 2099-01-31", {"due": "2099-01-31"}),
        ("calibrated: 2025-02-28", {"calibrated": "2025-02-28"}),
        ("accuracy: 0.5", {"accuracy": "±0.5 V"}),
        ("every: 2 s", None),
    ],
)
def test_an_instrument_with_any_word_of_its_calibration_is_in_the_record(
    bench: MemoryBench, field: str, noted: dict[str, str] | None
) -> None:
    volts = "ups-1.input.1.voltage"
    bench.start(actuators=f"  {volts}: {{point: {volts}, {field}}}\n{ACTUATORS}")
    lines = [e.data for e in read(bench.folder / "record.jsonl") if e.data.get("instrument") == volts]
    if noted is None:
        assert lines == []
    else:
        (line,) = lines
        assert {name: text for name, text in line.items() if text and name != "instrument"} == noted
