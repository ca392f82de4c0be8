"""The failure data of a study: the shipped table, over it the `reliability` field of the site, over it own records.

Own records are a CSV file with a header of the fields of `FailureData` and `category` before them:

    category,per_year,repair_h,error_factor,source,confidence
    chiller,0.31,36,2,"own records 2021 to 2025",high
"""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from pathlib import Path

from pydantic import ValidationError

from twinfeed.emulators.nearness import did_you_mean
from twinfeed.emulators.sitefile.reliability import FailureData
from twinfeed.harness.availability.errors import TreeError
from twinfeed.harness.availability.failures import Failure, Hidden, OnDemand, Repaired

Table = Mapping[str, FailureData]
"""The data of each category."""


@cache
def shipped() -> Table:
    """The table that ships with twinfeed."""
    text = resources.files(__package__).joinpath("rates.toml").read_text(encoding="utf-8")
    return {name: FailureData.model_validate(data) for name, data in tomllib.loads(text).items()}


def table(own: Table, records: Path | None = None) -> Table:
    """The shipped table with the site's own data and those of a file in the place of its categories.

    Raises:
        TreeError: the file cannot be read, or has what is no such data; the message names file and line. Or a category
            has data that no fault names.
    """
    known = shipped()
    added = {**own, **({} if records is None else _records(records))}
    for name in added:
        if name not in known:
            raise TreeError(f"no fault is counted in a category {name!r}{did_you_mean(name, known)}")
    return {**known, **added}


def _records(file: Path) -> Table:
    found: dict[str, FailureData] = {}
    try:
        with file.open(encoding="utf-8", newline="") as lines:
            rows = csv.DictReader(lines)
            for row in rows:
                name = row.pop("category", None)
                if not name:
                    raise TreeError(f"{file}:{rows.line_num}: there is no category, expected a column of that name")
                try:
                    found[name] = FailureData.model_validate(
                        {field: _value(text) for field, text in row.items() if text}
                    )
                except ValidationError as error:
                    first = error.errors()[0]
                    where = ".".join(map(str, first["loc"])) or name
                    raise TreeError(f"{file}:{rows.line_num}: {where}: {first['msg']}") from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise TreeError(f"{file}: {error}") from None
    return found


def _value(text: str) -> float | bool | str:
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    try:
        return float(text)
    except ValueError:
        return text


def data_of(category: str, table: Table, who: str) -> FailureData:
    """The data of a category.

    Raises:
        TreeError: it has none; `who` is counted in it.
    """
    if category not in table:
        raise TreeError(
            f"{who} is counted in the category {category!r}, which has no data: add it to `reliability: data:` of the "
            "site file, with its source"
        )
    return table[category]


def failure(data: FailureData, share: float, running_h: float) -> Failure:
    """The failure of one item: `share` of the rate or probability of its category.

    A machine that starts for an outage of `running_h` hours fails at some time in it and stays so until its end.
    """
    if data.per_demand is not None:
        return OnDemand(min(1.0, data.per_demand * share))
    if data.per_year is None:
        return OnDemand(min(1.0, (data.per_step or 0.0) * share))
    if data.running:
        return Hidden(data.per_year * share, running_h)
    if data.test_interval_h is not None:
        return Hidden(data.per_year * share, data.test_interval_h)
    assert data.repair_h is not None  # checked where it is read
    return Repaired(data.per_year * share, data.repair_h)
