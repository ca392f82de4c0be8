"""The starter folder of tests that `twinfeed new-suite` writes."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from twinfeed.emulators.plant.power.utilities import Utility
from twinfeed.emulators.site import Site
from twinfeed.harness import quantities

STARTER = ("site.yaml", "controller.py", "test_failover.py", "pytest.ini", "README.md")
"""A small site, a controller for it with a mistake to be found, and tests."""

OWN = {
    "controller.py": "own_controller.py",
    "test_failover.py": "own_test_failover.py",
    "pytest.ini": "pytest.ini",
    "README.md": "README.md",
}
"""For a site that is there already: a controller to be filled in, and tests. File -> what it is made of."""

SUPPLIED = ("racks.*.supplied", "power.ups-*.live", "power.*.live")
"""The quantities that must stay true: the first pattern that the site has."""


class SuiteExists(Exception):
    """A file of the suite is there already; nothing has been written."""


def write(folder: Path, site: str | None = None) -> list[Path]:
    """Write the starter folder and return its files; with `site`, tests are for that one and no `site.yaml` is written.

    Raises:
        SuiteExists: a file of that name is there already.
        FileError: no such site, or its file is wrong.
    """
    texts = dict(_starter() if site is None else _own(site))
    if there := [name for name in texts if (folder / name).exists()]:
        raise SuiteExists(f"{folder / there[0]} is there already; choose another folder or remove it")
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in texts]


def _starter() -> Iterator[tuple[str, str]]:
    for name in STARTER:
        yield name, _template(name).replace("SITE", "site.yaml").replace("SUPPLIED", SUPPLIED[0])


def _own(name: str) -> Iterator[tuple[str, str]]:
    site = Site.load(name)
    filled = {
        "SITE": str(Path(name).resolve()) if Path(name).exists() else name,
        "DEVICES": "\n".join(f"    {n:20} {d.kind:20} {_protocols(site, n)}" for n, d in site.devices.items()),
        '"DISTURBANCES"': ", ".join(f'"{n}"' for n, c in site.components.items() if isinstance(c, Utility)),
        "SUPPLIED": _supplied(site),
    }
    for written, source in OWN.items():
        text = _template(source)
        for word, meaning in filled.items():
            text = text.replace(word, meaning)
        yield written, "\n".join(line for line in text.split("\n") if not line.startswith("| `site.yaml`"))


def _supplied(site: Site) -> str:
    for pattern in SUPPLIED:
        try:
            quantities.resolve(site, pattern)
        except quantities.UnknownQuantity:
            continue
        return pattern
    return SUPPLIED[-1]


def _protocols(site: Site, device: str) -> str:
    profile = next(entry.profile for entry in site.file.devices if entry.name == device)
    spoken = [name for name, has in (("SNMP", profile.snmp), ("Modbus", profile.modbus)) if has is not None]
    return f"{profile.profile} ({', '.join(spoken)})"


def _template(name: str) -> str:
    return files("twinfeed.harness.suite").joinpath("files", name).read_text(encoding="utf-8")
