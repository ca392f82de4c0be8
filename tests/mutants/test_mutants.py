"""The sampler of mutants: what it samples, how it tries a mutant, and how it counts."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import pytest

from mutants.contexts import DEFINITIONS, Contexts
from mutants.report import Equivalents, account, wilson
from mutants.sampling import Mutant, mutants, sample
from mutants.trying import attempt

MODULE = """\
LIMIT: int | None = 10

def over(value: int | None) -> bool:
    return value is not None and value > LIMIT

def count(most):
    n = 0
    while n < most:
        n = n + 1
    return n
"""

TESTS = """\
from module import count, over

def test_over():
    assert over(11)
    assert not over(9)

def test_count():
    assert count(3) == 3
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A tree of one module and its test."""
    for folder in ("src", "tests"):
        (tmp_path / folder).mkdir()
    (tmp_path / "module.py").write_text(MODULE)
    (tmp_path / "src" / "module.py").symlink_to(tmp_path / "module.py")
    (tmp_path / "tests" / "test_module.py").write_text(TESTS)
    return tmp_path


CONTEXTS = Contexts(
    {"tests/test_module.py": 0.01},
    {"module.py": {str(line): ["tests/test_module.py"] for line in (4, 7, 8, 9, 10)}},
)


def mutant(root: Path, operator: str, line: int) -> Mutant:
    return next(m for m in mutants("module.py", root) if m.operator == f"core/{operator}" and m.line == line)


def test_annotations_are_not_mutated(root: Path) -> None:
    assert not any("_BitOr_" in m.operator for m in mutants("module.py", root))


def test_a_sample_is_that_of_its_seed_and_takes_no_line_twice(root: Path) -> None:
    drawn = list(islice(sample(["module.py"], root, 7), 20))
    assert drawn == list(islice(sample(["module.py"], root, 7), 20))
    assert drawn != list(islice(sample(["module.py"], root, 8), 20))
    assert len({m.line for m in drawn}) == len(drawn)


def test_a_mutant_is_killed_survives_or_is_never_run_and_the_module_is_as_before(root: Path) -> None:
    flipped = attempt(mutant(root, "ReplaceComparisonOperator_Gt_Lt", 4), root, CONTEXTS, 10.0)
    assert (flipped.word, flipped.by) == ("killed", "tests/test_module.py::test_over")
    assert attempt(mutant(root, "ReplaceComparisonOperator_Gt_GtE", 4), root, CONTEXTS, 10.0).word == "survived"
    assert attempt(mutant(root, "NumberReplacer", 1), root, CONTEXTS, 10.0).word == "killed", (
        "by the tests of its module"
    )
    assert attempt(mutant(root, "NumberReplacer", 1), root, Contexts({}, {}), 10.0).word == "never run"
    assert (root / "module.py").read_text() == MODULE


def test_a_mutant_is_not_judged_by_a_test_that_fails_without_it(root: Path) -> None:
    (root / "tests" / "test_module.py").write_text(TESTS.replace("== 3", "== 4"))
    outcome = attempt(mutant(root, "ReplaceComparisonOperator_Gt_GtE", 4), root, CONTEXTS, 10.0)
    assert (outcome.word, outcome.by) == ("not judged", "tests/test_module.py::test_count")
    assert "0 of 0 killed" in account("plant", 1, [outcome], Equivalents(), root)


def test_what_a_module_defines_is_tried_on_its_tests_and_on_those_of_definitions() -> None:
    recorded = Contexts({"a": 1.0, "b": 2.0, DEFINITIONS[0]: 0.5}, {"module.py": {"4": ["a", "b"], "7": ["b"]}})
    assert recorded.executing("module.py", 7) == ["b"]
    assert recorded.executing("module.py", 1) == [DEFINITIONS[0], "a", "b"]
    assert recorded.executing("table.py", 1) == [DEFINITIONS[0]]


def test_a_mutant_that_hangs_is_ended_and_its_test_is_named(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mutants.trying.LEAST_S", 6.0)
    hung = attempt(mutant(root, "ReplaceBinaryOperator_Add_Sub", 9), root, CONTEXTS, 10.0)
    assert hung.word == "hung"
    assert hung.by == "tests/test_module.py::test_count"


def test_the_interval_is_that_of_wilson() -> None:
    """Newcombe, Statistics in Medicine 17 (1998), table I, method 3: 81 of 263 is 0.2553 to 0.3662."""
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert wilson(0, 20)[0] == 0.0
    assert wilson(0, 20)[1] == pytest.approx(0.1611, abs=5e-5)


def test_a_mutant_that_is_listed_with_its_reason_counts_neither_way(root: Path) -> None:
    survivor = attempt(mutant(root, "ReplaceComparisonOperator_Gt_GtE", 4), root, CONTEXTS, 10.0)
    listed = root / "equivalent.toml"
    text = "".join(f"{line}\\n" for line in survivor.mutant.diff(root).splitlines())
    listed.write_text(f'[[mutant]]\nmodule = "module.py"\ndiff = "{text}"\nreason = "the limit is never met"\n')
    said = account("plant", 1, [survivor], Equivalents(listed), root)
    assert "0 of 0 killed" in said
    assert "the limit is never met" in said
