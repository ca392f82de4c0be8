"""Controllers with one mistake: each shows it in the scene it is known for, where the reference does not."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from twinfeed.fixtures.controllers.bugs import BUGS
from twinfeed.fixtures.controllers.plant import Plant, main
from twinfeed.harness.controllers.in_process import InProcess, named
from twinfeed.harness.properties import Property, PropertyViolated, always, never, within
from twinfeed.harness.worlds.world import World


@dataclass(frozen=True)
class Scene:
    """Faults as (when, target, kind), and what must hold meanwhile."""

    bug: str
    faults: Sequence[tuple[float, str, str]]
    length_s: float
    holds: Property


OUT = ((30.0, "utility-a", "outage"), (30.0, "utility-b", "outage"))
BOARD_A = within("30 s", "board-a.live", after="utility-a.live falls")

SCENES = (
    Scene("believes-one-instrument", ((10.0, "ats-a", "blind"), (30.0, "utility-a", "outage")), 80.0, BOARD_A),
    Scene("takes-silence-for-loss", ((30.0, "relay-a", "card-hang"),), 90.0, always("ats-a.on_normal")),
    Scene(
        "looks-at-admin-status", ((30.0, "wan-1", "cut"),), 120.0, within("1 min", "wan-2.up", after="wan-1.up falls")
    ),
    Scene("works-the-neighbour", ((30.0, "pump-2", "failure"),), 90.0, always("pump-1.running")),
    Scene("two-alarms-wait-for-each-other", OUT, 80.0, BOARD_A),
    Scene(
        "sets-one-after-the-other",
        ((10.0, "generator-1", "fail-to-start"), *OUT),
        80.0,
        within("15 s", "generator-2.running", after="utility-a.live falls"),
    ),
    Scene("retries-for-ever", ((10.0, "ats-a", "card-hang"), *OUT), 80.0, BOARD_A),
    Scene("mistakes-the-unit", OUT, 180.0, always("racks.*.supplied")),
    Scene("pumps-wait-for-chillers", OUT, 180.0, never("chilled-water.flow_l_s < 2")),
)


async def play(site: World, controller: InProcess, scene: Scene) -> None:
    await site.start_controller(controller)
    for at_s, target, kind in scene.faults:
        await site.run(at_s - site.now)
        await site.inject(target, kind)
    await site.run(scene.length_s - site.now)


@pytest.mark.site("pilot")
@pytest.mark.watch("racks.*.supplied", "chilled-water.flow_l_s")
@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.bug)
async def test_the_mistake_shows(site: World, scene: Scene) -> None:
    await play(site, InProcess(BUGS[scene.bug].main, scene.bug), scene)
    with pytest.raises(PropertyViolated):
        site.check(scene.holds)


@pytest.mark.site("pilot")
@pytest.mark.watch("racks.*.supplied", "chilled-water.flow_l_s")
@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.bug)
async def test_the_reference_does_not_make_it(site: World, scene: Scene) -> None:
    await play(site, InProcess(main, "reference"), scene)
    site.check(scene.holds)


def test_there_are_at_least_twenty() -> None:
    assert len(BUGS) >= 20


@pytest.mark.parametrize("name", BUGS)
def test_a_bug_says_what_it_is_and_how_it_shows(name: str) -> None:
    bug = BUGS[name]
    assert bug.name == name
    assert bug.doc and bug.doc != (Plant.__doc__ or "").strip()
    assert bug.trigger


@pytest.mark.parametrize("name", BUGS)
def test_a_bug_can_be_named_on_the_command_line(name: str) -> None:
    assert named(f"twinfeed.fixtures.controllers.bugs:{name.replace('-', '_')}").name.endswith(name.replace("-", "_"))


def test_incidents_are_published_ones(shared_data: Path) -> None:
    published = {outage["id"] for outage in tomllib.loads((shared_data / "outages.toml").read_text())["outage"]}
    assert {bug.incident for bug in BUGS.values()} - {""} <= published
