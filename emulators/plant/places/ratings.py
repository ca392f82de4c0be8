"""Ratings, state and events of a place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal

from twinfeed.emulators.plant.kernel.actor import State
from twinfeed.emulators.plant.kernel.deeds import DeedKind
from twinfeed.emulators.plant.kernel.faults import FailureMode, Fault, Parameter
from twinfeed.emulators.plant.kernel.ratings import Names, Range


@dataclass(frozen=True)
class PlaceRatings:
    """A battery or switch room of 40 m2 in a site, with smoke detection and walls that hold a fire for an hour."""

    hall: Annotated[str, Names("hall", "room")] = ""
    """The hall or room whose air this is. All that names it, and no place of its own, then stands here as well."""
    air_c: Annotated[float, Range(-40.0, 60.0, "degC")] = 25.0
    """Air of a place without a hall, degC."""
    area_m2: Annotated[float, Range(1.0, 100000.0, "m2")] = 40.0
    """Area of the floor, m2."""
    height_m: Annotated[float, Range(1.0, 50.0, "m")] = 3.0
    """Clear height, m."""
    neighbours: tuple[Annotated[str, Names("place")], ...] = ()
    """Places behind its walls, to which a fire spreads in time."""
    barrier_min: Annotated[float, Range(0.0, 480.0, "min")] = 60.0
    """Fire resistance of these walls, doors and seals, min (EN 13501-2: EI 60); 0 for an open passage."""
    strength_kpa: Annotated[float, Range(0.05, 10.0, "kPa")] = 0.5
    """Pressure above which walls and doors break and hold no fire, kPa (500 Pa is a usual figure for light partitions
    in designs of gas extinguishing, ISO 14520-1; from memory)."""
    detection_s: Annotated[float, Range(0.0, 3600.0, "s")] = 30.0
    """Time from smoke at the detectors to the alarm of the fire panel, s (EN 54-7 and EN 54-20 type tests allow 60 s at
    their limits; two detectors in coincidence are assumed)."""
    off_gas_detection: bool = False
    """True if a detector of battery electrolyte isolates all batteries of the place and raises the alarm (NFPA 855)."""
    stops_air: bool = True
    """True if the alarm stops the air handlers of the place (NFPA 90A, NFPA 75)."""
    suppression: Literal["none", "inert-gas", "water-mist", "pre-action", "sprinkler"] = "none"
    """Extinguishing system. Gas is released by the alarm; mist and a pre-action sprinkler by the alarm and a hot head;
    a wet sprinkler by a hot head alone."""
    release_s: Annotated[float, Range(0.0, 600.0, "s")] = 30.0
    """Wait from the alarm to the release of gas, in which people leave, s (EN 15004-1, NFPA 2001: 30 s is usual)."""
    head_c: Annotated[float, Range(40.0, 300.0, "degC")] = 68.0
    """Air at which the head of a sprinkler or a mist nozzle opens, degC (EN 12259-1: 68 degC, ordinary)."""
    drain_mm_min: Annotated[float, Range(0.0, 1000.0, "mm/min")] = 0.0
    """Fall of standing water by floor drains, mm/min."""
    ventilation_m3_h: Annotated[float, Range(0.0, 1000000.0, "m3/h")] = 100.0
    """Fresh air, m3/h: it carries the hydrogen of lead-acid batteries away (EN IEC 62485-2)."""


@dataclass
class PlaceState(State):
    fire_at: float = -1.0
    """Ignition, s of the plant; negative while nothing has burnt."""
    fire_of: str = ""
    """The place where this fire began."""
    growth: float = 0.0
    peak_kw: float = 0.0
    fuel_mj: float = 0.0
    spread_min: float = 0.0
    spent: bool = False
    """Nothing is left to burn but batteries."""
    down_at: float = -1.0
    """Since when the fire is put down, s of the plant; negative while it burns freely."""
    down_kw: float = 0.0
    """Heat release at that time, kW."""
    down_s: float = 1.0
    """Time constant with which it has faded since, s."""
    rise_k: float = 0.0
    """Air above that of the hall or the building, K."""
    smoke: float = 0.0
    """Obscuration, % a metre."""
    smoked_s: float = 0.0
    """Time in smoke that harms electronics, s."""
    water_m: float = 0.0
    """Level of water above the floor, m."""
    alarm: bool = False
    released_at: float = -1.0
    """Release of the suppression, s of the plant; negative before."""
    walls_broken: bool = False
    """Pressure has broken walls or doors."""
    pressed: bool = False
    """Somebody has pressed its emergency power-off, which holds until it is released."""
    powered_off: bool = False
    """The emergency power-off has acted and still holds."""
    still: bool = False
    """The fire panel holds the air handlers."""
    out: list[str] = field(default_factory=list)
    """Contents that are dead: destroyed or without power."""
    hydrogen: float = 0.0
    """Hydrogen in the air, %."""


FIRE: Mapping[str, Parameter] = {
    "growth": Parameter(0.01172, "kW/s2", 0.0005, 1.0, "with the square of time; 0.01172 is medium", neutral=None),
    "peak": Parameter(1000.0, "kW", 1.0, 20000.0, "largest heat release", neutral=None),
    "fuel": Parameter(3000.0, "MJ", 1.0, 1000000.0, "what there is to burn", neutral=None),
    "spread": Parameter(15.0, "min", 0.0, 1440.0, "until it goes through an open passage", neutral=None),
}
"""A row of racks or a battery cabinet (NUREG/CR-6850 and FM data sheets; orders of magnitude, unverified)."""

SMOKE = Fault(
    "smoke fills the place",
    {"density": Parameter(30.0, "%/m", 1.0, 99.0, "obscuration of the air")},
    source="NFPA 75",
)
WATER = Fault(
    "water runs in: the level rises, and what stands below it is destroyed",
    {"rate": Parameter(5.0, "mm/min", 0.01, 1000.0, "rise of the level")},
    source="OVH Strasbourg 2021; Global Switch Paris 2023",
)
POWER_OFF = Fault(
    "emergency power off: everything in it is dead, breakers trip and stay tripped", source="NFPA 70 article 645"
)
POWER_OFF_DEEDS: Mapping[str, DeedKind] = {
    "press-epo": DeedKind("press its emergency power-off", lambda place, _: place.press(True), undo="release-epo"),
    "release-epo": DeedKind("release its emergency power-off", lambda place, _: place.press(False), undo="press-epo"),
}
"""As firefighters do before they enter."""

GAS = Fault(
    "the extinguishing gas is released",
    {"pressure": Parameter(0.25, "kPa", 0.0, 10.0, "peak of the overpressure")},
    source="ING Bucharest, 2016-09",
)
PLACE_FAULTS: Mapping[str, Fault] = {
    "fire": Fault(
        "a fire begins: heat and smoke, until it has burnt out or is put out",
        FIRE,
        source="OVH Strasbourg, 2021-03",
        failure=FailureMode("at once", "fire"),
    ),
    "smoke": SMOKE,
    "water": WATER,
    "epo": POWER_OFF,
    "gas-release": GAS,
    "barrier-open": Fault("doors stand open or seals are missing: the walls hold no fire", family="people"),
    "detection-failed": Fault("the detectors see nothing", failure=FailureMode("on demand", "fire-protection")),
    "suppression-failed": Fault(
        "the extinguishing system does not release", failure=FailureMode("on demand", "fire-protection")
    ),
    "ventilation-failed": Fault("no fresh air: hydrogen stays in the place"),
}
"""Clearing `fire` is the fire brigade: it puts out all that this fire has set alight. Damage stays."""
