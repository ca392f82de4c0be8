"""Every temperature of a body is the mix of its nodes that it declares: rates and horizons are worked out from the mix."""

from __future__ import annotations

import pytest

from twinfeed.emulators.plant.air.thermal import Body
from twinfeed.emulators.site import Site


def disturbed(name: str) -> Site:
    """A site whose nodes have different temperatures, each of which moves."""
    site = Site.load(name)
    site.inject("utility-a", "outage")
    for target, kind in (("chiller-1", "trip"), ("crah-1", "fan-failure"), ("crac-1", "fan-failure")):
        if target in site.components:
            site.inject(target, kind)
    site.advance(90.0)
    return site


@pytest.mark.parametrize("name", ["bench", "pilot", "bamako"])
def test_each_temperature_is_the_mix_of_nodes_that_its_body_declares(name: str) -> None:
    bodies = [c for c in disturbed(name).components.values() if isinstance(c, Body)]
    assert bodies
    for body in bodies:
        for quantity, shares in body.shares.items():
            assert sum(shares) == pytest.approx(1.0), f"{body.id}.{quantity}"
            mix = sum(share * node for share, node in zip(shares, body.state.nodes_c, strict=False))
            assert getattr(body, quantity) == pytest.approx(mix, abs=1e-9), f"{body.id}.{quantity}"


def test_each_rate_is_that_of_the_change_which_follows() -> None:
    site = disturbed("bench")
    site.plant.settle()
    moving = {
        (body, quantity): (getattr(body, quantity), body.rate_k_s(quantity))
        for body in site.components.values()
        if isinstance(body, Body)
        for quantity in body.shares
    }
    assert max(abs(rate) for _, rate in moving.values()) > 1e-3
    site.advance(0.5)
    for (body, quantity), (before, rate) in moving.items():
        change = (getattr(body, quantity) - before) / 0.5
        assert rate == pytest.approx(change, rel=0.2, abs=1e-4), f"{body.id}.{quantity}"
