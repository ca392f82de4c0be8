"""The share of each package that the tests run, and the least that they must: `python -m workers.floors` after a measured run."""

from __future__ import annotations

import io
import sys

import coverage
from coverage.exceptions import NoDataError

FLOORS = {
    "emulators/plant": 94.0,
    "emulators/devices": 92.0,
    "emulators/wire": 91.0,
    "emulators": 91.0,
    "harness": 83.0,
    "hil_rigs": 68.0,
    "fixtures": 65.0,
}
"""Lowest share of the lines of a package that a measured run must execute, percent. See `workers.covering` for what is
measured. A whole run measured 97.5, 96.0, 94.8, 95.3, 88.5, 74.1 and 71.9 %; controllers and benches run longest in programs
and after the sample of a test has ended."""


def main() -> int:
    measured = coverage.Coverage()
    measured.combine()
    measured.save()
    below = []
    for package, floor in FLOORS.items():
        try:
            share = measured.report(include=[f"*/{package}/*"], file=io.StringIO())
        except NoDataError:
            share = 0.0
        print(f"{package:20} {share:5.1f} % of its lines (at least {floor:g} %)")
        if share < floor:
            below.append(package)
    if below:
        print(f"fewer lines than the floor in {', '.join(below)}; see `coverage report -m --include='*/{below[0]}/*'`")
    return len(below) > 0


if __name__ == "__main__":
    sys.exit(main())
