"""A generating set among those on its bus: when it is wanted, when it stands down, which closes first on a dead bus.

The controllers of one bus exchange their state over the multiset link (DSE 8610 MKII: MSC).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property

from twinfeed.emulators.devices.firmware.device import Device
from twinfeed.emulators.devices.generator.protection import SetProtection
from twinfeed.emulators.devices.generator.settings import GeneratorControllerParams, GeneratorControllerState
from twinfeed.emulators.plant.generation.master import ParallelingPlc
from twinfeed.emulators.plant.kernel.actor import Actor


class MultisetLink:
    """The link of one set to the others on its bus, and the requests for its set.

    `switches` are the transfer switches that may call it. `others` returns the links of the other sets on the bus; it
    is called once, when all controllers have started.
    """

    def __init__(
        self,
        card: Device[GeneratorControllerState],
        protection: SetProtection,
        params: GeneratorControllerParams,
        switches: Sequence[Actor],
        others: Callable[[], Sequence[MultisetLink]],
        plc: ParallelingPlc | None,
    ) -> None:
        self._card, self._protection, self._params = card, protection, params
        self.generator = protection.generator
        self.switches = switches
        self._find_others = others
        self._plc = plc

    @cached_property
    def others(self) -> Sequence[MultisetLink]:
        """The links of the other sets on the bus."""
        return self._find_others()

    @property
    def state(self) -> GeneratorControllerState:
        """The state of the controller."""
        return self._card.state

    # -- demands on it ------------------------------------------------------------------------------------

    @property
    def mode(self) -> str:
        """stop, auto, manual or test."""
        return "manual" if "left-in-manual" in self.state.faults else self.state.mode

    @property
    def called(self) -> bool:
        """True if a transfer switch or the telemetry calls for it."""
        if self.state.telemetry_start:
            return True
        if self._card.fault("no-remote-start") is not None:
            return False
        return any(getattr(switch, "start_request", False) for switch in self.switches)

    @property
    def wanted(self) -> bool:
        """True if the engine should run, alarms aside."""
        mode = self.mode
        if mode == "auto":
            return self.called and not self.state.stood_down
        return mode == "test" or (mode == "manual" and self.state.manual_run)

    @property
    def load_wanted(self) -> bool:
        """True if it should be on the bus."""
        return self.wanted and not self._protection.locked_out and (self.mode != "manual" or self.state.manual_load)

    @property
    def may_close(self) -> bool:
        """True if no paralleling PLC keeps it from the bus; in manual mode none does."""
        return self._plc is None or self.mode == "manual" or self._plc.closes

    @property
    def kept_open(self) -> bool:
        """True while the paralleling PLC opens its breaker."""
        return self._plc is not None and self._plc.opens

    @property
    def in_window(self) -> bool:
        """True if voltage and frequency are good enough to close."""
        p, g, read = self._params, self.generator, self._protection
        volts = abs(read.volts / g.params.volts - 1.0)
        hertz = abs(read.hertz / g.params.hertz - 1.0)
        return 100.0 * volts <= p.ready_volts_percent and 100.0 * hertz <= p.ready_hertz_percent

    @property
    def bus_in_window(self) -> bool:
        """True if voltage and frequency of the bus are where the synchroniser can take its set."""
        p, g, bus = self._params, self.generator, self.generator.bus_supply
        volts, hertz = bus.worst_volts / g.params.volts - 1.0, bus.hertz / g.params.hertz - 1.0
        return 100.0 * abs(volts) <= p.ready_volts_percent and 100.0 * abs(hertz) <= p.ready_hertz_percent

    # -- the link -----------------------------------------------------------------------------------------

    @property
    def linked(self) -> bool:
        """True if the other controllers receive its state."""
        return self._card.fault("msc-failure") is None and self._card.fault("controller-hang") is None

    def before(self, other: MultisetLink) -> bool:
        """True if this set closes first on a dead bus, and is stood down last."""
        return (self._params.priority, self._card.id) < (other._params.priority, other._card.id)

    def may_close_on_dead_bus(self) -> bool:
        """One set at a time: no other set is closing, and none before this one is about to."""
        if not self.linked:
            return True
        for other in self.others:
            if other.linked and (
                other.state.stage == "closing"
                or (other.state.stage == "available" and other.load_wanted and other.in_window and other.before(self))
            ):
                return False
        return True

    # -- load demand --------------------------------------------------------------------------------------

    def follow_demand(self) -> None:
        """Stand down, or come back, by what the sets before this one carry and could carry."""
        state, p = self.state, self._params
        linked = p.load_demand and self.mode == "auto" and self.called and self._card.fault("msc-failure") is None
        if not linked:
            state.stood_down = False
            self._card.cancel("stand down")
            self._card.cancel("recall")
            return
        before = [o for o in self.others if o.linked and o.wanted and not o._protection.locked_out and o.before(self)]
        capacity = sum(o.generator.capacity_kw for o in before if o.generator.on_bus)
        coming = sum(o.generator.site_kw for o in before)
        load = sum(o.generator.load_kw for o in self.others) + self.generator.load_kw
        next_in_line = not any(o.state.stood_down and o.before(self) for o in self.others if o.linked)
        needless = state.stage == "on-load" and capacity > 0.0 and 100.0 * load < p.stand_down_percent * capacity
        missed = state.stood_down and next_in_line and (not before or 100.0 * load > p.recall_percent * coming)
        self.time("stand down", needless and not state.stood_down, p.stand_down_s)
        self.time("recall", missed, p.recall_s)

    def time(self, timer: str, holds: bool, delay_s: float) -> None:
        """Run that timer while the condition holds."""
        running = self._card.remaining_s(timer) is not None
        if holds and not running:
            self._card.after(delay_s, timer)
        elif running and not holds:
            self._card.cancel(timer)
