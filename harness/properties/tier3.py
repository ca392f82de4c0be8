"""What a Tier III site has to keep to, ready to be judged.

    properties = tier3(site)
    Recorder(site, patterns(properties), journal.trace).attach()     # or world.watch(*patterns(properties))
    …
    check(journal, *properties)

Here is what can be said of a record. What has to be driven, `no_silent_failure` and `concurrent_maintainability`, is in
`harness.properties.silence` and `harness.properties.maintenance`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from emulators.plant.engine import Event
from emulators.site import Site
from harness.properties.language import Property, Time, always, within

RECOMMENDED_C = (18.0, 27.0)
"""Recommended at the equipment's inlet, degC. ASHRAE TC 9.9 Thermal Guidelines, 5th ed., reference card 2021, table 2.1
(read in a copy on scribd.com; confidence high)."""

ALLOWABLE_C = (15.0, 32.0)
"""Allowable at the inlet of class A1 equipment, degC. The same table (confidence high)."""

CHANGE_K = ((3600.0, 20.0), (900.0, 5.0))
"""(within s, by at most K): how far the inlet may change where there is no tape. 5/20 degC/h in the same table (high);
5 K in 15 min, and that the difference in the window is meant and not a slope, from its notes (memory, medium)."""

CHANGE_WITH_TAPE_K = ((3600.0, 5.0),)
"""The same where there is tape (confidence high)."""

START_S = 15.0
"""From the order to start to a running set, s. NFPA 110 Type 10 has the load supplied 10 s after the loss, 5 s more are
for the transfer switch's override of dips (ASCO 165: 3 s; both read, confidence high)."""

TRANSFER_S = 30.0
"""How long a mechanical transfer switch may leave its load, s: start, and 15 s for the engine to settle (ASCO 165,
read, confidence high)."""

STATIC_TRANSFER_S = 0.020
"""How long a static or rack transfer switch may leave its load, s: the ITIC curve's ride-through of equipment
(memory, medium). Liebert STS2 takes 4 ms, APC AP44xx at most 12 ms (read, high)."""

TRANSFERS_A_MINUTE = 2
"""More than one there and one back is flapping (judgement, no source)."""

COMMANDS_A_MINUTE = 6
"""Orders to one device: more is a controller that fights (judgement, no source)."""

RETURN_S = 3600.0
"""From the last fault's end to normal, s: retransfer 30 min (ASCO 300 factory setting, memory, medium), cool-down and
recharge of what was used after it (judgement)."""


def tier3(
    site: Site, *, tape: bool = False, start: Time = START_S, transfer: Time = TRANSFER_S, back: Time = RETURN_S
) -> list[Property]:
    """All that can be judged on a record of that site; what the site does not have is left out."""
    return [
        *always_supplied(site),
        *inlet_temperatures(site, tape=tape),
        *transfers_and_starts(site, start, transfer),
        *no_flapping(site),
        *return_to_normal(site, back),
    ]


def always_supplied(site: Site) -> list[Property]:
    """Every rack has power all the time; what its power supplies ride through is no loss."""
    return [always("racks.*.supplied")] if _of_kind(site, "rack", "rack_row") else []


def inlet_temperatures(site: Site, *, tape: bool = False) -> list[Property]:
    """The worst inlet of every hall in the recommended and the allowable range, and no faster than equipment bears.

    Being outside of the recommended range for hours is not a failure, says ASHRAE; it is here, because a design that
    needs it should say so: leave that one out then, or give it a grace.
    """
    worst = "hottest_inlet_c"
    return [
        demand
        for hall in _of_kind(site, "hall")
        for demand in (
            always(f"{RECOMMENDED_C[0]} <= {hall}.{worst} <= {RECOMMENDED_C[1]}"),
            always(f"{ALLOWABLE_C[0]} <= {hall}.{worst} <= {ALLOWABLE_C[1]}"),
            *(
                always(f"change({hall}.{worst}, {window_s:g} s) <= {most_k:g}")
                for window_s, most_k in (CHANGE_WITH_TAPE_K if tape else CHANGE_K)
            ),
        )
    ]


def transfers_and_starts(site: Site, start: Time = START_S, transfer: Time = TRANSFER_S) -> list[Property]:
    """A set runs soon after it is called, every transfer switch leaves its load for no longer than its kind may."""
    starts = [
        within(start, "any(" + ", ".join(f"{name}.running" for name in _of_kind(site, "generator")) + ")",
               after=f"{ats}.start_request rises")
        for ats in _of_kind(site, "ats")
        if _of_kind(site, "generator")
    ]  # fmt: skip
    mechanical = [within(transfer, f"{ats}.live", after=f"{ats}.live falls") for ats in _of_kind(site, "ats")]
    static = [always(f"{switch}.live", grace=STATIC_TRANSFER_S) for switch in _of_kind(site, "sts", "rack_ats")]
    return [*starts, *mechanical, *static]


def no_flapping(site: Site, most: int = TRANSFERS_A_MINUTE) -> list[Property]:
    """No transfer switch moves more than so often in any minute."""
    switches = _of_kind(site, "ats", "sts", "rack_ats")
    return [always(f"change({switch}.transfers, 1 min) <= {most}") for switch in switches]


def normal(site: Site) -> str:
    """What a quiet day looks like, as an expression: every switch and every machine as the site file has it at rest."""
    parts = [
        *(f"{name}.position == 'normal' and not {name}.start_request" for name in _of_kind(site, "ats")),
        *(f"{name}.on_preferred" for name in _of_kind(site, "sts", "rack_ats")),
        *(f"{name}.mode == 'online'" for name in _of_kind(site, "ups")),
        *(f"not {name}.running" for name in _of_kind(site, "generator")),
        *(
            f"{entry.name}.redundant"
            for entry in site.file.components
            if entry.cls.kind == "rack_row" and len(entry.feeds) > 1
        ),
        *(
            f"{low} <= {hall}.hottest_inlet_c <= {high}"
            for hall in _of_kind(site, "hall")
            for low, high in [RECOMMENDED_C]
        ),
    ]
    return " and ".join(parts)


def return_to_normal(site: Site, back: Time = RETURN_S) -> list[Property]:
    """All is as on a quiet day so long after the last fault has cleared, if no other has come meanwhile."""
    return [within(back, f"({normal(site)}) or site.faults > 0", after="site.faults == 0 rises")]


def commands_a_minute(events: Iterable[Event], most: int = COMMANDS_A_MINUTE) -> list[str]:
    """Who gave more than so many orders to one device in a minute, and when, from a journal's `command` events.

    Their data name the `device`; `who` is the one who gave the order.
    """
    recent: dict[tuple[str, str], deque[float]] = {}
    told: dict[tuple[str, str], str] = {}
    for event in events:
        if event.what != "command":
            continue
        key = (event.who, str(event.data.get("device", "")))
        times = recent.setdefault(key, deque())
        times.append(event.t)
        while times[0] < event.t - 60.0:
            times.popleft()
        if len(times) > most and key not in told:
            told[key] = (
                f"{key[0]} gave {len(times)} orders to {key[1]} in the minute before {event.t:.3f} s, at most {most}"
            )
    return list(told.values())


def _of_kind(site: Site, *kinds: str) -> list[str]:
    return [name for name, component in site.components.items() if component.kind in kinds]
