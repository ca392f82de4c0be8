"""The UPS (IEC 62040-3 VFI): its parts, what its firmware and people work, and what an observer may ask.

inputs        which supplies it has, and whether it can use them
battery_side  charge, capacity, temperature, battery breaker
power_train   which path feeds the output, what inputs and battery give for it
transfer      what changes by itself within a cycle
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

from twinfeed.emulators.plant.kernel.actor import PlantError
from twinfeed.emulators.plant.kernel.deeds import DeedKind
from twinfeed.emulators.plant.kernel.room_air import room_around
from twinfeed.emulators.plant.kernel.steadiness import Store
from twinfeed.emulators.plant.power.electrical import (
    DEAD,
    LOADING_PERCENT,
    SHORTED_PERCENT,
    Draw,
    Electrical,
    Emf,
    Link,
    Short,
    Supply,
    Tap,
)
from twinfeed.emulators.plant.power.faults.short_faults import shorts_of
from twinfeed.emulators.plant.ups.battery import CHEMISTRIES
from twinfeed.emulators.plant.ups.battery_side import BatterySide
from twinfeed.emulators.plant.ups.inputs import Inputs
from twinfeed.emulators.plant.ups.power_train import PowerTrain
from twinfeed.emulators.plant.ups.ratings import UPS_FAULTS, UpsRatings, UpsState
from twinfeed.emulators.plant.ups.transfer import Transfer


class Ups(Electrical[UpsState, UpsRatings]):
    """A UPS module. Without a `bypass` feed the bypass hangs on `input`, without `maintenance` that on the bypass."""

    kind = "ups"
    PARAMS = UpsRatings
    STATE = UpsState
    TERMINALS = ("input", "bypass", "maintenance")
    FAULTS = UPS_FAULTS
    DEEDS: ClassVar[Mapping[str, DeedKind]] = {
        "switch-off": DeedKind("cut its output", lambda ups, _: ups.switch_off(), undo="switch-on"),
        "switch-on": DeedKind("feed the load from its inverter", lambda ups, _: ups.switch_on(), undo="switch-off"),
        "to-bypass": DeedKind("put the load on the static bypass", lambda ups, _: ups.to_bypass(), undo="switch-on"),
        "close-maintenance-bypass": DeedKind(
            "close its manual bypass, which takes it out of the path",
            lambda ups, _: ups.set_maintenance(True),
            undo="open-maintenance-bypass",
        ),
        "open-maintenance-bypass": DeedKind(
            "open its manual bypass: the load is on the static bypass",
            lambda ups, _: ups.set_maintenance(False),
            undo="close-maintenance-bypass",
        ),
        "open-battery": DeedKind(
            "open its battery breaker", lambda ups, _: ups.set_battery_breaker(False), undo="close-battery"
        ),
        "close-battery": DeedKind(
            "close its battery breaker", lambda ups, _: ups.set_battery_breaker(True), undo="open-battery"
        ),
        "replace-battery": DeedKind(
            "put in a new, full battery, with the battery breaker open", lambda ups, _: ups.replace_battery()
        ),
    }
    QUANTITIES: ClassVar[Mapping[str, str]] = {
        **Electrical.QUANTITIES,
        "mode": "",
        "on_battery": "",
        "on_bypass": "",
        "input_ok": "",
        "bypass_ok": "",
        "charge_percent": "%",
        "runtime_s": "s",
        "battery_kw": "kW",
        "battery_volts": "V",
        "battery_c": "°C",
        "ambient_c": "°C",
        "load_percent": "%",
        "losses_kw": "kW",
        "input_kw": "kW",
        "rectifier": "",
        "overload_percent": "%",
        "battery_lost": "",
        "off_gas": "",
        "fire_kw": "kW",
    }
    WORDS: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "mode": ("online", "battery", "eco", "bypass", "maintenance", "off"),
        "rectifier": ("off", "waiting", "walking", "on"),
    }
    POSSIBLE: ClassVar[Mapping[str, tuple[float, float]]] = {
        "battery_c": (-60.0, 1000.0),
        "load_percent": SHORTED_PERCENT,
        "overload_percent": LOADING_PERCENT,
    }

    holds_battery = True

    @property
    def rated_kva(self) -> float:
        return self.params.kva

    def __init__(self, id: str, params: UpsRatings | None = None, feeds: Mapping[str, str] | None = None) -> None:
        super().__init__(id, params, feeds)
        p = self.params
        if p.chemistry not in CHEMISTRIES:
            raise PlantError(f"{id}: chemistry is {p.chemistry!r}, expected one of {', '.join(CHEMISTRIES)}")
        for name in ("kva", "kw", "autonomy_min"):
            if getattr(p, name) <= 0.0:
                raise PlantError(f"{id}: {name} is {getattr(p, name):g}, expected more than 0")
        if p.phases not in (1, 3):
            raise PlantError(f"{id}: phases is {p.phases}, expected 1 or 3")
        if "input" not in self.feeds:
            raise PlantError(f"{id}: a ups needs a feed for its terminal input")
        self.inputs = Inputs(self)
        self.battery_side = BatterySide(self)
        self.train = PowerTrain(self, self.inputs, self.battery_side)
        self.transfer = Transfer(self, self.train)
        self.battery = self.battery_side.battery
        self.state.eco = p.eco
        self.state.path = "eco" if p.eco else "inverter"
        self.state.segments = [True] * p.segments

    def start(self) -> None:
        self.battery_side.room = room_around(self)
        if self.params.bus:
            units = [a for a in self.plant.actors.values() if isinstance(a, Ups) and a.params.bus == self.params.bus]
            self.train.peers = [unit.train for unit in units]
            self.transfer.peers = [unit.transfer for unit in units]

    # -- power flow and time --------------------------------------------------------------------------------

    def energise(self) -> Supply:
        return self.train.energise()

    def demand(self) -> Mapping[str, Draw]:
        return self.train.demand()

    def surge(self, cause: str, broken: bool) -> bool:
        """A surge that nothing nearer has broken stops the inverter, and the protection latches it off."""
        if self.train.passing:
            return broken
        if not broken:
            self.transfer.latch_off(cause)
        return True

    def links(self) -> Mapping[str, Link]:
        terminal = self.train.passing
        return {terminal: Link(self.train.bypass_ohm)} if terminal else {}

    def emf(self) -> Emf | None:
        return self.train.emf()

    def shorts(self) -> Sequence[Short]:
        return shorts_of(self.state.faults)

    def tap(self, socket: str) -> Tap | None:
        return Tap("", 0j, -1) if self.socket(socket).live else None

    def socket(self, name: str) -> Supply:
        if not name.isdigit() or not 1 <= int(name) <= self.params.segments:
            raise PlantError(f"{self.id} has no segment {name!r}; it has {self.params.segments}")
        return self.output if self.state.segments[int(name) - 1] else DEAD

    def react(self) -> None:
        self.battery_side.react(self.battery_air_c)
        self.transfer.react()

    def stores(self) -> Iterable[Store]:
        if self.train.on_battery:
            yield Store("charge_percent", self.charge_percent, 0.0)
        runaway = self.battery_side.runaway
        warmer = [c for c in (runaway.hazard.lost_c, runaway.hazard.ignites_c) if c > runaway.celsius]
        if runaway.moving and warmer:
            yield Store("cells_c", runaway.celsius, min(warmer))
        if self.state.overload > 0.0:
            yield Store("overload_percent", self.overload_percent, 100.0)

    def horizon(self) -> float:
        return min(self.battery_side.horizon(), self.train.horizon())

    def advance(self, dt: float) -> None:
        self.battery_side.advance(dt)
        self.train.advance(dt)

    def on_timer(self, name: str) -> None:
        around = self.battery_surroundings
        wetted = around is not None and around.wetted
        if not (self.transfer.on_timer(name) or self.battery_side.runaway.on_timer(name, wetted)):
            super().on_timer(name)

    def on_fault(self, kind: str, active: bool) -> None:
        movable = self.state.path in ("inverter", "eco") and self.bypass_ok and not self.transfer.stuck
        if kind == "left-in-manual" and active and movable:
            self.transfer.go("bypass", "command")

    @property
    def capacity_kw(self) -> float:
        """Weight in the sharing among modules of a system, kW."""
        return self.train.capacity_kw

    # -- work of firmware ------------------------------------------------------------------------------------

    def switch_on(self) -> None:
        """Feed the load from the inverter again (through eco if that is set)."""
        self.state.wanted, self.state.latched = "inverter", False
        if self.state.path == "none":
            self.state.cause = "switched on"
        self.log("switched on")
        self.touch()

    def switch_off(self) -> None:
        """Cut the output."""
        self.state.wanted = "none"
        self.transfer.go("none", "switched off")

    def to_bypass(self, cause: str = "command") -> bool:
        """Put the load on the static bypass and keep it there; False when the bypass is bad."""
        if not self.bypass_ok or self.transfer.stuck or self.state.path == "maintenance":
            return False
        self.state.wanted = "bypass"
        self.transfer.go("bypass", cause)
        return True

    def cut_off(self, cause: str) -> None:
        """Switch the output off and open the battery breaker, as the contact for emergency power-off does."""
        self.state.wanted = "none"
        self.transfer.go("none", cause)
        self.battery_side.set_breaker(False)

    def rebuild(self) -> bool:
        """A new UPS comes with a new battery, its breaker open."""
        if not super().rebuild():
            return False
        self.battery_side.set_breaker(False)
        return self.battery_side.renew()

    def lose_battery(self, cause: str) -> None:
        """Its battery is destroyed in a room of its own."""
        self.battery_side.runaway.lose(cause)

    def isolate_battery(self) -> None:
        self.battery_side.set_breaker(False)

    def return_now(self) -> None:
        """Go back from bypass at once if the inverter can take the load."""
        if self.state.path == "bypass" and self.train.inverter_able and not self.transfer.stuck:
            self.transfer.go("inverter", "command")

    def set_eco(self, eco: bool) -> None:
        """Run on the bypass while it is good, or on double conversion."""
        self.state.eco = eco
        if eco and self.state.path == "inverter" and self.bypass_ok:
            self.transfer.go("eco", "eco mode")
        elif not eco and self.state.path == "eco":
            self.transfer.go("inverter", "eco mode")

    def set_maintenance(self, closed: bool) -> None:
        """Work the manual bypass: closing it takes the UPS out of the path, opening returns it to the static bypass."""
        if closed:
            self.transfer.go("maintenance", "maintenance bypass")
        elif self.state.path == "maintenance":
            self.transfer.go("bypass" if self.bypass_ok else "none", "maintenance bypass")

    def hold_rectifier(self, held: bool) -> None:
        """Let the battery carry the load while the rectifier stands by (a battery test); it resumes at once."""
        self.transfer.hold_rectifier(held)

    def set_battery_breaker(self, closed: bool) -> None:
        """Open or close the battery breaker."""
        self.battery_side.set_breaker(closed)

    def calibrate(self) -> None:
        """Reckon from now on with the capacity the battery has shown."""
        self.battery_side.calibrate()

    def replace_battery(self) -> bool:
        """Put in a new battery, full and at the temperature of its room; False while its breaker is closed."""
        return self.battery_side.renew()

    def set_window(self, low_volts: float, high_volts: float) -> None:
        """Set the input voltages the rectifier works between."""
        self.state.window = [low_volts, high_volts]
        self.touch()

    def set_segment(self, number: int, on: bool) -> None:
        """Switch an outlet group, from 1."""
        if self.state.segments[number - 1] != on:
            self.state.segments[number - 1] = on
            self.log("segment on" if on else "segment off", segment=number)
            self.touch()

    # -- readings of an observer ----------------------------------------------------------------------------

    @property
    def mode(self) -> str:
        """online, battery, eco, bypass, maintenance or off."""
        path = self.state.path
        if path == "none":
            return "off"
        if path == "inverter":
            return "battery" if self.on_battery else "online"
        return path

    @property
    def on_bypass(self) -> bool:
        """True if the load is on the static or the maintenance bypass."""
        return self.state.path in ("bypass", "maintenance")

    @property
    def rectifier(self) -> str:
        """State of the rectifier: off, waiting, walking (in) or on."""
        return self.state.rectifier

    @property
    def load_percent(self) -> float:
        """Active or apparent power against its rating, whichever is higher, %."""
        return 100.0 * max(self.load.total_kw / self.params.kw, self.load.total_kva / self.params.kva)

    @property
    def overload_percent(self) -> float:
        """Used part of its overload time, %."""
        return 100.0 * self.state.overload

    @property
    def energy_kwh(self) -> float:
        """Given to the load since the site was started, kWh."""
        return self.state.energy_kwh

    @property
    def heat_kw(self) -> float:
        """Heat given to its room, kW."""
        return self.train.losses_kw

    # -- readings of its parts --------------------------------------------------------------------------------

    @property
    def bypass_supply(self) -> Supply:
        """Supply at the bypass terminal."""
        return self.inputs.bypass

    @property
    def maintenance_supply(self) -> Supply:
        """Supply at the maintenance terminal."""
        return self.inputs.maintenance

    @property
    def window(self) -> tuple[float, float]:
        """Lowest and highest input voltage the rectifier works at, V."""
        return self.inputs.window

    @property
    def input_ok(self) -> bool:
        """True if the rectifier can work on its input."""
        return self.inputs.ok

    @property
    def bypass_ok(self) -> bool:
        """True if the load may be put on the bypass."""
        return self.inputs.bypass_ok

    @property
    def on_battery(self) -> bool:
        """True if the inverter lives on the battery (also for a test, or while the rectifier walks in)."""
        return self.train.on_battery

    @property
    def rectifier_draw(self) -> Draw:
        """Drawn from the input by the rectifier."""
        return self.train.rectifier_draw

    @property
    def bypass_draw(self) -> Draw:
        """Drawn by the load, or a fault, from the bypass or the maintenance bypass."""
        draw = self.train.bypass_draw
        return draw if self.fault_flow is None or not self.train.passing else draw.plus(self.fault_flow.draw)

    @property
    def input_kw(self) -> float:
        """Drawn by the rectifier, kW."""
        return self.train.input_kw

    @property
    def losses_kw(self) -> float:
        """Lost as heat, kW."""
        return self.train.losses_kw

    @property
    def battery_kw(self) -> float:
        """Drawn from the battery, kW; negative while it is charged."""
        return self.battery_side.kw

    @property
    def ambient_c(self) -> float:
        """Temperature of the air around it, degC."""
        return self.battery_side.ambient_c

    @property
    def battery_air_c(self) -> float:
        """Air around the battery, degC: that of its own place, or that around the UPS."""
        around = self.battery_surroundings
        return self.ambient_c if around is None else around.air_c

    @property
    def battery_lost(self) -> bool:
        """True if the battery is destroyed."""
        return self.state.battery_lost != ""

    @property
    def off_gas(self) -> bool:
        return self.battery_side.runaway.off_gas

    @property
    def fire_kw(self) -> float:
        return self.battery_side.runaway.fire_kw

    @property
    def hydrogen_m3_h(self) -> float:
        return self.battery_side.runaway.hydrogen_m3_h()

    @property
    def battery_place(self) -> str:
        return self.params.battery_place

    @property
    def battery_c(self) -> float:
        """Temperature of the battery, degC."""
        return self.battery_side.celsius

    @property
    def battery_volts(self) -> float:
        """Voltage at the battery's terminals, V; 0 with its breaker open."""
        return self.battery_side.volts

    @property
    def battery_able(self) -> bool:
        """True if the battery holds up the DC link."""
        return self.battery_side.able

    @property
    def battery_connected(self) -> bool:
        """True if the battery breaker is closed and a string gives current."""
        return self.battery_side.connected

    @property
    def strings_in(self) -> int:
        """Strings of the battery that give current."""
        return self.battery_side.strings_in

    @property
    def charge_percent(self) -> float:
        """State of charge as the UPS counts it, %."""
        return self.battery_side.charge_percent

    @property
    def runtime_s(self) -> float:
        """Runtime that the UPS estimates at the present load, s."""
        return self.battery_side.runtime_s

    def full_s(self, kw: float) -> float:
        """Real runtime of the battery from full at that power, s."""
        return self.battery_side.full_s(kw)

    def runtime_at(self, load_kw: float) -> float:
        """Runtime that the UPS would show for that load (kW) with its present charge, s."""
        return self.battery_side.runtime_at(load_kw)
