"""Overloads that a generating set carries for a time: the larger, the shorter, and not again before it has cooled.

    time = multiplier / (share of rated - 1)^2      36 s: an hour at 110 %, 8 min at 127 %, 144 s at 150 %

This is the inverse curve of the delayed over-current alarm of the DSE 86xx with its factory multiplier of 36 s
(operator manual, from memory). It allows the overload of ISO 8528-1 for prime power, 10 % for one hour in twelve, and
protects the windings (IEEE C37.2: 49, 51). What was used of it returns in the other eleven hours.
"""

from __future__ import annotations

from twinfeed.emulators.devices.firmware.device import Device
from twinfeed.emulators.devices.generator.settings import GeneratorControllerState

RECOVERY_S = 11.0 * 3600.0
"""Time without overload after which the whole of it is allowed again, s (ISO 8528-1: one hour in twelve)."""

LEAST = 0.005
"""An overload below this share of the rating is within the accuracy of the measurement."""


class Endurance:
    """The used part of the overload that a set may carry, by current (`high_current`) and by power (`kw_overload`).

    When it is used up, the timer `endured ALARM` of the controller is due.
    """

    def __init__(self, card: Device[GeneratorControllerState], multiplier_s: float) -> None:
        self._card, self._multiplier_s = card, multiplier_s

    def used(self, alarm: str) -> float:
        """Used part of the overload, 0 to 1."""
        at, used, rate = self._card.state.endured.get(alarm, (0.0, 0.0, 0.0))
        return min(1.0, max(0.0, used + rate * (self._card.plant.now - at)))

    def watch(self, alarm: str, percent: float) -> None:
        """Follow the current or power of this moment, % of rated."""
        card, over = self._card, percent / 100.0 - 1.0
        endured = card.state.endured
        if over <= LEAST and alarm not in endured:
            return
        timer = f"endured {alarm}"
        rate = over * over / self._multiplier_s if over > LEAST else -1.0 / RECOVERY_S
        if alarm in endured and endured[alarm][2] == rate and (rate < 0.0 or card.remaining_s(timer) is not None):
            return
        used = self.used(alarm)
        endured[alarm] = [card.plant.now, used, rate]
        if rate > 0.0:
            card.after((1.0 - used) / rate, timer)
            return
        card.cancel(timer)
        if used == 0.0:
            del endured[alarm]
