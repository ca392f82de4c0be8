"""Entry points of installed packages: a broken one is an error that names the package, and nothing is half added."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from importlib.metadata import Distribution, EntryPoint
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from twinfeed.emulators import extensions
from twinfeed.emulators.devices import catalogue as devices
from twinfeed.emulators.devices.catalogue import METER
from twinfeed.emulators.devices.distribution.meter import Meter
from twinfeed.emulators.devices.firmware.kind import DeviceKind
from twinfeed.emulators.errors import FileError
from twinfeed.emulators.plant import catalogue as plant
from twinfeed.emulators.plant.kernel.faults import Fault
from twinfeed.emulators.plant.power.utilities import Utility

GOOD = Fault("nothing happens")

BROKEN: dict[str, tuple[str, Any, str]] = {
    "not there": ("twinfeed.devices", ModuleNotFoundError("No module named 'acme'"), r"fails: ModuleNotFoundError"),
    "its code fails": ("twinfeed.components", ZeroDivisionError("division by zero"), r"fails: ZeroDivisionError"),
    "no kind": ("twinfeed.devices", 7, r"is 7, expected a DeviceKind"),
    "a firmware without its kind": ("twinfeed.devices", Meter, r"expected a DeviceKind"),
    "no component": ("twinfeed.components", [Utility, "utility"], r"names the kind 'utility', which is there already"),
    "no class": ("twinfeed.components", "utility", r"is 'utility', expected a subclass of Component"),
    "a kind that ships": ("twinfeed.devices", METER, r"names the kind 'meter', which is there already"),
    "faults of nothing": ("twinfeed.faults", 1.5, r"is 1.5, expected a mapping of targets"),
    "faults of an unknown component": ("twinfeed.faults", {"upss": {"a": GOOD}}, r"'upss'.*did you mean ups"),
    "faults of an unknown device": ("twinfeed.faults", {"meterr/device": {"a": GOOD}}, r"did you mean meter/device"),
    "no fault": ("twinfeed.faults", {"ups": {"a": "b"}}, r"has 'b' as ups a, expected a Fault"),
    "a fault that is there": ("twinfeed.faults", {"utility": {"outage": GOOD}}, r"'outage', which utility has already"),
}


class Package(Distribution):
    """An installed package of two files' worth: its name and version."""

    def read_text(self, filename: str) -> str | None:
        return "Metadata-Version: 2.1\nName: acme-kinds\nVersion: 3.1\n" if filename == "METADATA" else None

    def locate_file(self, path: Any) -> Path:
        return Path(path)


Install = Callable[[str, Any], None]


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Make an entry point of a group name an object, or fail; afterwards all is as before."""
    faults = {cls: cls.FAULTS for cls in (*plant.OWN, *(kind.firmware for kind in devices.OWN))}

    def add(group: str, named: Any) -> None:
        def load() -> Any:
            if isinstance(named, Exception):
                raise named
            return named

        point = EntryPoint("acme", "acme.kinds:ALL", group)
        found = SimpleNamespace(name=point.name, group=group, value=point.value, dist=Package(), load=load)
        monkeypatch.setattr(extensions, "entry_points", lambda group: [found] if group == found.group else [])
        extensions.added_faults.cache_clear()

    yield add
    extensions.added_faults.cache_clear()
    for cls, own in faults.items():
        cls.FAULTS = own


def fresh() -> tuple[extensions.Catalogue[Any], extensions.Catalogue[Any]]:
    """The catalogues as a new process has them: packages not loaded yet."""
    return tuple(  # type: ignore[return-value]
        extensions.Catalogue(c.own, c._group, c._called, c._fits, c._expected, c._complete)
        for c in (plant.KINDS, devices.KINDS)
    )


@pytest.mark.parametrize(("group", "named", "why"), BROKEN.values(), ids=BROKEN)
def test_a_broken_entry_point_is_an_error_that_names_the_package(
    install: Install, group: str, named: Any, why: str
) -> None:
    install(group, named)
    components, kinds = fresh()
    with pytest.raises(FileError) as refused:
        list({**components, **kinds})
    message = str(refused.value)
    assert "the package acme-kinds 3.1" in message
    assert f"its entry point acme of {group} (acme.kinds:ALL)" in message
    assert re.search(why, message), message
    assert message.endswith("remove it: pip uninstall acme-kinds")


def test_a_kind_of_a_package_stands_beside_those_that_ship(install: Install) -> None:
    class Gauge(Meter):
        kind = "gauge"

    install("twinfeed.devices", DeviceKind(Gauge, ()))
    _, kinds = fresh()
    assert kinds["gauge"].firmware is Gauge
    assert kinds["meter"] is METER
    assert len(kinds) == len(devices.OWN) + 1


def test_a_fault_of_a_package_is_one_of_every_device_that_it_names(install: Install) -> None:
    install("twinfeed.faults", {"device": {"sticky-keys": GOOD}, "utility": {"dim": GOOD}})
    components, kinds = fresh()
    assert all("sticky-keys" in kind.faults for kind in kinds.values())
    assert "dim" in components["utility"].FAULTS and "dim" not in components["ups"].FAULTS
