"""A plant that does not come to rest is a defect of twinfeed: a search reports so and does not blame the controller."""

from __future__ import annotations

from dataclasses import replace

import pytest
from starter import SOUND

from twinfeed.emulators.plant.power.utilities import Utility
from twinfeed.harness.search import trial


def test_a_plant_that_does_not_come_to_rest_is_a_defect_of_twinfeed(monkeypatch: pytest.MonkeyPatch) -> None:
    def restless(self: Utility) -> None:
        if self.plant.now > 0.0:
            self.touch()

    monkeypatch.setattr(Utility, "react", restless)
    outcome = trial(replace(SOUND, controller=""))
    assert outcome.defect
    assert outcome.broken == ("twinfeed runs",)
    assert outcome.failure.startswith("a defect of twinfeed, not of the controller: at t=")
