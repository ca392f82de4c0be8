"""The name of a fault: schedules, sinks and worlds pass it on unchanged."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FaultRef:
    """A kind of fault on one target. A fault of a point, or of several things, names them too."""

    target: str
    """A component, a device, `works` or `controller`."""
    kind: str
    of: str = ""
    """The affected part of the target, empty for all of it: `air.supply`, or two breakers `q1,q2`."""

    @classmethod
    def named(cls, target: str, kind: str) -> FaultRef:
        """From the text that files and commands have: `crah-11:air.supply`."""
        name, _, of = target.partition(":")
        return cls(name, kind, of)

    @property
    def where(self) -> str:
        """The target as files and commands have it: `crah-11:air.supply`."""
        return f"{self.target}:{self.of}" if self.of else self.target

    def meant_by(self, target: str | None, kind: str | None) -> bool:
        """True if the text names this fault. A target without a point means all of its points, None means any."""
        return target in (None, self.where, self.target) and kind in (None, self.kind)

    def __str__(self) -> str:
        return f"{self.where} {self.kind}"
