"""Every kind of fault there is, as data: what it does, on what, with which numbers, in which worlds.

The faults of components and devices are those their classes list in `FAULTS`; faults of the wire are a tuple `KINDS` in
the module that realises them.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from importlib.util import find_spec

from emulators.devices import catalogue as devices
from emulators.plant import catalogue as plant
from emulators.plant.engine import Actor
from emulators.plant.faults import Fault, Parameter
from harness.faults.kinds import FAMILIES, WORLDS, FaultKind

__all__ = ["FAMILIES", "RIG", "WORLDS", "FaultKind", "family", "find", "kinds", "parameter"]

ELSEWHERE = ("harness.faults.frames", "harness.faults.link", "harness.faults.proxy", "harness.worlds.controller")
"""Modules of this project that list kinds of their own in `KINDS`."""

RIG = frozenset({
    "outage", "sag", "swell", "phase-loss", "unbalance", "frequency-drift",  # a programmable source
    "trip", "fail-to-close", "inlet-loss", "cut", "flap", "card-reboot", "wrong-breaker",  # relays in the way
    "fail-to-start", "emergency-stop", "no-remote-start", "no-start-signal", "lost-run-signal", "flow-switch-stuck",
    "fan-failure", "pump-fails", "fire-suppression", "probe-failure", "stuck-input", "float-stuck",
    "sensor-stuck", "sensor-bias", "sensor-drift", "sensor-noise", "sensor-spike", "sensor-out-of-range",
    "sensor-swapped",  # a signal put in place of the probe's
    "left-in-manual", "settings-changed",  # a technician
})  # fmt: skip
"""Kinds that relays, a programmable source, put-in signals or a technician can cause on a bench with actuators. Whether
a given bench has them is said by its rig file."""


@cache
def kinds() -> tuple[FaultKind, ...]:
    """All kinds, by family, then in the order of the plant. One kind on different targets may be several entries."""
    found = [*_of_actors(), *_elsewhere()]
    return tuple(sorted(found, key=lambda kind: FAMILIES.index(kind.family)))


def find(kind: str) -> tuple[FaultKind, ...]:
    """The entries of that kind.

    Raises:
        KeyError: there is none; the message names near ones.
    """
    found = tuple(entry for entry in kinds() if entry.kind == kind)
    if not found:
        near = difflib.get_close_matches(kind, [entry.kind for entry in kinds()], n=3)
        hint = f"; did you mean {', '.join(dict.fromkeys(near))}?" if near else ""
        raise KeyError(f"no fault is called {kind!r}{hint}")
    return found


def parameter(kind: str, name: str) -> Parameter | None:
    """That parameter of the kind, None if none of its entries has it."""
    return next((entry.parameters[name] for entry in kinds() if entry.kind == kind and name in entry.parameters), None)


def family(fault: Fault, on_device: bool) -> str:
    return fault.family or ("firmware" if on_device else "plant")


def _of_actors() -> Iterator[FaultKind]:
    """Those of components and firmware, the same fault of several classes in one entry."""
    targets: dict[tuple[str, str, str], list[str]] = {}
    faults: dict[tuple[str, str, str], Fault] = {}
    suffering: list[tuple[str, type[Actor], bool]] = [(name, cls, False) for name, cls in plant.KINDS.items()]
    suffering += [(f"{name}/device", cls, True) for name, cls in devices.KINDS.items()]
    for target, cls, on_device in suffering:
        for kind, fault in cls.FAULTS.items():
            key = (family(fault, on_device), kind, fault.doc)
            faults[key] = fault
            targets.setdefault(key, []).append(target)
    everything = [target for target, _, on_device in suffering if on_device]
    for (of_family, kind, doc), fault in faults.items():
        on = targets[of_family, kind, doc]
        yield FaultKind(
            kind,
            of_family,
            doc,
            ("device",) if on == everything else tuple(on),
            fault.parameters,
            WORLDS if kind in RIG else WORLDS[:2],
            fault.source,
            fault.of,
        )


def _elsewhere() -> Iterator[FaultKind]:
    for name in ELSEWHERE:
        if find_spec(name) is not None:
            yield from getattr(import_module(name), "KINDS", ())
