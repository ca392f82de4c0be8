"""The private names of pysnmp that a simulated run replaces: one that is missing is an error, not another run."""

from __future__ import annotations

import importlib
import importlib.metadata
import sys
import tomllib
from pathlib import Path

import pytest

from twinfeed.harness.virtual import clock
from twinfeed.harness.virtual.clock import HOLDERS, NUMBERED, REQUIRED, LibraryChanged, virtual_time

REPLACED = [*((module, "time") for module in HOLDERS), *NUMBERED]


@pytest.fixture(autouse=True, scope="module")
def _all_of_pysnmp() -> None:
    for module, _ in REPLACED:
        importlib.import_module(module)


@pytest.mark.parametrize(("module", "name"), NUMBERED)
def test_a_name_that_is_missing_is_an_error_with_the_version(
    module: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "NUMBERED", ((module, f"{name}Renamed"),))
    refused_for(f"{module}.{name}Renamed")


@pytest.mark.parametrize("module", HOLDERS)
def test_a_module_without_the_name_of_the_clock_is_an_error(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(sys.modules[module], "time")
    refused_for(f"{module}.time")


@pytest.mark.parametrize("module", [*HOLDERS, *(module for module, _ in NUMBERED)])
def test_a_module_that_is_missing_is_an_error(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "HOLDERS", (f"{module}renamed",))
    refused_for(f"{module}renamed")


def refused_for(missing: str) -> None:
    with pytest.raises(LibraryChanged) as error, virtual_time():
        pass
    assert str(error.value).startswith(f"pysnmp {importlib.metadata.version('pysnmp')} has no {missing}, ")
    assert f"pip install '{REQUIRED}'" in str(error.value)


def test_every_name_is_replaced_and_put_back() -> None:
    owners = [clock._place(module, name) for module, name in REPLACED]
    before = [getattr(owner, name) for owner, name in owners]
    with virtual_time():
        inside = [getattr(owner, name) for owner, name in owners]
    assert all(value is clock._time for value in inside[: len(HOLDERS)])
    assert all(value is not was for value, was in zip(inside[len(HOLDERS) :], before[len(HOLDERS) :], strict=True))
    assert [getattr(owner, name) for owner, name in owners] == before


def test_a_run_imports_nothing_of_pysnmp_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """pysnmp gives warnings when some of its modules are imported; in a test they would be those of the test."""
    monkeypatch.delitem(sys.modules, "pysnmp.entity.rfc3413.ntforg")
    with virtual_time():
        assert "pysnmp.entity.rfc3413.ntforg" not in sys.modules


def test_without_pysnmp_there_is_nothing_to_replace(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "pysnmp"]:
        monkeypatch.delitem(sys.modules, name)
    with virtual_time():
        assert "pysnmp" not in sys.modules


def test_the_versions_named_are_those_that_twinfeed_depends_on() -> None:
    project = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text())
    assert REQUIRED in project["project"]["dependencies"]
