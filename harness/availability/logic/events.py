"""The failures of a site as events of a fault tree, with those that alike equipment shares.

The event of a failure is called `TARGET FAULT`, as in `generator-1 fail-to-start`; a common cause
`common KIND CATEGORY`; a task of a person `person fails TASK`. Several faults of a component that are counted in one
category are one event, named after the first of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from twinfeed.emulators.plant.kernel.faults import Effect, Fault
from twinfeed.emulators.site import Site
from twinfeed.emulators.sitefile.reliability import CommonCause, FailureData
from twinfeed.harness.availability.errors import TreeError
from twinfeed.harness.availability.failures import Failure
from twinfeed.harness.availability.rates.categories import Table, data_of, failure
from twinfeed.harness.availability.tree import Constant, Formula, Named, some

NEVER_FAILS = Constant(False)
"""Equipment that has no such failure."""


@dataclass(frozen=True, slots=True)
class Mode:
    """A way in which something on the site can fail."""

    target: str
    fault: str
    effect: Effect
    category: str
    part: str
    alike: str
    """Equipment with the same text here shares common causes: the kind of component and the product of its device."""

    @property
    def event(self) -> str:
        """Its name in a fault tree."""
        return f"{self.target} {self.fault}"


def modes(site: Site) -> tuple[Mode, ...]:
    """All failure modes of the site, in the order of its file; several may be counted in one category."""
    return tuple(_modes(site))


def _modes(site: Site) -> Iterator[Mode]:
    for name in dict.fromkeys((*site.components, *site.devices)):
        component, device = site.components.get(name), site.devices.get(name)
        faults: dict[str, Fault] = {}
        if component is not None:
            faults |= component.FAULTS
        if device is not None:
            faults |= {kind: fault for kind, fault in device.FAULTS.items() if kind not in faults}
        kind = component.kind if component is not None else f"{device.kind if device else ''}/device"
        product = site.profiles[name].profile if device is not None else ""
        for fault_name, fault in faults.items():
            if (mode := fault.failure) is not None:
                yield Mode(name, fault_name, mode.effect, mode.data, mode.part, f"{kind} {product}".strip())


class Events:
    """The events of a tree, each made when it is first asked for. `running_h` is the time that engines have to run."""

    def __init__(self, site: Site, table: Table, running_h: float) -> None:
        self._table = table
        self.running_h = running_h
        """The time that engines have to run, h."""
        self.failures: dict[str, Failure] = {}
        """The data of each event."""
        self.categories: dict[str, str] = {}
        """The category of each event."""
        self.modes: dict[str, Mode] = {}
        """The mode of each event that is no common cause."""
        self._items: dict[tuple[str, str, str], Mode] = {}
        alike: dict[tuple[str, str], dict[tuple[str, str], None]] = {}
        for mode in modes(site):
            self._items.setdefault((mode.target, mode.category, mode.part), mode)
            alike.setdefault((mode.alike, mode.category), {}).setdefault((mode.target, mode.part))
        self._shared = {key for key, parts in alike.items() if len(parts) > 1}
        self._causes: dict[tuple[str, str], list[CommonCause]] = {}
        for cause in site.file.head.reliability.common_causes:
            for target in cause.of:
                if (target, cause.data) not in {(mode.target, mode.category) for mode in self._items.values()}:
                    raise TreeError(
                        f"common cause {cause.name!r}: {target!r} has no failure of category {cause.data!r}"
                    )
                self._causes.setdefault((target, cause.data), []).append(cause)

    def of(self, target: str, *categories: str, part: str = "", items: int = 1) -> Formula:
        """True if that part of the target has failed in one of the categories. `items` counts parts in a row.

        Raises:
            TreeError: a category has no data, or common causes are more than all of its failures.
        """
        found: list[Formula] = []
        for category in categories:
            mode = self._items.get((target, category, part))
            if mode is not None:
                found += self._of(mode, items)
        return some(*found) if found else NEVER_FAILS

    def person(self, task: str) -> Formula:
        """True if a person, or a controller of the site, fails in a task for which minutes are left."""
        return self._event(f"person fails {task}", "operator", data_of("operator", self._table, task), 1.0)

    def _of(self, mode: Mode, items: int) -> Iterator[Named]:
        data = data_of(mode.category, self._table, mode.event)
        causes = self._causes.get((mode.target, mode.category), [])
        shared = data.beta if (mode.alike, mode.category) in self._shared else 0.0
        own = 1.0 - shared - sum(cause.beta for cause in causes)
        if own < -1e-9:
            raise TreeError(
                f"{mode.target} {mode.category}: its common causes and its beta are {1.0 - own:g} together, expected 1 "
                "at most"
            )
        self.modes[mode.event] = mode
        yield self._event(mode.event, mode.category, data, max(0.0, own) * items)
        if shared:
            yield self._event(f"common {mode.alike} {mode.category}", mode.category, data, shared)
        for cause in causes:
            yield self._event(f"{cause.by} {cause.name} {cause.data}", mode.category, data, cause.beta)

    def _event(self, name: str, category: str, data: FailureData, share: float) -> Named:
        if name not in self.failures:
            self.failures[name] = failure(data, share, self.running_h)
            self.categories[name] = category
        return Named(name)
