"""A recorded run in the console: the site as it was at any time, its events and verdicts; nothing can be done to it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from console_client import PORT, Browser

from twinfeed.emulators.site import Site
from twinfeed.emulators.yamlfile import FileError
from twinfeed.harness.console.access.guard import Policy
from twinfeed.harness.console.access.tokens import new
from twinfeed.harness.console.answers import ComponentAnswer, Events, SiteAnswer, State, Timeline
from twinfeed.harness.console.app import Console
from twinfeed.harness.console.frames import frame
from twinfeed.harness.console.playback.opening import played, read, recording
from twinfeed.harness.console.playback.world import Playback
from twinfeed.harness.faults.injection import Injection
from twinfeed.harness.faults.scenario import Scenario
from twinfeed.harness.journal import Journal
from twinfeed.harness.search import trial
from twinfeed.harness.unknown import Unknown

OUTAGE = Scenario(
    "bench",
    seed=3,
    duration_s=120.0,
    injections=(Injection("utility-a", "outage", at_s=30.0, for_s=40.0),),
    properties=("always utility-a.live", "always ups-1.charge_percent > 10"),
)


def browser_of(world: Playback) -> Browser:
    policy = Policy.of_port(PORT, new())
    return Browser(Console(world, policy), policy)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("findings") / "outage.scenario.yaml"
    OUTAGE.save(path)
    return path


@pytest.fixture(scope="module")
def run(file: Path) -> Browser:
    return browser_of(played(file)[0])


async def test_the_state_at_a_time_is_that_of_a_site_that_lived_until_then(run: Browser) -> None:
    living = Site.load("bench", 3)
    for at_s, happens in ((29.0, False), (31.0, True), (60.0, False)):
        if happens:
            living.advance(30.0 - living.now)
            living.inject("utility-a", "outage", for_s=40.0)
        living.advance(at_s - living.now)
        there = frame(living)
        answer = State.model_validate_json((await run.get(f"/api/v1/state?at_s={at_s}")).body)
        assert {name: (node.state, node.text) for name, node in answer.nodes.items()} == {
            name: (node["state"], node["text"]) for name, node in there.nodes.items()
        }
        assert {name: wire.live for name, wire in answer.wires.items()} == {
            name: wire["live"] for name, wire in there.wires.items()
        }
        assert [fault.model_dump() for fault in answer.faults] == there.faults
        assert answer.now_s == at_s


async def test_time_may_go_backwards_and_beyond_both_ends(run: Browser) -> None:
    for at_s, now_s, dead in ((40, 40.0, True), (0, 0.0, False), (1e9, 120.0, False), (69, 69.0, True)):
        state = (await run.get(f"/api/v1/state?at_s={at_s}")).json
        assert (state["now_s"], state["nodes"]["utility-a"]["state"] == "dead") == (now_s, dead)


def test_a_run_whose_states_are_kept_is_the_same_run(run: Browser) -> None:
    world = run.console.world
    assert isinstance(world, Playback)
    plain = trial(OUTAGE, everything=True).journal
    assert list(world._journal) == list(plain) and dict(world._journal.trace) == dict(plain.trace)


async def test_the_panel_shows_the_component_as_it_was(run: Browser) -> None:
    charges = []
    for at_s in (29, 69):
        answer = ComponentAnswer.model_validate_json((await run.get(f"/api/v1/component/ups-1?at_s={at_s}")).body)
        charges.append(next(q["value"] for q in answer.quantities if q["name"] == "charge_percent"))
        assert all(event.t_s <= at_s for event in answer.events)
    assert charges[0] == 100.0 > charges[1]


async def test_the_timeline_has_the_fault_its_alarms_and_where_a_property_broke(run: Browser) -> None:
    timeline = Timeline.model_validate_json((await run.get("/api/v1/timeline")).body)
    assert (timeline.from_s, timeline.duration_s) == (0.0, 120.0)
    assert [(e.t_s, e.who, e.what) for e in timeline.faults if e.who == "utility-a"] == [
        (30.0, "utility-a", "fault"),
        (70.0, "utility-a", "fault cleared"),
    ]
    assert timeline.alarms and all(event.t_s >= 30.0 for event in timeline.alarms)
    broken, held = timeline.verdicts
    assert (broken.verdict, held.verdict) == ("violated", "holds")
    assert {t for t, d in broken.robustness if d is not None and d < 0.0} == {30.0, 70.0}
    assert max(d for _, d in held.robustness if d is not None) == 90.0  # of 100 %, against 10 %


async def test_series_and_events_are_those_of_the_journal(run: Browser) -> None:
    series = (await run.get("/api/v1/series?name=utility-a.live&from_s=20&to_s=80")).json["utility-a.live"]
    assert series == [[30.0, 1.0], [30.0, 0.0], [70.0, 0.0], [70.0, 1.0]]
    assert (await run.get("/api/v1/series?name=nothing.at")).status == 404
    events = Events.model_validate_json((await run.get("/api/v1/events?most=10000")).body)
    assert events.seq == len(events.events) > 2


async def test_a_recording_says_that_it_is_one_and_refuses_actions(run: Browser) -> None:
    site = SiteAnswer.model_validate_json((await run.get("/api/v1/site")).body)
    assert site.world == "playback" and not (site.can.write or site.can.pause)
    assert set(site.can.reasons) == {"write", "pause", "speed"} and all(site.can.reasons.values())
    refused = await run.post("/api/v1/fault", {"target": "utility-a", "kind": "outage"})
    assert refused.status == 409
    assert (await run.get("/api/v1/state?at_s=nan")).status == 422


@pytest.fixture
def journal() -> Journal:
    return trial(OUTAGE, everything=True).journal


async def test_a_branch_goes_on_from_its_moment_and_leaves_the_recording_as_it_is(
    run: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    world = run.console.world
    assert isinstance(world, Playback)
    then = (await run.get("/api/v1/state?at_s=40")).json
    answer = await run.post("/api/v1/branch", {"at_s": 40})
    assert answer.status == 200 and answer.json["link"].startswith("http://127.0.0.1:")
    branch = world._branch
    assert branch is not None
    try:
        there = frame(branch.live.site).whole()
        assert 40.0 <= there["now_s"] < 60.0
        assert {name: node["state"] for name, node in there["nodes"].items()} == {
            name: node["state"] for name, node in then["nodes"].items()
        }
        assert there["faults"] == then["faults"]
        branch.live.pause()
        branch.live.site.advance(75.0 - branch.live.site.now)
        assert branch.live.site.active_faults() == [("utility-a", "outage", {})]  # until somebody ends it
        assert (await run.get("/api/v1/state?at_s=100")).json["nodes"]["utility-a"]["state"] == "ok"
        again = await run.post("/api/v1/branch", {"at_s": 100})
        assert again.status == 200 and world._branch is not branch
    finally:
        await world.close()
    assert (await run.post("/api/v1/branch", {"at_s": -1})).status == 422


async def test_of_a_journal_events_are_known_and_states_are_said_not_to_be(journal: Journal, tmp_path: Path) -> None:
    journal.trace.add(121.0, "utility-a.live", Unknown("no reading"))
    journal.trace.add(125.0, "utility-a.live", True)
    journal.write(tmp_path / "journal.jsonl")
    page = browser_of(read(recording(tmp_path), "bench"))
    state = (await page.get("/api/v1/state?at_s=40")).json
    assert {(node["state"], node["text"]) for node in state["nodes"].values()} == {("unknown", "not recorded")}
    refused = await page.get("/api/v1/component/ups-1?at_s=40")
    assert refused.status == 404 and "not recorded" in refused.json["error"]
    series = (await page.get("/api/v1/series?name=utility-a.live&from_s=120")).json["utility-a.live"]
    assert [121.0, None] in series and [125.0, 1.0] in series
    timeline = Timeline.model_validate_json((await page.get("/api/v1/timeline")).body)
    assert [(gap.start_s, gap.end_s) for gap in timeline.gaps] == [(121.0, 125.0)]
    assert "elsewhere" in (await page.get("/api/v1/site")).json["can"]["reasons"]["branch"]
    refused = await page.post("/api/v1/branch", {"at_s": 40})
    assert refused.status == 409 and "elsewhere" in refused.json["error"]


def test_a_journal_without_its_site_or_with_another_one_is_refused(tmp_path: Path) -> None:
    journal = Journal()
    journal.trace.sections = {"pump-77": "cooling"}
    journal.write(tmp_path / "journal.jsonl")
    with pytest.raises(FileError, match="add --site"):
        read(tmp_path / "journal.jsonl", None)
    with pytest.raises(FileError, match=r"not of the site bench.* pump-77"):
        read(tmp_path / "journal.jsonl", "bench")


def test_of_several_findings_in_a_folder_one_is_to_be_named(file: Path, tmp_path: Path) -> None:
    assert recording(file.parent) == file
    with pytest.raises(FileError, match="nothing to play back"):
        recording(tmp_path)
    for name in ("a", "b"):
        replace(OUTAGE, note=name).save(tmp_path / f"{name}.scenario.yaml")
    with pytest.raises(FileError, match=r"name one of:\n.*a\.scenario\.yaml\n.*b\.scenario\.yaml"):
        recording(tmp_path)
