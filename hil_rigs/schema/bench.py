"""The whole of a rig file but its wiring."""

from __future__ import annotations

from typing import Any, Self

from pydantic import Field, model_validator

from twinfeed.hil_rigs.schema.actuators import Actuator
from twinfeed.hil_rigs.schema.conditions import Limit
from twinfeed.hil_rigs.schema.devices import DeviceAccess
from twinfeed.hil_rigs.schema.forms import Form, Quantity, Text
from twinfeed.hil_rigs.schema.instruments import Instrument
from twinfeed.hil_rigs.schema.safety import EmergencyStop, Inhibit, Labgrid, Limits, Order


class Bench(Form):
    """A rig file, without its wiring."""

    bench: str = Field(pattern=r"^[\w-]+$")
    title: Text = ""
    may_arm: list[str] = []
    labgrid: Labgrid | None = None
    devices: dict[str, DeviceAccess] = {}
    actuators: dict[str, Actuator] = {}
    instruments: dict[Quantity, Instrument] = {}
    interlocks: dict[str, Limit] = {}
    limits: Limits = Limits()
    emergency_stop: EmergencyStop = EmergencyStop()
    inhibit: list[Inhibit] = []
    order: Order = Order()

    @model_validator(mode="after")
    def _safe_in_time(self) -> Self:
        """The longest way to the safe state: the run falls silent, then each actuator takes all of its step."""
        longest_s = self.limits.heartbeat + len(self.actuators) * self.limits.step
        if longest_s > self.limits.safe_within:
            raise ValueError(
                f"limits.safe_within is {self.limits.safe_within:g} s, expected {longest_s:g} s or more: a heartbeat "
                f"of {self.limits.heartbeat:g} s, then {len(self.actuators)} actuators that may take "
                f"{self.limits.step:g} s each (limits.step)"
            )
        return self


def json_schema() -> dict[str, Any]:
    """The JSON Schema of rig files, for editors: `twinfeed rig schema`. The wiring is left to `twinfeed rig check`."""
    schema = Bench.model_json_schema()
    schema["properties"]["wiring"] = {
        "description": "The bench's software twin: the sections of a site file, or the name of a site.",
        "anyOf": [{"type": "string"}, {"type": "object"}],
    }
    schema["required"] = [*schema["required"], "wiring"]
    return schema
