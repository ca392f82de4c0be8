"""Scenario files as tests: `pytest X.scenario.yaml` runs one and checks its properties."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from twinfeed.emulators.plant.kernel.actor import PlantError
from twinfeed.emulators.site import Site
from twinfeed.emulators.yamlfile import FileError
from twinfeed.harness.controllers.in_process import NoSuchController, importable_from
from twinfeed.harness.faults.scenario import Scenario
from twinfeed.harness.plugin.loops import patience_s
from twinfeed.harness.properties import BindingError, PropertySyntaxError, WrongKind
from twinfeed.harness.properties.scenarios import check
from twinfeed.harness.quantities import UnknownQuantity
from twinfeed.harness.worlds.sites import beside
from twinfeed.harness.worlds.world import NeverInjected


class ScenarioFile(pytest.File):
    """A scenario, as a search saves them."""

    def collect(self) -> Iterator[pytest.Item]:
        yield ScenarioItem.from_parent(self, name="scenario")


class ScenarioItem(pytest.Item):
    """Its run, in a simulated world of its own."""

    def runtest(self) -> None:
        from twinfeed.harness.search.trial import trial  # Hypothesis takes a while to import

        scenario = Scenario.load(self.path)
        controller = self.config.getoption("--controller") or scenario.controller
        scenario = replace(scenario, site=beside(scenario.site, self.path), controller=controller)
        check(scenario, Site.load(scenario.site), self.path)
        with importable_from(Path.cwd(), self.config.rootpath):
            outcome = trial(scenario, everything=True, patience_s=patience_s(self.config))
        if outcome.never_began:
            raise ScenarioBroken(outcome.never_began)
        if not outcome.seen:
            unseen = ["nothing was seen to hold", *map(str, outcome.verdicts)]
            what = "\n".join(unseen) if outcome else outcome.what
            raise ScenarioBroken(f"{what}\nagain: twinfeed replay {os.path.relpath(self.path)}")

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        if isinstance(excinfo.value, (ScenarioBroken, *WRONG)):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, 0, self.path.name


class ScenarioBroken(AssertionError):
    """A scenario's properties do not hold."""


WRONG = (
    FileError, PlantError, PropertySyntaxError, BindingError, WrongKind, UnknownQuantity, NoSuchController,
    NeverInjected,
)  # fmt: skip
"""Errors of a scenario file that are printed as one line."""
