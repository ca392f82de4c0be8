"""A place: a room or a part of one, with everything that stands in it.

An event of a place acts on all that is in it, and on nothing else unless it spreads. Damage stays: clearing the event
ends it, and only the deed `replace` makes a thing whole again.

    fire, smoke     heat and smoke destroy; detectors raise the alarm; a fire goes through walls that no longer hold
    water           the level rises; what stands below it is destroyed
    epo             everything is dead while it is pressed; breakers trip and stay tripped
    gas             air handlers stop; the fire goes out, the fire of a battery does not
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import inf
from typing import Any, ClassVar, Protocol

from twinfeed.emulators.plant.kernel.actor import Actor
from twinfeed.emulators.plant.kernel.component import Component
from twinfeed.emulators.plant.kernel.deeds import DeedKind
from twinfeed.emulators.plant.kernel.steadiness import Store
from twinfeed.emulators.plant.places import contents, exposure, fire
from twinfeed.emulators.plant.places.hazards import WATER_MM_MIN, Fire, Hydrogen, Suppression, Water, toward
from twinfeed.emulators.plant.places.ratings import FIRE, PLACE_FAULTS, POWER_OFF_DEEDS, PlaceRatings, PlaceState
from twinfeed.emulators.plant.power.electrical import Electrical
from twinfeed.emulators.plant.power.flow import Flow

AIR_HANDLERS = frozenset({"crah", "crac", "ventilation_fan"})
"""Kinds that the fire panel stops."""

AIR_S = 60.0
"""Time constant of the air of a room that a fire warms, s (assumption)."""

COOLING_S = 1200.0
"""Time constant of a room that has burnt, s (assumption)."""

PURGE_S = 600.0
"""Time constant of smoke that is aired out, s (assumption: six changes of air an hour)."""

LOOK_S = 5.0
"""Longest step while the place burns, s."""

IGNITING_KW = 100.0
"""Heat of burning batteries that sets the rest of the place alight, kW (assumption)."""

WET_S = 60.0
"""Time under a sprinkler after which electronics are lost, s (assumption)."""


class Containing(Protocol):
    """A group of places with events of its own."""

    @property
    def troubled(self) -> bool:
        """True while an event is active."""

    @property
    def pressed(self) -> bool:
        """True while its emergency power-off is pressed."""

    def fault(self, kind: str) -> dict[str, float] | None: ...


class Place(Component[PlaceState, PlaceRatings]):
    """A room, or a part of one: everything whose `place` names it stands in it."""

    kind = "place"
    PARAMS = PlaceRatings
    STATE = PlaceState
    FAULTS = PLACE_FAULTS
    DEEDS: ClassVar[Mapping[str, DeedKind]] = {
        **POWER_OFF_DEEDS,
        "put-out": DeedKind(
            "call the fire brigade, which puts out what this fire has set alight", lambda p, _: p.put_out()
        ),
    }
    QUANTITIES: ClassVar[Mapping[str, str]] = {
        "air_c": "°C",
        "fire_kw": "kW",
        "burning": "",
        "smoke_percent": "%",
        "water_m": "m",
        "wet": "",
        "off_gas": "",
        "alarm": "",
        "released": "",
        "overpressure_kpa": "kPa",
        "hydrogen_percent": "%",
        "destroyed": "",
    }
    POSSIBLE: ClassVar[Mapping[str, tuple[float, float]]] = {
        "air_c": (-60.0, 1300.0),
        "fire_kw": (0.0, 1e5),
        "water_m": (0.0, 50.0),
        "destroyed": (0.0, 1e5),
    }

    def __init__(self, id: str, params: Any = None) -> None:
        super().__init__(id, params)
        self.fire = Fire(self)
        self.suppression = Suppression(self, self.fire)
        self.water = Water(self, self.suppression)
        self.hydrogen = Hydrogen(self)
        self.zones: list[Containing] = []
        """The zones it belongs to."""
        self.contents: list[Actor] = []
        self.cards: list[tuple[Actor, Actor]] = []
        """Components in it and the devices built into them, which share their fate."""
        self._batteries: list[Component] = []
        """UPS that have their battery here."""
        self._apart: list[Component] = []
        """UPS that have only their battery here."""
        self._hall: Any = None
        self._target_k = self._target_smoke = 0.0
        self._hot_c = inf
        """Air that does something without any fire, degC."""

    def start(self) -> None:
        actors, hall = self.plant.actors, self.params.hall
        self._hall = actors[hall] if hall else None
        heads_c = self.params.head_c if self.params.suppression in WATER_MM_MIN else inf
        self._hot_c = min(heads_c, exposure.ELECTRONICS_C)
        self.fire.neighbours = [n.fire for n in map(actors.get, self.params.neighbours) if isinstance(n, Place)]
        self.contents, self.cards = contents.standing_in(self, hall)
        for actor in self.contents:
            if isinstance(actor, Component):
                actor.surroundings = self
        units = [a for a in actors.values() if isinstance(a, Component) and a.holds_battery]
        self._apart = [a for a in units if a.battery_place == self.id]
        self._batteries = self._apart + [a for a in units if a in self.contents and not a.battery_place]
        for battery in self._batteries:
            battery.battery_surroundings = self
        self.state.hydrogen = self.hydrogen.target_percent

    # -- readings of an observer ------------------------------------------------------------------------------

    @property
    def air_c(self) -> float:
        """Air around its contents, degC."""
        return self._still_c + self.state.rise_k

    @property
    def _still_c(self) -> float:
        return float(self._hall.air_c) if self._hall is not None else self.params.air_c

    @property
    def made_m3_h(self) -> float:
        """Hydrogen that its batteries give off, m3/h."""
        return sum(battery.hydrogen_m3_h for battery in self._batteries)

    @property
    def burning_inside_kw(self) -> float:
        """Heat release of burning batteries, kW."""
        return sum(battery.fire_kw for battery in self._batteries)

    @property
    def fire_kw(self) -> float:
        """Heat release of all that burns in it, kW."""
        return self.fire.kw + self.burning_inside_kw

    @property
    def heat_kw(self) -> float:
        """Heat that goes into the air of its hall, kW: a third is radiated to the walls (SFPE handbook)."""
        return self.fire_kw * 2.0 / 3.0

    @property
    def burning(self) -> bool:
        """True while something burns in it."""
        return self.fire_kw > 0.0

    @property
    def smoke_percent(self) -> float:
        """Obscuration of the air, % a metre."""
        return self.state.smoke

    @property
    def water_m(self) -> float:
        """Level of water above the floor, m."""
        return self.state.water_m

    @property
    def wet(self) -> bool:
        """True if the leak detector on the floor sees water."""
        return self.state.water_m >= 0.001

    @property
    def wetted(self) -> bool:
        """True while a sprinkler or mist runs."""
        return self.suppression.water_mm_min > 0.0

    @property
    def off_gas(self) -> bool:
        """True while cells of a battery in it vent."""
        return any(battery.off_gas for battery in self._batteries)

    @property
    def alarm(self) -> bool:
        """True if the fire panel has raised the alarm."""
        return self.state.alarm

    @property
    def released(self) -> bool:
        """True if the suppression has been released."""
        return self.state.released_at >= 0.0 or self.suppression.gas

    @property
    def overpressure_kpa(self) -> float:
        """Pressure above that of the neighbours, kPa."""
        return self.suppression.overpressure_kpa

    @property
    def hydrogen_percent(self) -> float:
        """Hydrogen in the air, % of the volume; it explodes from 4 % on (EN IEC 62485-2)."""
        return self.state.hydrogen

    @property
    def destroyed(self) -> int:
        """Number of things in it that are destroyed."""
        return sum(bool(actor.state.lost) for actor in self.contents)

    def active(self, kind: str) -> Mapping[str, float] | None:
        """The parameters of that event of the place or of a zone of it, None while there is none."""
        found = self.state.faults.get(kind)
        if found is None:
            found = next((f for zone in self.zones if (f := zone.fault(kind)) is not None), None)
        return found

    # -- the clock's calls ------------------------------------------------------------------------------------

    @property
    def _quiet(self) -> bool:
        s = self.state
        changing = s.faults or s.fire_at >= 0.0 or s.smoke or s.water_m or s.rise_k
        acting = s.alarm or s.pressed or s.powered_off or s.still or s.out
        outside = any(zone.troubled for zone in self.zones) or self._still_c >= self._hot_c
        gas = bool(self._batteries) and self.hydrogen.changing
        return not (changing or acting or outside or gas or any(b.fire_kw or b.off_gas for b in self._batteries))

    def react(self) -> None:
        if self._quiet:
            return
        if self.burning_inside_kw >= IGNITING_KW:
            self.fire.ignite(self.id, *(p.default for p in FIRE.values()))
        if self.params.off_gas_detection and self.off_gas and self.active("detection-failed") is None:
            self._isolate()
        self.suppression.watch()
        self._expose()
        kw, state = self.fire_kw, self.state
        since = self.plant.now - state.fire_at if state.fire_at >= 0.0 else 0.0
        self._target_k = fire.rise_k(kw, since, self.params.area_m2, self.params.height_m)
        smoke = self.active("smoke")
        density = smoke["density"] if smoke else 0.0
        self._target_smoke = max(density, fire.smoke_percent(kw, self.params.area_m2))

    @property
    def _power_off(self) -> bool:
        """True while the emergency power-off of the place or of a zone of it holds."""
        return self.state.pressed or self.active("epo") is not None or any(zone.pressed for zone in self.zones)

    def press(self, pressed: bool) -> None:
        """Press or release its emergency power-off, as a person does."""
        if pressed != self.state.pressed:
            self.state.pressed = pressed
            self.log("emergency power off" if pressed else "emergency power off released")
            self.touch()

    def _isolate(self) -> None:
        """The off-gas detector opens the breakers of all batteries and raises the alarm."""
        for battery in self._batteries:
            battery.isolate_battery()
        if not self.state.alarm:
            self.suppression.alarm()

    def _expose(self) -> None:
        """Destroy what does not stand the heat, water or smoke; switch off what is to be off."""
        state, air = self.state, self.air_c
        off = self._power_off
        pressed, state.powered_off = off and not state.powered_off, off
        state.still = (state.alarm and self.params.stops_air) or self.suppression.gas
        rained = self.suppression.water_mm_min >= 10.0 and self.plant.now - state.released_at >= WET_S
        for actor in self.contents:
            if not actor.state.lost and (cause := self._destroys(actor, air, rained)):
                actor.destroy(cause)
                contents.cut_off(actor, cause)
            if pressed:
                contents.cut_off(actor, "emergency power off")
            if actor.shut_off != self._shuts_off(actor):
                actor.shut_off = self._shuts_off(actor)
                self.plant.rearrange()
        for unit in self._apart:
            if cause := self._destroys(unit, air, rained):
                unit.lose_battery(cause)
            if pressed:
                unit.isolate_battery()
        for component, card in self.cards:
            if card.shut_off != component.shut_off or card.state.lost != component.state.lost:
                card.shut_off, card.state.lost = component.shut_off, component.state.lost
                self.plant.rearrange()
        out = [actor.id for actor in self.contents if actor.down and isinstance(actor, Electrical)]
        if out != state.out:
            state.out = out
            self._take_out()
            self.touch()

    def _shuts_off(self, actor: Actor) -> bool:
        air_handler = getattr(actor, "kind", "") in AIR_HANDLERS
        return self.state.powered_off or (self.state.still and air_handler)

    def _take_out(self) -> None:
        """Have the power flow treat what is out as dead."""
        flow = self.plant.solvers[0]
        assert isinstance(flow, Flow), "the power flow is a plant's first solver"
        flow.out = flow.out.difference(actor.id for actor in self.contents).union(self.state.out)

    def _destroys(self, actor: Actor, air_c: float, rained: bool) -> str:
        """Cause that destroys it now, '' for none."""
        if air_c >= exposure.heat_limit_c(actor):
            return "fire"
        if self.state.water_m > actor.stands_m and not exposure.stands_water(actor):
            return "water"
        if exposure.stands_smoke(actor):
            return ""
        return "water" if rained else "smoke" if self.state.smoked_s >= exposure.SMOKE_S else ""

    def stores(self) -> Iterable[Store]:
        if self._quiet:
            return
        yield Store("air_c", self.air_c, exposure.ELECTRONICS_C)
        yield Store("smoke", self.state.smoke, exposure.SMOKE_PERCENT)
        yield Store("smoked_s", self.state.smoked_s, exposure.SMOKE_S)
        above = [actor.stands_m for actor in self.contents if actor.stands_m > self.state.water_m]
        if above:
            yield Store("water_m", self.state.water_m, min(above))

    def horizon(self) -> float:
        if self._quiet:
            return inf
        state = self.state
        reach = self.water.reaches_s([actor.stands_m + 1e-6 for actor in self.contents])
        if self.fire_kw > 0.0 or self._target_smoke > 0.0:
            return min(LOOK_S, reach)
        settling = state.rise_k or state.smoke or self.hydrogen.changing
        return min(60.0, reach) if settling else reach

    def advance(self, dt: float) -> None:
        if self._quiet:
            return
        state = self.state
        state.rise_k = toward(state.rise_k, self._target_k, dt, AIR_S if self._target_k > state.rise_k else COOLING_S)
        state.smoke = toward(
            state.smoke, self._target_smoke, dt, AIR_S if self._target_smoke > state.smoke else PURGE_S
        )
        state.smoked_s = state.smoked_s + dt if state.smoke >= exposure.SMOKE_PERCENT else 0.0
        self.water.advance(dt)
        self.hydrogen.advance(dt)

    def on_timer(self, name: str) -> None:
        if name == "alarm":
            self.suppression.alarm()
        elif name == "release":
            self.suppression.release()
        elif name == "spread":
            self.fire.spread()
        elif name == "burnt out":
            self.fire.burn_out()
        elif name == "suppression over":
            self.touch()
        else:
            super().on_timer(name)

    def on_fault(self, kind: str, active: bool) -> None:
        if kind == "fire" and active:
            fault = self.state.faults["fire"]
            self.fire.ignite(self.id, fault["growth"], fault["peak"], fault["fuel"], fault["spread"])
        elif kind == "fire":
            self.put_out()
        elif kind == "barrier-open":
            self.fire.plan()

    def put_out(self) -> bool:
        """The fire brigade puts out this fire wherever it burns, but no battery; False if nothing burns here."""
        origin = self.state.fire_of
        if not self.fire.kw:
            self.log("nothing to put out", reason="nothing burns but batteries, or nothing at all")
            return False
        for place in self.plant.actors.values():
            if isinstance(place, Place):
                place.fire.put_out(origin)
        return True

    def on_restore(self) -> None:
        for actor in self.contents:
            actor.shut_off = self._shuts_off(actor)
        for component, card in self.cards:
            card.shut_off = component.shut_off
        self._take_out()
