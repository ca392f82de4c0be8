"""The oracle: a controller that knows the true state of the plant and the faults to come, and has hands everywhere.

No network, no sensor and no management card stands between the oracle and the plant. It reads the physical quantities
and acts as people on the spot would, at once. A scenario in which the oracle fails as well cannot be blamed on a
controller: most likely nobody can survive it. (It is a fixed strategy, not a proof: another one may still be better.)

The strategy, once a second: sets run before the first fault; a board with a dead source moves to a live one that can
carry it; stopped chillers and pumps are replaced, one chiller after the other.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, MutableMapping
from typing import Any

from twinfeed.emulators.devices.firmware.device import Device
from twinfeed.emulators.plant.cooling.chillers import Chiller
from twinfeed.emulators.plant.cooling.pumps import Pump
from twinfeed.emulators.plant.generation.generator import Generator
from twinfeed.emulators.plant.power.transfer_switch import AutomaticTransferSwitch
from twinfeed.emulators.site import Site
from twinfeed.harness.controllers.in_process import InProcess

ORACLE = "oracle"
"""The name of the oracle where a controller is named in a scenario."""

STEP_S = 1.0
LEAD_S = 90.0
"""The sets are started so long before the first fault, s: they have synchronised by then."""
GOOD_VOLTS = (195.5, 264.5)
"""A source between these, V phase to neutral, can take a board (230 V less and plus 15 %)."""
PROVEN_S = 300.0
"""A board goes back to mains that have been good for so long, s (as the reference controller)."""
APART_S = 150.0
"""From the return of one board to that of the next, s (as the reference controller)."""
DWELL_S = 30.0
"""A switch or a set has no second order within that time, s: to and fro between two bad sources helps nobody."""
START_APART_S = 20.0
"""From the start of one chiller to that of the next, s."""


def oracle(site: Site, catch_up: Callable[[], object], first_fault_s: float) -> InProcess:
    """The oracle for that site. `catch_up` brings the plant to the present; the first fault comes at `first_fault_s`
    after the start."""
    strategy = _Strategy(site, first_fault_s)

    async def main(inventory: Mapping[str, Any], store: MutableMapping[str, Any]) -> None:
        while True:
            catch_up()
            strategy.step(site.now)
            await asyncio.sleep(STEP_S)

    return InProcess(main, ORACLE)


class _Strategy:
    def __init__(self, site: Site, first_fault_s: float) -> None:
        self._site = site
        parts = site.components.values()
        self._switches = [c for c in parts if isinstance(c, AutomaticTransferSwitch)]
        self._sets = [c for c in parts if isinstance(c, Generator)]
        self._chillers = [c for c in parts if isinstance(c, Chiller)]
        self._pumps = [c for c in parts if isinstance(c, Pump)]
        self._chillers_wanted = sum(c.running for c in self._chillers)
        self._pumps_wanted = sum(p.running for p in self._pumps)
        self._from_s = max(0.0, first_fault_s - LEAD_S)
        self._good_since: dict[str, float] = {}
        self._moved_s: dict[str, float] = {}
        """When each switch or set had its last order, s of the site's clock."""
        self._load_kw: dict[str, float] = {}
        self._returned_s = self._started_s = float("-inf")
        self._began_s: float | None = None

    def step(self, now: float) -> None:
        self._began_s = now if self._began_s is None else self._began_s
        if now - self._began_s >= self._from_s:
            for generator in self._sets:
                self._run(generator, now)
        for switch in self._switches:
            self._feed(switch, now)
        self._cool(now)
        for pump in self._spare(self._pumps, self._pumps_wanted):
            self._do(pump.id, "switch-on")

    def _manager(self, component: str) -> Device | None:
        return next((d for d in self._site.devices.values() if d.params.of == component), None)

    def _do(self, target: str, deed: str, **arguments: float | str) -> None:
        """A deed that is refused is no failure: the next step does what can be done then."""
        self._site.do(target, deed, arguments)

    def _run(self, generator: Generator, now: float) -> None:
        device = self._manager(generator.id)
        if generator.running or device is None or now - self._moved_s.get(generator.id, float("-inf")) < DWELL_S:
            return
        self._moved_s[generator.id] = now
        for deed in ("auto", "reset"):
            self._do(device.name, deed)
        device.write("command.key", "telemetry-start")

    @property
    def _headroom_kw(self) -> float:
        """The power that the sets on the bus can still give, kW."""
        return sum(g.capacity_kw - g.power_kw for g in self._sets if g.on_bus)

    def _feed(self, switch: AutomaticTransferSwitch, now: float) -> None:
        good = {"normal": _good(switch.normal_volts), "emergency": _good(switch.emergency_volts)}
        if not good["normal"]:
            self._good_since[switch.id] = now
        since = self._good_since.setdefault(switch.id, now)
        here = switch.position
        if good.get(here, False):
            self._load_kw[switch.id] = max(switch.load_kw, self._load_kw.get(switch.id, 0.0))
            proven = here == "emergency" and good["normal"] and now - since >= PROVEN_S
            if proven and now - self._returned_s >= APART_S:
                self._returned_s = now
                self._do(switch.id, "transfer", to="normal")
        elif switch.load_fault or now - self._moved_s.get(switch.id, float("-inf")) < DWELL_S:
            return
        elif good["normal"]:
            self._moved_s[switch.id] = now
            self._do(switch.id, "transfer", to="normal")
        elif good["emergency"] and self._headroom_kw >= self._load_kw.get(switch.id, 0.0):
            self._moved_s[switch.id] = now
            self._do(switch.id, "transfer", to="emergency")

    def _cool(self, now: float) -> None:
        """One chiller at a time: their starting currents add up."""
        for chiller in self._chillers:
            if not chiller.live:
                self._switch(chiller, False)
        if now - self._started_s < START_APART_S:
            return
        for chiller in self._spare(self._chillers, self._chillers_wanted):
            if chiller.live:
                self._switch(chiller, True)
                self._started_s = now
                return

    @staticmethod
    def _spare(machines: list[Any], wanted: int) -> list[Any]:
        """The machines that stand while fewer than `wanted` run."""
        return [m for m in machines if not m.running] if sum(m.running for m in machines) < wanted else []

    def _switch(self, chiller: Chiller, on: bool) -> None:
        device = self._manager(chiller.id)
        if device is not None and device.read("chiller.enabled") is not on:
            device.write("chiller.enabled", on)


def _good(volts: float) -> bool:
    return GOOD_VOLTS[0] < volts < GOOD_VOLTS[1]
