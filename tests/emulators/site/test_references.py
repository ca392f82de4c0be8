"""A site file's parameter names a component by its type, however it is called and however deep it lies."""

from __future__ import annotations

from dataclasses import make_dataclass
from pathlib import Path
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinfeed.emulators.errors import FileError
from twinfeed.emulators.plant.kernel.ratings import Feed, Names
from twinfeed.emulators.site import Site
from twinfeed.emulators.sitefile.references import references

NAME = st.from_regex(r"[a-z]{1,6}(-[0-9])?", fullmatch=True)
MARK = st.sampled_from([Names(), Names("hall"), Feed()])


def nested(inner: st.SearchStrategy[tuple[Any, Any, list[str]]]) -> st.SearchStrategy[tuple[Any, Any, list[str]]]:
    """A type that holds the inner one, a value of it, and the names in that value."""
    return st.one_of(
        inner.map(lambda x: (tuple[x[0], ...], (x[1], x[1]), x[2] * 2)),
        inner.map(lambda x: (tuple[float, x[0]], (1.0, x[1]), x[2])),
        inner.map(lambda x: (list[x[0]], [x[1]], x[2])),
        inner.map(lambda x: (dict[str, x[0]], {"hall": x[1]}, x[2])),
        inner.map(lambda x: (x[0] | None, x[1], x[2])),
        inner.map(lambda x: (x[0] | None, None, [])),
    )


FIELDS = st.recursive(
    st.builds(lambda mark, name: (Annotated[str, mark], name, [name]), MARK, NAME), nested, max_leaves=4
)


@given(st.dictionaries(st.sampled_from(["of", "powered_by", "hall", "label"]), FIELDS, min_size=1))
def test_every_reference_is_found_by_its_type(fields: dict[str, tuple[Any, Any, list[str]]]) -> None:
    params = make_dataclass("Params", [(name, hint) for name, (hint, _, _) in fields.items()])(
        **{name: value for name, (_, value, _) in fields.items()}
    )
    found = [(field, ref) for field, _, ref in references(params)]
    assert sorted(found) == sorted((name, ref) for name, (_, _, refs) in fields.items() for ref in refs)


def test_a_text_that_is_called_like_a_reference_is_none() -> None:
    params = make_dataclass("Params", [("hall", str), ("powered_by", tuple[str, ...])])("hall-1", ("ups-a1",))
    assert list(references(params)) == []


def test_an_air_conditioner_needs_a_condenser_and_an_air_handler_a_loop(tmp_path: Path) -> None:
    file = tmp_path / "site.yaml"
    file.write_text(
        "site: x\naddresses: 127.9.0.0/24\npower:\n  grid: {kind: utility}\ncooling:\n  hall-1: {kind: hall}\n"
        "  crac-1: {kind: crac, from: grid, hall: hall-1}\n  crah-1: {kind: crah, from: grid, hall: hall-1}\n"
    )
    with pytest.raises(FileError) as error:
        Site.load(file)
    assert error.value.problems == [
        f"{file}:7: cooling.crac-1: climate is missing: name a climate or yard",
        f"{file}:8: cooling.crah-1: loop is missing: name a water_loop",
    ]
