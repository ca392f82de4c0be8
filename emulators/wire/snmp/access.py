"""The view-based access control of RFC 3415 (which variables a user may read and set), without its MIB.

A view is a set of subtrees, each included or excluded; the longest subtree that a name lies in decides. A user has
access entries. Each names the lowest security level it serves, the contexts it is for, and the views for reading and
setting. A :class:`SeenTree` shows of a device's variables those in a view.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import NamedTuple

from twinfeed.emulators.wire.snmp.ber import Oid
from twinfeed.emulators.wire.snmp.mib import Instance, MibTree

ANY = -1
"""A sub-identifier of a subtree that matches every number: a 0 in vacmViewTreeFamilyMask."""


class Subtree(NamedTuple):
    """One family of a view (vacmViewTreeFamilyTable). `oid` holds ANY where the mask has a 0."""

    oid: Oid
    included: bool = True

    def holds(self, oid: Oid) -> bool:
        """True if the name lies in the subtree."""
        if len(oid) < len(self.oid):
            return False
        return all(own in (ANY, other) for own, other in zip(self.oid, oid, strict=False))


@dataclass(frozen=True)
class View:
    """The names of a view (RFC 3415 §5): the longest family that matches decides, the later of two equal ones."""

    subtrees: tuple[Subtree, ...] = ()

    def includes(self, oid: Oid) -> bool:
        """True if a variable of that name is in the view."""
        chosen: Subtree | None = None
        for subtree in self.subtrees:
            if subtree.holds(oid) and (chosen is None or _rank(subtree) >= _rank(chosen)):
                chosen = subtree
        return chosen is not None and chosen.included


def _rank(subtree: Subtree) -> tuple[int, Oid]:
    """RFC 3415, vacmViewTreeFamilyTable: more sub-identifiers win, then the lexicographically greater subtree."""
    return len(subtree.oid), subtree.oid


ALL = View((Subtree((1,)), Subtree((0,)), Subtree((2,))))
"""Every object identifier begins with 0, 1 or 2."""

NOTHING = View()


def parse_subtree(text: str) -> Subtree:
    """A subtree from text: `1.3.6.1.2.1.33`; `*` stands for any number, `-` or `!` before it leaves it out.

    ValueError for anything else.
    """
    included = not text.startswith(("-", "!"))
    parts = text.lstrip("-!").strip().removeprefix(".").split(".")
    try:
        oid = tuple(ANY if part == "*" else _sub_identifier(part) for part in parts)
    except ValueError:
        raise ValueError(
            f"found {text!r}, expected a subtree such as 1.3.6.1.2.1.33, with * for any number and - before one that "
            "is left out"
        ) from None
    return Subtree(oid, included)


def _sub_identifier(text: str) -> int:
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= 10 else -1
    if not 0 <= number < 2**32:
        raise ValueError(text)
    return number


@dataclass(frozen=True)
class AccessEntry:
    """One row of vacmAccessTable for a user.

    `level` is the lowest security level it serves, as message flags. `contexts` are those it is for, None for all.
    """

    level: int
    read: View = ALL
    write: View = NOTHING
    contexts: tuple[bytes, ...] | None = None


def entry_for(entries: Sequence[AccessEntry], level: int, context: bytes) -> AccessEntry | None:
    """The entry for a request of that level in that context, or None (RFC 3415 §4).

    An entry that names the context goes before one for all contexts, then the highest level decides.
    """
    fitting = [
        entry for entry in entries if entry.level <= level and (entry.contexts is None or context in entry.contexts)
    ]
    return max(fitting, key=lambda entry: (entry.contexts is not None, entry.level), default=None)


class SeenTree(MibTree):
    """The variables of `tree` that are in a view, always in step with it."""

    __slots__ = ("_followed", "_tree", "_view")

    def __init__(self, tree: MibTree, view: View) -> None:
        self._tree = tree
        self._view = view
        self._followed: list[Instance] | None = None
        super().__init__((), lambda: tree.generation)
        self.refresh()

    @property
    def fatal(self) -> tuple[type[Exception], ...]:
        return self._tree.fatal

    def writing(self) -> AbstractContextManager[object]:
        return self._tree.writing()

    def refresh(self) -> int:
        tree = self._tree
        tree.refresh()
        if tree.instances is not self._followed:  # rows came or went
            self._followed = tree.instances
            includes = self._view.includes
            shown = [instance for instance in tree.instances if includes(instance.oid)]
            self.replace(shown, [oid for oid in tree.layout.objects if includes(oid)])
        return super().refresh()

    def encode(self, position: int) -> bytes:
        """The encoded binding, from the tree itself, with the faults of answers."""
        tree, binding = self._tree, None
        place = tree.layout.position[self.layout.names[position]]
        touched, tree.touched_volatile = tree.touched_volatile, False
        try:
            binding = tree.encoded[place] or tree.encode(place)
        finally:
            if tree.touched_volatile:
                self.touched_volatile = True
            elif binding is not None:
                self.encoded[position] = binding
            tree.touched_volatile = tree.touched_volatile or touched
        return binding
