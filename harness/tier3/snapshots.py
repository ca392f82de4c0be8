"""Snapshots of a site: the states of all its components, and the comparison of two snapshots."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from twinfeed.emulators.devices.firmware.points import Value
from twinfeed.emulators.plant.kernel.component import Component
from twinfeed.emulators.plant.network.traffic import branches
from twinfeed.emulators.site import Site

Snapshot = dict[str, Value]
Read = Callable[[], Value]


def states(site: Site) -> dict[str, Read]:
    """`NAME.QUANTITY` -> how to read it, for everything that is a truth or a word."""
    return {
        f"{name}.{quantity}": partial(getattr, component, quantity)
        for name, component in site.components.items()
        for quantity in states_of(component)
    }


def states_of(component: Component) -> list[str]:
    return [
        quantity
        for quantity, unit in component.QUANTITIES.items()
        if unit == "" and isinstance(component.quantity(quantity), (bool, str))
    ]


def numbers(site: Site, wanted: tuple[str, ...]) -> dict[str, Read]:
    """The numbers of whatever has them."""
    return {
        f"{name}.{quantity}": partial(getattr, component, quantity)
        for name, component in site.components.items()
        for quantity in wanted
        if quantity in component.QUANTITIES
    }


def snapshot(reads: dict[str, Read]) -> Snapshot:
    return {name: read() for name, read in reads.items()}


def alarms(site: Site) -> list[str]:
    """All active alarms, as `device: alarm`."""
    return [f"{name}: {alarm}" for name, device in site.devices.items() for alarm in device.state.alarms]


def serving(site: Site) -> dict[str, list[str]]:
    """The switches by which each row of the network reaches the gateway; the capacity of the way is not checked."""
    network = site.network
    if network is None:
        return {}
    gateway = network.vrrp_master
    reached = {gateway, *(branch.switch for branch in branches(network, gateway))} if gateway else set()
    here = [switch for switch in network.switches.values() if switch.id in reached]
    return {row: [switch.id for switch in here if row in switch.params.serves] for row in network.rows}
