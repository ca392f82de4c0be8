"""The load states of a PDU: loads against their thresholds, and the highest readings."""

from __future__ import annotations

from typing import Any

from twinfeed.emulators.devices.distribution.pdu_meter import SCOPES, PduMeter, Scope
from twinfeed.emulators.devices.distribution.pdu_settings import PduDeviceState, PduParams, setting
from twinfeed.emulators.devices.firmware.device import Device
from twinfeed.emulators.plant.power.electrical import Phases

LOAD_STATES = ("low", "normal", "near-overload", "overload")

HYSTERESIS = 0.02
"""A load state is left when the reading is this part of the threshold below (above, for low load) it (assumption)."""

DRIFT = 0.002
"""A voltage that has drifted by less than this part of itself does not make currents be read again."""


class LoadWatch:
    """Keeps load states and peaks up to date while the management card runs."""

    def __init__(self, card: Device[PduDeviceState], meter: PduMeter, params: PduParams) -> None:
        self._card, self._meter, self._params = card, meter, params
        self.present: set[str] = set()
        """The load states that something is in."""
        self._assessed: tuple[object, PduDeviceState, float] | None = None
        self._assessed_volts: Phases = (0.0, 0.0, 0.0)
        self._limits: dict[str, tuple[float, float, float]] = {}
        """By the key of what is watched: overload, near-overload and low threshold, worked out from …"""
        self._limits_from: dict[str, Any] = {}
        """… these settings."""
        self._restored = False
        """The state is that of a snapshot, and the loads have not been assessed since."""
        self._scopes = [(scope, row) for scope in SCOPES for row in meter.rows(scope.name)]

    def threshold(self, scope: Scope, row: int, kind: str) -> float:
        """The threshold of `kind` (low, near-overload, overload), in the unit of the scope."""
        part = {"overload": 1.0, "near-overload": self._params.near_overload, "low": 0.0}[kind]
        name = f"{scope.key(row)}.{kind.replace('-', '_')}_threshold"
        return setting(self._card, name, part * scope.rating(self._meter, row))

    def on_settings(self) -> None:
        """A setting has changed: thresholds are worked out again, and the loads are assessed."""
        self._assessed = None
        self._forget_limits()

    def again(self) -> None:
        """Assess the loads at the next call, even if no reading has changed."""
        self._assessed = None

    def on_restore(self) -> None:
        """The device's state has been replaced by that of a snapshot."""
        if self._card.state.settings != self._limits_from:
            self._forget_limits()
        self._restored = True

    def _forget_limits(self) -> None:
        self._limits.clear()
        self._limits_from = dict(self._card.state.settings)

    def assess(self) -> None:
        """Bring load states and peaks up to date if a draw, a threshold or a voltage (by `DRIFT`) has changed."""
        pdu, card, state = self._meter.pdu, self._card, self._card.state
        volts, seen = pdu.output.volts, (pdu.outlet_draws, state, pdu.meter_gain)
        if self._assessed is not None:
            draws, remembered, gain = self._assessed
            steady = volts is self._assessed_volts or all(
                abs(now - then) <= DRIFT * then for now, then in zip(volts, self._assessed_volts, strict=True)
            )
            if draws is seen[0] and remembered is state and gain == seen[2] and steady:
                return
        restored, self._restored = self._restored, False
        if not card.answers:
            return
        self._assessed, self._assessed_volts = seen, volts
        if restored:  # the card's state holds its conclusions from these readings
            self.present = set(state.loads.values())
            return
        for scope, row in self._scopes:
            key, reading = scope.key(row), scope.reading(self._meter, row)
            if reading > state.peaks.get(key, (-1.0,))[0]:
                state.peaks[key] = [reading, card.plant.now]
            before = state.loads.get(key, "normal")
            after = self._load_state(scope, row, reading, before)
            if after != before:
                state.loads[key] = after
                card.log_event(f"{key.replace('.', ' ')} {after.replace('-', ' ')}")
            else:
                state.loads.setdefault(key, after)
        self.present = set(state.loads.values())

    def _load_state(self, scope: Scope, row: int, reading: float, before: str) -> str:
        key = scope.key(row)
        limits = self._limits.get(key)
        if limits is None:
            over, near, low = (self.threshold(scope, row, kind) for kind in ("overload", "near-overload", "low"))
            limits = self._limits[key] = (over, near, low)
        for kind, limit in zip(("overload", "near-overload"), limits, strict=False):
            if reading >= limit * (1.0 - HYSTERESIS if before == kind else 1.0):
                return kind
        low = limits[2] * (1.0 + HYSTERESIS if before == "low" else 1.0)
        return "low" if low > 0.0 and reading < low else "normal"
