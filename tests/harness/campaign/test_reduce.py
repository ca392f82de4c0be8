"""A failure is made small and stays the same failure."""

from __future__ import annotations

from doubles import DARK, RAISED, judged
from hypothesis import given
from hypothesis import strategies as st

from twinfeed.harness.campaign.reduce import reduced
from twinfeed.harness.faults.injection import Injection
from twinfeed.harness.faults.scenario import Scenario

PAIRS = [("a", "outage"), ("b", "outage"), ("c", "outage"), ("card", "card-hang"), ("pump", "failure")]

FAULTS = st.lists(
    st.builds(
        lambda pair, tens, for_s, flap: Injection(*pair, 10.0 * tens, for_s, flap=flap),
        st.sampled_from(PAIRS),
        st.integers(3, 60),
        st.sampled_from([None, 60.0, 300.0]),
        st.sampled_from([None, (30.0, 30.0)]),
    ),
    max_size=6,
)


@given(FAULTS)
def test_the_failure_stays_the_same_and_nothing_more_can_be_left_out(faults: list[Injection]) -> None:
    tried = judged(Scenario("pilot", injections=tuple(faults)))
    for identity in tried.broken:
        small = reduced(tried, identity, judged, 1000).tried
        assert identity in small.broken
        assert len(small.scenario.injections) == 2
        assert all(fault.for_s is None and fault.flap is None for fault in small.scenario.injections)
        assert {fault.at_s for fault in small.scenario.injections} == {30.0}


def test_a_shrinker_does_not_slip_from_a_dark_rack_to_an_exception_of_the_controller() -> None:
    dark = Scenario("pilot", injections=tuple(Injection(name, "outage", 60.0) for name in "abc"))

    def slippery(scenario: Scenario):  # type: ignore[no-untyped-def]
        """Whatever is left out, the controller raises; only the whole scenario shows the dark rack."""
        tried = judged(scenario)
        return tried if len(scenario.injections) == 3 else type(tried)(scenario, (RAISED,))

    small = reduced(slippery(dark), DARK, slippery, 100)
    assert small.tried.broken == (DARK,)
    assert len(small.tried.scenario.injections) == 3


def test_no_more_is_run_than_allowed() -> None:
    tried = judged(Scenario("pilot", injections=tuple(Injection(*pair, 300.0, 60.0) for pair in PAIRS[:3])))
    assert reduced(tried, DARK, judged, 2).runs == 2
