"""The variables an agent offers, in the order SNMP walks them.

A :class:`MibTree` is rebuilt only when rows come or go. What every device of one model has in common (names,
their encodings, the order) is one table shared by all trees with the same names; a tree itself holds a list of
instances and the bindings encoded since the plant last moved.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from itertools import pairwise
from typing import NamedTuple
from weakref import WeakValueDictionary

from twinfeed.emulators.wire.snmp.ber import (
    SEQUENCE,
    Oid,
    Syntax,
    Value,
    decode_oid,
    encode_oid_content,
    encode_tlv,
    encode_value,
    format_oid,
)
from twinfeed.emulators.wire.snmp.message import ErrorStatus


class SetError(Exception):
    """A value cannot be set. The subclass gives the error-status for the manager (RFC 3416 §4.2.5)."""

    status = ErrorStatus.GEN_ERR


class NoAccess(SetError):
    """The variable is outside what this manager may set."""

    status = ErrorStatus.NO_ACCESS


class WrongType(SetError):
    """The value has another ASN.1 type than the variable."""

    status = ErrorStatus.WRONG_TYPE


class WrongLength(SetError):
    """The value is longer or shorter than the variable ever takes."""

    status = ErrorStatus.WRONG_LENGTH


class WrongEncoding(SetError):
    """The octets are not in the form the textual convention demands."""

    status = ErrorStatus.WRONG_ENCODING


class WrongValue(SetError):
    """The variable never takes this value."""

    status = ErrorStatus.WRONG_VALUE


class NoCreation(SetError):
    """The row does not exist and cannot ever be created."""

    status = ErrorStatus.NO_CREATION


class InconsistentName(SetError):
    """The row does not exist and cannot be created in the device's present state."""

    status = ErrorStatus.INCONSISTENT_NAME


class InconsistentValue(SetError):
    """The variable takes this value, but not in the device's present state."""

    status = ErrorStatus.INCONSISTENT_VALUE


class ResourceUnavailable(SetError):
    """The device has no room or capacity left for this."""

    status = ErrorStatus.RESOURCE_UNAVAILABLE


class NotWritable(SetError):
    """No manager can set the variable."""

    status = ErrorStatus.NOT_WRITABLE


class Unanswered(Exception):
    """A variable whose reading leaves the whole request without an answer."""


class Instance(NamedTuple):
    """One variable of a device.

    `read` returns the value now: int, bytes or tuple as `syntax` takes it. `write` sets it, None where it is read-only.

    `check` raises a :class:`SetError` for a value that cannot be set; all bindings of a request are checked before any
    is written. A `write` that raises has written nothing: what the request's other bindings wrote before it is undone
    by writing back the values read before, and the manager gets the status of the SetError, or commitFailed for any
    other exception.

    `volatile` means that the value can change while the tree's revision stays (uptime, the agent's own counters).
    `index_length` is how many trailing sub-identifiers of `oid` select the instance of its object: 1 for a scalar's .0
    or a table indexed by one integer, 2 for two, and so on; it decides between noSuchInstance and noSuchObject.
    """

    oid: Oid
    syntax: Syntax
    read: Callable[[], Value]
    write: Callable[[Value], None] | None = None
    check: Callable[[Value], None] | None = None
    volatile: bool = False
    index_length: int = 1


class Layout:
    """The names of a tree, sorted, encoded and indexed. All trees with the same names share one object."""

    __slots__ = ("__weakref__", "elements", "names", "object_lengths", "objects", "oids", "position")

    def __init__(self, oids: tuple[Oid, ...], objects: frozenset[Oid]) -> None:
        self.oids = oids
        self.names = tuple(map(encode_oid_content, oids))
        self.elements = tuple(encode_tlv(Syntax.OBJECT_IDENTIFIER, name) for name in self.names)
        self.position = {name: index for index, name in enumerate(self.names)}
        self.objects = objects
        self.object_lengths = tuple(sorted({len(oid) for oid in objects}))


_layouts: "WeakValueDictionary[tuple[tuple[Oid, ...], frozenset[Oid]], Layout]" = WeakValueDictionary()


def _layout(oids: tuple[Oid, ...], objects: frozenset[Oid]) -> Layout:
    layout = _layouts.get((oids, objects))
    if layout is None:
        layout = _layouts[oids, objects] = Layout(oids, objects)
    return layout


class MibTree:
    """Instances in lexicographic order. Their encoded bindings are cached while the revision stays the same.

    `revision` returns a number the site changes whenever anything moved; while it stays the same, an encoded
    binding is reused unless its instance is volatile. `objects` names objects that exist but have no instance
    yet (the columns of an empty table), so that asking for one is noSuchInstance.

    ValueError when two instances have the same name or one is no object identifier.
    """

    __slots__ = ("_objects", "_revision", "_seen", "encoded", "generation", "instances", "layout", "touched_volatile")

    instances: list[Instance]
    layout: Layout
    encoded: list[bytes | None]

    def __init__(self, instances: Iterable[Instance], revision: Callable[[], int], objects: Iterable[Oid] = ()) -> None:
        self._revision = revision
        self._objects = tuple(objects)
        self._seen = revision()
        self.generation = 0  # grows with every change of revision or rows: what was derived before is stale
        self.touched_volatile = False  # set by encoding a volatile instance; whoever cares resets it
        self.replace(instances)

    def __len__(self) -> int:
        return len(self.instances)

    def replace(self, instances: Iterable[Instance], objects: Iterable[Oid] | None = None) -> None:
        """Replace the instances, after rows appeared or disappeared."""
        if objects is not None:
            self._objects = tuple(objects)
        self.instances = sorted(instances, key=lambda instance: instance.oid)
        oids = tuple(instance.oid for instance in self.instances)
        for one, other in pairwise(oids):
            if one == other:
                raise ValueError(f"two instances are named {format_oid(one)}; an instance has a name of its own")
        columns = {instance.oid[: -instance.index_length] for instance in self.instances}
        self.layout = _layout(oids, frozenset(columns.union(self._objects)))
        self.invalidate()

    def invalidate(self) -> None:
        """Discard the encoded bindings, after a write that the revision may not show yet."""
        self.encoded = [None] * len(self.instances)
        self.generation += 1

    def refresh(self) -> int:
        """Compare the revision, discard stale bindings, and return the generation. Called once a datagram."""
        revision = self._revision()
        if revision != self._seen:
            self._seen = revision
            self.invalidate()
        return self.generation

    def find(self, name: bytes) -> int | None:
        """The position of the instance with this name (content octets), None if there is none."""
        return self.layout.position.get(name)

    def after(self, name: bytes) -> int:
        """The position of the first instance after this name, which need not exist; len(self) at the end."""
        position = self.layout.position.get(name)
        if position is not None:
            return position + 1
        return bisect_right(self.layout.oids, decode_oid(name))

    def has_object(self, oid: Oid) -> bool:
        """True if some prefix of `oid` is an object of this tree, with or without instances."""
        objects = self.layout.objects
        return any(oid[:length] in objects for length in self.layout.object_lengths if length <= len(oid))

    def object_is_writable(self, oid: Oid) -> bool:
        """True if `oid` lies under an object of which some instance can be set."""
        return any(
            instance.write is not None
            and oid[: len(instance.oid) - instance.index_length] == instance.oid[: -instance.index_length]
            for instance in self.instances
        )

    @property
    def fatal(self) -> tuple[type[Exception], ...]:
        """Exceptions of instances for which the device sends no answer at all."""
        return (Unanswered,)

    def writing(self) -> AbstractContextManager[object]:
        """The context in which the bindings of one SET are written, so that they are one change of the device."""
        return nullcontext()

    def encode(self, position: int) -> bytes:
        """The encoded binding at `position`. Whatever reading raises, and ValueError or TypeError for a value
        that does not fit the syntax, reaches the caller, which answers genErr."""
        instance = self.instances[position]
        if instance.volatile:
            self.touched_volatile = True
        value = encode_value(instance.syntax, instance.read())
        binding = encode_tlv(SEQUENCE, self.layout.elements[position] + value)
        if not instance.volatile:
            self.encoded[position] = binding
        return binding
