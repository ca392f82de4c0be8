"""Kinds that installed packages add to those that ship, by their entry points.

    [project.entry-points."twinfeed.devices"]
    battery_monitor = "battery_monitor.device:BATTERY_MONITOR"

| Group | An entry point names |
|---|---|
| `twinfeed.components` | a subclass of `Component` |
| `twinfeed.devices` | a `DeviceKind` |
| `twinfeed.profiles` | a package whose folder holds profiles, or a path |
| `twinfeed.faults` | a mapping of targets (`ups`, `ups/device`, `device` for every device, `wire`) to faults by name |
| `twinfeed.controllers` | a coroutine function `main(inventory, store)`, for `--controller NAME` |

An entry point of the first two may also name several in a list or tuple. A package adds kinds; it cannot take the place
of one that ships.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from twinfeed.emulators.errors import FileError
from twinfeed.emulators.nearness import did_you_mean

COMPONENTS, DEVICES, PROFILES, FAULTS, CONTROLLERS = (
    "twinfeed.components",
    "twinfeed.devices",
    "twinfeed.profiles",
    "twinfeed.faults",
    "twinfeed.controllers",
)

WIRE = "wire"
"""The target of faults of messages in the mapping of an entry point of `twinfeed.faults`."""

K = TypeVar("K")


def loaded(group: str) -> Iterator[tuple[EntryPoint, Any]]:
    """The entry points of a group, by name, each with the object that it names.

    Raises:
        FileError: the code of a package fails; the message names the package, the entry point and the error.
    """
    for point in sorted(entry_points(group=group), key=lambda point: point.name):
        try:
            named = point.load()
        except Exception as error:  # code of another package
            raise FileError([broken(point, f"fails: {error!r}")]) from error
        yield point, named


def broken(point: EntryPoint, why: str) -> str:
    """An error of an installed package: the package, its entry point, the reason, and the way to be rid of it."""
    name = "" if point.dist is None else point.dist.name
    package = f"package {name} {point.dist.version}" if point.dist is not None else "installed package"
    removal = f"correct the package, or remove it: pip uninstall {name}" if name else "correct or remove the package"
    return f"the {package}: its entry point {point.name} of {point.group} ({point.value}) {why}; {removal}"


class Catalogue(Mapping[str, K], Generic[K]):
    """Kinds by name: first those that ship, then those of installed packages.

    The packages are loaded at the first look-up. `called` returns the name of a kind, `fits` is true for such an
    object, and `expected` describes it in an error. `complete` is called once with all kinds, when these are loaded.

    Raises:
        FileError: at the first look-up, if an entry point is broken, names something else, or a name that is taken.
    """

    def __init__(
        self,
        own: Iterable[K],
        group: str,
        called: Callable[[K], str],
        fits: Callable[[object], bool],
        expected: str,
        complete: Callable[[Mapping[str, K]], None],
    ) -> None:
        self.own = tuple(own)
        """The kinds that ship."""
        self._group, self._called, self._fits, self._expected, self._complete = group, called, fits, expected, complete
        self._kinds: dict[str, K] = {}

    @property
    def kinds(self) -> dict[str, K]:
        """All kinds by name."""
        if not self._kinds:
            kinds = {self._called(kind): kind for kind in self.own}
            for point, named in loaded(self._group):
                for kind in named if isinstance(named, (list, tuple)) else (named,):
                    if not self._fits(kind):
                        raise FileError([broken(point, f"is {kind!r}, expected {self._expected}")])
                    name = self._called(kind)
                    if name in kinds:
                        raise FileError([broken(point, f"names the kind {name!r}, which is there already")])
                    kinds[name] = kind
            self._complete(kinds)
            self._kinds = kinds
        return self._kinds

    def __getitem__(self, name: str) -> K:
        return self.kinds[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.kinds)

    def __len__(self) -> int:
        return len(self.kinds)


class Suffers(Protocol):
    """A class whose instances suffer faults."""

    FAULTS: ClassVar[Mapping[str, Any]]


def add_faults(classes: Mapping[str, Sequence[type[Suffers]]], mine: Callable[[str], bool], of: type) -> None:
    """Give the classes the faults that installed packages have for them, beside those that they declare.

    `classes` has the classes of each target, `mine` is true for targets that are searched there, `of` is the class of
    a fault.

    Raises:
        FileError: an entry point is broken, names something else, an unknown target, or a fault that is there already.
    """
    for point, target, faults in added_faults():
        if target == WIRE or not mine(target):
            continue
        if target not in classes:
            hint = did_you_mean(target, classes)
            raise FileError([broken(point, f"has faults of {target!r}, which no kind is called{hint}")])
        for name, fault in faults.items():
            if not isinstance(fault, of):
                raise FileError([broken(point, f"has {fault!r} as {target} {name}, expected a {of.__name__}")])
        for cls in classes[target]:
            taken = [name for name in faults if name in cls.FAULTS]
            if taken:
                raise FileError([broken(point, f"has the fault {taken[0]!r}, which {target} has already")])
            cls.FAULTS = {**cls.FAULTS, **faults}


@cache
def added_faults() -> tuple[tuple[EntryPoint, str, Mapping[str, Any]], ...]:
    """The faults of installed packages: entry point, target, and the faults of that target by name.

    Raises:
        FileError: an entry point is broken, or names something else than a mapping of mappings.
    """
    found = []
    for point, named in loaded(FAULTS):
        if not isinstance(named, Mapping) or not all(isinstance(faults, Mapping) for faults in named.values()):
            raise FileError([broken(point, f"is {named!r}, expected a mapping of targets to faults by name")])
        found += [(point, str(target), faults) for target, faults in named.items()]
    return tuple(found)
