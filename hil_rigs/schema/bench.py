"""The whole of a rig file but its wiring."""

from __future__ import annotations

import re
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from twinfeed._phrases import Phrase
from twinfeed.harness.uncertainty import SIMPLE, Rule
from twinfeed.hil_rigs.schema.actuators import Actuator
from twinfeed.hil_rigs.schema.conditions import Limit
from twinfeed.hil_rigs.schema.devices import DeviceAccess
from twinfeed.hil_rigs.schema.forms import CREDENTIAL, Form, Language, Quantity, Text
from twinfeed.hil_rigs.schema.instruments import Instrument
from twinfeed.hil_rigs.schema.safety import CHECKLIST, EmergencyStop, Inhibit, Labgrid, Limits, Order

STEP_S = 2.0
"""The least value of `limits.step` where it is left out, s."""


def _names(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


def _pin(text: str) -> str:
    if PIN.fullmatch(text) is None and CREDENTIAL.fullmatch(text) is None:
        # The value found is not shown: it may be the PIN.
        raise ValueError(
            Phrase("expected what `twinfeed rig pin` prints, or where it is kept: env:NAME, file:PATH, keyring:…")
        )
    return text


PIN = re.compile(r"scrypt:[0-9a-f]{32}:[0-9a-f]{64}")
"""A PIN as `twinfeed rig pin` prints it."""

Names = Annotated[
    tuple[str, ...],
    BeforeValidator(_names),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
]
Pin = Annotated[str, AfterValidator(_pin)]


class Bench(Form):
    """A rig file, without its wiring."""

    bench: str = Field(pattern=r"^[\w-]+$")
    """The name of the bench: letters, digits, `-` and `_`."""
    title: Text = ""
    """The name of the bench for people; reports show it."""
    language: Language = "en"
    """The language of the people at the bench, where neither `--lang` nor the locale names one."""
    may_arm: list[str] = []
    """The persons who may arm, disarm and reset the bench, by name."""
    logins: dict[str, Names] = {}
    """Login of the bench's computer -> the name, or names, under which it may answer for the bench. Without any, a name
    is bound to nothing, and the login stands beside it in records and reports."""
    pins: dict[str, Pin] = {}
    """Name -> what `twinfeed rig pin` prints, or where the PIN is kept: for logins that several people share."""
    group: str = ""
    """The Unix group whose members may use the bench; by default that of the process that supervises it."""
    decision_rule: Rule = SIMPLE
    """The decision rule: a reading within its limits is accepted (simple), or only with its uncertainty (guarded)."""
    labgrid: Labgrid | None = None
    """The labgrid place that holds the bench, if several computers share it."""
    devices: dict[str, DeviceAccess] = {}
    """Name of a device of the wiring -> how it is reached."""
    actuators: dict[str, Actuator] = {}
    """Name -> something that moves, and the faults that it causes."""
    instruments: dict[Quantity, Instrument] = {}
    """`NAME.QUANTITY` of the wiring -> how it is measured."""
    interlocks: dict[str, Limit] = {}
    """Name -> a condition that must hold while the bench is armed; the bench goes to its safe state if it is broken."""
    limits: Limits = Limits()
    """The times of the bench."""
    emergency_stop: EmergencyStop = EmergencyStop()
    """The stops besides `twinfeed rig stop` and Ctrl-C."""
    inhibit: list[Inhibit] = []
    """The hours in which nothing may be moved."""
    checklist: list[Text] = list(CHECKLIST)
    """The items that are confirmed one by one before the bench is armed; an empty list asks for none."""
    order: Order = Order()
    """The order in which actuators move."""

    @model_validator(mode="after")
    def _people_are_known(self) -> Self:
        """Every name that a login or a PIN is bound to must be one that may arm."""
        named = [name for names in self.logins.values() for name in names]
        for field, names in (("logins", named), ("pins", list(self.pins))):
            if unknown := sorted(set(names) - set(self.may_arm)):
                raise ValueError(
                    Phrase(
                        "{field} names {unknown}, expected names of may_arm: {may_arm}",
                        field=field,
                        unknown=", ".join(unknown),
                        may_arm=self.may_arm,
                    )
                )
        return self

    @model_validator(mode="after")
    def _safe_in_time(self) -> Self:
        """The longest way to the safe state: the run falls silent, then each actuator takes all of its step."""
        longest_s = self.limits.heartbeat + sum(map(self.step_s, self.actuators))
        if longest_s > self.limits.safe_within:
            steps = ", ".join(f"{name} {self.step_s(name):g} s" for name in self.actuators)
            raise ValueError(
                Phrase(
                    "limits.safe_within is {safe_within:g} s, expected {longest_s:g} s or more: a heartbeat of "
                    "{heartbeat:g} s, then what each actuator may take (limits.step, or its time-out and 1 s): "
                    "{steps}",
                    safe_within=self.limits.safe_within,
                    longest_s=longest_s,
                    heartbeat=self.limits.heartbeat,
                    steps=steps,
                )
            )
        return self

    def step_s(self, actuator: str) -> float:
        """The time that the actuator may take on the way to the safe state before the next one's turn, s."""
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
