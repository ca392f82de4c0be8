"""Where profiles are found and how a file becomes a `Profile`, its parts merged in."""

from __future__ import annotations

import difflib
from functools import cache
from pathlib import Path
from typing import TypeVar

from emulators import yamlfile
from emulators.profiles.schema import Bit, Modbus, Part, Profile, Register, Snmp, SnmpObject
from emulators.yamlfile import FileError

FOLDER = Path(__file__).parent


def names() -> list[str]:
    """The profiles that ship, by name."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


@cache
def get(name: str) -> Profile:
    """The shipped profile of that name.

    Raises:
        FileError: there is none, or its file is wrong.
    """
    path = FOLDER / f"{name}.yaml"
    if not path.exists():
        near = difflib.get_close_matches(name, names(), n=3)
        hint = f"did you mean {', '.join(near)}?" if near else f"the profiles are: {', '.join(names())}"
        raise FileError([f"no profile is called {name!r}; {hint}"])
    return load(path)


def load(path: Path) -> Profile:
    """A profile file, the parts it includes merged in (its own entries win over a part's).

    Raises:
        FileError: one line for each mistake, with file, line and field.
    """
    profile = yamlfile.read(path, Profile)
    if profile.profile != path.stem:
        raise FileError(
            [_problem(path, ["profile"], f"is {profile.profile!r}, expected the file's name {path.stem!r}")]
        )
    for position, name in enumerate(profile.include):
        part_path = FOLDER / "parts" / f"{name}.yaml"
        if not part_path.exists():
            known = ", ".join(sorted(p.stem for p in part_path.parent.glob("*.yaml")))
            raise FileError([_problem(path, ["include", position], f"no part is called {name!r}; there are: {known}")])
        profile = _merge(profile, _part(part_path))
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
