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

STEP_S = 2.0
"""What `limits.step` is at least where it is left out, s."""


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
        longest_s = self.limits.heartbeat + sum(map(self.step_s, self.actuators))
        if longest_s > self.limits.safe_within:
            steps = ", ".join(f"{name} {self.step_s(name):g} s" for name in self.actuators)
            raise ValueError(
                f"limits.safe_within is {self.limits.safe_within:g} s, expected {longest_s:g} s or more: a heartbeat "
                f"of {self.limits.heartbeat:g} s, then what each actuator may take (limits.step, or its time-out and "
                f"1 s): {steps}"
            )
        return self

    def step_s(self, actuator: str) -> float:
        """How long that actuator may take on the way to the safe state before the next one's turn, s."""
        if self.limits.step is not None:
            return self.limits.step
        return max(STEP_S, max((timeout_s for _, timeout_s in self.timeouts(actuator)), default=0.0) + 1.0)

    def timeouts(self, actuator: str) -> list[tuple[str, float]]:
        """What moves that actuator and reads it back, each with the time-out of one request or command, s.

        A person has none: a step does not wait for one.
        """
        form = self.actuators[actuator]
        found: list[tuple[str, float]] = []
        for point in (form.written, form.state):
            device = self.devices.get((point or "").partition(".")[0])
            if device is not None:
                name = str(point).partition(".")[0]
                found += [
                    (f"devices.{name}.{protocol}", access.timeout)
                    for protocol, access in (("snmp", device.snmp), ("modbus", device.modbus))
                    if access is not None
                ]
        if form.scpi is not None:
            found.append((f"actuators.{actuator}.scpi", form.scpi.timeout))
        if form.netem is not None:
            found.append((f"actuators.{actuator}.netem", form.netem.timeout))
        return found


def json_schema() -> dict[str, Any]:
    """The JSON Schema of rig files, for editors: `twinfeed rig schema`. The wiring is left to `twinfeed rig check`."""
    schema = Bench.model_json_schema()
    schema["properties"]["wiring"] = {
        "description": "The bench's software twin: the sections of a site file, or the name of a site.",
        "anyOf": [{"type": "string"}, {"type": "object"}],
    }
    schema["required"] = [*schema["required"], "wiring"]
    return schema
