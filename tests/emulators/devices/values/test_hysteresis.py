"""Load limits and alarms: where they are raised, where they clear, and that nothing flutters between."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_values_cooling import REST_S
from test_values_cooling import SITE as COOLING

from twinfeed.emulators.site import Site

LOADS = """
site: loads
power:
  mains: {kind: utility, capacity_kw: 100}
  ats:
    kind: rack_ats
    from: {a: mains, b: mains}
    device: {profile: apc-rack-ats, address: 127.30.8.34}
racks:
  pdu: {kind: pdu, from: mains, phases: 1, rated_a: 32, outlets: 2, banks: 2, bank_a: 16, outlet_a: 10,
        device: {profile: apc-rpdu2, address: 127.30.8.21}}
  rack-1: {kind: rack, from: {a: "pdu:1"}, rack_kw: 1.15, power_factor: 1.0}
  rack-2: {kind: rack, from: {a: ats}, rack_kw: 1.15, power_factor: 1.0}
"""
AMPERES = 5.0
"""1.15 kW at 230 V: of the outlet, of its bank, of the phase and of the inlet."""

SCOPES = {"input": 230.0, "phase.1": 1.0, "bank.1": 1.0, "outlet.1": 1.0}
"""Places with limits, and the unit of each limit for an ampere: the limits of the inlet are in W."""


@pytest.fixture(scope="module")
def loads(tmp_path_factory: pytest.TempPathFactory) -> Site:
    file = tmp_path_factory.mktemp("values") / "loads.yaml"
    file.write_text(LOADS)
    site = Site.load(file)
    site.advance(10.0)
    return site


def reads_as(site: Site, amperes: float) -> None:
    """The PDU's meters read so much: their gain is moved, since the load is constant."""
    site.inject("pdu", "meter-drift", {"percent": 100.0 * (amperes / AMPERES - 1.0)})
    site.plant.settle()


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize(
    ("limit", "word"), [("near_overload_threshold", "near-overload"), ("overload_threshold", "overload")]
)
def test_a_limit_of_a_pdu_is_reached_at_its_threshold_and_left_two_percent_below(
    loads: Site, scope: str, limit: str, word: str
) -> None:
    before, pdu = loads.plant.snapshot(), loads["pdu"]
    for kind in ("near_overload_threshold", "overload_threshold"):
        pdu.write(f"{scope}.{kind}", (6.0 if kind == limit else 30.0) * SCOPES[scope])
    seen = {}
    for amperes in (5.99, 6.01, 5.95, 5.89, 5.87, 5.95, 6.01):
        reads_as(loads, amperes)
        seen[len(seen), amperes] = pdu.read(f"{scope}.load_state")
        assert pdu.read(f"alarm.{word.replace('-', '_')}.active") is (seen[len(seen) - 1, amperes] == word)
    loads.plant.restore(before)
    assert list(seen.values()) == ["normal", word, word, word, "normal", "normal", word]


@pytest.mark.parametrize("scope", SCOPES)
def test_a_low_load_is_reached_below_its_threshold_and_left_two_percent_above(loads: Site, scope: str) -> None:
    before, pdu = loads.plant.snapshot(), loads["pdu"]
    pdu.write(f"{scope}.low_threshold", 4.0 * SCOPES[scope])
    seen = []
    for amperes in (4.01, 3.99, 4.05, 4.07, 4.09, 4.01, 3.99):
        reads_as(loads, amperes)
        seen.append(pdu.read(f"{scope}.load_state"))
    loads.plant.restore(before)
    assert seen == ["normal", "low", "low", "low", "normal", "normal", "low"]


@pytest.mark.parametrize(("limit", "alarm"), [("near_overload", "near_overload"), ("overload", "overload")])
def test_a_limit_of_a_source_switch_is_left_two_percent_below(loads: Site, limit: str, alarm: str) -> None:
    """Its current is constant, so its limit is moved."""
    before, ats = loads.plant.snapshot(), loads["ats"]
    ats.write("setting.near_overload", 15.0)
    seen = []
    for threshold in (5.01, 4.99, 5.05, 5.09, 5.11, 5.05, 4.99):
        ats.write(f"setting.{limit}", threshold)
        loads.plant.settle()
        seen.append((ats.read(f"alarm.{alarm}.active"), ats.read("output.state") == alarm.replace("_", "-")))
    loads.plant.restore(before)
    assert seen == [(on, on) for on in (False, True, True, True, False, False, True)]


@pytest.fixture(scope="module")
def cooling(tmp_path_factory: pytest.TempPathFactory) -> Site:
    file = tmp_path_factory.mktemp("values") / "cooling.yaml"
    file.write_text(COOLING)
    site = Site.load(file)
    site.advance(REST_S)
    return site


BANDS = [  # device, alarm, point, raised above, cleared below, delay
    ("loop", "high_supply", "loop.supply", 14.0, 13.5, 30.0),
    ("crah", "high_return", "air.return", 40.0, 39.0, 30.0),
    ("crah", "high_water", "water.in", 14.0, 13.0, 30.0),
    ("crac", "high_return", "air.return", 40.0, 39.0, 30.0),
]


@pytest.mark.parametrize(("device", "alarm", "point", "high", "low", "delay_s"), BANDS)
@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(between=st.lists(st.floats(0.02, 0.98), min_size=1, max_size=3))
def test_an_alarm_keeps_its_state_between_its_two_thresholds(
    cooling: Site, device: str, alarm: str, point: str, high: float, low: float, delay_s: float, between: list[float]
) -> None:
    before, firmware = cooling.plant.snapshot(), cooling[device]
    true = firmware.read(point)
    assert isinstance(true, float)

    def shows(value: float) -> bool:
        """The sensor shows that value for longer than the delay of the alarm."""
        cooling.inject(f"{device}:{point}", "sensor-bias", {"offset": value - true})
        cooling.advance(delay_s + 5.0)
        return bool(firmware.read(f"alarm.{alarm}.active"))

    band = [low + part * (high - low) for part in between]
    try:
        assert not any(shows(value) for value in band), "not raised below its threshold"
        assert shows(high + 0.05)
        assert all(shows(value) for value in band), "not cleared above the lower one"
        assert not shows(low - 0.05)
        assert not any(shows(value) for value in band)
    finally:
        cooling.plant.restore(before)
