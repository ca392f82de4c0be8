"""The console's answers about a running site, and its stream of changes. No socket is opened."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from console_client import Browser, browser_of

from twinfeed.emulators.site import Site
from twinfeed.emulators.sitefile.snmp_access import SnmpAccess
from twinfeed.emulators.sitefile.snmp_users import Community
from twinfeed.harness.console import stream
from twinfeed.harness.console.component import reading_community
from twinfeed.harness.console.frames import frame, text
from twinfeed.harness.console.stream import WAITING, Hub, Reader


@pytest.fixture(scope="module")
def bench() -> Browser:
    return browser_of("bench")


@pytest.fixture
def site(bench: Browser) -> Site:
    return bench.console.world.site_at(None)


def names(site: Site) -> set[str]:
    """Components, devices, and the cards of devices."""
    return {*site.components, *site.devices, *(f"{name}/device" for name in site.devices)}


async def test_the_head_names_the_site_and_the_abilities(bench: Browser) -> None:
    head = (await bench.get("/api/v1/site")).json
    assert (head["site"], head["world"], head["role"]) == ("bench", "live", "write")
    assert head["can"]["write"] and not head["can"]["branch"] and head["can"]["reasons"]["branch"]


async def test_every_component_and_device_is_a_node(bench: Browser, site: Site) -> None:
    state = (await bench.get("/api/v1/state")).json
    assert state["nodes"].keys() == names(site)
    assert all(len(node["text"]) for node in state["nodes"].values())


async def test_a_wire_has_the_supply_at_its_own_terminal(bench: Browser, site: Site) -> None:
    """The UPS lives on its battery, the wire to it is dead."""
    site.inject("utility-a", "outage")
    try:
        state = (await bench.get("/api/v1/state")).json
    finally:
        site.clear()
    assert state["nodes"]["utility-a"]["state"] == "dead"
    feeds = {name: getattr(c, "feeds", {}) for name, c in site.components.items()}
    terminals = {f"{name}.{t}" for name, of in feeds.items() for t, ref in of.items() if ref == "utility-a"}
    assert terminals and all(not state["wires"][wire]["live"] for wire in terminals)
    assert state["faults"][0]["target"] == "utility-a" and state["faults"][0]["since_s"] is not None


def test_the_lines_to_copy_have_the_reading_community_and_never_the_writing_one() -> None:
    access = SnmpAccess(read="", write="w", communities=(Community(name="rw", write="all"), Community(name="r o")))
    assert reading_community(access) == "r o"
    assert reading_community(SnmpAccess()) == "public"
    assert reading_community(SnmpAccess(read="same", write="same")) == ""


@pytest.mark.parametrize("which", ["power", "cooling", "network"])
async def test_the_wires_of_a_drawing_have_a_state(bench: Browser, which: str) -> None:
    drawn = (await bench.get(f"/api/v1/drawing/{which}")).json
    state = (await bench.get("/api/v1/state")).json
    assert drawn["nodes"] and {wire["id"] for wire in drawn["wires"]} <= state["wires"].keys()
    assert drawn["boot_id"] == state["boot_id"]


async def test_the_wires_of_rows_and_gateways_have_the_state_of_their_switch() -> None:
    pilot = browser_of("pilot")
    site, drawn = pilot.console.world.site_at(None), (await pilot.get("/api/v1/drawing/network")).json
    wires = {wire["id"] for wire in drawn["wires"]}
    assert wires <= (await pilot.get("/api/v1/state")).json["wires"].keys()
    edge = "network.gateways.edge"
    assert edge in wires and frame(site).wires[edge]["live"]
    for supply in "ab":
        site.inject("edge", f"psu-{supply}-failed")
    site.advance(1.0)
    assert not frame(site).wires[edge]["live"]


async def test_a_pipe_of_water_that_stands_is_not_drawn_as_flowing(bench: Browser, site: Site) -> None:
    pipe = next(wire for wire in frame(site).wires if wire.startswith("crah-1.loop"))
    assert frame(site).wires[pipe]["live"]
    site.inject("loop-1", "valve-shut")
    try:
        after = frame(site)
    finally:
        site.clear()
    assert after.nodes["crah-1"]["state"] in ("ok", "warning") and not after.wires[pipe]["live"]


async def test_a_component_has_points_with_their_places_faults_with_ranges_and_a_card(bench: Browser) -> None:
    known = (await bench.get("/api/v1/component/ups-1")).json
    charge = next(point for point in known["points"] if point["name"] == "battery.charge")
    assert charge["unit"] == "%" and charge["place"] and charge["raw"] is not None
    assert any(line.startswith("twinfeed read ups-1 ") for line in known["reads"])
    inverter = next(fault for fault in known["faults"] if fault["kind"] == "battery-weak")
    assert all(p["low"] <= p["default"] <= p["high"] for p in inverter["parameters"])
    assert known["procedure"].get("steps") or known["procedure"]["refused"]


async def test_all_components_and_devices_can_be_shown(bench: Browser, site: Site) -> None:
    for name in [*site.components, *site.devices]:
        answer = await bench.get(f"/api/v1/component/{name}?points=20")
        assert answer.status == 200, answer.body
        json.loads(answer.body)


async def test_an_unknown_name_is_answered_with_near_ones(bench: Browser) -> None:
    answer = await bench.get("/api/v1/component/ups-11")
    assert answer.status == 404 and "ups-1" in answer.json["error"] and answer.json["next"]


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [(412.4, "kW", ("412", "kW")), (22.04, "°C", ("22.0", "°C")), (-0.04, "kW", ("0.0", "kW")), (True, "", ("yes", "")),
     (12_345.0, "kW", ("12.3", "MW")), (99.97, "%", ("100", "%")), (float("nan"), "V", ("–", "V")), (14, "", ("14", ""))],
)  # fmt: skip
def test_values_have_three_digits(value: float | bool, unit: str, shown: tuple[str, str]) -> None:
    assert text(value, unit) == shown


# -- the stream ---------------------------------------------------------------------------------------------


def parsed(chunk: bytes) -> tuple[str, dict[str, Any]]:
    head, data = chunk.decode().rstrip("\n").split("\n")
    return head.removeprefix("event: "), json.loads(data.removeprefix("data: "))


@pytest.fixture
async def hub(site: Site) -> AsyncIterator[Hub]:
    hub = Hub(lambda: frame(site), lambda: {"boot_id": "b"})
    yield hub
    hub.close()


async def test_a_stream_begins_whole_and_goes_on_with_what_has_changed(hub: Hub, site: Site) -> None:
    events = hub.open()
    name, whole = parsed(await anext(events))
    assert name == "full" and whole["nodes"].keys() == names(site)
    site.inject("utility-a", "outage")
    try:
        name, changes = parsed(await anext(events))
    finally:
        site.clear()
    assert name == "delta" and changes["seq"] > whole["seq"] and changes["boot_id"] == "b"
    assert "utility-a" in changes["nodes"] and len(changes["nodes"]) < len(whole["nodes"])
    assert [fault["kind"] for fault in changes["faults"]] == ["outage"]


async def test_a_whole_frame_with_its_changes_is_the_frame_afterwards(site: Site) -> None:
    before = frame(site)
    site.inject("utility-a", "outage")
    site.advance(30.0)
    after = frame(site)
    changes = after.since(before)
    site.clear()
    site.advance(600.0)
    put = {
        **before.whole(),
        **changes,
        "nodes": before.nodes | changes["nodes"],
        "wires": before.wires | changes["wires"],
    }
    assert put == after.whole()


def test_a_slow_reader_gets_a_whole_frame_in_the_place_of_a_queue() -> None:
    reader = Reader()
    reader.behind = False
    for n in range(10 * WAITING):
        reader.put(b"%d" % n)
        assert len(reader.waiting) <= WAITING
    assert reader.behind and reader.news.is_set()


async def test_what_changes_while_a_whole_frame_is_sent_is_not_lost(site: Site) -> None:
    hub = Hub(lambda: frame(site), lambda: {"boot_id": "b"})
    events = hub.open()
    assert parsed(await anext(events))[0] == "full"
    site.inject("utility-a", "outage")  # the frame is on its way to a slow reader
    hub._tell()
    site.clear()
    name, changes = parsed(await anext(events))
    hub.close()
    assert name == "delta" and changes["nodes"]["utility-a"]["state"] == "dead"


async def test_a_site_whose_state_cannot_be_read_ends_its_streams(
    site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A page must not take heartbeats for the sign that its values are present ones."""
    monkeypatch.setattr(stream, "PERIOD_S", 0.0)
    whole = frame(site)

    def fails() -> dict[str, Any]:
        raise ZeroDivisionError

    answers = iter([lambda: whole])
    hub = Hub(lambda: next(answers, fails)(), lambda: {"boot_id": "b"})  # type: ignore[arg-type, return-value]
    assert [parsed(chunk)[0] async for chunk in hub.open()] == ["full"]
    assert "cannot be shown" in caplog.text


async def test_streams_end_when_the_console_stops(hub: Hub) -> None:
    events = hub.open()
    await anext(events)
    hub.close()
    assert [chunk async for chunk in events] == []
