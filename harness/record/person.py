"""For whom a line is written: the user of this process, or the one at the other end of a socket."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True)
class Person:
    """A user of the computer, as the operating system knows them."""

    uid: int | None
    """None where the system has no user numbers."""
    login: str


_acting: ContextVar[Person | None] = ContextVar("acting", default=None)


def acting() -> Person:
    """The person at work: the one of the enclosing `acting_for`, otherwise the user of this process."""
    return _acting.get() or _own()


@contextmanager
def acting_for(person: Person) -> Iterator[None]:
    """Lines that are written inside the block, and by tasks that start inside it, carry this person."""
    token = _acting.set(person)
    try:
        yield
    finally:
        _acting.reset(token)


def login_of(uid: int) -> str:
    """The login of a user number, or `uid N` where the system knows none (a container)."""
    try:
        import pwd
    except ImportError:
        return f"uid {uid}"
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"


def _own() -> Person:
    getuid = getattr(os, "getuid", None)
    if getuid is None:  # Windows
        return Person(None, os.environ.get("USERNAME", ""))
    uid = int(getuid())
    return Person(uid, login_of(uid))
