"""The entries that a site file multiplies out are bounded before they are."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinfeed.emulators import sitefile, yamltree
from twinfeed.emulators.sitefile import repetition
from twinfeed.emulators.yamlfile import FileError

NUMBERS = ", ".join(map(str, range(99_000)))


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("q-{n}: {each: {n: [" + NUMBERS + ", 7" * 1_000 + "]}, kind: utility}", "100,000 values"),
        ("q-{n}: {each: {n: [" + NUMBERS + "]}, kind: utility}\n  p-{n}: {each: {n: 1..2000}, kind: utility}",
         ":4: power.p-{n}: the site has more than 100,000 entries"),
        ("q-{n}-{m}: {each: {n: 1..300, m: 1..300}, kind: utility}\n  p-{n}-{m}: {each: {n: 1..300, m: 1..300}, kind: x}",
         ":4: power.p-{n}-{m}: the site has more than 100,000 entries"),
        ("q: {each: {n: 1..100000}, kind: utility}", ":3: power.q: the name is the same for every n; expected {n} in it"),
        ("q-{n}: {each: {n: 1..70000}, kind: utility, device: {profile: schneider-pm5000}}",
         ":3: power.q-{n}: 127.20.0.0/16 has too few addresses"),
    ],
    ids=["values", "list and range", "axes", "one name", "addresses"],
)  # fmt: skip
def test_too_much_is_refused_before_it_is_multiplied_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str, says: str
) -> None:
    """Without one entry being made, so that it takes the time of parsing and no more."""
    monkeypatch.setattr(repetition, "fill", lambda value, row: pytest.fail("an entry is made"))
    file = tmp_path / "site.yaml"
    file.write_text(f"site: s\npower:\n  {body}\n")
    with pytest.raises(FileError) as refused:
        sitefile.read(file)
    assert says in str(refused.value)


axes = st.dictionaries(
    st.sampled_from(["a", "b", "c"]),
    st.one_of(
        st.lists(st.integers(0, 9) | st.sampled_from(["x", "y"]), min_size=1, max_size=4),
        st.tuples(st.integers(0, 9), st.integers(0, 4)).map(lambda pair: f"{pair[0]}..{sum(pair)}"),
    ),
    min_size=1,
)


@given(axes, st.lists(st.sampled_from(["q", "{a}", "-{b}", "{c+1}"]), min_size=1))
def test_the_count_is_that_of_the_rows_and_an_axis_that_a_name_lacks_gives_it_twice(
    each: dict[str, object], parts: list[str]
) -> None:
    rows, template = list(repetition.rows(each)), "".join(parts)
    assert repetition.count(each) == len(rows)
    missing = [name for name in each if f"{{{name}" not in template and len({row[name] for row in rows}) > 1]
    assert set(missing) <= set(repetition.unused(template, each))


@given(
    st.one_of(
        st.integers().map(str), st.floats(allow_nan=False, allow_infinity=False).map(repr),
        st.text("0123456789+-.eE_xXob:~yntruefalsNoY", min_size=1, max_size=8),
        st.from_regex(r"[-+]?[0-9]{1,5}(\.[0-9]{0,5})?", fullmatch=True),
    )
)  # fmt: skip
def test_a_scalar_that_is_read_at_once_is_what_the_resolver_makes_of_it(text: str) -> None:
    """The short way for numbers and plain texts against ruamel.yaml's own resolver and constructor."""

    def read(patched: bool) -> object:
        with pytest.MonkeyPatch.context() as patch:
            if patched:
                patch.setattr(yamltree, "DECIMAL", yamltree.re.compile("(?!)"))
                patch.setattr(yamltree, "RESOLVED", frozenset(text))
            try:
                value = yamltree.document(Path("x"), f"- {text}\n")[0]
            except FileError as error:
                return str(error)
            return type(value), value

    assert read(patched=False) == read(patched=True)


def test_every_pair_of_values_is_an_entry() -> None:
    assert [tuple(row.values()) for row in repetition.rows({"a": [1, 2], "b": "3..4"})] == list(product([1, 2], [3, 4]))
