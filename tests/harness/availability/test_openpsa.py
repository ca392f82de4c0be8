"""Fault trees as Open-PSA files: SCRAM, another implementation, reads what is written and finds the same."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import trees
from external import program
from hypothesis import HealthCheck, assume, given, settings

from twinfeed.harness.availability.errors import TreeError
from twinfeed.harness.availability.measures import figures
from twinfeed.harness.availability.openpsa import read, write
from twinfeed.harness.availability.tree import AtLeast, Named, Tree

BAOBAB = Path("/usr/share/scram/input/Baobab")


def by_scram(*files: Path, order: int) -> tuple[float, int]:
    """The top event's probability and the number of minimal cut sets that SCRAM finds."""
    scram = program("scram", "scram")
    asked = [scram, "--bdd", "--probability", "true", "--limit-order", str(order)]
    out = subprocess.run([*asked, *map(str, files)], capture_output=True, text=True, timeout=120, check=True).stdout
    products = re.search(r'<sum-of-products[^>]* products="(\d+)"[^>]* probability="([^"]+)"', out)
    assert products, out
    return float(products[2]), int(products[1])


@pytest.mark.interop
@given(tree=trees.trees())
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_scram_finds_the_same_in_what_is_written(tree: Tree, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Votes are of failures alone: SCRAM 0.16.2 takes a failure that a vote has twice, once through a gate, for one."""
    program("scram", "scram")
    votes = [gate for gate in tree.gates.values() if isinstance(gate, AtLeast) and 1 < gate.least < len(gate.of)]
    assume(all(part.name in tree.failures for vote in votes for part in vote.of if isinstance(part, Named)))
    file = tmp_path_factory.mktemp("tree") / "tree.xml"
    write(tree, file)
    found = figures(tree)
    probability, count = by_scram(file, order=7)
    assert found.unavailability == pytest.approx(probability, rel=1e-5)
    assert len(found.cut_sets(7)) == count


@given(tree=trees.trees(negated=True))
@settings(max_examples=30)
def test_what_is_written_is_read_as_the_same_tree(tree: Tree, tmp_path_factory: pytest.TempPathFactory) -> None:
    file = tmp_path_factory.mktemp("tree") / "tree.xml"
    write(tree, file)
    assert figures(read([file], tree.top)).unavailability == pytest.approx(figures(tree).unavailability, rel=1e-12)


@pytest.mark.interop
def test_baobab_1_of_the_aralia_set_has_2684_cut_sets_up_to_order_6() -> None:
    """Dutuit and Rauzy, 2001; the files come with Debian's package of SCRAM."""
    program("scram", "scram")
    files = [BAOBAB / "baobab1.xml", BAOBAB / "baobab1-basic-events.xml"]
    found = figures(read(files))
    probability, count = by_scram(*files, order=6)
    assert len(found.cut_sets(6)) == count == 2684
    assert found.unavailability == pytest.approx(probability, rel=1e-4)


SOUND = """<opsa-mef><define-fault-tree name="t">
<define-gate name="top"><and><event name="a"/><house-event name="on"/><xor><event name="a"/><event name="b"/></xor></and></define-gate>
</define-fault-tree><model-data>
<define-house-event name="on"><constant value="true"/></define-house-event>
<define-basic-event name="a"><float value="0.25"/></define-basic-event>
<define-basic-event name="b"><exponential><parameter name="rate"/><float value="10"/></exponential></define-basic-event>
<define-parameter name="rate"><float value="0.1"/></define-parameter>
</model-data></opsa-mef>
"""


def test_house_events_parameters_and_exponentials_are_read(tmp_path: Path) -> None:
    file = tmp_path / "t.xml"
    file.write_text(SOUND)
    # a without b: 0.25 * exp(-1)
    assert figures(read([file])).unavailability == pytest.approx(0.25 * 0.36787944117144233, rel=1e-12)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('name="rate"/>', 'name="rat"/>', "t.xml:6: parameter 'rat' is not defined"),
        ('<event name="b"/>', '<event name="c"/>', "gate 'top' names 'c', which is neither a gate nor a failure"),
        ('<float value="0.25"/>', '<float value="1.5"/>', "t.xml:5: the probability is 1.5, expected 0 to 1"),
        ('<float value="0.25"/>', '<float value="x"/>', "t.xml:5: value='x', expected a number"),
        ('<float value="0.25"/>', "<lognormal-deviate/>", "t.xml:5: <lognormal-deviate> is not read here"),
        ('<float value="0.25"/>', "", "t.xml:5: <define-basic-event> holds 0 elements, expected 1"),
        ("<xor>", "<maybe>", "t.xml:2: not XML: mismatched tag"),
        ("opsa-mef", "html", "t.xml:1: the outermost element is <html>, expected <opsa-mef>"),
        ('define-basic-event name="b"', 'define-basic-event name="a"', "t.xml:6: 'a' is defined twice, first at"),
        ('<parameter name="rate"/>', '<float value="nan"/>', "t.xml:6: value='nan', expected a number"),
        ("<opsa-mef>", '<!DOCTYPE a [<!ENTITY b "c">]><opsa-mef>', "t.xml:1: the file defines an XML entity"),
        ("<and>", '<atleast min="9">', "t.xml:2: not XML"),
    ],
)
def test_what_is_not_sound_is_refused_with_its_place(tmp_path: Path, old: str, new: str, expected: str) -> None:
    file = tmp_path / "t.xml"
    assert old in SOUND
    file.write_text(SOUND.replace(old, new))
    with pytest.raises(TreeError, match=re.escape(expected)):
        figures(read([file]))


def test_of_several_tops_one_must_be_named(tmp_path: Path) -> None:
    file = tmp_path / "t.xml"
    file.write_text(
        SOUND.replace(
            "</define-fault-tree>", '<define-gate name="x"><event name="b"/></define-gate></define-fault-tree>'
        )
    )
    with pytest.raises(TreeError, match=re.escape("gates that no other names: top, x; expected one")):
        read([file])
    assert figures(read([file], "x")).unavailability == pytest.approx(0.6321205588285577)
