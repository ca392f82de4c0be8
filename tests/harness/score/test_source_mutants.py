"""Each operator makes one small mistake in a source text, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from twinfeed.fixtures.controllers.plant import transfer
from twinfeed.harness.score.mutants import Mutant, drawn, essence, mutants
from twinfeed.harness.score.operators import OF_CONTROL, all_of

CASES = [
    ("swapped-comparison", "ok = a < b", ["ok = a > b"]),
    ("swapped-comparison", "ok = a + 1 >= b", ["ok = (a + 1) <= b"]),
    ("lost-hysteresis", "if now - since_s >= RETURN_S: go()", ["if True: go()"]),
    ("lost-hysteresis", "level = LOW if on else HIGH", ["level = (LOW)", "level = (HIGH)"]),
    ("dropped-retry", "TRIES = 3", ["TRIES = 1"]),
    ("dropped-retry", "order(tries=4)", ["order(tries=1)"]),
    ("dropped-retry", "for _ in range(5): ask()", ["for _ in range(1): ask()"]),
    ("stale-value", "def f(self):\n    self.x = read()", ["def f(self):\n    _stale = read()"]),
    ("stale-value", "def __init__(self):\n    self.x = 1", []),
    ("wrong-unit", "kw = watts / 1000", ["kw = watts"]),
    ("wrong-unit", "RETURN_S = 300.0", ["RETURN_S = 300.0 / 60"]),
    ("wrong-unit", "def f(limit_kw=3.0): pass", ["def f(limit_kw=3.0 * 10): pass"]),
    ("reversed-order", "open_a()\nclose_b()", ["close_b()\nopen_a()"]),
    ("reversed-order", "for b in boards: move(b)", ["for b in list(boards)[::-1]: move(b)"]),
    ("ignored-exception", "try:\n    f()\nexcept OSError:\n    alarm()", ["try:\n    f()\nexcept OSError:\n    pass"]),
    ("ignored-exception", "raise Silent('x')", ["pass"]),
    ("dropped-order", "await write(1)", ["pass"]),
    ("dropped-order", "log.info('moved')", []),
    ("negated-condition", "if lost: go()", ["if (not lost): go()"]),
    ("and-for-or", "a and b", ["(a or b)"]),
    ("inverted-constant", "closed = True", ["closed = False"]),
]


def made(operator: str, path: Path) -> list[Mutant]:
    return mutants([path], all_of([operator]))


@pytest.mark.parametrize(("operator", "source", "expected"), CASES)
def test_the_mistake_in_text(tmp_path: Path, operator: str, source: str, expected: list[str]) -> None:
    path = tmp_path / "controller.py"
    path.write_text(source, encoding="utf-8")
    assert [mutant.source for mutant in made(operator, path)] == sorted(expected)


def test_a_line_with_other_characters_is_changed_at_its_place(tmp_path: Path) -> None:
    path = tmp_path / "controller.py"
    path.write_text("été_s = 'à ½'; ok = température < limite", encoding="utf-8")
    assert [m.source for m in made("swapped-comparison", path)] == ["été_s = 'à ½'; ok = température > limite"]


def test_a_mutant_changes_no_line_outside_its_statement() -> None:
    path = Path(transfer.__file__)
    before = path.read_text(encoding="utf-8").splitlines()
    found = [
        mutant for mutant in mutants([path]) if mutant.operator != "reversed-order"
    ]  # that one changes the next, too
    assert {mutant.operator for mutant in found} <= set(all_of([])) and len(found) > 80
    for mutant in found:
        after = mutant.source.splitlines()
        start, more = mutant.lines.start - 1, len(before) - mutant.lines.stop + 1
        assert after[:start] == before[:start], mutant
        assert after[len(after) - more :] == before[len(before) - more :], mutant


def test_a_draw_is_even_over_the_operators_and_repeats_with_its_seed() -> None:
    found = mutants([Path(transfer.__file__)])
    chosen = drawn(found, 16, seed=5)
    assert chosen == drawn(found, 16, seed=5) != drawn(found, 16, seed=6)
    assert len(chosen) == 16
    assert sum(mutant.operator in OF_CONTROL for mutant in chosen) >= 8


def test_what_means_the_same_is_no_mutant(tmp_path: Path) -> None:
    path = tmp_path / "controller.py"
    path.write_text('def f(x: "a and b" = None) -> None:\n    "True"\n', encoding="utf-8")
    assert essence('def f(x: "a or b" = None) -> int:\n    "False"\n') == essence(path.read_text(encoding="utf-8"))
    assert drawn([Mutant("and-for-or", path, range(1, 2), "def f(x = None):\n    pass")], 5, 0) == []


def test_general_mutants_of_cosmic_ray_are_drawn_from_the_seed() -> None:
    path = Path(transfer.__file__)
    own = mutants([path])
    found = [m for m in mutants([path], of_cosmic_ray=5, seed=1) if m not in own]
    assert 1 <= len(found) <= 5
    assert all(m.operator.startswith("cosmic-ray ") for m in found)
    before = path.read_text(encoding="utf-8").splitlines()
    for mutant in found:
        changed = [
            n for n, (old, new) in enumerate(zip(before, mutant.source.splitlines(), strict=True), 1) if old != new
        ]
        assert changed and set(changed) <= set(mutant.lines)
