"""A device and its twin compared on the wire: variables and registers that only one has, and their types."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from twinfeed.emulators.profiles.schema import Bit, Profile, Register
from twinfeed.harness.characterise.recording.recording import Place, Recording
from twinfeed.harness.transports.snmp.messages import numbers

Oid = tuple[int, ...]


@dataclass(frozen=True)
class Difference:
    """One thing the twin gets wrong. `device` and `twin` are what each shows, for people."""

    kind: str
    """identity, missing, extra, rows, type, meaning, scale, range, value or timing."""
    where: str
    """A point, an OID or registers."""
    device: str
    twin: str
    note: str = ""


@dataclass
class Column:
    """The variables of one object: a scalar's or those of a table's column."""

    name: str
    """For people: the profile's point, or the MIB object it names as its source."""
    types: dict[Oid, str] = field(default_factory=dict)


def compare(device: Recording, twin: Recording, profile: Profile | None) -> list[Difference]:
    """The variables or registers that only one of them answers, or that they answer with different types."""
    if device.protocol == "snmp":
        # Nothing is known of what nobody asked for.
        theirs = _oids(device, _asked_subtrees(twin))
        return list(_variables(theirs, _oids(twin, _asked_subtrees(device)), profile))
    return list(_registers(device, twin, profile))


# -- SNMP -------------------------------------------------------------------------------------------------------


def _oids(recording: Recording, subtrees: list[Oid] | None) -> dict[Oid, str]:
    """Every variable there ever was below these subtrees, with its type."""
    found = {numbers(v.oid): v.type for walk in recording.walks for v in walk.variables.values()}
    if subtrees is None:
        return found
    return {oid: type for oid, type in found.items() if any(oid[: len(tree)] == tree for tree in subtrees)}


def _asked_subtrees(recording: Recording) -> list[Oid] | None:
    """The range that a recording was made of; None if it gives none."""
    asked = recording.head.get("asked")
    return None if asked is None else [numbers(oid) for oid in asked]


def _variables(device: dict[Oid, str], twin: dict[Oid, str], profile: Profile | None) -> Iterable[Difference]:
    theirs, ours = _columns(device, profile), _columns(twin, profile)
    for oid in sorted(theirs.keys() & ours.keys()):
        yield from _column(_dotted(oid), theirs[oid], ours[oid])
    for group, size, names in _groups(theirs, ours):
        yield Difference("missing", group, _several(size), "–", names)
    for group, size, names in _groups(ours, theirs):
        yield Difference("extra", group, "–", _several(size), names)
    loose = {oid: type for oid, type in device.items() if not _known(oid, theirs)}
    known = {oid: type for oid, type in twin.items() if not _known(oid, ours)}
    for oid in sorted(loose.keys() & known.keys()):
        if loose[oid] != known[oid]:
            yield Difference("type", _dotted(oid), loose[oid], known[oid])
    for where, size in _siblings(_alone(loose, twin)):
        yield Difference("missing", where, _several(size), "–", "not in the profile")
    for where, size in _siblings(_alone(known, device)):
        yield Difference("extra", where, "–", _several(size), "not in the profile")


def _columns(variables: Mapping[Oid, str], profile: Profile | None) -> dict[Oid, Column]:
    """The variables that the profile knows, by its objects: scalars with their .0, columns without an index."""
    objects: dict[Oid, str] = {}
    if profile is not None and profile.snmp is not None:
        for entry in profile.snmp.objects:
            objects.setdefault(numbers(entry.oid.partition(".{")[0]), entry.point or _object(entry.source))
    found: dict[Oid, Column] = {}
    for oid, type in variables.items():
        known = _known(oid, objects)
        if known is not None:
            found.setdefault(known, Column(objects[known])).types[oid[len(known) :]] = type
    return found


def _known(oid: Oid, objects: Iterable[Oid] | Mapping[Oid, object]) -> Oid | None:
    return next((oid[:n] for n in range(len(oid), 0, -1) if oid[:n] in objects), None)


def _object(source: str) -> str:
    """`ups upsInputNumLines, V` -> `upsInputNumLines`."""
    return source.partition(",")[0].rpartition(" ")[2]


def _column(where: str, here: Column, there: Column) -> Iterable[Difference]:
    theirs, ours = set(here.types.values()), set(there.types.values())
    if theirs != ours:
        yield Difference("type", f"{where} {here.name}", ", ".join(sorted(theirs)), ", ".join(sorted(ours)))
    if here.types.keys() != there.types.keys():
        note = _only(here.types.keys() - there.types.keys(), "device")
        note += "; " * bool(note and there.types.keys() - here.types.keys())
        note += _only(there.types.keys() - here.types.keys(), "twin")
        yield Difference(
            "rows", f"{where} {here.name}".strip(), f"{len(here.types)} rows", f"{len(there.types)} rows", note
        )


def _only(rows: set[Oid], side: str) -> str:
    shown = [_dotted(row) for row in sorted(rows)[:4]]
    return f"only the {side}: {', '.join(shown)}{' …' if len(rows) > 4 else ''}" if rows else ""


def _groups(columns: Mapping[Oid, Column], others: Iterable[Oid]) -> Iterator[tuple[str, int, str]]:
    """The objects that the others lack, by the table or group they are in: its OID, how many variables, their names."""
    found: dict[Oid, list[Column]] = {}
    for oid in sorted(columns.keys() - set(others)):
        is_instance = () in columns[oid].types
        found.setdefault(oid[: -2 if is_instance else -1], []).append(columns[oid])
    for group, inside in found.items():
        names = ", ".join(dict.fromkeys(column.name for column in inside if column.name))
        yield _dotted(group), sum(len(column.types) for column in inside), names


def _several(size: int) -> str:
    return f"{size} variable{'s' * (size > 1)}"


def _alone(variables: Iterable[Oid], others: Iterable[Oid]) -> dict[Oid, list[Oid]]:
    """The largest subtrees of these variables in which the others have nothing -> the variables in each."""
    shared = {other[:n] for other in others for n in range(1, len(other) + 1)}
    found: dict[Oid, list[Oid]] = {}
    for oid in sorted(variables):
        if oid not in shared:
            subtree = next(oid[:n] for n in range(1, len(oid) + 1) if oid[:n] not in shared)
            found.setdefault(subtree, []).append(oid)
    return found


def _siblings(subtrees: Mapping[Oid, list[Oid]]) -> Iterator[tuple[str, int]]:
    """Place and number of these variables: `1.3.6.1.2.1.4.14 … 31` for subtrees side by side."""
    families: dict[Oid, list[Oid]] = {}
    for subtree in subtrees:
        families.setdefault(subtree[:-1], []).append(subtree)
    for family in families.values():
        inside = [oid for subtree in family for oid in subtrees[subtree]]
        where = f"{_dotted(family[0])} … {family[-1][-1]}" if len(family) > 1 else _dotted(_common(inside))
        yield where, len(inside)


def _common(oids: list[Oid]) -> Oid:
    """The common prefix of all of these."""
    first, last = min(oids), max(oids)
    same = next((n for n, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first))
    return first[:same]


def _dotted(oid: Oid) -> str:
    return ".".join(map(str, oid))


# -- Modbus -----------------------------------------------------------------------------------------------------


def _registers(device: Recording, twin: Recording, profile: Profile | None) -> Iterable[Difference]:
    """Registers count only where both were asked for them: a recording of some ranges covers nothing of the others."""
    theirs, ours = _asked(device), _asked(twin)
    names = _names(profile)
    for kind, held in (("missing", theirs), ("extra", ours)):
        other = ours if held is theirs else theirs
        alone = sorted(place for place, there in held.items() if there and other.get(place) is False)
        for run in _runs(alone, names):
            table, first = run[0]
            where = f"{table} {first}" + (f" to {run[-1][1]}" if len(run) > 1 else "")
            words = (
                f"{len(run)} register{'s' * (len(run) > 1)}" if table in ("holding", "input") else f"{len(run)} bits"
            )
            shown = (words, "refused") if kind == "missing" else ("refused", words)
            yield Difference(kind, f"{where} {names.get(run[0], '')}".strip(), *shown)


def _asked(recording: Recording) -> dict[Place, bool]:
    """Requested variable -> true if it was ever given."""
    found = {place: False for walk in recording.walks for place in walk.refused}
    return found | {place: True for walk in recording.walks for place in walk.registers}


def _names(profile: Profile | None) -> dict[Place, str]:
    if profile is None or profile.modbus is None:
        return {}
    everything: list[Register | Bit] = [*profile.modbus.registers, *profile.modbus.bits]
    return {
        (entry.table, entry.address + n): entry.point or _object(entry.source)
        for entry in everything
        for n in range(entry.words if isinstance(entry, Register) else 1)
    }


def _runs(places: list[Place], names: Mapping[Place, str]) -> list[list[Place]]:
    """Neighbours of the same name together."""
    runs: list[list[Place]] = []
    for table, address in places:
        follows = bool(runs) and runs[-1][-1] == (table, address - 1)
        if follows and names.get(runs[-1][-1]) == names.get((table, address)):
            runs[-1].append((table, address))
        else:
            runs.append([(table, address)])
    return runs
