"""The management network of Bamako: which single fault of a switch leaves which devices unreachable."""

from __future__ import annotations

import pytest

from twinfeed.emulators.plant.network.switch import Switch
from twinfeed.emulators.site import Site

SWITCHES = ("core-1", "core-2", "mgmt-a", "mgmt-b", "noc", "tor-1a", "tor-2b", "tor-3a", "tor-4b")


def unreachable(site: Site) -> list[str]:
    return [name for name in site.devices if not site.reachable(name)]


@pytest.mark.parametrize("switch", SWITCHES)
def test_a_hung_switch_is_the_only_device_that_is_lost(bamako: Site, switch: str) -> None:
    """Its control processor stops and its ports stay up: loop guard keeps the circle open that it would close."""
    bamako.inject(switch, "hang")
    for wait_s in (1.0, 4.0, 2.0, 3.0, 30.0, 300.0):
        bamako.advance(wait_s)
        assert set(unreachable(bamako)) <= {switch}
    assert bamako.network is not None
    assert not bamako.network.storm


def test_every_switch_to_another_switch_has_loop_guard(bamako: Site) -> None:
    switches = [c for c in bamako.components.values() if isinstance(c, Switch)]
    assert len(switches) == 13
    assert all(switch.params.loop_guard for switch in switches)
