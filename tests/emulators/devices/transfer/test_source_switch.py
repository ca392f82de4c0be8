"""The card of a rack ATS and of a static switch: what it shows, what it keeps, what it announces."""

from __future__ import annotations

import pytest
from stage import Load, plant, readings, utilities

from twinfeed.emulators.devices.catalogue import SOURCE_SWITCH
from twinfeed.emulators.devices.transfer.rack_transfer_switch import SourceSwitch, SourceSwitchParams
from twinfeed.emulators.plant.kernel.engine import Plant
from twinfeed.emulators.plant.power.static_transfer_switch import RackTransferSwitch, StaticTransferSwitch


def rack(grid: str = "edm", kw: float = 2.3) -> tuple[Plant, SourceSwitch]:
    card = SOURCE_SWITCH.build("card", SourceSwitchParams(of="sw"))
    made = plant(
        *utilities(grid), RackTransferSwitch("sw", None, {"a": "mains-a", "b": "mains-b"}), Load("load", "sw", kw), card
    )
    made.advance(1.0)
    return made, card


def test_readings_at_rest():
    _, card = rack()
    r = readings(card)
    assert (r["switch.source"], r["switch.preferred"], r["switch.redundant"], r["switch.in_sync"]) == (
        "a",
        "a",
        True,
        True,
    )
    assert (r["source.1.voltage.1"], r["source.2.frequency"]) == (230.0, 50.0)
    assert r["output.current.1"] == pytest.approx(10.0)
    assert r["output.load"] == pytest.approx(62.5)
    assert (r["output.state"], r["setting.range"]) == ("normal", "medium")


def test_losing_a_source_transfers_and_is_announced():
    made, card = rack()
    made.inject("mains-a", "outage")
    made.advance(2.0)
    assert card.read("switch.source") == "b"
    assert [n.alarm for n in card.outbox if n.raised] == ["redundancy_lost", "on_alternate", "source_a_lost"]
    assert any("switched to source B" in text for _, text in card.state.events)


def test_the_card_lives_on_either_source_and_its_uptime_shows_it():
    made, card = rack()
    made.inject("mains-a", "outage")
    made.advance(60.0)
    assert card.uptime_s == pytest.approx(60.0)
    made.inject("mains-b", "outage", for_s=10.0)
    made.advance(75.0)
    assert not card.answers
    made.advance(110.0)
    assert card.uptime_s == pytest.approx(10.0)


def test_what_the_switch_feeds_does_not_notice_a_transfer():
    fed = SOURCE_SWITCH.build("fed", SourceSwitchParams(of="sw", powered_by=("sw",)))
    made = plant(
        *utilities(), RackTransferSwitch("sw", None, {"a": "mains-a", "b": "mains-b"}), Load("load", "sw"), fed
    )
    made.inject("mains-a", "outage")
    made.advance(60.0)
    assert fed.uptime_s == pytest.approx(60.0)


def test_preferring_none_leaves_the_load_where_it_is():
    made, card = rack()
    card.write("switch.preferred", "none")
    made.inject("mains-a", "outage", for_s=5.0)
    made.advance(3600.0)
    assert card.read("switch.source") == "b"
    card.write("switch.preferred", "a")
    made.advance(3631.0)
    assert card.read("switch.source") == "a"


@pytest.mark.parametrize(("range", "source"), [("narrow", "b"), ("medium", "a"), ("wide", "a")])
def test_the_voltage_range_decides_what_is_a_good_source(range: str, source: str):
    made, card = rack()
    card.write("setting.range", range)
    made.inject("mains-a", "unbalance", {"phase": 1.0, "depth": 8.7})  # 20 V low: between narrow (16) and medium (23)
    made.advance(2.0)
    assert card.read("switch.source") == source


@pytest.mark.parametrize(("range", "volts"), [("narrow", 16.0), ("medium", 23.0), ("wide", 30.0)])
def test_a_source_is_left_just_outside_its_range(range: str, volts: float):
    """APC AP77xx user manual p. 14, 230 V model."""
    for off_v, source in ((volts - 0.5, "a"), (volts + 0.5, "b")):
        made, card = rack()
        card.write("setting.range", range)
        made.inject("mains-a", "unbalance", {"phase": 1.0, "depth": 100.0 * off_v / 230.0})
        made.advance(2.0)
        assert card.read("switch.source") == source, off_v


@pytest.mark.parametrize(("kw", "state"), [(2.0, "normal"), (3.0, "near-overload"), (4.0, "overload")])
def test_load_states(kw: float, state: str):
    _, card = rack(kw=kw)
    assert card.read("output.state") == state
    assert card.read(f"alarm.{state.replace('-', '_')}.active") is True if state != "normal" else True


def test_peaks_stay_until_they_are_reset():
    made, card = rack()
    made.actors["load"].take(made.actors["load"].wanted.scaled(0.5))
    made.advance(2.0)
    assert card.read("output.current_peak.1") == pytest.approx(10.0)
    card.write("command.reset_peaks", "reset")
    assert card.read("output.current_peak.1") == pytest.approx(5.0)  # the present current is the first of the new peaks


def test_a_three_phase_static_switch_shows_each_phase():
    card = SOURCE_SWITCH.build("card", SourceSwitchParams(of="sw", phases=3))
    made = plant(
        *utilities(""),
        StaticTransferSwitch("sw", None, {"preferred": "mains-a", "alternate": "mains-b"}),
        Load("load", "sw", 69.0),
        card,
    )
    made.advance(1.0)
    assert [card.read(f"output.current.{p}") for p in (1, 2, 3)] == pytest.approx([100.0] * 3)
    assert card.read("alarm.out_of_sync.active") is True
