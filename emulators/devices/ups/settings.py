"""The parameters, the state and the settings of a UPS's firmware."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any

from twinfeed.emulators.devices.firmware.device import Device
from twinfeed.emulators.devices.firmware.points import Refused
from twinfeed.emulators.devices.firmware.state import Params, State
from twinfeed.emulators.plant.kernel.ratings import Range, Text
from twinfeed.emulators.plant.ups.ups import Ups


@dataclass(frozen=True)
class UpsParams(Params):
    """A UPS's management."""

    low_battery_min: Annotated[float, Range(0.0, 10000.0, "min")] = 3.0
    """Remaining runtime at which the battery counts as low, min; an operator may change it."""
    battery_date: Annotated[str, Text(10)] = "01/01/2026"
    """When the battery was installed, mm/dd/yyyy."""


@dataclass
class UpsDeviceState(State):
    off: str = ""
    """Why the output was switched off: output, system, sleeping, rebooting; empty while it is wanted."""
    pause: str = ""
    """The action after the graceful delay: reboot or sleep."""
    awaiting: bool = False
    """Will start when the input is back."""
    on_battery_at: float = -1.0
    """Since when on battery, s of the plant; negative when not."""
    battery_seconds: float = 0.0
    """Total time on battery before the present, s."""
    transfer: str = "none"
    """Why it last went on battery."""
    input_was_ok: bool = True
    line_bads: int = 0
    test: str = "none"
    """The test in progress or last done."""
    test_result: str = "none"
    test_detail: str = ""
    test_at: float = 0.0
    test_ended: float = 0.0
    test_lock: int = 1
    battery_test: str = "none"
    """Result of the last test other than a calibration."""
    calibration: str = "unknown"


class UpsSettings:
    """The settings of a UPS, which survive a power loss."""

    def __init__(self, card: Device[UpsDeviceState], ups: Ups, params: UpsParams) -> None:
        self._card, self._ups, self._params = card, ups, params

    def __getitem__(self, name: str) -> Any:
        """The setting, or its value from the factory."""
        changed = self._card.state.settings
        return changed[name] if name in changed else self.factory[name]

    def set(self, name: str, value: Any) -> None:
        """Change the setting; the power train takes over a new window of input voltage at once."""
        self._card.state.settings[name] = value
        if name in ("transfer_low", "transfer_high"):
            self._ups.set_window(self["transfer_low"], self["transfer_high"])
        self._card.log_event(f"{name} set to {value}")

    @cached_property
    def factory(self) -> dict[str, Any]:
        """All settings as they leave the factory."""
        p = self._ups.params
        return {
            "low_battery_s": self._params.low_battery_min * 60.0,
            "auto_restart": "on",
            "shutdown_type": "output",
            "audible": "enabled",
            "sensitivity": "high",
            "transfer_low": round(p.rectifier_low * p.volts),
            "transfer_high": round(p.rectifier_high * p.volts),
            "shutoff_delay_s": 20.0,
            "return_delay_s": 0.0,
            "sleep_s": 0.0,
            "reboot_s": 8.0,
            "min_return_charge": p.restart_charge_percent,
            "test_schedule": "biweekly",
            "battery_date": self._params.battery_date,
            "replace_battery": False,
            "ident": self._card.name,
            "attached": "",
        }


def check_link(card: Device[UpsDeviceState]) -> None:
    """Refuse a command that the card cannot pass on.

    Raises:
        Refused: the card does not reach the power train.
    """
    if "communications-lost" in card.state.faults:
        raise Refused(f"{card.name}: the card has no communication with the UPS")
