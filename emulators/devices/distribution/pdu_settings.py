"""The parameters, the state and the settings of a PDU's firmware."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated

from twinfeed.emulators.devices.firmware.device import Device
from twinfeed.emulators.devices.firmware.state import Params, State
from twinfeed.emulators.plant.kernel.ratings import Form, Names, Range


def _clock(text: str) -> datetime:
    """A time of the site's start that leaves its clock, wrong or right, within the range of `datetime`.

    Raises:
        ValueError: not such a time.
    """
    clock = datetime.fromisoformat(text)
    if not 1970 <= clock.year <= 2100 or clock.tzinfo is not None:
        raise ValueError(text)
    return clock


def _format(text: str) -> str:
    """A format that `strftime` takes.

    Raises:
        ValueError: it does not.
    """
    return datetime(2026, 1, 1).strftime(text)


@dataclass(frozen=True)
class PduParams(Params):
    """A PDU's management, beside the fields of every device."""

    sensor: Annotated[str, Names()] = ""
    """The hall (or other component with `inlet_c`) whose air the sensor on its port feels; none is plugged in if ''."""
    cold_start_delay_s: Annotated[float, Range(-1.0, 86400.0, "s")] = 0.0
    """From the return of supply to the first outlet, s; -1 leaves all outlets off (only for relays that fall open)."""
    power_on_delay_s: Annotated[float, Range(-1.0, 86400.0, "s")] = 0.0
    """Default of every outlet, s; -1: not by itself (PowerNet-MIB rPDU2OutletSwitchedConfigPowerOnTime)."""
    power_off_delay_s: Annotated[float, Range(-1.0, 86400.0, "s")] = 0.0
    """Delay of a delayed switching off, s."""
    reboot_s: Annotated[float, Range(0.0, 86400.0, "s")] = 5.0
    """Off time of a reboot, s (PowerNet-MIB: 5 to 60)."""
    near_overload: Annotated[float, Range(0.0, 1.0, "of the rating")] = 0.8
    """Default near-overload threshold as a part of the rating."""
    clock_at_start: Annotated[str, Form("a time from 1970 to 2100 such as 2026-01-01T00:00:00", _clock)] = (
        "2026-01-01T00:00:00"
    )
    """The time on the device's clock when the site starts."""
    clock_format: Annotated[str, Form("a format of strftime such as %m/%d/%Y", _format)] = "%m/%d/%Y %H:%M:%S"
    """The product's date format (this is APC's)."""


@dataclass
class PduDeviceState(State):
    energised: bool = True
    wanted: list[bool] = field(default_factory=list)
    """The last command to each outlet, to which relays that have dropped out return."""
    loads: dict[str, str] = field(default_factory=dict)
    """Load state of each thing watched, `phase.1` -> `normal`."""
    peaks: dict[str, list[float]] = field(default_factory=dict)
    """Highest reading and when, s, of each thing watched."""


def setting(card: Device[PduDeviceState], name: str, default: float) -> float:
    """A number as it was set on the device, else its default."""
    return float(card.state.settings.get(name, default))
