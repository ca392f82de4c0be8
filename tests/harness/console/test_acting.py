"""Actions over HTTP: they are those of the control socket, and each is one line of the journal with who it is of."""

from __future__ import annotations

import pytest
from console_client import HOST, Browser, browser_of

from twinfeed.emulators.site import Site
from twinfeed.harness.console.actions import ACTIONS
from twinfeed.harness.control.requests import VERBS


@pytest.fixture(scope="module")
def bench() -> Browser:
    return browser_of("bench")


@pytest.fixture
def site(bench: Browser) -> Site:
    return bench.console.world.site_at(None)


def test_the_verbs_are_those_of_the_control_socket() -> None:
    assert {
        "fault",
        "clear",
        "write",
        "do",
        "pause",
        "resume",
        "speed",
        "step",
        "run_until",
        "scenario",
    } <= ACTIONS.keys()
    assert ACTIONS.keys() <= set(VERBS)


async def test_a_fault_and_its_end_are_in_the_journal_with_who_it_is_of(bench: Browser, site: Site) -> None:
    fault = {"target": "utility-a", "kind": "outage"}
    assert (await bench.post("/api/v1/fault", fault, x_person="Awa")).status == 200
    assert [(t, k) for t, k, _ in site.active_faults()] == [("utility-a", "outage")]
    cleared = await bench.post("/api/v1/clear", {})
    assert cleared.json["cleared"] == [{"target": "utility-a", "kind": "outage"}] and site.active_faults() == []
    lines = [event for event in site.plant.journal if event.what in ("fault", "clear") and "console" in event.who]
    assert [(line.who, line.what) for line in lines] == [("Awa (console)", "fault"), ("console", "clear")]
    assert lines[0].data["target"] == "utility-a"


@pytest.mark.parametrize(
    ("verb", "body", "status", "named"),
    [
        ("fault", b"{", 400, "JSON"),
        ("fault", b"[1]", 400, "object"),
        ("fault", b'{"target": "utility-a"}', 422, "kind"),
        ("fault", b'{"target": "utility-a", "kind": "outage", "nonsense": 1}', 422, "nonsense"),
        ("fault", b'{"do": "clear", "target": "utility-a", "kind": "outage"}', 422, "do"),
        ("fault", b'{"target": "utility-z", "kind": "outage"}', 409, "utility-a"),
        ("fault", b'{"target": "utility-a", "kind": "flood"}', 409, "outage"),
        ("clear", b'{"target": "ups-1"}', 409, "ups-1"),
        ("write", b'{"device": "ups-1", "point": "battery.charge", "value": 3}', 409, "battery.charge"),
        ("speed", b'{"speed": 0}', 422, "speed"),
        ("speed", b'{"speed": NaN}', 422, "finite"),
        ("run_until", b"{}", 409, "at_s"),
        ("run_until", b'{"when": "nothing.at > 3"}', 409, "nothing"),
        ("scenario", b'{"scenario": {"site": "bamako"}}', 409, "bench"),
        ("scenario", b'{"scenario": {"site": "bench", "injections": [{"target": "utility-a"}]}}', 409, "kind"),
    ],
)
async def test_a_wrong_request_names_the_mistake_and_the_next_step(
    bench: Browser, verb: str, body: bytes, status: int, named: str
) -> None:
    answer = await bench.post(f"/api/v1/{verb}", body)
    assert answer.status == status, answer.body
    assert named in answer.json["error"] and answer.json["next"]
    assert "Traceback" not in answer.json["error"]


async def test_a_page_that_goes_away_while_it_sends_is_no_failure(
    bench: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    async def receive() -> dict[str, str]:
        return {"type": "http.disconnect"}

    async def send(message: object) -> None:
        raise AssertionError("nobody is there")

    token = f"Bearer {bench.policy.tokens['write']}".encode()
    path = "/api/v1/clear"
    scope = {
        "type": "http", "method": "POST", "path": path, "root_path": "", "query_string": b"", "scheme": "http",
        "headers": [(b"host", HOST.encode()), (b"authorization", token)],
    }  # fmt: skip
    await bench.console(scope, receive, send)
    assert caplog.records == []


async def test_the_journal_has_that_a_scenario_was_begun_and_not_all_of_it(bench: Browser, site: Site) -> None:
    """A running site keeps thousands of lines, and a scenario may have 256 kB."""
    scenario = {"site": "bench", "note": "n" * 1000, "duration_s": 60, "injections": []}
    answer = await bench.post("/api/v1/scenario", {"scenario": scenario}, x_person="Awa")
    assert answer.status == 200, answer.body
    line = site.plant.journal[-1]
    assert (line.who, line.what, line.data) == ("Awa (console)", "scenario", {"entries": 0, "duration_s": 60.0})


async def test_time_can_be_stopped_and_stepped(bench: Browser, site: Site) -> None:
    await bench.post("/api/v1/fault", {"target": "utility-a", "kind": "outage", "for_s": 300})
    paused = (await bench.post("/api/v1/pause", {})).json
    assert paused["running"] is False
    stepped = (await bench.post("/api/v1/step", {})).json
    assert stepped["t_s"] > paused["t_s"] and stepped["events"]
    assert (await bench.get("/api/v1/state")).json["running"] is False
    assert (await bench.post("/api/v1/resume", {})).json["running"] is True
    await bench.post("/api/v1/clear", {})


async def test_a_step_of_a_card_is_done_or_refused_with_the_reason(bench: Browser, site: Site) -> None:
    card = (await bench.get("/api/v1/component/pump-1")).json["procedure"]
    if "refused" in card:
        assert (await bench.post("/api/v1/isolate", {"target": "pump-1"})).status == 409
        return
    assert card["steps"][0]["due"]
    answer = await bench.post("/api/v1/isolate", {"target": "pump-1"})
    assert answer.status in (200, 409)


async def test_a_device_that_is_no_component_has_no_card(bench: Browser, site: Site) -> None:
    name = next(name for name in site.devices if name not in site.components)
    assert (await bench.post("/api/v1/isolate", {"target": name})).status == 409
