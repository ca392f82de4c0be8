"""The settings and the state of a chiller's controller."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

from twinfeed.emulators.devices.firmware.state import Params, State
from twinfeed.emulators.plant.kernel.ratings import Range
from twinfeed.emulators.plant.kernel.tolerances import Tolerance


@dataclass(frozen=True)
class ChillerParams(Params):
    """Factory settings: Trane RTAE-SVX001B-EN p. 61 figure 56 unless stated otherwise."""

    role: Literal["lead", "lag", "standby"] = "lead"
    """lead and lag always run; standby only when the supply is too warm."""
    boot_controller_s: Annotated[float, Range(0.0, 86400.0, "s"), Tolerance(-10.0, 10.0, "assumed")] = 25.0
    """From control power to a working controller, s."""
    controls_backed: bool = False
    """The controller is on a UPS of its own and does not reboot at a power loss (an option of Trane's and York's)."""
    flow_proof_s: Annotated[float, Range(0.0, 86400.0, "s")] = 6.0
    """The flow switch must be closed so long, s."""
    flow_limit_s: Annotated[float, Range(0.1, 86400.0, "s")] = 1200.0
    """Flow must be proven within this time, s: "within 20 min"."""
    flow_loss_s: Annotated[float, Range(0.0, 86400.0, "s")] = 3.0
    """The flow switch may open so long while running, s (assumption)."""
    anti_recycle_s: Annotated[float, Range(0.0, 86400.0, "s")] = 60.0
    """From a stop to the next start, s: Trane's restart inhibit, 0 to 60. Older machines: 5 to 30 min."""
    prestart_s: Annotated[float, Range(0.0, 86400.0, "s"), Tolerance(-10.0, 10.0, "assumed")] = 14.0
    """Oil and expansion valve, s: makes the shortest start after a power loss Trane's 45 s."""
    lag_delay_s: Annotated[float, Range(0.0, 86400.0, "s")] = 45.0
    """Extra delay of a lag chiller after a power loss, s (Carrier 17/19EX manual p. 104)."""
    standby_delay_s: Annotated[float, Range(0.0, 86400.0, "s")] = 90.0
    """Extra delay of a standby chiller after a power loss, s (same)."""
    trips_per_hour: Annotated[int, Range(1, 1000, "trips")] = 3
    """At the trip after so many within an hour it locks out (assumption; three is common)."""
    power_auto_restart: bool = True
    """True if it restarts by itself after a stop on supply voltage; otherwise such a stop is a lockout."""
    warmest_start_c: Annotated[float, Range(0.0, 100.0, "degC")] = 35.0
    """It does not start on entering water warmer than this, degC (a limit of this kind kept chillers off at Azure's
    Australia East, 2023-08-30, by memory of the report; the figure is an assumption)."""
    stage_up_k: Annotated[float, Range(0.0, 50.0, "K")] = 2.0
    """A standby chiller is called when the loop's supply is so far above its setpoint, K."""
    stage_up_s: Annotated[float, Range(0.0, 86400.0, "s")] = 60.0
    """… for so long, s."""
    stage_down_s: Annotated[float, Range(0.0, 86400.0, "s")] = 900.0
    """It stops when the others could have carried the load for so long, s."""


@dataclass
class ChillerControllerState(State):
    phase: str = "off"
    called: bool = False
    """A standby chiller has been called by the supply temperature."""
    cold_start: bool = False
    """The start in progress is the first after a power loss: the role's delay applies."""
    stopped_at: float = -1e9
    """When the compressors stopped last, s."""
    trips: list[float] = field(default_factory=list)
    """When it tripped within the last hour, s."""
    trip: str = ""
    """The reason of the last trip; '' after it has run again or was reset."""
