"""A fault of a kind that ships with twinfeed: somebody has opened the battery breaker of a UPS."""

from __future__ import annotations

from collections.abc import Mapping

from twinfeed.emulators.plant.kernel.faults import Fault
from twinfeed.emulators.plant.ups.ups import Ups


def _work_the_breaker(ups: Ups, open: bool) -> None:
    ups.set_battery_breaker(not open)


FAULTS: Mapping[str, Mapping[str, Fault]] = {
    "ups": {
        "battery-breaker-open": Fault(
            "somebody has opened the battery breaker; clearing the fault closes it",
            family="people",
            actuator=True,
            changed=_work_the_breaker,
        ),
    },
}
