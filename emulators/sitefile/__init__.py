"""Site files: a whole data centre in one YAML file that an electrician can read and correct.

    site: bench
    power:
      utility-a: {kind: utility}
      board-a:   {kind: board, from: {mains: utility-a}}
      ups-a:     {kind: ups, from: {input: board-a, bypass: board-a}, kva: 100,
                  device: {profile: ups-rfc1628, address: 127.20.1.1, port: mgmt-1:3}}

An entry names its `kind`, what it is fed `from` (one feed, or one for each terminal), its ratings by their own
names, and, when it has a management address, its `device`. `each` repeats an entry: with
`each: {row: 1..12}` the text `{row}` (or `{row+20}`) in names and fields takes every value.

What is read here is only checked for form; `twinfeed.emulators.site` builds the plant from it.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

from twinfeed.emulators import yamlfile
from twinfeed.emulators.sitefile.entries import ComponentEntry, DeviceEntry, SiteFile
from twinfeed.emulators.sitefile.head import SECTIONS, Head, unfit_name
from twinfeed.emulators.sitefile.reader import Reader
from twinfeed.emulators.sitefile.references import wrong_references
from twinfeed.emulators.textfile import shown
from twinfeed.emulators.yamlfile import FileError, problem

__all__ = ["FOLDER", "SECTIONS", "ComponentEntry", "DeviceEntry", "Head", "SiteFile", "find", "names", "read", "titles"]

FOLDER = Path(__file__).parents[1] / "sites"


def names() -> list[str]:
    """The sites that ship, by name."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def titles() -> dict[str, str]:
    """The title of each site that ships, by the site's name.

    Raises:
        FileError: a file of the package is damaged.
    """
    return {name: yamlfile.load(find(name)).get("title", "") for name in names()}


def find(site: str | Path) -> Path:
    """The file of a shipped site's name, or the path itself.

    Raises:
        FileError: neither a shipped site nor a file.
    """
    return yamlfile.shipped(FOLDER, site, "site")


def read(site: str | Path, beyond_loopback: bool = False) -> SiteFile:
    """Read and check a site file. With `beyond_loopback` it counts as if the file allowed that.

    Raises:
        FileError: a line for each mistake: file, line, field, what was found, what was expected.
    """
    path = find(site)
    data = yamlfile.load(path)
    if "bench" in data:
        return _of_bench(path, data, beyond_loopback)
    return _read(path, data, beyond_loopback)


def _of_bench(path: Path, data: Any, beyond_loopback: bool) -> SiteFile:
    """The software twin of a bench: its file has the site under `wiring`, or names it there."""
    wiring = data.get("wiring")
    if isinstance(wiring, str):
        beside = path.parent / wiring
        named = beside if beside.suffix in (".yaml", ".yml") else find(wiring)
        site = yamlfile.load(named)
        if "bench" in site:
            raise FileError([problem(path, data, ["wiring"], f"{shown(wiring)} is a bench, expected a site")])
        return _read(named, site, beyond_loopback)
    if not isinstance(wiring, MutableMapping):
        raise FileError(
            [problem(path, data, ["wiring"], "expected the sections of a site file, or the name of a site")]
        )
    name = str(data["bench"])
    wiring.setdefault("site", "bench" if unfit_name(name) else name)  # the bench's own schema checks its name
    return _read(path, wiring, beyond_loopback)


def _read(path: Path, data: Any, beyond_loopback: bool) -> SiteFile:
    reader = Reader(path, data, beyond_loopback)
    head = reader.head()
    if not reader.has_room():
        raise FileError(reader.listed())
    for section in SECTIONS:
        reader.section(section)
    for where, message in wrong_references(reader.components, reader.devices, reader.spoilt):
        reader.wrong(where, message)
    if reader.problems:
        raise FileError(reader.listed())
    return SiteFile(path, head, reader.components, reader.devices, data)
