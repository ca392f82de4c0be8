"""The search for profiles, and the reading of a file into a `Profile`, with its parts merged in.

A profile is named by its path (`meters/my-meter.yaml`, relative to the folder of the file that names it) or by its
name. A name is searched in this order,

1. beside the file that names it (a command's argument: in the working directory),
2. in the folders of the environment variable TWINFEED_PROFILES, which the option `--profiles` is added to,
3. among the profiles that ship,
4. in the folders of installed packages with an entry point of the group `twinfeed.profiles`.

So a profile of one's own may take the place of one that ships, but a package that is merely installed may not.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache, lru_cache
from importlib.metadata import EntryPoint
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple, TypeVar

from twinfeed.emulators import textfile, yamlfile
from twinfeed.emulators.devices.catalogue import KINDS
from twinfeed.emulators.extensions import PROFILES, broken, loaded
from twinfeed.emulators.nearness import did_you_mean
from twinfeed.emulators.profiles.schema import Bit, Modbus, Part, Profile, Register, Snmp, SnmpObject
from twinfeed.emulators.yamlfile import FileError

FOLDER = Path(__file__).parent

VARIABLE = "TWINFEED_PROFILES"
"""Environment variable: folders with profiles, separated as in PATH."""

SUFFIXES = (".yaml", ".yml")


class Place(NamedTuple):
    """A folder that is searched for profiles. `what` describes it in messages."""

    what: str
    folder: Path


@contextmanager
def looking_in(folders: Sequence[Path]) -> Iterator[None]:
    """In this context these folders are searched before those of TWINFEED_PROFILES, also in child processes.

    Raises:
        FileError: there is no such folder.
    """
    before = os.environ.get(VARIABLE, "")
    for folder in folders:
        if not folder.is_dir():
            raise FileError([f"{folder}: there is no such folder of profiles"])
    os.environ[VARIABLE] = os.pathsep.join([*(str(folder.absolute()) for folder in folders), before])
    try:
        yield
    finally:
        os.environ[VARIABLE] = before


def names() -> list[str]:
    """The profiles that ship, by name."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def everywhere(beside: Path | None = None) -> dict[str, Path]:
    """Every profile that a name stands for, by name; `beside` is the folder of the file that names them."""
    found: dict[str, Path] = {}
    for place in places(beside):
        for path in sorted(place.folder.iterdir()) if place.folder.is_dir() else ():
            if path.suffix in SUFFIXES and _is_profile(path):
                found.setdefault(path.stem, path)
    return dict(sorted(found.items()))


def places(beside: Path | None = None) -> Iterator[Place]:
    """The folders that are searched for a name, in order."""
    if beside is not None:
        yield Place("beside the file that names it", beside)
    for folder in filter(None, os.environ.get(VARIABLE, "").split(os.pathsep)):
        yield Place(f"in {VARIABLE}", Path(folder).expanduser())
    yield Place("among the profiles that ship", FOLDER)
    yield from _of_packages()


def get(name: str, beside: Path | None = None) -> Profile:
    """The profile of that name or path; `beside` is the folder of the file that names it.

    Raises:
        FileError: there is none, or its file is wrong. The first lists the places searched and the names that are near.
    """
    path = find(name, beside)
    profile = load(path)
    if profile.kind not in KINDS:
        hint = did_you_mean(profile.kind, KINDS, f"; expected one of {', '.join(KINDS)}", most=1)
        raise FileError([_problem(path, ["kind"], f"no kind of device is called {profile.kind!r}{hint}")])
    return profile


def find(name: str, beside: Path | None = None) -> Path:
    """The file of the profile of that name or path. Raises FileError: see `get`."""
    if name.endswith(SUFFIXES) or "/" in name or os.sep in name:
        return _at(name, beside)
    looked = list(places(beside))
    for place in looked:
        for suffix in SUFFIXES:
            path = place.folder / f"{name}{suffix}"
            if path.is_file() and _is_profile(path):
                return path
    known = everywhere(beside)
    hint = did_you_mean(name, known, f"; the profiles are: {', '.join(known)}")
    where = [f"{place.what} ({place.folder})" for place in looked if place.folder != FOLDER]
    if not os.environ.get(VARIABLE):
        where.append(f"in {VARIABLE} (not set)")
    raise FileError([f"no profile is called {name!r}{hint}; looked {', '.join(where)} and among those that ship"])


def _at(name: str, beside: Path | None) -> Path:
    path = (beside or Path()) / Path(name).expanduser()
    for candidate in (path, *(path.with_name(path.name + suffix) for suffix in SUFFIXES)):
        if candidate.is_file():
            return candidate
    inside = sorted(file.name for file in path.parent.glob("*.y*ml")) if path.parent.is_dir() else []
    raise FileError([f"there is no profile {name!r}: looked for {path}{did_you_mean(path.name, inside)}"])


def _is_profile(path: Path) -> bool:
    """True if a YAML file is a profile: the folder may also hold site files and others."""
    try:
        return path.parent == FOLDER or re.search(r"^profile\s*:", textfile.text(path), re.MULTILINE) is not None
    except FileError:
        return False


@cache
def _of_packages() -> tuple[Place, ...]:
    return tuple(
        Place(f"in the installed package of the entry point {point.name}", folder)
        for point, named in loaded(PROFILES)
        for folder in _folders(point, named)
    )


def _folders(point: EntryPoint, named: Any) -> Iterator[Path]:
    """The folders that an entry point names. Raises FileError if it names none."""
    if callable(named) and not isinstance(named, (ModuleType, Path)):
        try:
            named = named()
        except Exception as error:  # code of another package
            raise FileError([broken(point, f"fails: {error!r}")]) from error
    if isinstance(named, ModuleType):
        yield from map(Path, getattr(named, "__path__", None) or [Path(str(named.__file__)).parent])
    elif isinstance(named, (str, Path)):
        path = Path(named)
        yield path.parent if path.is_file() else path
    else:
        raise FileError([broken(point, f"is {named!r}, expected a package, a path, or a function that returns one")])


def load(path: Path) -> Profile:
    """A profile file, the parts it includes merged in (its own entries win over a part's).

    Parts are searched in `parts/` beside the file, then among those that ship.

    Raises:
        FileError: one line for each mistake, with file, line and field.
    """
    try:
        status = path.stat()
    except OSError as error:
        raise FileError([f"{path}: cannot be read: {error.strerror or error}"]) from None
    return _load(path, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=512)
def _load(path: Path, mtime_ns: int, size: int) -> Profile:
    """The profile; read again when its file has changed."""
    profile = yamlfile.read(path, Profile)
    if profile.profile != path.stem:
        raise FileError(
            [_problem(path, ["profile"], f"is {profile.profile!r}, expected the file's name {path.stem!r}")]
        )
    for position, name in enumerate(profile.include):
        folders = [path.parent / "parts", FOLDER / "parts"]
        part = next((file for folder in folders if (file := folder / f"{name}.yaml").is_file()), None)
        if part is None:
            known = ", ".join(sorted({p.stem for folder in folders for p in folder.glob("*.yaml")}))
            raise FileError([_problem(path, ["include", position], f"no part is called {name!r}; there are: {known}")])
        profile = _merge(profile, yamlfile.read(part, Part) if part.parent != folders[1] else _part(part))
    return profile


@cache
def _part(path: Path) -> Part:
    return yamlfile.read(path, Part)


def _problem(path: Path, location: list[str | int], message: str) -> str:
    return yamlfile.problem(path, yamlfile.load(path), location, message)


def _merge(profile: Profile, part: Part) -> Profile:
    update: dict[str, object] = {"sources": {**part.sources, **profile.sources}}
    if part.snmp:
        own = profile.snmp or Snmp()
        update["snmp"] = own.model_copy(
            update={
                "sys_object_id": own.sys_object_id or part.snmp.sys_object_id,
                "sys_descr": own.sys_descr or part.snmp.sys_descr,
                "objects": _own_first(own.objects, part.snmp.objects),
                "traps": own.traps + part.snmp.traps,
            }
        )
    if part.modbus:
        mine = profile.modbus or Modbus()
        update["modbus"] = mine.model_copy(
            update={
                "registers": _own_first(mine.registers, part.modbus.registers),
                "bits": _own_first(mine.bits, part.modbus.bits),
                "identification": {**part.modbus.identification, **mine.identification},
            }
        )
    return profile.model_copy(update=update)


Placed = TypeVar("Placed", SnmpObject, Register, Bit)


def _own_first(own: tuple[Placed, ...], parts: tuple[Placed, ...]) -> tuple[Placed, ...]:
    taken = {_place(entry) for entry in own}
    return own + tuple(entry for entry in parts if _place(entry) not in taken)


def _place(entry: SnmpObject | Register | Bit) -> object:
    return entry.oid if isinstance(entry, SnmpObject) else (entry.table, entry.address)
