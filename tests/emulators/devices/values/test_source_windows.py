"""Sources that leave their window and come back: where each switch and UPS gives a source up, and where it takes it again.

One phase at a time is moved, then the frequency. Windows are those of the site file, at the factory settings of the
manuals: ASCO (85 and 90 %, 115 and 113 %, 5 %), APC AP77xx (230 V +- 23 V), and 2 % of hysteresis of the electronics.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

import pytest
from expected_values import fork

from twinfeed.emulators.plant.power.electrical import Supply
from twinfeed.emulators.plant.power.utilities import Utility
from twinfeed.emulators.site import Site

SITE = """
site: windows
power:
  mains: {kind: utility, capacity_kw: 300}
  second: {kind: utility, capacity_kw: 300}
  house: {kind: utility, capacity_kw: 300}
  ats: {kind: ats, from: {normal: mains, emergency: second}, rated_a: 100,
        device: {profile: siemens-atc6300, address: 127.30.10.32}}
  sts: {kind: rack_ats, from: {a: mains, b: second},
        device: {profile: apc-rack-ats, address: 127.30.10.33, powered_by: [house]}}
  ups: {kind: ups, from: {input: mains, bypass: second}, kva: 20, rectifier_low: 0.8, rectifier_high: 1.15, rectifier_hertz: [45, 55],
        device: {profile: ups-rfc1628, address: 127.30.10.11, powered_by: [house]}}
  other: {kind: ups, from: {input: second, bypass: mains}, kva: 20, bypass_tolerance: 0.1, sync_hertz: 1,
          device: {profile: ups-rfc1628, address: 127.30.10.12, powered_by: [house]}}
racks:
  rack: {kind: rack, from: {a: ups}, rack_kw: 3}
  rack-2: {kind: rack, from: {a: other}, rack_kw: 3}
"""


class Window(NamedTuple):
    """`alarm` of `device` is raised when a phase or the frequency goes from `good` to `lost`, and ends at `back`."""

    device: str
    alarm: str
    moved: str
    """volts or hertz."""
    good: float
    lost: float
    held: float
    """The last value at which the source is not taken again."""
    back: float

    def __str__(self) -> str:
        return f"{self.device}.{self.alarm} {self.lost:g} {self.moved}"


def beyond(device: str, alarm: str, moved: str, limit: float, back: float) -> Window:
    """Lost beyond `limit`, good again from `back` on."""
    step = 0.01 if limit > {"volts": 230.0, "hertz": 50.0}[moved] else -0.01
    return Window(device, alarm, moved, limit - step / 10.0, limit + step, back + step, back - step / 10.0)


WINDOWS = [
    beyond("ats", "normal_lost", "volts", 0.85 * 230.0, 0.90 * 230.0),
    beyond("ats", "normal_lost", "volts", 1.15 * 230.0, 1.13 * 230.0),
    beyond("ats", "normal_lost", "hertz", 52.5, 52.5),
    beyond("ats", "normal_lost", "hertz", 47.5, 47.5),
    beyond("sts", "source_a_lost", "volts", 207.0, 211.6),
    beyond("sts", "source_a_lost", "volts", 253.0, 248.4),
    beyond("sts", "source_a_lost", "hertz", 52.5, 52.5),
    beyond("sts", "source_a_lost", "hertz", 47.5, 47.5),
    beyond("ups", "input_bad", "volts", 0.80 * 230.0, 0.82 * 230.0),
    beyond("ups", "input_bad", "volts", 1.15 * 230.0, 1.13 * 230.0),
    beyond("ups", "input_bad", "hertz", 55.0, 55.0),
    beyond("ups", "input_bad", "hertz", 45.0, 45.0),
    beyond("other", "bypass_bad", "volts", 0.90 * 230.0, 0.90 * 230.0),
    beyond("other", "bypass_bad", "volts", 1.10 * 230.0, 1.10 * 230.0),
    beyond("other", "bypass_bad", "hertz", 51.0, 51.0),
    beyond("other", "bypass_bad", "hertz", 49.0, 49.0),
]


@pytest.fixture(scope="module")
def rested(tmp_path_factory: pytest.TempPathFactory) -> Site:
    file = tmp_path_factory.mktemp("values") / "windows.yaml"
    file.write_text(SITE)
    site = Site.load(file)
    site.advance(60.0)
    return site


@contextmanager
def moving(site: Site, window: Window, phase: int) -> Iterator[Callable[[float], bool]]:
    """A function that moves the source `mains` and returns whether the alarm is active."""
    plain, mains = Utility.energise, site.components["mains"]

    def shows(value: float) -> bool:
        volts = [230.0, 230.0, 230.0]
        if window.moved == "volts":
            volts[phase] = value
        hertz = value if window.moved == "hertz" else 50.0

        def energise(utility: Utility) -> Supply:
            supply = plain(utility)
            return supply._replace(volts=tuple(volts), hertz=hertz) if utility is mains else supply

        patched.setattr(Utility, "energise", energise)
        mains.touch()
        site.advance(0.05)
        return site[window.device].read(f"alarm.{window.alarm}.active") is True

    with fork(site), pytest.MonkeyPatch.context() as patched:
        yield shows


@pytest.mark.parametrize("phase", range(3))
@pytest.mark.parametrize("window", WINDOWS, ids=str)
def test_a_source_is_given_up_at_its_limit_and_taken_again_further_in(rested: Site, window: Window, phase: int) -> None:
    with moving(rested, window, phase) as shows:
        assert not shows(window.good)
        assert shows(window.lost)
        assert shows(window.held), "it must come back further"
        assert not shows(window.back)
        assert not shows(window.good)
        assert shows(window.lost)
