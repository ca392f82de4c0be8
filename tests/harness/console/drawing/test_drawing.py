"""Drawings of drawn sites and of those that ship: everything is in them, and nothing lies over anything else."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from twinfeed.emulators import sitefile
from twinfeed.emulators.plant.catalogue import KINDS
from twinfeed.emulators.plant.power.electrical import Electrical
from twinfeed.emulators.site import Site
from twinfeed.emulators.yamlfile import FileError
from twinfeed.harness.console import drawing
from twinfeed.harness.console.drawing import Box, Drawing
from twinfeed.harness.console.drawing.power import drawn

SHIPPED = ("pilot", "bamako", "bench")


def component(id: str, kind: str, **feeds: str) -> Electrical:
    made = KINDS[kind](id, None, feeds)
    assert isinstance(made, Electrical)
    return made


PASSING = {"breaker": ("input",), "transformer": ("input",), "pdu": ("input",), "chiller": ("input",)}
CHOOSING = {
    "ats": ("normal", "emergency"),
    "sts": ("preferred", "alternate"),
    "ups": ("input", "bypass"),
    "rack_row": ("a", "b"),
    "pump": ("input", "alternate"),
}
NAMES = ("q", "unit-a", "unit-b", "x")


@st.composite
def power_paths(draw: st.DrawFn) -> list[Electrical]:
    """One to four sources, and up to 60 components, each fed from any that were there before."""
    paths = [
        component(f"source-{n}", draw(st.sampled_from(("utility", "generator"))))
        for n in range(draw(st.integers(1, 4)))
    ]
    boards: list[str] = []
    for n in range(draw(st.integers(0, 60))):
        kind = draw(st.sampled_from((*PASSING, *CHOOSING, "board", "board", "many")))
        before = [c.id for c in paths if c.kind != "bus_tie"]
        feed = st.sampled_from(before[-12:] + before[:3])
        id = f"{draw(st.sampled_from(NAMES))}{n}"
        if kind == "many":
            alike, source = draw(st.integers(2, 40)), draw(feed)
            paths += [component(f"many-{n}-{m}", "breaker", input=source) for m in range(alike)]
        elif kind == "board":
            feeds = draw(st.lists(feed, min_size=1, max_size=3, unique=True))
            paths.append(component(id, "board", **{f"in-{m}": name for m, name in enumerate(feeds)}))
            boards.append(id)
        else:
            terminals = PASSING.get(kind) or CHOOSING[kind]
            paths.append(component(id, kind, **{terminal: draw(feed) for terminal in terminals}))
    for n in range(draw(st.integers(0, 2)) if len(boards) > 1 else 0):
        a, b = draw(st.lists(st.sampled_from(boards), min_size=2, max_size=2, unique=True))
        paths.append(component(f"tie-{n}", "bus_tie", a=a, b=b))
    return paths


def overlapping(boxes: Iterable[tuple[str, Box]]) -> list[tuple[str, str]]:
    ordered = sorted(boxes, key=lambda item: item[1].x)
    found = []
    for n, (id, box) in enumerate(ordered):
        for other, beside in ordered[n + 1 :]:
            if beside.x >= box.x + box.w:
                break
            if box.overlaps(beside):
                found.append((id, other))
    return found


def within(inner: Box, outer: Box) -> bool:
    return (
        outer.x - 0.01 <= inner.x
        and inner.x + inner.w <= outer.x + outer.w + 0.01
        and outer.y - 0.01 <= inner.y
        and inner.bottom <= outer.bottom + 0.01
    )


def crossed(picture: Drawing) -> list[tuple[str, str]]:
    """Wires and the boxes that they run through; a wire may touch the boxes that it joins."""
    found = []
    for wire in picture.wires:
        for (x0, y0), (x1, y1) in pairwise(wire.points):
            piece = Box(min(x0, x1) - 0.1, min(y0, y1) - 0.1, abs(x1 - x0) + 0.2, abs(y1 - y0) + 0.2)
            found += [
                (wire.id, node.id)
                for node in picture.nodes
                if piece.overlaps(node.box) and not {wire.source, wire.target} & set(node.components())
            ]
    return found


def check(picture: Drawing) -> None:
    assert overlapping((node.id, node.box) for node in picture.nodes) == []
    for node in picture.nodes:
        assert within(node.text, node.box), node.id
        assert overlapping((cell.id, cell.box) for cell in node.cells) == []
        assert all(within(cell.box, node.box) and not cell.box.overlaps(node.text) for cell in node.cells), node.id
    for wire in picture.wires:
        assert all(a[0] == b[0] or a[1] == b[1] for a, b in pairwise(wire.points)), wire
    assert crossed(picture) == []
    paper = Box(0.0, 0.0, picture.width, picture.height)
    assert all(within(node.box, paper) for node in picture.nodes)
    assert all(0 <= x <= picture.width and 0 <= y <= picture.height for wire in picture.wires for x, y in wire.points)


@settings(
    max_examples=20, deadline=None, phases=(Phase.explicit, Phase.generate)
)  # shrinking 60 components takes minutes
@given(power_paths())
def test_any_power_paths_are_drawn_whole_and_nothing_overlaps(paths: list[Electrical]) -> None:
    picture = drawn(paths)
    assert sorted(id for node in picture.nodes for id in node.components()) == sorted(c.id for c in paths)
    feeds = {(c.id, terminal, feed) for c in paths for terminal, feed in c.feeds.items()}
    assert {(wire.target, wire.terminal, wire.source) for wire in picture.wires} == feeds
    check(picture)
    assert drawn(paths) == picture


def test_the_feeders_of_a_unit_in_the_band_stand_on_the_line_above_it() -> None:
    """Two transfer switches, of which one is wired to the other, among so many racks that the band has two lines."""
    paths = [component("utility-a", "utility"), component("utility-b", "utility")]
    paths += [component(f"ats-{name}", "ats", normal="utility-a", emergency="utility-b") for name in ("u", "v", "w")]
    paths += [component(f"x{'y' * n}", "rack_row", a="utility-a", b="utility-b") for n in range(30)]
    paths += [
        component("pump-u", "pump", input="ats-u", alternate="ats-w"),
        component("pump-v", "pump", input="pump-u", alternate="ats-v"),
    ]
    picture = drawn(paths)
    box = {node.id: node.box for node in picture.nodes}
    assert box["pump-u"].y > box["ats-w"].y and box["pump-v"].y > box["ats-v"].y
    check(picture)


@pytest.mark.parametrize("name", SHIPPED)
def test_the_three_drawings_of_a_shipped_site_have_every_component(name: str) -> None:
    site = Site.load(name)
    pictures = [drawing.power(site), drawing.cooling(site), drawing.network(site)]
    shown = {id for picture in pictures for node in picture.nodes for id in node.components()}
    shown |= {wire.id for picture in pictures for wire in picture.wires}  # links are wires
    assert set(site.components) - shown == set()
    for picture in pictures:
        check(picture)


def test_bamako_fits_a_screen_with_its_rows_as_strips() -> None:
    picture = drawing.power(Site.load("bamako"))
    strips = {node.label: len(node.cells) for node in picture.nodes if node.cells}
    assert strips["q-row-a1…24"] == strips["pdu-1…24-b"] == 24
    assert picture.width / picture.height == pytest.approx(1366 / 660, rel=0.3)
    assert len(picture.nodes) < 110


def test_lanes_stand_as_on_the_plan_a_then_generators_then_b() -> None:
    picture = drawing.power(Site.load("bamako"))
    x = {node.id: node.box.centre_x for node in picture.nodes}
    assert x["utility-a"] < x["gen-bus-a"] < x["tie-gen"] < x["gen-bus-b"] < x["utility-b"]
    assert x["board-a"] < x["tie-ab"] < x["board-b"]
    assert x["q-ups-a1"] < x["q-mech-a"] < x["q-mech-b"] < x["q-ups-b1"]


@pytest.mark.parametrize("sources", [1, 3])
def test_one_source_or_three_have_as_many_lanes(sources: int) -> None:
    paths = []
    for path in "abc"[:sources]:
        paths += [
            component(f"utility-{path}", "utility"),
            component(f"board-{path}", "board", supply=f"utility-{path}"),
            *(component(f"q-{path}{n}", "breaker", input=f"board-{path}") for n in range(1, 7)),
        ]
    picture = drawn(paths)
    assert [lane.root for lane in picture.lanes] == [f"utility-{path}" for path in "abc"[:sources]]
    check(picture)


def test_a_thousand_devices_are_strips_of_cells() -> None:
    paths = [component("utility-a", "utility"), component("board-a", "board", supply="utility-a")]
    for n in range(1, 501):
        paths.append(component(f"q-{n}", "breaker", input="board-a"))
        paths.append(component(f"pdu-{n}", "pdu", input=f"q-{n}"))
    picture = drawn(paths)
    assert [len(node.cells) for node in picture.nodes] == [0, 0, 500, 500]
    assert picture.width < 1366
    check(picture)


def test_alternate_feeds_are_marked() -> None:
    wires = {wire.id: wire.alternate for wire in drawing.power(Site.load("pilot")).wires}
    assert wires["ats-a.emergency"] and wires["ups-a.bypass"] and wires["crah-1.alternate"]
    assert not wires["ats-a.normal"] and not wires["row-1.b"] and not wires["generator-bus.set-2"]


def test_the_site_file_can_give_a_component_its_place() -> None:
    paths = [
        component("utility-a", "utility"),
        component("board-a", "board", supply="utility-a"),
        *(component(f"q-{n}", "breaker", input="board-a") for n in range(1, 8)),
    ]
    picture = drawn(paths, {"q-3": (900.0, 700.0)})
    box = next(node.box for node in picture.nodes if node.id == "q-3")
    assert (box.centre_x, box.y + box.h / 2) == (900.0, 700.0)
    assert next(wire for wire in picture.wires if wire.target == "q-3").points[-1] == (900.0, box.y)
    assert picture.width > 900.0 and picture.height > 700.0


def test_a_wrong_place_is_a_mistake_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / "site.yaml"
    file.write_text(
        "site: s\npower:\n  utility-a: {kind: utility, screen: {x: left, y: 3}}\n  utility-b: {kind: utility, screen: 7}\n"
    )
    with pytest.raises(FileError) as refused:
        sitefile.read(file)
    assert [problem.partition(": ")[2] for problem in refused.value.problems] == [
        "power.utility-a.screen.x: x is 'left', expected 0 to 100000 px",
        "power.utility-b.screen: found 7, expected {x: 400, y: 120}, pixels of the drawing",
    ]
