"""The faults of a site, and the deeds of its people, that a search may choose from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from twinfeed.emulators.devices.firmware.answer_faults import ANSWER_FAULTS
from twinfeed.emulators.plant.kernel.deeds import Takes
from twinfeed.emulators.plant.kernel.faults import Parameter
from twinfeed.emulators.plant.people import works
from twinfeed.emulators.plant.power.utilities import Utility
from twinfeed.emulators.site import Site
from twinfeed.harness.faults import frames
from twinfeed.harness.faults.catalogue import FAMILIES, OFF_SITE, FaultKind, of_target
from twinfeed.harness.faults.sinks import SPEAKS
from twinfeed.harness.faults.targets import answer_can_be_odd


@dataclass(frozen=True)
class Menu:
    """The faults to draw from: (target, kind) of the grid, all others by family."""

    grid: tuple[tuple[str, str], ...]
    others: Mapping[str, tuple[tuple[str, str], ...]]
    """Family -> kind by kind, the targets that can suffer it."""
    parameters: Mapping[tuple[str, str], Mapping[str, Parameter]]
    """(target, kind) -> the parameters of that fault there: a short circuit of a UPS has others than one of a PDU."""
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
    parameters: dict[tuple[str, str], Mapping[str, Parameter]] = {}
    most: dict[tuple[str, str], int] = {}
    for target in dict.fromkeys([*site.components, *site.devices, works.NAME, *OFF_SITE]):
        of_grid = isinstance(site.components.get(target), Utility)
        for entry in of_target(site, target):
            named = (entry.family, entry.kind, target, f"{target}/{entry.kind}")
            if _named(left_out, named) or not _speaks(site, target, entry):
                continue
            if not of_grid and wanted and not _named(wanted, named):
                continue
            parameters[target, entry.kind] = entry.parameters
            for name in entry.parameters:
                if target not in OFF_SITE and (count := site.numbered(target, name)) is not None:
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
