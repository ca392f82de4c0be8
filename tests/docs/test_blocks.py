"""Every block of code of every page is marked; what is only shown is right. tests/package runs the others from a wheel."""

from __future__ import annotations

import textwrap
import tomllib
from typing import Any

import jsonschema
import pytest
import typer
from ruamel.yaml import YAML

from tests.docs.blocks import COMMANDS, KINDS, ROOT, Block, blocks, words
from twinfeed.emulators.sitefile.head import SECTIONS
from twinfeed.harness.cli.app import app
from twinfeed.harness.faults.scenario import Scenario
from twinfeed.harness.reference import schemas

BLOCKS = list(blocks())
PARSER: Any = typer.main.get_command(app)


def of_kind(*kinds: str) -> list[Block]:
    return [block for block in BLOCKS if block.kind in kinds]


def place(block: Block) -> str:
    return block.place.removeprefix("docs/")


def test_every_block_of_commands_is_marked_and_every_mark_is_one() -> None:
    assert [block.place for block in BLOCKS if block.kind not in KINDS] == []


@pytest.mark.parametrize("named", sorted({block.argument for block in of_kind("elsewhere")}))
def test_the_test_that_a_mark_names_is_there(named: str) -> None:
    path = ROOT / named
    assert path.exists()
    assert path.is_file() or list(path.glob("test_*.py"))


@pytest.mark.parametrize("block", [b for b in BLOCKS if b.language in COMMANDS], ids=place)
def test_each_command_of_twinfeed_exists_with_its_options(block: Block) -> None:
    for given in (given for command in block.commands for given in words(command) if given[0] == "twinfeed"):
        parser, rest = PARSER, given[1:]
        while hasattr(parser, "commands") and rest[:1] != ["--version"]:
            assert rest, given
            if rest[0] not in parser.commands and hasattr(parser, "by_default"):
                rest = [parser.by_default, *rest]
            assert rest[0] in parser.commands, given
            parser, rest = parser.commands[rest[0]], rest[1:]
        known = {name for param in parser.params for name in (*param.opts, *param.secondary_opts)}
        options = {word.partition("=")[0].strip("[]") for word in rest if word.lstrip("[").startswith("--")}
        assert options <= known, given


@pytest.mark.parametrize("block", [b for b in of_kind("read") if b.language == "toml"], ids=place)
def test_a_block_of_toml_is_toml(block: Block) -> None:
    assert tomllib.loads(block.text)


SITE = jsonschema.Draft202012Validator(schemas.site())


@pytest.mark.parametrize("block", [b for b in of_kind("read") if b.language == "yaml"], ids=place)
def test_a_block_of_yaml_follows_the_schema_of_its_file(block: Block) -> None:
    data = YAML(typ="safe").load(textwrap.dedent(block.text))
    if "injections" in data:
        Scenario.from_dict(data)
    elif set(data) & {*SECTIONS, "site", "snmp"} and "bench" not in data:
        assert [f"{error.json_path}: {error.message}" for error in SITE.iter_errors({"site": "x", **data})] == []
