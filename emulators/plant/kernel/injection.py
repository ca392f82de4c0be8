"""The check of an injection into an actor: its kind, its target, its parameters and its duration."""

from __future__ import annotations

from collections.abc import Mapping

from twinfeed.emulators.plant.kernel.actor import Actor, PlantError
from twinfeed.emulators.plant.kernel.faults import Fault, split
from twinfeed.emulators.plant.kernel.ratings import Range, shown

LASTING = Range(0.001, 10 * 366 * 86400.0, "s")
"""The longest time of a fault: ten years, after which the clock would no longer resolve a millisecond."""


def checked(
    actor: Actor, kind: str, parameters: Mapping[str, float] | None, for_s: float | None
) -> tuple[Fault, dict[str, float]]:
    """The fault that `kind` names, and all its parameters.

    Raises:
        PlantError: the actor has no such fault, point or parameter, or a number is out of its range; the message names
            the target, the kind, the parameter, what was found and what was expected.
    """
    name, of = split(kind)
    fault = actor.FAULTS.get(name)
    if fault is None:
        known = ", ".join(actor.FAULTS) or "none"
        raise PlantError(f"{actor.id} cannot suffer {shown(name)}; it knows: {known}")
    who = actor.id.partition("/")[0]
    if len(of) != len(fault.of):
        expected = f"as in {who}:{','.join(fault.of).upper()}" if fault.of else "it concerns the whole of it"
        raise PlantError(f"{who} {name}: name {' and '.join(fault.of) or 'nothing'} after it, {expected}")
    actor.check_fault(name, of)
    try:
        chosen = fault.chosen(parameters or {})
    except ValueError as error:
        raise PlantError(f"{who} {name}: {error}") from None
    for parameter, value in chosen.items():
        count = actor.numbered(parameter)
        if count is not None and parameter in (parameters or {}) and value > count:
            raise PlantError(f"{who} {name}: {parameter} is {value:g}, expected at most {count}, as many as it has")
    if for_s is not None and (why := LASTING.refusal(for_s)):
        raise PlantError(f"{who} {name}: for_s {why} (or no time at all)")
    return fault, chosen
