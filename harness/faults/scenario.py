"""A scenario file: a site, its seed, the faults, deeds and commands on it, and the properties that must hold meanwhile.

    site: bamako
    seed: 7
    tolerances: seeded
    duration_s: 30 min
    injections:
      - {target: utility-a, kind: outage, at_s: 1 min, for_s: 20 min}
      - {target: "crah-11:air.supply", kind: sensor-drift, parameters: {rate: 2}}
    deeds:
      - {target: q-tx-a, deed: open, at_s: 5 min, name: isolated}
      - {target: q-tx-a, deed: lock, after: isolated, delay_s: 1 min}
    commands:
      - {target: chilled-water, point: pumps.duty, value: 2, when: "hall-1.inlet_c > 30"}
    properties: ["racks.*.supplied"]
    note: found by the search

A finding is one of these: `twinfeed replay FILE` runs it again.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, TypeVar, cast, get_args

from ruamel.yaml import YAML

from twinfeed.emulators import yamlfile
from twinfeed.emulators.plant.kernel.actor import PlantError
from twinfeed.emulators.plant.kernel.tolerances import Tolerances
from twinfeed.emulators.site import Site
from twinfeed.emulators.yamlfile import FileError, problem
from twinfeed.harness.durations import seconds
from twinfeed.harness.faults.deeds import Command, Deed
from twinfeed.harness.faults.injection import Injection
from twinfeed.harness.faults.onset import InjectionError, linked, waits
from twinfeed.harness.faults.possible import check
from twinfeed.harness.faults.schedule import Scheduled

E = TypeVar("E")


LISTS: Mapping[str, str] = {
    "injections": "- {target: …, kind: …}",
    "deeds": "- {target: …, deed: …}",
    "commands": "- {target: …, point: …, value: …}",
}
"""The lists of a scenario file, and how an entry of each begins."""


SETTLE_S = 30 * 86400.0
"""The longest time that a site runs before a scenario begins, s. The plant computes all of it."""


@dataclass(frozen=True)
class Scenario:
    """The definition of a run. `site` is a shipped site or a path, `controller` the controller under test, if any."""

    site: str
    """The name of a shipped site, or the path of a site file."""
    seed: int | None = None
    """None: the seed of the site file."""
    duration_s: float = 3600.0
    """The duration of the run, s; as text `30 min`."""
    injections: tuple[Injection, ...] = ()
    """The faults."""
    properties: tuple[str, ...] = ()
    """The properties that must hold, as texts."""
    controller: str = ""
    """The controller under test, as `--controller` takes it; empty for none."""
    note: str = ""
    """A text for people."""
    deeds: tuple[Deed, ...] = ()
    """The deeds of people."""
    commands: tuple[Command, ...] = ()
    """The points that are written over the wire."""
    tolerances: Tolerances | None = None
    """nominal, or seeded: the ratings within their tolerances, drawn from the seed. None: as the site file has it."""
    settle_s: float = 0.0
    """The time that the site has run when the scenario begins, s; as text `1h`. Onsets count from this moment."""

    @property
    def entries(self) -> tuple[Scheduled, ...]:
        """Faults, deeds and commands, in this order."""
        return (*self.injections, *self.deeds, *self.commands)

    def of_entries(self, entries: Iterable[Scheduled]) -> Scenario:
        """This scenario with the given entries in place of its own."""
        kept = tuple(entries)
        return replace(
            self,
            injections=tuple(entry for entry in kept if isinstance(entry, Injection)),
            deeds=tuple(entry for entry in kept if isinstance(entry, Deed)),
            commands=tuple(entry for entry in kept if isinstance(entry, Command)),
        )

    @property
    def by_site_clock(self) -> tuple[Scheduled, ...]:
        """The entries with their onsets by the clock of the site, which has run for `settle_s` at the start."""
        return tuple(
            replace(entry, at_s=entry.at_s + self.settle_s) if entry.at_s or not waits(entry) else entry
            for entry in self.entries
        )

    def to_dict(self) -> dict[str, Any]:
        """JSON values, empty fields left out."""
        data: dict[str, Any] = {"site": self.site}
        if self.seed is not None:
            data["seed"] = self.seed
        if self.tolerances is not None:
            data["tolerances"] = self.tolerances
        if self.settle_s:
            data["settle_s"] = self.settle_s
        data["duration_s"] = self.duration_s
        data["injections"] = [injection.to_dict() for injection in self.injections]
        if self.deeds:
            data["deeds"] = [deed.to_dict() for deed in self.deeds]
        if self.commands:
            data["commands"] = [command.to_dict() for command in self.commands]
        if self.properties:
            data["properties"] = list(self.properties)
        if self.controller:
            data["controller"] = self.controller
        if self.note:
            data["note"] = self.note
        return data

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], path: Path = Path("scenario")) -> Scenario:
        """The scenario `to_dict` wrote.

        Raises:
            FileError: a line for each mistake, with line and field where `data` was read from a file.
        """
        return _Reader(path, data).scenario()

    @classmethod
    def load(cls, path: str | Path) -> Scenario:
        """The scenario in a YAML file.

        Raises:
            FileError: a line for each mistake: file, line, field, what was found, what was expected.
        """
        path = Path(path)
        return cls.from_dict(yamlfile.load(path), path)

    def check(self, site: Site, path: Path = Path("scenario")) -> None:
        """Refuse a scenario with an entry that cannot happen on the site. `path` is the file of the scenario.

        Raises:
            FileError: a line for each such entry.
        """
        wrong: list[tuple[list[str | int], Exception]] = []
        for where, entry in self.placed():
            try:
                check(site, entry)
            except PlantError as error:
                wrong.append((where, error))
        refuse(path, wrong)

    def placed(self) -> Iterator[tuple[list[str | int], Scheduled]]:
        """Each entry with its place in the file."""
        for name in LISTS:
            for n, entry in enumerate(getattr(self, name)):
                yield [name, n], entry

    def save(self, path: str | Path) -> None:
        """Write it as a YAML file that `load` reads back as an equal scenario.

        Raises:
            OSError: the file cannot be written.
        """
        yaml = YAML()
        yaml.width = 100_000  # texts are not folded
        with Path(path).open("w", encoding="utf-8") as file:
            yaml.dump(self.to_dict(), file)


def refuse(path: Path, wrong: Sequence[tuple[Sequence[str | int], Exception]]) -> None:
    """
    Raises:
        FileError: a line for each mistake: where in the file, and what it is. None if there is no mistake.
    """
    if wrong:
        data = yamlfile.load(path) if path.exists() else None
        raise FileError([problem(path, data, where, str(error)) for where, error in wrong])


class _Reader:
    """Goes through a scenario once and collects every mistake on the way."""

    def __init__(self, path: Path, data: Mapping[str, Any]) -> None:
        self.path, self.data = path, data
        self.problems: list[str] = []

    def wrong(self, where: Sequence[str | int], message: str) -> None:
        self.problems.append(problem(self.path, self.data, where, message))

    def scenario(self) -> Scenario:
        known = [f.name for f in fields(Scenario)]
        for name in self.data:
            if name not in known:
                self.wrong([name], f"unknown field; expected {', '.join(known)}")
        site, seed = self.text("site", required=True), self.data.get("seed")
        if seed is not None and (isinstance(seed, bool) or not isinstance(seed, int)):
            self.wrong(["seed"], f"found {seed!r}, expected a whole number")
            seed = None
        scenario = Scenario(
            site,
            seed,
            self.time_s("duration_s", math.ulp(0.0), math.inf, "a time such as 90, 30s, 15min or 2h"),
            self.entries("injections", Injection.from_dict),
            self.texts("properties"),
            self.text("controller"),
            self.text("note"),
            self.entries("deeds", Deed.from_dict),
            self.entries("commands", Command.from_dict),
            self.tolerances(),
            self.time_s("settle_s", 0.0, SETTLE_S, "a time from 0 s to 30 d"),
        )
        placed = list(scenario.placed())
        if not self.problems and (mistake := linked(entry for _, entry in placed)) is not None:
            self.wrong([*placed[mistake[0]][0], mistake[1].field], mistake[1].message)
        if self.problems:
            raise FileError(self.problems)
        return scenario

    def tolerances(self) -> Tolerances | None:
        value = self.data.get("tolerances")
        for known in get_args(Tolerances):
            if value == known:
                return cast(Tolerances, known)
        if value is not None:
            self.wrong(["tolerances"], f"found {value!r}, expected {' or '.join(get_args(Tolerances))}")
        return None

    def text(self, name: str, required: bool = False) -> str:
        value = self.data.get(name, "")
        if not isinstance(value, str):
            self.wrong([name], f"found {value!r}, expected a text")
            return ""
        if required and not value:
            self.wrong([name], "is missing")
        return str(value)

    def texts(self, name: str) -> tuple[str, ...]:
        values = self.data.get(name) or ()
        if isinstance(values, str) or not isinstance(values, Sequence):
            self.wrong([name], f"found {values!r}, expected a list of texts")
            return ()
        for n, value in enumerate(values):
            if not isinstance(value, str):
                self.wrong([name, n], f"found {value!r}, expected a text")
        return tuple(map(str, values))

    def time_s(self, name: str, least_s: float, most_s: float, expected: str) -> float:
        value = self.data.get(name, getattr(Scenario, name))
        try:
            time_s = seconds(value)
        except (TypeError, ValueError):
            time_s = math.nan
        if not least_s <= time_s <= most_s:
            self.wrong([name], f"found {value!r}, expected {expected}")
        return time_s

    def entries(self, name: str, read: Callable[[Mapping[str, Any]], E]) -> tuple[E, ...]:
        entries, form = self.data.get(name) or (), LISTS[name]
        if isinstance(entries, str) or not isinstance(entries, Sequence):
            self.wrong([name], f"found {entries!r}, expected a list such as {form}")
            return ()
        found: list[E] = []
        for n, entry in enumerate(entries):
            if not isinstance(entry, Mapping):
                self.wrong([name, n], f"found {entry!r}, expected a mapping such as {form.removeprefix('- ')}")
                continue
            try:
                found.append(read(entry))
            except InjectionError as error:
                self.wrong([name, n, *error.field.split(".", 1)], error.message)
        return tuple(found)
