"""Whether a fault can happen on a site at all, asked before its time comes and before a run begins.

A plant fault must have its target, its point and numbers in their ranges; a fault of the wire a device that speaks
the protocol; a fault of the controller no other target. What only a world knows (a condition, an actuator) the world
checks.
"""

from __future__ import annotations

from twinfeed.emulators.plant.kernel.actor import PlantError
from twinfeed.emulators.plant.kernel.faults import chosen
from twinfeed.emulators.plant.kernel.ratings import shown
from twinfeed.emulators.site import Site
from twinfeed.harness.faults import controllers, frames
from twinfeed.harness.faults.injection import Injection

OF_THE_CONTROLLER = {kind.kind: kind for kind in controllers.KINDS}

SPEAKS = {"modbus": "modbus-tcp", "snmp": "snmp"}
"""Protocol of a profile -> what faults of the wire call it."""


def of_the_wire(site: Site, target: str, kind: str) -> bool:
    """Whether a world's network realises it; a link of the plant has losses of its own."""
    return kind in frames.BY_NAME and target in site.devices


def check(site: Site, injection: Injection) -> None:
    """Refuse a fault that cannot happen.

    Raises:
        PlantError: names target, kind and parameter, what was found and what was expected.
    """
    target, kind, given = injection.target, injection.kind, injection.parameters
    if kind in OF_THE_CONTROLLER:
        if target != "controller":
            raise PlantError(f"{shown(target)} cannot suffer {kind!r}; its target is `controller`")
        try:
            chosen(OF_THE_CONTROLLER[kind].parameters, given)
        except ValueError as error:
            raise PlantError(f"{target} {kind}: {error}") from None
    elif of_the_wire(site, target, kind):
        _check_wire(site, injection)
    else:
        site.check(target, kind, given, injection.for_s)


def _check_wire(site: Site, injection: Injection) -> None:
    target, kind = injection.target, injection.kind
    try:
        frames.chosen(kind, injection.parameters)
    except ValueError as error:
        raise PlantError(f"{target} {error}") from None
    profile = next(entry.profile for entry in site.file.devices if entry.name == target)
    spoken = [SPEAKS[protocol] for protocol in SPEAKS if getattr(profile, protocol) is not None]
    wanted = frames.protocols(kind)
    if wanted and not set(wanted).intersection(spoken):
        raise PlantError(f"{target} does not speak what {kind} alters; it speaks {' and '.join(spoken)}")
