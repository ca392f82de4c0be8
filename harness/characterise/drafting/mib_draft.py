"""A draft of a profile from MIB modules and a recording: what the device answered, by the names the modules give it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from twinfeed.emulators.devices.firmware.points import placeholders
from twinfeed.emulators.profiles import opaque
from twinfeed.harness.characterise.drafting.draft import Draft, fixed, guessed, question
from twinfeed.harness.characterise.drafting.guesses import Guess, Guesser, Shown
from twinfeed.harness.characterise.drafting.mibs import Mibs, Node
from twinfeed.harness.characterise.drafting.shipped import ShippedEntries, fields
from twinfeed.harness.characterise.drafting.units import Measure, described, measure
from twinfeed.harness.characterise.recording.recording import Recording
from twinfeed.harness.characterise.recording.snmprec import Variable
from twinfeed.harness.transports.snmp.messages import SYNTAX, numbers

Oid = tuple[int, ...]

IDENTITY = ((1, 3, 6, 1, 2, 1, 1, 1), (1, 3, 6, 1, 2, 1, 1, 2))
"""sysDescr and sysObjectID, which stand at the head of a profile."""


@dataclass
class Object:
    """A scalar or column of a module and its variables in the recording, by index."""

    oid: Oid
    node: Node
    group: str
    """The name of what it is in, a group or the entry of a table."""
    variables: dict[Oid, Variable] = field(default_factory=dict)

    @property
    def rows(self) -> list[int]:
        """The places of the index that select a row: all, without those that are the same in every row of several.

        A table of a product that is one of a chain has the number of the product first (`pduId` 1), then its own rows.
        """
        indices = list(self.variables)
        length = max(map(len, indices))
        if len(indices) < 2 or any(len(index) != length for index in indices):
            return list(range(length))
        varying = [n for n in range(length) if len({index[n] for index in indices}) > 1]
        return varying or list(range(length))


def draft(
    name: str,
    kind: str,
    mibs: Mibs,
    modules: Sequence[str],
    recording: Recording,
    shipped: ShippedEntries | None = None,
) -> Draft:
    """The profile, every object of the modules that was recorded in it. `shipped` are the entries of other profiles of
    the kind, by default of all that ship: the same object shows the same point.

    Raises:
        ValueError: nothing recorded is of these modules.
    """
    walk = recording.at(0.0)
    objects, others = _objects(mibs, modules, walk.in_order())
    if not objects:
        raise ValueError(
            f"nothing in the recording is of {', '.join(modules)}; it has {', '.join(others[:5]) or 'nothing'} …"
        )
    description = recording.identity.get("sysDescr", "")
    made = Draft(name, kind, "TODO", description.splitlines()[0][:80] if description else "TODO")
    made.sources = {module: f"module {module}" for module in modules}
    made.sources["recording"] = str(recording.head.get("device", "a recording"))
    made.head["snmp"] = {
        name: value
        for name, value in (
            ("sys_object_id", recording.identity.get("sysObjectID", "")),
            ("sys_descr", " ".join(description.replace("{", "(").replace("}", ")").split())),
        )
        if value
    }
    made.notes = [f"A draft: search for TODO. It answers as {made.sources['recording']} did when it was recorded."]
    if others:
        made.notes.append(f"Recorded, but in none of the modules: {', '.join(others)}.")
    guesser = Guesser(kind, _prefixes([found.node.name for found in objects]))
    others_entries = ShippedEntries(kind) if shipped is None else shipped
    group = ""
    for found in objects:
        here = ".".join(map(str, found.oid[:-1]))
        if here != group:
            group = here
            made.comment("objects", f"{found.node.module}, below {here}")
        _entries(made, found, guesser, others_entries)
    made.lacks(guesser.lacking(made.shown))
    absent = sum(
        node.kind in ("scalar", "column") and node.module in modules and node.access != "not-accessible"
        for oid, node in mibs.nodes.items()
        if oid not in {found.oid for found in objects}
    )
    if absent:
        made.notes.append(f"{absent} objects of the modules were not recorded: the device may not have them.")
    return made


def _objects(mibs: Mibs, modules: Sequence[str], variables: Sequence[Variable]) -> tuple[list[Object], list[str]]:
    """The recorded objects of the modules in order, and the subtrees in which there is something else."""
    found: dict[Oid, Object] = {}
    others: dict[str, None] = {}
    for variable in variables:
        if variable.type not in SYNTAX or variable.is_malformed:
            continue  # no profile can hold it
        oid = numbers(variable.oid)
        known = mibs.find(oid)
        if known is None or known[0].module not in modules or known[0].kind == "notification":
            others[".".join(map(str, oid[: 7 if oid[:6] == (1, 3, 6, 1, 2, 1) else 8]))] = None
            continue
        node, index = known
        name = oid[: len(oid) - len(index)]
        if name not in IDENTITY:
            found.setdefault(name, Object(name, node, mibs.names.get(name[:-1], ""))).variables[index] = variable
    return list(found.values()), list(others)


def _prefixes(names: Sequence[str]) -> Iterator[str]:
    """The words that most names begin with: they name the module, not the object."""
    firsts = [re.split(r"(?<=[a-z0-9])(?=[A-Z])", name)[0] for name in names]
    for word in dict.fromkeys(firsts):
        if firsts.count(word) * 2 > len(names):
            yield word
            yield from re.findall(r"[a-zA-Z]+|\d+", word)


def _entries(made: Draft, found: Object, guesser: Guesser, shipped: ShippedEntries) -> None:
    node = found.node
    same = shipped.of(found.oid + index for index in found.variables)
    if same is not None:
        made.entry("objects", fields(*same))
        return
    known = _known(found)
    guess = guesser.guess(known)
    if guess is not None and known.indices and any(index[n] < 1 for index in found.variables for n in found.rows):
        guess = None  # the catalogue's tables count from 1
    source = _source(node)
    if guess is not None:
        _shown_as(made, found, guess, source)
        return
    near = guesser.near(known)
    made.comment("objects", question(node.name, near, node.description, node.labels))
    for index, variable in found.variables.items():
        type, value = _typed(variable)
        entry: dict[str, object] = {"oid": _dotted(found.oid + index), "type": type}
        shown = value if isinstance(value, float) else fixed(value)
        made.entry("objects", entry | {"value": shown, "source": source})


def _typed(variable: Variable) -> tuple[str, int | float | bytes | str]:
    """Type and value as profiles have them: a float in an Opaque is a number."""
    number = (
        opaque.unpacked(variable.value) if variable.type == "opaque" and isinstance(variable.value, bytes) else None
    )
    if number is None:
        return variable.type, variable.value
    assert isinstance(variable.value, bytes)
    return next(type for type, (head, _) in opaque.FORMS.items() if variable.value.startswith(head)), number


def _known(found: Object) -> Shown:
    node = found.node
    variables = list(found.variables.values())
    values = [_typed(variable)[1] for variable in variables]
    recorded = tuple(float(value) for value in values if isinstance(value, (int, float)))
    of: Measure | None = measure(node.units) or (None if node.units else described(node.description))
    if of is None and node.type == "timeticks":
        of = measure("0.01 seconds")
    is_text = bool(values) and not isinstance(values[0], (int, float))
    indices = len(found.rows) if node.kind == "column" else 0
    return Shown(node.name, of, node.labels, is_text, indices, recorded, found.group)


def _shown_as(made: Draft, found: Object, guess: Guess, source: str) -> None:
    """One entry for all rows, if the point has rows; one for the scalar otherwise."""
    node, first = found.node, next(iter(found.variables.values()))
    names = placeholders(guess.point)
    oid = _template(found, names) if names else first.oid
    doubt = guess.doubt
    type, _ = _typed(first)
    if node.type and node.type != first.type:
        doubt = f"{doubt + '; ' if doubt else ''}the module says {node.type}, the device answers {type}"
    made.entry("objects", {"oid": oid, "type": type, **guessed(guess), "source": source}, doubt)


def _template(found: Object, names: Sequence[str]) -> str:
    """The OID of a column with index names where rows differ: `1.3.6.1.4.1.13742.6.3.5.3.1.3.1.{outlet}`."""
    index = list(map(str, next(iter(found.variables))))
    for n, name in zip(found.rows, names, strict=True):
        index[n] = f"{{{name}}}"
    return ".".join([_dotted(found.oid), *index])


def _source(node: Node) -> str:
    return f"{node.module} {node.name}" + (f", {node.units}" if node.units else "")


def _dotted(oid: Oid) -> str:
    return ".".join(map(str, oid))
