"""A scenario file: a site, its seed, the injections on it and the properties that must hold meanwhile.

    site: bamako
    seed: 7
    duration_s: 30 min
    injections:
      - {target: utility-a, kind: outage, at_s: 1 min, for_s: 20 min}
      - {target: "crah-11:air.supply", kind: sensor-drift, parameters: {rate: 2}}
    properties: ["racks.*.supplied"]
    note: found by the search

A finding is one of these: `twinfeed replay FILE` runs it again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from twinfeed.emulators import yamlfile
from twinfeed.emulators.plant.kernel.actor import PlantError
from twinfeed.emulators.site import Site
from twinfeed.emulators.yamlfile import FileError, problem
from twinfeed.harness.durations import seconds
from twinfeed.harness.faults import sinks
from twinfeed.harness.faults.injection import Injection, InjectionError


@dataclass(frozen=True)
class Scenario:
    """The definition of a run. `site` is a shipped site or a path, `controller` the controller under test, if any."""

    site: str
    seed: int | None = None
    """None: the seed of the site file."""
    duration_s: float = 3600.0
    injections: tuple[Injection, ...] = ()
    properties: tuple[str, ...] = ()
    controller: str = ""
    note: str = ""

    def to_dict(self) -> dict[str, Any]:
        """JSON values, empty fields left out."""
        data: dict[str, Any] = {"site": self.site}
        if self.seed is not None:
            data["seed"] = self.seed
        data["duration_s"] = self.duration_s
        data["injections"] = [injection.to_dict() for injection in self.injections]
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
        """Refuse a scenario with a fault that the site cannot have. `path` is the file of the scenario.

        Raises:
            FileError: a line for each such injection.
        """
        wrong: list[tuple[list[str | int], Exception]] = []
        for n, injection in enumerate(self.injections):
            try:
                sinks.check(site, injection)
            except PlantError as error:
                wrong.append((["injections", n], error))
        refuse(path, wrong)

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
            self.duration_s(),
            self.injections(),
            self.texts("properties"),
            self.text("controller"),
            self.text("note"),
        )
        if self.problems:
            raise FileError(self.problems)
        return scenario

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

    def duration_s(self) -> float:
        value = self.data.get("duration_s", Scenario.duration_s)
        try:
            duration_s = seconds(value)
        except (TypeError, ValueError):
            duration_s = 0.0
        if not duration_s > 0.0:
            self.wrong(["duration_s"], f"found {value!r}, expected a time such as 90, 30s, 15min or 2h")
        return duration_s

    def injections(self) -> tuple[Injection, ...]:
        entries = self.data.get("injections") or ()
        if isinstance(entries, str) or not isinstance(entries, Sequence):
            self.wrong(["injections"], f"found {entries!r}, expected a list such as - {{target: …, kind: …}}")
            return ()
        found = []
        for n, entry in enumerate(entries):
            if not isinstance(entry, Mapping):
                self.wrong(["injections", n], f"found {entry!r}, expected a mapping such as {{target: …, kind: …}}")
                continue
            try:
                found.append(Injection.from_dict(entry))
            except InjectionError as error:
                self.wrong(["injections", n, *error.field.split(".", 1)], error.message)
        return tuple(found)
