"""Firmware of a switch that transfers by itself: the card of a static transfer switch or of a rack ATS.

The decision is made within a quarter of a cycle by the power electronics (`plant.static_transfer`); the card shows it,
keeps the settings and raises the alarms.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, ClassVar, Literal

from twinfeed.emulators.devices.firmware.device import Device
from twinfeed.emulators.devices.firmware.points import Index
from twinfeed.emulators.devices.firmware.state import Params, State
from twinfeed.emulators.plant.kernel.ratings import Range, Text
from twinfeed.emulators.plant.power.electrical import DEAD, Supply
from twinfeed.emulators.plant.power.static_transfer_switch import StaticTransferSwitch

WORDS = ("a", "b")
"""Sources 1 and 2 in words, whatever the switch calls its terminals."""

RANGES_V = {"narrow": 16.0, "medium": 23.0, "wide": 30.0}
"""The distance from 230 V that a source may have (APC AP77xx user manual p. 14, 230 V model), V."""

HYSTERESIS = 0.02
"""A load state is left when the reading is this part of the limit below (above, for low load) it (assumption)."""


@dataclass(frozen=True)
class SourceSwitchParams(Params):
    phases: Literal[1, 3] = 1
    """Phases of the switch: 1 for a rack ATS, 3 for a static switch in a board."""
    near_overload_percent: Annotated[float, Range(0.0, 100.0, "%")] = 80.0
    """Current from which it warns, % of rated."""
    overload_percent: Annotated[float, Range(0.0, 200.0, "%")] = 100.0
    """Current from which it reports an overload, % of rated."""
    low_load_a: Annotated[float, Range(0.0, 20000.0, "A")] = 0.0
    """Current below which it reports a low load, A."""
    source_names: tuple[Annotated[str, Text(64)], ...] = ("Source A", "Source B")
    """The names that it reports for its two sources."""


@dataclass
class SourceSwitchState(State):
    selected: str = ""
    """The source at the last evaluation, to notice a switchover."""
    peak_a: list[float] = field(default_factory=lambda: [0.0, 0.0, 0.0])
    """Highest output current of each phase, A."""
    peak_w: float = 0.0
    load: str = "normal"
    """The load against its limits: normal, low, near-overload or overload."""
    names: dict[str, str] = field(default_factory=dict)


class SourceSwitch(Device[SourceSwitchState]):
    """The management card of the plant's `sts` or `rack_ats` named by `of`; it runs on either source."""

    kind = "source_switch"
    PARAMS = SourceSwitchParams
    MANAGES = (StaticTransferSwitch,)
    STATE = SourceSwitchState
    params: SourceSwitchParams
    switch: StaticTransferSwitch
    TABLES: ClassVar[tuple[str, ...]] = ("source", "phase")

    def start(self) -> None:
        switch = self.plant.find(self.params.of)
        assert isinstance(switch, StaticTransferSwitch), (
            f"{self.id} manages {switch.id}, which is not an sts or rack_ats"
        )
        self.switch = switch
        self.state.selected = switch.active
        self._seen: object = None

    def indices(self, name: str) -> Sequence[Index]:
        if name == "source":
            return (1, 2)
        if name == "phase":
            return tuple(range(1, self.params.phases + 1))
        return super().indices(name)

    def card_supplied(self) -> bool:
        if self.params.powered_by:
            return super().card_supplied()
        return any(max(supply.volts) > 100.0 for supply in self.switch.seen.values())

    def react(self) -> None:
        active = self.switch.active
        if active and active != self.state.selected:
            self.state.selected = active
            self.log_event(f"switched to source {WORDS[self.switch.TERMINALS.index(active)].upper()}")
        if self.switch.load is not self._seen:
            self._seen = self.switch.load
            amperes = self.amperes
            if any(now > peak for now, peak in zip(amperes, self.state.peak_a, strict=True)):
                self.state.peak_a = [max(pair) for pair in zip(amperes, self.state.peak_a, strict=True)]
            self.state.peak_w = max(self.state.peak_w, self.switch.load_kw * 1000.0)
        self.state.load = self._load_state()
        super().react()

    # -- readings -----------------------------------------------------------------------------------------------

    def supply(self, source: int) -> Supply:
        return self.switch.seen.get(self.switch.TERMINALS[source - 1], DEAD)

    def available(self, source: int) -> bool:
        return self.switch.TERMINALS[source - 1] in self.switch.state.good

    def word(self, terminal: str) -> str:
        return WORDS[self.switch.TERMINALS.index(terminal)]

    @property
    def off_preference(self) -> bool:
        return self.preference != "none" and not self.switch.on_preferred

    @property
    def preference(self) -> str:
        return self.word(self.switch.preferred) if self.switch.state.automatic_return else "none"

    @property
    def amperes(self) -> tuple[float, float, float]:
        """Output current of each phase; a single-phase switch carries all its load on one, A."""
        switch, volts = self.switch, self.switch.output.volts
        if self.params.phases == 3:
            return switch.amperes
        whole = switch.load.total_kva * 1000.0 / volts[0] if volts[0] > 1.0 else 0.0
        short = max(switch.fault_flow.amperes) if switch.fault_flow is not None else 0.0
        return (max(whole, short), 0.0, 0.0)

    @property
    def load_percent(self) -> float:
        return 100.0 * max(self.amperes) / self.switch.params.rated_a

    def _load_state(self) -> str:
        """The load against its limits: a state is left when the reading is `HYSTERESIS` of the limit beyond it."""
        percent, before, amperes = self.load_percent, self.state.load, max(self.amperes)
        for kind in ("overload", "near-overload"):
            if percent >= self.limit(kind) * (1.0 - HYSTERESIS if before == kind else 1.0):
                return kind
        low_a = self.params.low_load_a * (1.0 + HYSTERESIS if before == "low" else 1.0)
        return "low" if amperes < low_a else "normal"

    def limit(self, name: str) -> float:
        """A load threshold, % of rated."""
        default = self.params.overload_percent if name == "overload" else self.params.near_overload_percent
        return float(self.state.settings.get(name, default))

    @property
    def range(self) -> str:
        return next((word for word, volts in RANGES_V.items() if volts == self.switch.state.range_v), "medium")

    # -- operators' actions -------------------------------------------------------------------------------------

    def prefer(self, value: str) -> None:
        """none keeps the load where it is until that source fails."""
        self.switch.return_automatically(value != "none")
        if value != "none":
            self.switch.prefer(self.switch.TERMINALS[WORDS.index(value)])
        self.log_event(f"preferred source {value.upper()}")

    def set_range(self, value: str) -> None:
        self.switch.set_range(RANGES_V[value])
        self.log_event(f"voltage range {value}")

    def set_sensitivity(self, value: str) -> None:
        self.state.settings["sensitivity"] = value
        self.log_event(f"sensitivity {value}")

    def set_limit(self, name: str, amperes: float) -> None:
        self.state.settings[name] = 100.0 * amperes / self.switch.params.rated_a
        self.touch()

    def rename(self, source: int, name: str) -> None:
        self.state.names[str(source)] = name

    def reset_peaks(self, value: str) -> None:
        """Begin the peaks again with the present load."""
        if value == "reset":
            self.state.peak_a, self.state.peak_w = list(self.amperes), self.switch.load_kw * 1000.0

    def reset(self, value: str) -> None:
        if value == "reset":
            self.switch.reset()
