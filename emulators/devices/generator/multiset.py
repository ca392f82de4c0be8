"""A generating set among those on its bus: when it is wanted, when it stands down, who closes on a dead bus first.

The controllers of one bus hear each other over the multiset link (DSE 8610 MKII: MSC).
"""

from __future__ import annotations

from dataclasses import dataclass

from twinfeed.emulators.devices.generator.protection import ProtectedSet, ProtectionState
from twinfeed.emulators.plant.generation.generator import Generator

STAGES = (
    "rest",
    "start-delay",
    "preheat",
    "cranking",
    "crank-rest",
    "starting",
    "warming",
    "available",
    "synchronising",
    "closing",
    "on-load",
    "opening",
    "cooling",
    "stopping",
)
"""Of the sequence that starts, loads and stops a set; `available` is at speed without load."""


@dataclass
class LinkedState(ProtectionState):
    stage: str = "rest"
    """One of `STAGES`."""
    mode: str = ""
    telemetry_start: bool = False
    manual_run: bool = False
    manual_load: bool = False
    stood_down: bool = False
    """The load does not need it."""


class LinkedSet(ProtectedSet):
    """A controller as far as it knows what is asked of its set and what the others on the bus do."""

    state: LinkedState

    def start(self) -> None:
        super().start()
        self.state.mode = str(self.state.settings.get("mode", self.params.mode))
        self.switches = [self.plant.find(id) for id in self.params.start_requests]
        self._others = [
            actor
            for actor in self.plant.actors.values()
            if isinstance(actor, LinkedSet) and actor is not self and self._shares_bus(actor)
        ]

    def _shares_bus(self, other: LinkedSet) -> bool:
        peer = self.plant.find(other.params.of)
        return isinstance(peer, Generator) and peer.origin == self.generator.origin

    # -- what is asked of it ------------------------------------------------------------------------------

    @property
    def mode(self) -> str:
        return "manual" if "left-in-manual" in self.state.faults else self.state.mode

    @property
    def called(self) -> bool:
        """Whether a transfer switch or the telemetry asks for it."""
        if self.state.telemetry_start:
            return True
        if self.fault("no-remote-start") is not None:
            return False
        return any(getattr(switch, "start_request", False) for switch in self.switches)

    @property
    def wanted(self) -> bool:
        """Whether the engine should run, alarms aside."""
        mode = self.mode
        if mode == "auto":
            return self.called and not self.state.stood_down
        return mode == "test" or (mode == "manual" and self.state.manual_run)

    @property
    def load_wanted(self) -> bool:
        """Whether it should be on the bus."""
        return self.wanted and not self.locked_out and (self.mode != "manual" or self.state.manual_load)

    @property
    def in_window(self) -> bool:
        """Whether voltage and frequency are good enough to close."""
        p, g = self.params, self.generator
        volts = abs(self.volts / g.params.volts - 1.0)
        hertz = abs(self.hertz / g.params.hertz - 1.0)
        return 100.0 * volts <= p.ready_volts_percent and 100.0 * hertz <= p.ready_hertz_percent

    # -- the link -----------------------------------------------------------------------------------------

    @property
    def linked(self) -> bool:
        """Whether the other controllers hear it."""
        return self.fault("msc-failure") is None and self.fault("controller-hang") is None

    def before(self, other: LinkedSet) -> bool:
        return (self.params.priority, self.id) < (other.params.priority, other.id)

    def _may_close_on_dead_bus(self) -> bool:
        """One set at a time: nobody else is closing, and no set before this one is about to."""
        if not self.linked:
            return True
        for other in self._others:
            if other.linked and (
                other.state.stage == "closing"
                or (other.state.stage == "available" and other.load_wanted and other.in_window and other.before(self))
            ):
                return False
        return True

    # -- load demand --------------------------------------------------------------------------------------

    def _demand(self) -> None:
        """Stand down, or come back, by what the sets before this one carry and could carry."""
        state, p = self.state, self.params
        linked = p.load_demand and self.mode == "auto" and self.called and self.fault("msc-failure") is None
        if not linked:
            state.stood_down = False
            self.cancel("stand down")
            self.cancel("recall")
            return
        before = [o for o in self._others if o.linked and o.wanted and not o.locked_out and o.before(self)]
        capacity = sum(o.generator.capacity_kw for o in before if o.generator.on_bus)
        coming = sum(o.generator.site_kw for o in before)
        load = sum(o.generator.load_kw for o in self._others) + self.generator.load_kw
        next_in_line = not any(o.state.stood_down and o.before(self) for o in self._others if o.linked)
        needless = state.stage == "on-load" and capacity > 0.0 and 100.0 * load < p.stand_down_percent * capacity
        missed = state.stood_down and next_in_line and (not before or 100.0 * load > p.recall_percent * coming)
        self._time("stand down", needless and not state.stood_down, p.stand_down_s)
        self._time("recall", missed, p.recall_s)
