"""Faults, deeds and commands in one scenario: onsets by time, by another entry and by condition, and what is left."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from workers.examples import examples

from twinfeed.emulators.plant.kernel.actor import PlantError
from twinfeed.emulators.yamlfile import FileError
from twinfeed.harness.faults.deeds import Command, Deed
from twinfeed.harness.faults.injection import Injection
from twinfeed.harness.faults.onset import InjectionError
from twinfeed.harness.faults.scenario import Scenario
from twinfeed.harness.faults.schedule import Action, Schedule, Scheduled, Turn
from twinfeed.harness.properties.scenarios import check
from twinfeed.harness.search import trial
from twinfeed.harness.worlds.sites import fresh
from twinfeed.harness.worlds.world import World

pytestmark = pytest.mark.site("bench")

# -- deeds that can be drawn on the bench -----------------------------------------------------------------------------

FAULTS = st.sampled_from(
    [("utility-a", "outage"), ("utility-b", "outage"), ("ups-1", "charger"), ("ups-1", "card-hang")]
)
DEEDS = st.sampled_from(
    [
        ("q-chiller", "open", {}), ("q-chiller", "lock", {"person": "Awa"}), ("q-chiller", "trip", {}),
        ("ups-1", "to-bypass", {}), ("generator-1", "hand", {}), ("generator-1", "off", {}),
        ("ats-main", "hand", {}), ("ats-main", "order", {"to": "emergency"}),
        ("generator-1", "set", {"point": "setting.start_delay", "value": 5.0}),
    ]
)  # fmt: skip
COMMANDS = st.sampled_from([("pdu-1", "outlet.3.control", "off"), ("ups-1", "setting.audible", "muted")])
CONDITIONS = st.sampled_from(
    ["not utility-a.live", "generator-1.running", "ups-1.charge_percent < 5", "not racks.*.supplied", "true"]
)
NAMES = ("one", "two", "three", "four")


@st.composite
def onsets(draw: st.DrawFn, before: tuple[str, ...], name: str) -> dict[str, object]:
    fields: dict[str, object] = {"name": name, "at_s": float(draw(st.integers(0, 120)))}
    if before and draw(st.booleans()):
        fields["after"] = draw(st.sampled_from(before))
    if draw(st.booleans()):
        fields["when"] = draw(CONDITIONS)
    if ("after" in fields or "when" in fields) and draw(st.booleans()):
        fields["delay_s"] = float(draw(st.integers(1, 60)))
    return {**fields, "may_miss": True}


@st.composite
def schedules(draw: st.DrawFn) -> Scenario:
    injections: list[Injection] = []
    deeds: list[Deed] = []
    commands: list[Command] = []
    for n in range(draw(st.integers(1, len(NAMES)))):
        onset = draw(onsets(NAMES[:n], NAMES[n]))
        verb = draw(st.sampled_from(("fault", "deed", "command")))
        if draw(st.booleans()):
            onset["for_s"] = float(draw(st.integers(1, 90)))
        if verb == "fault":
            target, kind = draw(FAULTS)
            injections.append(Injection(target, kind, until=draw(st.none() | CONDITIONS), **onset))  # type: ignore[arg-type]
        elif verb == "deed":
            target, deed, parameters = draw(DEEDS)
            if not fresh("bench").deeds(target)[deed].undo:
                onset.pop("for_s", None)
            deeds.append(Deed(target, deed, parameters=parameters, late_s=float(draw(st.integers(0, 9))), **onset))  # type: ignore[arg-type]
        else:
            target, point, value = draw(COMMANDS)
            commands.append(Command(target, point, value, **onset))  # type: ignore[arg-type]
    return Scenario(
        "bench",
        7,
        240.0,
        tuple(injections),
        ("eventually utility-a.live",),
        deeds=tuple(deeds),
        commands=tuple(commands),
    )


@settings(max_examples=examples(25, quick=8), deadline=None)
@given(schedules())
def test_any_schedule_survives_its_file_and_replays_to_the_same_journal(scenario: Scenario) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "drawn.scenario.yaml"
        scenario.save(path)
        again = Scenario.load(path)
        assert again == scenario
        check(again, fresh("bench"), path)
    one, other = trial(scenario, everything=True), trial(again, everything=True)
    assert one.journal.events == other.journal.events
    waiting = [(entry.target, entry.what) for entry in one.waiting]
    noted = [(e.who, e.data["entry"]) for e in one.journal.events if e.what == "never began"]
    assert noted == waiting, "an entry that never began is not passed over in silence"


# -- onsets -----------------------------------------------------------------------------------------------------------

OPEN = Deed("q-chiller", "open", name="opened")


def turns(entries: list[Scheduled], times: list[float], holds: set[str] = frozenset()) -> list[tuple[float, str, bool]]:  # type: ignore[assignment]
    """(time, deed, begins) of all turns, read at these times."""
    schedule = Schedule(entries)
    found = []
    for now_s in times:
        for action in schedule.advance(now_s, lambda entry: entry.until in holds):
            if isinstance(action, Turn):
                found.append((action.t_s, action.entry.what, action.begins))
    return found


def test_an_entry_that_follows_another_begins_its_delay_later() -> None:
    lock = Deed("q-chiller", "lock", after="opened", delay_s=5.0)
    assert turns([lock, Deed("q-chiller", "open", 10.0, name="opened")], [0.0, 10.0, 14.9, 15.0]) == [
        (10.0, "open", True),
        (15.0, "lock", True),
    ]


def test_entries_may_follow_each_other_within_one_instant() -> None:
    chain: list[Scheduled] = [
        Deed("q", "rack-out", after="locked"),
        Deed("q", "open", 3.0, name="opened"),
        Deed("q", "lock", after="opened", name="locked"),
    ]
    assert [(t, what) for t, what, _ in turns(chain, [3.0])] == [(3.0, "open"), (3.0, "lock"), (3.0, "rack-out")]


def test_a_condition_counts_from_its_onset_on() -> None:
    schedule = Schedule([Deed("q-chiller", "open", 10.0, when="enough")])
    assert schedule.next_due_s() == 10.0
    assert schedule.advance(9.0, lambda entry: True) == []
    (turn,) = schedule.advance(10.0, lambda entry: entry.until == "enough")
    assert (turn.t_s, isinstance(turn, Turn)) == (10.0, True)


def test_a_fault_with_a_condition_lasts_its_time_from_when_it_began() -> None:
    schedule = Schedule([Injection("utility-a", "outage", for_s=30.0, when="enough", delay_s=2.0)])
    assert schedule.advance(50.0, lambda entry: False) == []
    assert schedule.advance(60.0, lambda entry: True) == []
    applied, lifted = schedule.advance(62.0), schedule.advance(92.0)
    assert [a.t_s for a in (*applied, *lifted)] == [62.0, 92.0]
    assert [isinstance(a, Action) and a.parameters is None for a in (*applied, *lifted)] == [False, True]


def test_a_deed_is_taken_back_when_its_condition_holds() -> None:
    deed = Deed("q-chiller", "open", 5.0, until="enough")
    assert turns([deed], [5.0, 6.0], {"enough"}) == [(5.0, "open", True), (6.0, "open", False)]


@pytest.mark.parametrize(
    ("entries", "field", "says"),
    [
        ([Deed("q", "open", after="openned"), OPEN], "after", "did you mean opened"),
        ([OPEN, Deed("q", "close", name="opened")], "name", "another entry"),
        ([Deed("q", "open", name="a", after="b"), Deed("q", "close", name="b", after="a")], "after", "never begins"),
    ],
)
async def test_entries_that_wait_for_what_never_comes_are_refused(
    site: World, entries: list[Deed], field: str, says: str
) -> None:
    with pytest.raises(InjectionError, match=says) as refusal:
        await site.schedule(*entries)
    assert refusal.value.field == field
    assert site.waiting() == []


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"target": "q", "deed": "open", "delay_s": 5}, "delay_s: there is nothing to count from"),
        ({"target": "q", "deed": "open", "name": "a", "after": "a"}, "after: 'a' cannot begin after itself"),
        ({"target": "q", "deed": "open", "when": " "}, "when: is empty"),
        ({"target": "q", "deed": "open", "skipped": True, "late_s": 5}, "skipped: a deed that is left out"),
        ({"target": "q", "deed": "open", "wrong": "q"}, "wrong: 'q' is the target itself"),
        ({"target": "q", "deed": "open", "at": 5}, "at: unknown field; did you mean at_s?"),
        ({"target": "q", "deed": ""}, "deed: is empty"),
    ],
)
def test_a_deed_that_contradicts_itself_is_refused(fields: dict[str, object], says: str) -> None:
    with pytest.raises(InjectionError) as refusal:
        Deed.from_dict(fields)
    assert str(refusal.value).startswith(says)


def test_every_mistake_of_deeds_and_commands_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "wrong.scenario.yaml"
    path.write_text(
        "site: bench\n"
        "deeds:\n"
        "  - {target: q-chiller, deed: opne}\n"
        "  - {target: q-chiller, deed: open, wrong: q-chilelr}\n"
        "  - {target: q-chiller, deed: reset, for_s: 5}\n"
        "commands:\n"
        "  - {target: pdu-1, point: outlet.3.control, value: sideways}\n"
        "  - {target: pdu-1, point: input.power, value: 3}\n"
        "  - {target: pdu-1, point: outlet.3.control, value: 'off', when: 'utility-a.life'}\n"
    )
    scenario = Scenario.load(path)
    with pytest.raises(FileError) as refusal:
        check(scenario, fresh("bench"), path)
    lines = [line.removeprefix(f"{path}:") for line in refusal.value.problems]
    assert [line.split(": ", 2)[:2] for line in lines] == [
        ["3", "deeds.0"], ["4", "deeds.1"], ["5", "deeds.2"], ["7", "commands.0"], ["8", "commands.1"],
    ]  # fmt: skip
    assert "did you mean open" in lines[0]


# -- in a world -------------------------------------------------------------------------------------------------------


async def test_a_refusal_is_an_outcome_and_the_next_deed_still_comes(site: World) -> None:
    await site.do("q-chiller", "open", at="10 s", name="open")
    await site.do("q-chiller", "lock", after="open", delay="5 s", person="Awa")
    await site.do("q-chiller", "close", after="open", delay="10 s", name="close")
    await site.run("30 s")
    assert site.outcome("open")
    assert not site.outcome("close")
    assert "Awa" in site.outcome("close").reason
    site.sample()
    deeds = [(e.data["deed"], e.data["outcome"]) for e in site.journal.events if e.what == "deed"]
    assert deeds == [("open", "done"), ("lock", "done"), ("close", "refused")]


async def test_a_deed_that_is_done_at_once_returns_what_came_of_it(site: World) -> None:
    assert await site.do("q-chiller", "open")
    assert (await site.do("q-chiller", "reset")).word == "refused"
    assert (await site.do("q-chiller", "close", at="1 h", may_miss=True)).word == "waiting"


async def test_a_fault_begins_when_a_condition_holds(site: World) -> None:
    await site.inject("utility-b", "outage", at="20 s")
    await site.inject("utility-a", "outage", when="generator-1.running", delay="30 s", for_="1 min")
    await site.run("5 min")
    site.sample()
    began = {e.who: e.t for e in site.journal.events if e.what == "fault"}
    running = next(t for t, value in site.journal.trace["generator-1.running"] if value is True)
    assert began["utility-a"] == pytest.approx(running + 30.0, abs=0.01)


@pytest.mark.parametrize("mistake", [{"skipped": True}, {"wrong": "ups-1"}, {"late_s": 40.0}])
async def test_people_get_a_deed_wrong(site: World, mistake: dict[str, object]) -> None:
    deed = Deed("generator-1", "restart-card", 10.0, name="restart", **mistake)  # type: ignore[arg-type]
    await site.schedule(deed)
    await site.run("30 s")
    restarted = [name for name in ("generator-1", "ups-1") if site.model[name].state.card == "booting"]
    assert restarted == (["ups-1"] if "wrong" in mistake else [])
    await site.run("30 s")


async def test_a_command_over_the_wire_is_taken_back_at_its_end(site: World) -> None:
    await site.schedule(Command("pdu-1", "outlet.3.control", "off", 5.0, name="off"))
    await site.run("20 s")
    assert site.outcome("off"), site.outcome("off").reason
    assert site.model["pdu-1"].read("outlet.3.state") == "off"


async def test_a_command_to_a_silent_device_is_refused_and_noted(site: World) -> None:
    await site.inject("pdu-1", "card-hang")
    await site.schedule(Command("pdu-1", "outlet.3.control", "off", 5.0, name="off"))
    await site.run("2 min")
    assert site.outcome("off").word == "refused"
    (noted,) = (e for e in site.journal.events if e.what == "command")
    assert noted.data["outcome"] == "refused"


async def test_a_deed_nobody_can_do_is_an_error_and_nothing_begins(site: World) -> None:
    with pytest.raises(PlantError, match="did you mean open"):
        await site.schedule(Injection("utility-a", "outage"), Deed("q-chiller", "opne"))
    assert site.model.active_faults() == []
    assert site.waiting() == []
