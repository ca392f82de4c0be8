"""docs/tutorials/rigs.md and docs/tutorials/rigs.fr.md are true: their rig files are ones, their commands and pictures exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from ruamel.yaml import YAML
from typer.main import get_command

from twinfeed.harness.cli import app
from twinfeed.hil_rigs import rigfile

DOCS = Path(__file__).parents[3] / "docs" / "tutorials"
PAGES = ("rigs.md", "rigs.fr.md")
LARGEST_OCTETS = 150_000
"""Pages are carried on a stick and read on slow links."""


@pytest.fixture(params=PAGES)
def page(request: pytest.FixtureRequest) -> str:
    return (DOCS / request.param).read_text(encoding="utf-8")


def rig_files(page: str) -> tuple[str, str]:
    """The whole rig file of the page, and the same with the operator's actuator that is shown after it."""
    whole, operator = re.findall(r"^```yaml\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    return whole, whole.replace("actuators:\n", operator)


def test_its_rig_files_are_accepted(page: str, tmp_path: Path) -> None:
    for picture in re.findall(r"picture: (\S+)", page):
        (tmp_path / picture).touch()
    for text in rig_files(page):
        path = tmp_path / "rig.yaml"
        path.write_text(text, encoding="utf-8")
        rig = rigfile.read(str(path))
    assert list(rig.bench.actuators) == ["battery-plug", "contactor-k1", "load"]


def test_its_rig_file_is_the_bench_that_ships_with_the_button_wired(page: str) -> None:
    shown = YAML(typ="safe").load(rig_files(page)[0])
    ships = YAML(typ="safe").load(rigfile.find("ups-bench").read_text(encoding="utf-8"))
    assert "input" in shown["emergency_stop"]
    del shown["emergency_stop"], ships["emergency_stop"]
    del ships["actuators"]["load"]["effect"]
    assert shown == ships


def test_its_commands_exist_with_their_options(page: str) -> None:
    commands = get_command(app)
    used = re.findall(r"(?:^|^\$ |`)twinfeed ((?:rig )?[a-z][a-z-]+)\b([^`\n]*)", page, re.MULTILINE)
    assert {name for name, _ in used} >= {
        f"rig {what}" for what in ("check", "dry-run", "arm", "stop", "reset", "safe")
    }
    for name, arguments in used:
        command = commands
        for word in name.split():
            assert word in command.commands, f"twinfeed {name} does not exist"
            command = command.commands[word]
        known = {option for parameter in command.params for option in parameter.opts}
        missing = set(re.findall(r"--[a-z][a-z-]*", arguments)) - known
        assert not missing, f"twinfeed {name} has no {missing}"


def test_what_it_leads_to_is_there(page: str) -> None:
    targets = re.findall(r'\]\(([^)#]+)(?:#[^)]*)?\)|src="([^"]+)"', page)
    for target in {link or picture for link, picture in targets}:
        assert (DOCS / target).exists(), target


def test_its_pictures_are_light_and_need_nothing_else() -> None:
    for picture in (DOCS.parent / "pictures").iterdir():
        assert picture.stat().st_size < LARGEST_OCTETS, picture.name
        if picture.suffix == ".svg":
            assert "href" not in (text := picture.read_text(encoding="utf-8")) and "@import" not in text


def test_the_pages_in_both_languages_have_the_same_sections_and_tables() -> None:
    shapes = []
    for name in PAGES:
        text = (DOCS / name).read_text(encoding="utf-8")
        sections = re.split(r"^## (\d+)\. .*$", text, flags=re.MULTILINE)
        shapes.append(
            [
                (number, len(re.findall(r"^\|---", body, re.MULTILINE)))
                for number, body in zip(sections[1::2], sections[2::2], strict=True)
            ]
        )
    english, french = shapes
    assert english == french
