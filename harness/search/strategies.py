"""Hypothesis strategies for the faults and deeds on a site. They shrink towards fewer, simpler and earlier ones.

A Tier III site must ride through any disturbance of the grid, which the Uptime Institute's Tier Standard: Topology
counts as an expected condition and not as a failure, and through one failure or one work at a time. So a scenario has
any disturbances of the utilities and, by default, one other fault; `at_once` allows more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase

from hypothesis import strategies as st

from twinfeed.emulators.devices.firmware.answer_faults import ANSWER_FAULTS
from twinfeed.emulators.plant.kernel.deeds import Argument, Takes, Word
from twinfeed.emulators.plant.kernel.faults import Parameter
from twinfeed.emulators.plant.people import works
from twinfeed.emulators.plant.power.utilities import Utility
from twinfeed.emulators.site import Site
from twinfeed.harness.faults import frames
from twinfeed.harness.faults.catalogue import FAMILIES, OFF_SITE, FaultKind, of_target
from twinfeed.harness.faults.deeds import Deed
from twinfeed.harness.faults.injection import Injection
from twinfeed.harness.faults.scenario import Scenario
from twinfeed.harness.faults.sinks import SPEAKS
from twinfeed.harness.faults.targets import answer_can_be_odd

GRID_S = 10
"""Onsets are whole multiples of this, s, so that shrinking is quick and its results are easy to read."""

LASTING_S = (None, None, None, None, 60.0, 300.0, 900.0, 10.0)
"""Durations of a fault, s; the simplest is to the end."""

FLAPS = (None, None, None, None, None, None, (30.0, 30.0), (90.0, 60.0))
"""(s on, s off) of flapping faults."""


DISTURBANCES = 2
"""Number of disturbances of the grid in one scenario."""

ACTS = 2
"""Number of deeds in one scenario."""

LATE_S = (60.0, 300.0, 900.0)
"""Delays of people who come too late, s."""

OFTEN = st.sampled_from((False, True, True, True))
"""True if one more fault is there."""


@dataclass(frozen=True)
class Menu:
    """The faults to draw from: (target, kind) of the grid, all others by family, and the parameters of the kinds."""

    grid: tuple[tuple[str, str], ...]
    others: Mapping[str, tuple[tuple[str, str], ...]]
    """Family -> kind by kind, the targets that can suffer it."""
    parameters: Mapping[str, Mapping[str, Parameter]]
    most: Mapping[tuple[str, str], int]
    """(target, parameter) -> how many there are of what that parameter numbers: banks of a PDU, ports of a switch."""
    deeds: tuple[tuple[str, str], ...] = ()
    """(target, deed) of people; empty unless they are asked for."""
    takes: Mapping[tuple[str, str], Mapping[str, Takes]] = field(default_factory=dict)
    """(target, deed) -> the parameters of the deed."""


MEASURED: Mapping[str, tuple[str, ...]] = {
    "sensor": ("probe.*.value",),
    "meter": ("voltage.1", "power.total"),
    "transfer_switch": ("source.*.voltage.1",),
    "generator": ("generator.voltage.1", "engine.fuel_level"),
    "ups": ("battery.charge", "battery.runtime", "output.load"),
    "chiller": ("water.leaving", "air.outdoor"),
    "crah": ("air.supply", "air.return"),
    "chilled_water_plant": ("loop.supply", "loop.flow"),
}
"""Device kind -> measurements that control logic uses: the points for faults of sensors."""


def menu(site: Site, only: Iterable[str] = (), without: Iterable[str] = (), deeds: bool = False) -> Menu:
    """The faults of the site, and with `deeds` what people can do: all, or those of `only`, without those of `without`.

    Names are those of families, kinds, targets or `target/kind`, with `*` as in file names. Disturbances of the grid
    are always offered unless `without` names them.
    """
    wanted, left_out = tuple(only), tuple(without)
    grid: list[tuple[str, str]] = []
    others: dict[str, list[tuple[str, str]]] = {}
    parameters: dict[str, Mapping[str, Parameter]] = {}
    most: dict[tuple[str, str], int] = {}
    for target in dict.fromkeys([*site.components, *site.devices, works.NAME, *OFF_SITE]):
        of_grid = isinstance(site.components.get(target), Utility)
        for entry in of_target(site, target):
            named = (entry.family, entry.kind, target, f"{target}/{entry.kind}")
            if _named(left_out, named) or not _speaks(site, target, entry):
                continue
            if not of_grid and wanted and not _named(wanted, named):
                continue
            parameters[entry.kind] = entry.parameters
            for name in entry.parameters:
                if (count := site.numbered(target, name)) is not None:
                    most[target, name] = count
            into = grid if of_grid and entry.family == "plant" else others.setdefault(entry.family, [])
            into += [(place, entry.kind) for place in _places(site, target, entry)]
    by_kind = {f: tuple(sorted(others[f], key=lambda pair: pair[1])) for f in FAMILIES if others.get(f)}
    ordered = tuple(sorted(grid, key=lambda pair: GRID_ORDER.get(pair[1], 9)))
    takes = _deeds(site, wanted, left_out) if deeds else {}
    return Menu(ordered, by_kind, parameters, most, tuple(takes), takes)


def _deeds(site: Site, wanted: Iterable[str], left_out: Iterable[str]) -> dict[tuple[str, str], Mapping[str, Takes]]:
    """The deeds whose parameters can be drawn: numbers, and words of a list."""
    found: dict[tuple[str, str], Mapping[str, Takes]] = {}
    for target in dict.fromkeys([*site.components, *site.devices]):
        for name, kind in site.deeds(target).items():
            named = ("deed", name, target, f"{target}/{name}")
            drawable = all(takes.default is not None or getattr(takes, "words", ()) for takes in kind.takes.values())
            if drawable and not _named(left_out, named) and (not wanted or _named(wanted, named)):
                found[target, name] = kind.takes
    return found


def _named(patterns: Iterable[str], names: Iterable[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns for name in names)


def _speaks(site: Site, target: str, entry: FaultKind) -> bool:
    """True if a device speaks the protocol that a fault of the wire alters; true for all other faults."""
    if entry.kind not in frames.BY_NAME:
        return True
    profile = next((device.profile for device in site.file.devices if device.name == target), None)
    if profile is None:
        return False  # a cable between switches is a component; it has faults of its own
    spoken = {SPEAKS[protocol] for protocol in SPEAKS if getattr(profile, protocol) is not None}
    if entry.kind in frames.STREAMS_ONLY:
        return profile.modbus is not None
    of = frames.protocols(entry.kind)
    return entry.kind != "serial-noise" and (not of or not spoken.isdisjoint(of))


def _places(site: Site, target: str, entry: FaultKind) -> list[str]:
    """The target itself, or its measurements for a fault of one of those."""
    if not entry.of:
        return [target]
    device = site.devices.get(target)
    if device is None or entry.of != ("point",):
        return []
    patterns = MEASURED.get(device.kind, ())
    points = [point for point in device.point_names() if _named(patterns, (point,))]
    if entry.kind in ANSWER_FAULTS:
        points = [point for point in points if answer_can_be_odd(site, device, entry.kind, point)]
    return [f"{target}:{point}" for point in points]


GRID_ORDER = {"outage": 0, "sag": 1, "swell": 2, "phase-loss": 3}
"""The simplest disturbance of the grid is an outage."""


@st.composite
def injections(
    draw: st.DrawFn,
    pairs: tuple[tuple[str, str], ...],
    menu: Menu,
    first_s: float,
    last_s: float,
    often: str = "",
) -> Injection:
    """One fault from those pairs, its onset between those times, in half of the cases at the first; more than half of
    them of the kind `often`."""
    kinds = tuple(dict.fromkeys(kind for _, kind in pairs))
    kind = draw(st.sampled_from((often,) * len(kinds) + kinds if often in kinds else kinds))
    target = draw(st.sampled_from([t for t, k in pairs if k == kind]))
    steps = int((last_s - first_s) // GRID_S)
    at_s = first_s + GRID_S * (draw(st.integers(0, max(0, steps))) if draw(st.booleans()) else 0)
    for_s = draw(st.sampled_from(LASTING_S))
    flap = draw(st.sampled_from(FLAPS))
    numbers = {}
    for name, spec in menu.parameters[kind].items():
        choice = draw(st.sampled_from((None, 0.25, 0.75, 1.0)))
        if choice is not None:
            numbers[name] = _between(spec, choice, menu.most.get((target.partition(":")[0], name), spec.high))
    return Injection(target, kind, at_s, for_s, numbers, flap=flap)


@st.composite
def disturbances(draw: st.DrawFn, menu: Menu, first_s: float, last_s: float) -> tuple[Injection, ...]:
    """A disturbance of the grid: of one utility or of all at once, for two feeds of one grid fail together."""
    one = draw(injections(menu.grid, menu, first_s, last_s, often="outage"))
    if not draw(st.booleans()):
        return (one,)
    return tuple(replace(one, target=target) for target, kind in menu.grid if kind == one.kind)


@st.composite
def failures(draw: st.DrawFn, menu: Menu, first_s: float, last_s: float) -> Injection:
    """One fault of anything but the grid, every family as often as the others."""
    family = draw(st.sampled_from(tuple(menu.others)))
    return draw(injections(menu.others[family], menu, first_s, last_s))


@st.composite
def deeds(draw: st.DrawFn, menu: Menu, first_s: float, last_s: float) -> Deed:
    """One deed of a person, its onset between those times."""
    name = draw(st.sampled_from(tuple(dict.fromkeys(deed for _, deed in menu.deeds))))
    target = draw(st.sampled_from([at for at, deed in menu.deeds if deed == name]))
    steps = int((last_s - first_s) // GRID_S)
    at_s = first_s + GRID_S * (draw(st.integers(0, max(0, steps))) if draw(st.booleans()) else 0)
    given: dict[str, Argument] = {}
    for argument, takes in menu.takes[target, name].items():
        if isinstance(takes, Word) and takes.words:
            given[argument] = draw(st.sampled_from(takes.words))
        elif isinstance(takes, Parameter) and draw(st.booleans()):
            given[argument] = _between(takes, 1.0, menu.most.get((target, argument), takes.high))
    return Deed(target, name, at_s, given)


@st.composite
def mistaken(draw: st.DrawFn, deed: Deed, menu: Menu) -> Deed:
    """A planned deed as people may do it: right, left out, too late, or at another target that has the same deed."""
    alike = tuple(target for target, name in menu.deeds if name == deed.deed and target != deed.target)
    match draw(st.sampled_from(("right", "right", "right", "skipped", "late", *(("wrong",) if alike else ())))):
        case "skipped":
            return replace(deed, skipped=True)
        case "late":
            return replace(deed, late_s=draw(st.sampled_from(LATE_S)))
        case "wrong":
            return replace(deed, wrong=draw(st.sampled_from(alike)))
    return deed


def _between(spec: Parameter, part: float, most: float) -> float:
    """A number of the parameter's range: from its default so much of the way to its upper end, or to `most`."""
    number = round(spec.default + (min(most, spec.high) - spec.default) * part, 6)
    return round(number) if spec.whole else number


@st.composite
def scenarios(
    draw: st.DrawFn,
    menu: Menu,
    frame: Scenario,
    at_once: int = 1,
    first_s: float = 30.0,
    last_s: float | None = None,
) -> Scenario:
    """The frame with faults and deeds: the injections are drawn, and drawn deeds join those that the frame has."""
    last = frame.duration_s / 2.0 if last_s is None else last_s
    grid: list[Injection] = []
    # Each has a place of its own that may be empty, which Hypothesis empties in one step; out of the front of a list it
    # does not take what has as many choices as a fault.
    for _ in range(DISTURBANCES if menu.grid else 0):
        if draw(st.booleans()):
            grid += draw(disturbances(menu, first_s, last))
    others: list[Injection] = []
    for _ in range(at_once if menu.others else 0):
        if draw(OFTEN):
            others.append(draw(failures(menu, first_s, last)))
    acts = [draw(deeds(menu, first_s, last)) for _ in range(ACTS if menu.deeds else 0) if draw(OFTEN)]
    # A fault that is there when the grid fails matters most: at the same instant it comes first.
    chosen = [*others, *grid]
    ordered = tuple(sorted(chosen, key=lambda injection: injection.at_s))
    planned = [draw(mistaken(deed, menu)) if menu.deeds else deed for deed in frame.deeds]
    return replace(frame, injections=ordered, deeds=(*planned, *sorted(acts, key=lambda deed: deed.at_s)))
