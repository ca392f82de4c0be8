"""NUT's snmp-ups beside our handle on a UPS one of whose points is answered oddly, as some cards do.

NUT marks nothing as unknown: it drops the variable or shows what the octets give. What counts here is that both read the
other variables, and that a number which our handle takes for a reading is the one that NUT shows.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import pytest
from nut import Nut
from odd_ups import CASES, OTHERS, POINT, read, served
from running import Running

from twinfeed.emulators.devices.firmware.answer_faults import ANSWER_FAULTS
from twinfeed.harness.transports import TransportError

pytestmark = pytest.mark.interop


@pytest.fixture
def ups(tmp_path: Path) -> Iterator[Running]:
    with served(tmp_path, "127.15.0.1") as live:
        yield live


@pytest.mark.parametrize(("kind", "form"), CASES)
def test_one_odd_answer_costs_neither_of_them_the_others(ups: Running, tmp_path: Path, kind: str, form: int) -> None:
    nut = Nut(tmp_path, {"ups": [f"port = {ups.at('ups')}", "mibs = ietf", "community = private"]})
    given = {"form": float(form)} if "form" in ANSWER_FAULTS[kind].parameters else {}
    ups.do(lambda: ups.site.inject(f"ups:{POINT}", kind, given))
    theirs, others = nut.look("ups"), read(ups, *OTHERS)
    for point, variable in OTHERS.items():
        assert not others[point].unknown
        assert float(theirs[variable]) == pytest.approx(float(others[point].value), rel=0.01)
    try:
        ours = read(ups, POINT)[POINT]
    except TransportError:  # no such instance, silence, a variable of another name
        return
    if ours.unknown:
        assert math.isnan(float(ours.value))
    elif POINT in theirs:  # NUT drops a UInteger32, which RFC 1442 had and 2578 has not; so its number is the true one
        assert float(theirs[POINT]) == pytest.approx(float(ours.value))
    else:
        assert ours.value == 100.0
