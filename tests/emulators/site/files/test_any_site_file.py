"""Any site file that is like a shipped one is either refused with file and line, or boots and runs soundly."""

from __future__ import annotations

import io
import math
import re
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML
from workers.examples import examples

from twinfeed.emulators import sitefile
from twinfeed.emulators.plant.kernel.engine import Plant
from twinfeed.emulators.site import Site
from twinfeed.emulators.yamlfile import FileError

SITES = ("bench", "pilot", "bamako")

MOST_SETTLED = 20_000
"""The number of times that a plant may come to rest in the first minute: Bamako does about a hundred times."""

ODD = st.one_of(
    st.sampled_from(
        [
            None, True, False, 0, 1, -1, 7, 1e-9, -60, 1e308, 10**400, math.nan, math.inf, -math.inf, "", " ", "x" * 200, "\0",
            "a\nb", "\x1b[31m", "../../tmp/evil", "{row}", "{row+1}", "1..3", "1..2000000000", "5..1", "*", "board-a", "utility-a",
            "ups-1", "hall-1", "mgmt-1:1", "mgmt-1:99999", ":", "pdu-1:1", "works", [], {}, [[]], {"kind": "board"}, ["a", "b"],
        ]
    ),
    st.floats(),
    st.integers(),
    st.text(max_size=20),
)  # fmt: skip
"""Values that people and programs put where something else belongs."""


@cache
def shipped(name: str) -> dict[str, Any]:
    data: dict[str, Any] = YAML(typ="safe").load(sitefile.find(name).read_text())
    return data


def places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to every node."""
    found = [at] if at else []
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        found += places(item, (*at, key))
    return found


@st.composite
def broken(draw: st.DrawFn) -> str:
    """The text of a shipped site with one to three nodes dropped, replaced, copied elsewhere or renamed."""
    data = deepcopy(shipped(draw(st.sampled_from(SITES))))
    for _ in range(draw(st.integers(1, 3))):
        nodes = places(data)
        place = draw(st.sampled_from(nodes))
        holder, key = data, place[-1]
        for step in place[:-1]:
            holder = holder[step]
        match draw(st.sampled_from(["drop", "odd", "copy", "rename", "scale"])):
            case "drop":
                del holder[key]
            case "odd":
                holder[key] = draw(ODD)
            case "copy":
                value: Any = data
                for step in draw(st.sampled_from(nodes)):
                    value = value[step]
                holder[key] = deepcopy(value)
            case "rename" if isinstance(holder, dict):
                holder[
                    draw(st.one_of(st.sampled_from(["x", "", "a b", "\0", 3, None, True]), st.text(max_size=10)))
                ] = holder.pop(key)
            case "scale" if isinstance(holder[key], (int, float)):
                holder[key] *= draw(st.sampled_from([-1, 0, 0.001, 1000, 1e9]))
        if not data:
            break
    text = io.StringIO()
    YAML(typ="safe").dump(data, text)
    return text.getvalue()


@pytest.fixture
def bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A plant that settles too often fails the test, instead of keeping it for ever."""
    settle = Plant.settle

    def counted(plant: Plant) -> None:
        plant.settled = getattr(plant, "settled", 0) + 1  # type: ignore[attr-defined]
        assert plant.settled < MOST_SETTLED, "the plant never rests"  # type: ignore[attr-defined]
        settle(plant)

    monkeypatch.setattr(Plant, "settle", counted)


def sound(quantity: object) -> bool:
    return not isinstance(quantity, float) or math.isfinite(quantity)


@settings(max_examples=examples(60), deadline=None, suppress_health_check=list(HealthCheck))
@given(broken())
def test_a_broken_file_is_refused_with_file_and_line_or_runs(bounded: None, tmp_path_factory: Any, text: str) -> None:
    path: Path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_text(text, encoding="utf-8")
    try:
        site = Site.load(path)
    except FileError as error:
        for line in error.problems:
            assert re.match(rf"{re.escape(str(path))}:(\d+: .|  *… )", line), line
            assert line.replace("\n", "").isprintable()
        return
    site.advance(60.0)
    for component in site.components.values():
        for name in component.QUANTITIES:
            assert sound(component.quantity(name)), f"{component.id}.{name}"
    for device in site.devices.values():
        for name in device.point_names():
            device.read(name)
