"""Recorded variables as an agent walks them. What a request does not touch is neither decoded nor encoded.

Recordings of core routers hold millions of variables; making every name's octets and a reader for each value takes
minutes and gigabytes, of which a manager asks for a fraction.
"""

from __future__ import annotations

import logging
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Generic, TypeVar, cast, overload

from twinfeed.emulators.profiles.snmp_binding import SYNTAX
from twinfeed.emulators.wire.snmp import BerError, Instance, MibTree, Oid, Syntax, Value
from twinfeed.emulators.wire.snmp.ber import SEQUENCE, check_oid, decode_oid, encode_oid_content, encode_tlv
from twinfeed.emulators.wire.snmp.mib import Layout
from twinfeed.harness.characterise.recording.snmpfiles.values import octets
from twinfeed.harness.characterise.recording.snmprec import Variable
from twinfeed.harness.transports.snmp.messages import numbers

_log = logging.getLogger(__name__)

Item = TypeVar("Item")


class Made(Sequence[Item], Generic[Item]):
    """A sequence whose items are made when they are taken."""

    def __init__(self, length: int, make: Callable[[int], Item]) -> None:
        self._length, self._make = length, make

    def __len__(self) -> int:
        return self._length

    @overload
    def __getitem__(self, at: int) -> Item: ...

    @overload
    def __getitem__(self, at: slice) -> list[Item]: ...

    def __getitem__(self, at: int | slice) -> Item | list[Item]:
        if isinstance(at, slice):
            return [self._make(n) for n in range(self._length)[at]]
        return self._make(range(self._length)[at])


class Positions(dict[bytes, int]):
    """The place of a name, found in the sorted names."""

    def __init__(self, oids: Sequence[Oid]) -> None:
        super().__init__()
        self._oids = oids

    def get(self, name: bytes, default: Any = None) -> Any:
        try:
            oid = decode_oid(name)
        except BerError:
            return default
        at = bisect_left(self._oids, oid)
        return at if at < len(self._oids) and self._oids[at] == oid else default


class Names(Layout):
    """See `twinfeed.emulators.wire.snmp.mib.Layout`."""

    __slots__ = ()

    def __init__(self, oids: tuple[Oid, ...]) -> None:
        name = Made(len(oids), lambda n: encode_oid_content(oids[n]))
        element = Made(len(oids), lambda n: encode_tlv(Syntax.OBJECT_IDENTIFIER, name[n]))
        self.oids = oids
        self.names, self.elements = cast("tuple[bytes, ...]", name), cast("tuple[bytes, ...]", element)
        self.position = Positions(oids)
        self.objects, self.object_lengths = frozenset(), ()


class VariablesTree(MibTree):
    """The variables, each with the octets that the device sent as its value, be they a value of its type or not.

    Names that no agent can have (`twinfeed.emulators.wire.snmp.ber.check_oid`) are left out, and logged.
    """

    __slots__ = ("_known", "_variables")

    def __init__(self, variables: Iterable[Variable], revision: Callable[[], int]) -> None:
        self._variables: list[Variable] = []
        super().__init__((), revision)
        self.show(variables)

    def show(self, variables: Iterable[Variable]) -> None:
        """Offer these variables from now on."""
        named = sorted(((numbers(variable.oid), variable) for variable in variables), key=lambda pair: pair[0])
        kept = [(oid, variable) for oid, variable in named if _is_name(oid)]
        if absent := len(named) - len(kept):
            example = next(variable.oid for oid, variable in named if not _is_name(oid))
            _log.warning("%d variables are not served, since no agent can have their names: %s", absent, example)
        self._variables = [variable for _, variable in kept]
        self._known: frozenset[Oid] | None = None
        oids = tuple(oid for oid, _ in kept)
        self.layout = Names(oids)
        self.instances = cast("list[Instance]", Made(len(oids), lambda n: _instance(oids[n], self._variables[n])))
        self.invalidate()

    def has_object(self, oid: Oid) -> bool:
        if self._known is None:
            self._known = frozenset(name[:-1] for name in self.layout.oids)
        return any(oid[:length] in self._known for length in range(1, len(oid) + 1))

    def object_is_writable(self, oid: Oid) -> bool:
        return False

    def encode(self, position: int) -> bytes:
        binding = encode_tlv(SEQUENCE, self.layout.elements[position] + octets(self._variables[position]))
        self.encoded[position] = binding
        return binding


def _is_name(oid: Oid) -> bool:
    try:
        check_oid(oid)
    except ValueError:
        return False
    return True


def _instance(oid: Oid, variable: Variable) -> Instance:
    return Instance(oid, SYNTAX.get(variable.type, Syntax.OPAQUE), _unread)


def _unread() -> Value:
    raise AssertionError("a recorded variable is encoded from its octets")
