"""The campaign file: sites, controllers, properties, menus and a budget; each site is searched with each of the others.

sites: [pilot, hall-2.yaml]
controllers: [mine.controller]
menus:
  machines: {without: [people, transport]}
  people: {deeds: true, at_once: 2}
budget: {for: 8h}
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from twinfeed.emulators import yamlfile
from twinfeed.emulators.errors import FileError
from twinfeed.harness.controllers.pair import controller_named
from twinfeed.harness.durations import seconds
from twinfeed.harness.faults.scenario import SETTLE_S, Scenario
from twinfeed.harness.properties.vocabulary import fits
from twinfeed.harness.search.menu import Menu, menu
from twinfeed.harness.tier3.properties import tier3
from twinfeed.harness.virtual.watchdog import PATIENCE_S
from twinfeed.harness.worlds.sites import beside, fresh


def _duration(value: Any) -> Any:
    found = seconds(value) if isinstance(value, str) else value
    if isinstance(found, (int, float)) and not isinstance(found, bool) and not 0.0 < found < float("inf"):
        raise ValueError(f"found {value}, expected more than 0 s")
    return found


Duration = Annotated[float, BeforeValidator(_duration)]
"""A number of seconds, or a text such as `30 min`."""

Settling = Annotated[
    float,
    BeforeValidator(lambda value: seconds(value) if isinstance(value, str) else value),
    Field(ge=0.0, le=SETTLE_S),
]
"""As `Duration`; it may be zero."""

Texts = list[Annotated[str, Field(min_length=1)]]


class Choice(BaseModel):
    """The faults of one menu. Names are those of families, kinds, targets or target/kind; `*` as in file names."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    only: Texts = []
    """Faults to choose from, besides those of the grid; empty: all."""
    without: Texts = []
    """Faults that are left out."""
    deeds: bool = False
    """Also draw deeds of people."""
    at_once: int = Field(default=1, ge=0, le=20)
    """Number of faults besides those of the grid."""
    last_onset: Duration | None = None
    """The latest onset, s of the site's clock; by default half of the duration."""


class Spent(BaseModel):
    """The end of the campaign: after so many scenarios of each search, or after so long in all."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    examples: int | None = Field(default=None, ge=1, le=1_000_000)
    """Scenarios of each search."""
    for_s: Duration | None = Field(default=None, alias="for")
    """Time of all searches together, by the wall clock."""

    @model_validator(mode="after")
    def _one_of_them(self) -> Spent:
        if self.examples is None and self.for_s is None:
            raise ValueError("expected examples, for, or both: else it would never end")
        return self


class Plan(BaseModel):
    """A campaign file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sites: Texts = Field(min_length=1)
    """Shipped sites, and site files beside the campaign file."""
    controllers: list[str] = [""]
    """Controllers, module:function; an empty text is the site without one."""
    properties: Texts = []
    """The properties that must hold; empty: the Tier III pack of each site."""
    menus: dict[str, Choice] = {"all": Choice()}
    """Name -> the faults of one search."""
    budget: Spent
    duration: Duration = 1800.0
    """Length of each scenario, site time."""
    settle: Settling = 0.0
    """Time that the site has run when each scenario begins, site time."""
    seeds: list[int] = Field(default=[], max_length=100)
    """Each seed is a search of its own; empty: the seed of the site."""
    tolerances: Literal["seeded", "nominal"] = "seeded"
    """Ratings within their tolerances, drawn from the seed, or at their nominal values."""
    compare: Texts = []
    """Other controllers with which each finding is run as well, such as `reference`."""
    memory: str = ".twinfeed/campaign.sqlite"
    """The file, or the URL of PostgreSQL, that remembers all nights."""
    findings: str = "findings"
    """Folder for findings and the journals of the worst runs."""
    watchdog: float = Field(default=PATIENCE_S, ge=0.0, le=86400.0)
    """Longest time without an await of the controller, s of the machine's clock; 0: no limit."""

    @field_validator("menus")
    @classmethod
    def _some(cls, menus: Mapping[str, Choice]) -> Mapping[str, Choice]:
        if not menus:
            raise ValueError("expected at least one menu")
        return menus


@dataclass(frozen=True)
class Search:
    """One search of a campaign."""

    name: str
    frame: Scenario
    menu: Menu
    choice: Choice


def load(path: Path) -> Plan:
    """The campaign file.

    Raises:
        FileError: a line for each mistake.
    """
    return yamlfile.read(path, Plan)


def searches(plan: Plan, path: Path) -> list[Search]:
    """The searches of a plan, in the order of its sites, controllers, menus and seeds. All are checked before any runs.

    Raises:
        FileError: no such site, or a menu without faults.
        NoSuchController, PropertySyntaxError, UnknownQuantity, BindingError: a name or property that makes no sense.
    """
    for name in {*plan.controllers, *plan.compare} - {""}:
        controller_named(name)
    return list(_searches(plan, path))


def _searches(plan: Plan, path: Path) -> Iterator[Search]:
    for named in plan.sites:
        site = beside(named, path)
        for seed in _seeds(plan):
            model = fresh(site, seed, tolerances=plan.tolerances)
            texts = tuple(plan.properties) or tuple(str(each) for each in tier3(model))
            fits(texts, model)
            for title, choice in plan.menus.items():
                offered = menu(model, choice.only, choice.without, choice.deeds)
                if choice.only and not (offered.others or offered.deeds):
                    raise FileError(
                        [f"{path}: menus.{title}.only: {model.name} can suffer nothing of {' '.join(choice.only)}"]
                    )
                for controller in plan.controllers:
                    frame = Scenario(
                        site, model.plant.seed, plan.duration, (), texts, controller,
                        tolerances=plan.tolerances, settle_s=plan.settle,
                    )  # fmt: skip
                    name = " · ".join(filter(None, [named, controller or "no controller", title, _seed(plan, seed)]))
                    yield Search(name, frame, offered, choice)


def _seeds(plan: Plan) -> list[int | None]:
    return [*plan.seeds] or [None]


def _seed(plan: Plan, seed: int | None) -> str:
    return f"seed {seed}" if len(plan.seeds) > 1 else ""


def json_schema() -> dict[str, Any]:
    """The JSON Schema of a campaign file."""
    return Plan.model_json_schema(by_alias=True)
