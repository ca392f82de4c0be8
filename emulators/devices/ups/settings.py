"""What the firmware of a UPS is given, remembers and can be set to."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any

from twinfeed.emulators.devices.firmware.device import Device, Params, State
from twinfeed.emulators.devices.firmware.points import Refused
from twinfeed.emulators.plant.kernel.actor import PlantError
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
    """What begins when the graceful delay is over: rebooting or sleeping."""
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


class UpsSettings(Device):
    """The UPS a device manages and the settings that survive a power loss."""

    PARAMS = UpsParams
    MANAGES = (Ups,)
    STATE = UpsDeviceState
    state: UpsDeviceState
    params: UpsParams
    ups: Ups

    def start(self) -> None:
        component = self.plant.find(self.params.of)
        if not isinstance(component, Ups):
            raise PlantError(f"{self.name} manages {self.params.of!r}, which is not a ups; name one in `of`")
        self.ups = component
        self.ups.state.auto_restart = False  # this firmware decides

    def setting(self, name: str) -> Any:
        """A setting, or its value from the factory."""
        changed = self.state.settings
        return changed[name] if name in changed else self.factory[name]

    def set(self, name: str, value: Any) -> None:
        self.state.settings[name] = value
        if name in ("transfer_low", "transfer_high"):
            self.ups.set_window(self.setting("transfer_low"), self.setting("transfer_high"))
        self.record(f"{name} set to {value}")

    @cached_property
    def factory(self) -> dict[str, Any]:
        """All settings as they leave the factory."""
        p = self.ups.params
        return {
            "low_battery_s": self.params.low_battery_min * 60.0,
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
            "min_return_charge": 0.0,
            "test_schedule": "biweekly",
            "battery_date": self.params.battery_date,
            "replace_battery": False,
            "ident": self.name,
            "attached": "",
        }

    def check_link(self) -> None:
        if "communications-lost" in self.state.faults:
            raise Refused(f"{self.name}: the card has no communication with the UPS")
