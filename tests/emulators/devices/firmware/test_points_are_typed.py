"""A misspelt attribute in a point or an alarm of a device is found by mypy, before anything runs."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[4]

MISSPELT = """
from twinfeed.emulators.devices.firmware.alarms import Alarm, Alarms
from twinfeed.emulators.devices.firmware.points import CellPoint, Point, Points, RowPoint


class Kettle:
    celsius: float = 20.0

    def volts(self, line: int) -> float:
        return 230.0

    def heat(self, to: float) -> None:
        self.celsius = to


POINTS: Points[Kettle] = (
    Point("water.temperature", "of the water", lambda d: d.celsius, "°C", write=lambda d, v: d.heat(v)),
    Point("water.temperature", "of the water", lambda d: d.celcius, "°C"),  # wrong
    Point("water.temperature", "of the water", lambda d: d.celsius, "°C", write=lambda d, v: d.heatt(v)),  # wrong
    RowPoint("input.{line}.voltage", "phase to neutral", Kettle.volts, "V"),
    RowPoint("input.{line}.voltage", "phase to neutral", lambda d, line: d.voltz(line), "V"),  # wrong
    CellPoint("{row}.{line}.voltage", "phase to neutral", lambda d, row, line: d.voltz(line), "V"),  # wrong
)
ALARMS: Alarms[Kettle] = (
    Alarm("boils", "the water boils", lambda d: d.celsius > 99.0),
    Alarm("boils", "the water boils", lambda d: d.celcius > 99.0),  # wrong
)
"""


def test_mypy_finds_every_misspelt_attribute_and_nothing_else(tmp_path: Path) -> None:
    file = tmp_path / "kettle.py"
    file.write_text(MISSPELT)
    mypy = subprocess.run(
        [
            sys.executable,
            "-m",
            "mypy",
            "--config-file",
            str(ROOT / "pyproject.toml"),
            "--follow-imports=silent",
            str(file),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
    )
    found = {int(line) for line in re.findall(r"kettle\.py:(\d+): error: .*\[attr-defined\]", mypy.stdout)}
    wrong = {n for n, line in enumerate(MISSPELT.splitlines(), 1) if line.endswith("# wrong")}
    assert found == wrong, mypy.stdout + mypy.stderr
    assert mypy.stdout.count("error:") == len(wrong), mypy.stdout
