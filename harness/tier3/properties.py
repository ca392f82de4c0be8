"""Properties that a Tier III site has to keep, ready to be judged.

    properties = tier3(site)
    Sampler(site, patterns(properties), journal.trace).attach()     # or world.watch(*patterns(properties))
    …
    check(journal, *properties)

These can be judged from a record. The driven ones, `no_silent_failure` and `concurrent_maintainability`, are in
`twinfeed.harness.tier3.silent_failures` and `twinfeed.harness.tier3.concurrent_maintainability`.
"""

from __future__ import annotations

from collections.abc import Iterator

from twinfeed.emulators.plant.power.electrical import Electrical
from twinfeed.emulators.plant.power.transfer_switch import AutomaticTransferSwitch
from twinfeed.emulators.site import Site
from twinfeed.harness.properties.language import Property, Time, always, within

RECOMMENDED_C = (18.0, 27.0)
"""Recommended at the equipment's inlet, degC. ASHRAE TC 9.9 Thermal Guidelines, 5th ed., reference card 2021, table 2.1
(read in a copy on scribd.com; confidence high)."""

ALLOWABLE_C = (15.0, 32.0)
"""Allowable at the inlet of class A1 equipment, degC. The same table (confidence high)."""

CHANGE_K = ((3600.0, 20.0), (900.0, 5.0))
"""(within s, by at most K): how far the inlet may change where there is no tape. 5/20 degC/h in the same table (high);
5 K in 15 min, and that the difference in the window is meant and not a slope, from its notes (memory, medium)."""

CHANGE_WITH_TAPE_K = ((3600.0, 5.0),)
"""The bound where there is tape (confidence high)."""

START_S = 15.0
"""From the order to start to a running set, s. NFPA 110 Type 10 has the load supplied 10 s after the loss, 5 s more are
for the transfer switch's override of dips (ASCO 165: 3 s; both read, confidence high)."""

TRANSFER_S = 30.0
"""The time that a mechanical transfer switch may leave its load, s: start, and 15 s for the engine to settle (ASCO 165,
read, confidence high)."""

STATIC_TRANSFER_S = 0.020
"""The time that a static or rack transfer switch may leave its load, s: the ITIC curve's ride-through of equipment
(memory, medium). Liebert STS2 takes 4 ms, APC AP44xx at most 12 ms (read, high)."""

TRANSFERS_A_MINUTE = 2
"""More than one there and one back is flapping (judgement, no source)."""

COMMANDS_A_MINUTE = 6
"""Orders to one device: more is a controller that fights, with itself or another (judgement, no source)."""

COMMANDED = ("transfer_switch", "source_switch", "generator", "chiller", "chilled_water_plant", "relay_io")
"""Kinds of device whose orders are counted: those that move or start something. A PDU has an order for each outlet."""

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

    According to ASHRAE, hours outside of the recommended range are no failure; it is here, because a design that
    needs it should state so: leave that one out then, or give it a grace.
    """
    worst = "hottest_inlet_c"
    return [
        demand
        for hall in _of_kind(site, "hall")
        for demand in (
            always(f"{RECOMMENDED_C[0]} <= {hall}.{worst} <= {RECOMMENDED_C[1]}"),
            *allowable_inlets(site, hall),
            *(
                always(f"change({hall}.{worst}, {window_s:g} s) <= {most_k:g}")
                for window_s, most_k in (CHANGE_WITH_TAPE_K if tape else CHANGE_K)
            ),
        )
    ]


def allowable_inlets(site: Site, *halls: str) -> list[Property]:
    """The worst inlet of those halls, or of every hall, in the range of class A1."""
    names = halls or _of_kind(site, "hall")
    return [always(f"{ALLOWABLE_C[0]} <= {hall}.hottest_inlet_c <= {ALLOWABLE_C[1]}") for hall in names]


def transfers_and_starts(site: Site, start: Time = START_S, transfer: Time = TRANSFER_S) -> list[Property]:
    """A set runs soon after it is called, every transfer switch leaves its load for no longer than its kind may."""
    starts = [
        within(start, f"any({', '.join(f'{name}.running' for name in sets)})", after=f"{ats}.start_request rises")
        for ats in _of_kind(site, "ats")
        if (sets := list(dict.fromkeys(_sets_behind(site, ats, "emergency"))))
    ]
    mechanical = [within(transfer, f"{ats}.live", after=f"{ats}.live falls") for ats in _of_kind(site, "ats")]
    static = [always(f"{switch}.live", grace=STATIC_TRANSFER_S) for switch in _of_kind(site, "sts", "rack_ats")]
    return [*starts, *mechanical, *static]


def no_flapping(site: Site, most: int = TRANSFERS_A_MINUTE, most_commands: int = COMMANDS_A_MINUTE) -> list[Property]:
    """No transfer switch moves, and nothing is given orders, more than so often in any minute."""
    switches = _of_kind(site, "ats", "sts", "rack_ats")
    commanded = [name for name, device in site.devices.items() if device.kind in COMMANDED]
    return [
        *(always(f"change({switch}.transfers, 1 min) <= {most}") for switch in switches),
        *(always(f"change({device}.commands, 1 min) <= {most_commands}") for device in commanded),
    ]


def normal(site: Site) -> str:
    """The state of a quiet day as an expression: every switch and every machine as the site has it now, at rest.

    Which chillers run is left to their controllers, so how many do is what counts. Behind a rectifier that is on again
    a battery is full or recovers: to be full may take a day. Alarms are not asked for: some stand until a person resets
    them or a battery has charged for hours; `site.alarms == 0` demands it where it is wanted.
    """
    chillers = _of_kind(site, "chiller")
    running = sum(site.components[name].quantity("running") is True for name in chillers)
    parts = [
        *(f"{name}.position == 'normal' and not {name}.start_request" for name in _of_kind(site, "ats")),
        *(f"{name}.on_preferred" for name in _of_kind(site, "sts", "rack_ats")),
        *(f"{name}.mode == 'online' and {name}.rectifier == 'on'" for name in _of_kind(site, "ups")),
        *(f"not {name}.running" for name in _of_kind(site, "generator")),
        *(
            f"{'' if site.components[name].quantity('closed') else 'not '}{name}.closed"
            for name in _of_kind(site, "breaker", "bus_tie")
        ),
        *([f"count({', '.join(f'{name}.running' for name in chillers)}) >= {running}"] if running else []),
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


def _sets_behind(site: Site, name: str, terminal: str = "") -> Iterator[str]:
    """The generators that can feed that terminal (or any) without another transfer switch in between."""
    component = site.components[name]
    feeds = component.feeds if isinstance(component, Electrical) else {}
    for at, ref in feeds.items():
        upstream = ref.partition(":")[0]
        if terminal in ("", at) and not isinstance(site.components[upstream], AutomaticTransferSwitch):
            if site.components[upstream].kind == "generator":
                yield upstream
            yield from _sets_behind(site, upstream)


def _of_kind(site: Site, *kinds: str) -> list[str]:
    return [name for name, component in site.components.items() if component.kind in kinds]
