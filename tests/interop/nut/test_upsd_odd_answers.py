"""NUT's upsd, with its driver, watches a UPS one of whose points is answered oddly for a while: upsc shows the others
all the time, and that point again afterwards."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from external import until
from nut import Nut
from odd_ups import CASES, OTHERS, POINT, read, served
from running import Running

from twinfeed.emulators.devices.firmware.answer_faults import ANSWER_FAULTS

pytestmark = pytest.mark.interop

CHARGE = "100"
"""The battery's charge as upsc shows it while nothing is wrong, %."""


@pytest.fixture(scope="module")
def ups(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with served(tmp_path_factory.mktemp("odd"), "127.15.0.2") as live:
        yield live


@pytest.fixture(scope="module")
def nut(ups: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nut]:
    watching = Nut(
        tmp_path_factory.mktemp("nut"), {"ups": [f"port = {ups.at('ups')}", "mibs = ietf", "community = private"]}
    )
    with watching.serving():
        yield watching


def polls(nut: Nut, number: int) -> None:
    """Wait until the driver has polled the UPS so many times more."""

    def polled() -> int:
        return nut.log("ups").count("upsdrv_updateinfo")

    before = polled()
    until(lambda: polled() >= before + number, lambda: f"{polled() - before} polls: {nut.log('ups')[-500:]}")


@pytest.mark.parametrize(("kind", "form"), CASES)
def test_upsd_keeps_the_other_variables_and_finds_the_point_again(ups: Running, nut: Nut, kind: str, form: int) -> None:
    until(lambda: nut.variables("ups").get(POINT) == CHARGE, lambda: str(nut.variables("ups")))
    expected = {variable: float(read(ups, point)[point].value) for point, variable in OTHERS.items()}
    given = {"form": float(form)} if "form" in ANSWER_FAULTS[kind].parameters else {}
    ups.do(lambda: ups.site.inject(f"ups:{POINT}", kind, given))
    try:
        polls(nut, 2)
        shown = nut.variables("ups")
        assert {name: float(shown[name]) for name in expected} == pytest.approx(expected, rel=0.01)
    finally:
        ups.do(lambda: ups.site.clear(f"ups:{POINT}", kind))
    until(lambda: nut.variables("ups").get(POINT) == CHARGE, lambda: str(nut.variables("ups")))
