"""Trends of a running site: bounded memory, extremes kept, gaps shown."""

from __future__ import annotations

import pytest
from console_client import Browser, browser_of
from hypothesis import given, settings
from hypothesis import strategies as st

from twinfeed.emulators.site import Site
from twinfeed.harness.console import history
from twinfeed.harness.console.history import History, thinned

VALUES = st.lists(st.one_of(st.none(), st.floats(-1e6, 1e6)), max_size=300)


@settings(max_examples=50, deadline=None)
@given(VALUES, st.integers(2, 50))
def test_thinning_keeps_the_extremes_the_order_and_the_limit(values: list[float | None], points: int) -> None:
    times = [float(n) for n in range(len(values))]
    found = thinned(times, values, points)
    given = dict(zip(times, values, strict=True))
    assert all(given[t] == v for t, v in found) and [t for t, _ in found] == sorted(t for t, _ in found)
    known = [v for v in values if v is not None]
    if known:
        kept = [v for _, v in found if v is not None]
        assert (min(kept), max(kept)) == (min(known), max(known))
    assert len(found) <= max(2, points) + 2


def test_memory_does_not_grow_and_the_whole_run_is_covered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "MOST_SAMPLES", 20)
    site = Site.load("bench")
    past = History(site)
    for _ in range(200):
        site.advance(1.0)
        past.sample()
    series = past.series(["utility-a.load_kw"], 0.0, 1e9, 1000)["utility-a.load_kw"]
    assert len(series) <= 20 and series[0][0] < 40.0 and series[-1][0] > 160.0


@pytest.fixture(scope="module")
def bench() -> Browser:
    return browser_of("bench")


async def test_a_quantity_is_sampled_from_when_it_is_first_asked_for(bench: Browser) -> None:
    world = bench.console.world
    world.sample()
    path = "/api/v1/series?name=ups-1.battery.charge&name=utility-a.load_kw"
    assert (await bench.get(path)).json["ups-1.battery.charge"] == [[0.0, None]]
    world.site_at(None).advance(2.0)
    world.sample()
    series = (await bench.get(path)).json
    assert [v for _, v in series["ups-1.battery.charge"]] == [None, 100.0]
    assert len(series["utility-a.load_kw"]) == 2


@pytest.mark.parametrize(
    ("query", "status"),
    [("", 422), ("?name=nothing.at", 404), ("?name=*.load_kw", 404), ("?name=ups-1.*", 404), ("?name=ups-1.charge_percent&points=x", 422), ("?name=ups-1.charge_percent&from_s=nan", 422)],
)  # fmt: skip
async def test_wrong_queries_are_refused(bench: Browser, query: str, status: int) -> None:
    assert (await bench.get(f"/api/v1/series{query}")).status == status


async def test_events_come_once_each(bench: Browser) -> None:
    await bench.post("/api/v1/fault", {"target": "utility-a", "kind": "outage", "for_s": 10})
    first = (await bench.get("/api/v1/events")).json
    assert any(event["what"] == "fault" for event in first["events"])
    assert (await bench.get(f"/api/v1/events?after={first['seq']}")).json["events"] == []
