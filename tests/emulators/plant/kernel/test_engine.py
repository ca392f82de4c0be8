"""The clock of the plant: timers, horizons, settling, faults, snapshots."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinfeed.emulators.plant.kernel.actor import Actor, PlantError, State
from twinfeed.emulators.plant.kernel.engine import LONGEST_STEP_S, Plant
from twinfeed.emulators.plant.kernel.faults import Fault, Parameter


@dataclass
class TankState(State):
    litres: float = 100.0
    empty: bool = False


class Tank(Actor):
    """Drains at 1 l/s, faster while it leaks; logs once when it is empty."""

    STATE = TankState
    state: TankState
    FAULTS: ClassVar = {"leak": Fault("loses more", {"rate": Parameter(1.0, "l/s", 0.1, 10.0)})}

    @property
    def rate(self) -> float:
        leak = self.fault("leak")
        return 1.0 + (leak["rate"] if leak else 0.0)

    def horizon(self) -> float:
        return float("inf") if self.state.empty else self.state.litres / self.rate

    def advance(self, dt: float) -> None:
        self.state.litres = max(0.0, self.state.litres - self.rate * dt)

    def react(self) -> None:
        if not self.state.empty and self.state.litres < 0.01:
            self.state.empty = True
            self.log("empty")
            self.touch()


class Bell(Actor):
    """Rings on order, by timers."""

    def start(self) -> None:
        self.rung: list[tuple[float, str]] = []

    def on_timer(self, name: str) -> None:
        self.rung.append((self.plant.now, name))


def plant(*actors: Actor) -> Plant:
    made = Plant(seed=1)
    for actor in actors:
        made.add(actor)
    made.start()
    return made


def test_a_crossing_is_found_between_the_steps_it_was_asked_for():
    tank = Tank("tank")
    site = plant(tank)
    site.advance(1000.0)
    assert [(round(e.t, 2), e.what) for e in site.journal] == [(100.0, "empty")]


def test_timers_fire_in_order_of_time_and_then_of_setting():
    bell = Bell("bell")
    site = plant(bell)
    bell.after(5.0, "second")
    bell.after(5.0, "third")
    bell.after(1.0, "first")
    site.advance(10.0)
    assert bell.rung == [(1.0, "first"), (5.0, "second"), (5.0, "third")]


def test_setting_a_timer_again_moves_it():
    bell = Bell("bell")
    site = plant(bell)
    bell.after(1.0, "ring")
    bell.after(3.0, "ring")
    assert bell.remaining_s("ring") == 3.0
    site.advance(10.0)
    assert bell.rung == [(3.0, "ring")]


def test_a_cancelled_timer_never_fires():
    bell = Bell("bell")
    site = plant(bell)
    bell.after(1.0, "ring")
    bell.cancel("ring")
    site.advance(10.0)
    assert bell.rung == []


@given(st.lists(st.floats(0.01, 300.0), min_size=1, max_size=8))
def test_how_time_is_cut_into_calls_makes_no_difference(pieces):
    whole, cut = Tank("tank"), Tank("tank")
    one, many = plant(whole), plant(cut)
    total = 0.0
    for piece in pieces:
        total += piece
        many.advance(total)
    one.advance(total)
    assert cut.state.empty == whole.state.empty
    assert cut.state.litres == pytest.approx(whole.state.litres, abs=1e-9)


def test_a_quiet_step_asks_nobody_to_react():
    asked = []

    class Clerk(Actor):
        def react(self) -> None:
            asked.append(self.plant.now)

    site = plant(Clerk("clerk"), Tank("tank"))
    asked.clear()
    for tenth in range(1, 100):
        site.advance(tenth / 10)
    assert asked == []
    assert site.actors["tank"].state.litres == pytest.approx(90.1)


def test_readers_notice_that_a_quiet_step_has_moved_something():
    site = plant(Tank("tank"))
    before = site.revision
    site.advance(1.0)
    assert site.revision > before


def test_the_plant_knows_its_next_event():
    tank, bell = Tank("tank"), Bell("bell")
    site = plant(tank, bell)
    assert site.next_event_s == pytest.approx(100.0)
    site.advance(40.0)
    assert site.next_event_s == pytest.approx(100.0)
    bell.after(5.0, "ring")
    assert site.next_event_s == pytest.approx(45.0)
    site.inject("tank", "leak", {"rate": 3.0})
    assert site.next_event_s == 40.0  # it has yet to settle
    site.advance(45.0)
    assert site.next_event_s == pytest.approx(55.0)
    site.advance(55.0)
    assert site.next_event_s == pytest.approx(55.0 + LONGEST_STEP_S)


def test_a_fault_for_a_time_clears_itself_and_restores_what_was_there():
    tank = Tank("tank")
    site = plant(tank)
    site.inject("tank", "leak", {"rate": 4.0}, for_s=10.0)
    site.advance(20.0)
    assert tank.state.litres == pytest.approx(100.0 - 10 * 5.0 - 10 * 1.0)
    assert tank.state.faults == {}


def test_a_watcher_sees_each_settled_instant_at_its_own_time():
    tank, bell, seen = Tank("tank"), Bell("bell"), []
    site = plant(tank, bell)
    bell.after(30.0, "ring")
    site.watchers.append(lambda: seen.append((site.now, tank.state.empty)))
    site.advance(150.0)
    assert (30.0, False) in seen
    assert (100.0, True) in seen
    assert (100.0, False) not in seen


def test_a_watcher_sees_what_a_fault_does_before_time_moves():
    tank, seen = Tank("tank"), []
    site = plant(tank)
    site.watchers.append(lambda: seen.append((site.now, tank.rate)))
    site.inject("tank", "leak", {"rate": 4.0})
    site.settle()
    site.clear("tank")
    site.settle()
    assert seen == [(0.0, 5.0), (0.0, 1.0)]


def test_what_a_watcher_injects_is_settled_and_seen_in_the_same_instant():
    tank, seen = Tank("tank"), []
    site = plant(tank)

    def when_empty() -> None:
        seen.append((round(site.now, 3), "leak" in tank.state.faults))
        if tank.state.empty and "leak" not in tank.state.faults:
            site.inject("tank", "leak")

    site.watchers.append(when_empty)
    site.advance(100.0)
    assert seen[-2:] == [(100.0, False), (100.0, True)]
    assert not site.dirty


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda p: p.inject("tonk", "leak"), "did you mean tank?"),
        (lambda p: p.inject("tank", "burst"), "it knows: leak"),
        (lambda p: p.inject("tank", "leak", {"rate": 99.0}), "rate is 99, expected 0.1 to 10 l/s"),
        (lambda p: p.inject("tank", "leak", {"rate": float("nan")}), "rate is not a number, expected 0.1 to 10 l/s"),
        (lambda p: p.inject("tank", "leak", {"rate": "fast"}), "rate is 'fast', expected 0.1 to 10 l/s"),
        (lambda p: p.inject("tank", "leak", for_s=-5.0), "for_s is -5, expected 0.001 to 316224000 s"),
        (
            lambda p: p.inject("tank", "leak", for_s=float("nan")),
            "for_s is not a number, expected 0.001 to 316224000 s",
        ),
        (lambda p: p.inject("tank", "leak", {"speed": 1.0}), "unknown parameter speed; it takes rate"),
        (lambda p: p.clear("tank"), "no active fault"),
    ],
)
def test_a_wrong_fault_says_what_was_expected(call, says):
    site = plant(Tank("tank"))
    with pytest.raises(PlantError) as error:
        call(site)
    assert says in str(error.value)
    assert site.actors["tank"].state.faults == {}
    assert site.timers == {}


def test_a_plant_forked_from_a_snapshot_repeats_itself():
    def journal(site: Plant) -> list[tuple[float, str]]:
        return [(e.t, e.what) for e in site.journal]

    site = plant(Tank("tank"))
    site.inject("tank", "leak", {"rate": 1.0}, for_s=30.0)
    site.advance(10.0)
    snapshot = json.loads(json.dumps(site.snapshot()))
    site.journal.clear()
    site.advance(200.0)
    first = journal(site)

    fork = plant(Tank("tank"))
    fork.restore(snapshot)
    fork.advance(200.0)
    assert journal(fork) == first
    assert fork.rng.random() == site.rng.random()


def test_actors_that_never_come_to_rest_are_named():
    class Restless(Actor):
        def react(self) -> None:
            self.touch()

    with pytest.raises(PlantError, match=r"does not come to rest: .*fidget"):
        plant(Restless("fidget"))


def test_two_actors_cannot_share_a_name():
    site = Plant()
    site.add(Tank("tank"))
    with pytest.raises(PlantError, match="two things are called 'tank'"):
        site.add(Bell("tank"))
