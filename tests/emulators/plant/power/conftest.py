"""A power path built in a line or two."""

from __future__ import annotations

import pytest
from paths import Build

from twinfeed.emulators.plant.kernel.engine import Plant
from twinfeed.emulators.plant.power.electrical import Electrical
from twinfeed.emulators.plant.power.flow import Flow


@pytest.fixture
def build() -> Build:
    """Start a plant made of the given components."""

    def build(*components: Electrical) -> Plant:
        plant = Plant(seed=1)
        plant.solvers.append(Flow(components))
        for component in components:
            plant.add(component)
        plant.start()
        return plant

    return build
