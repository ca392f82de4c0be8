"""How many connections all servers of a process may hold together, so that descriptors remain for everything else."""

from __future__ import annotations

import logging
from typing import Protocol

_log = logging.getLogger(__name__)

RELAXED = 0.9
"""Below this share of the limit the next time it is met is logged again."""


class Holder(Protocol):
    """A server that holds connections."""

    @property
    def connection_count(self) -> int:
        """Connections open now."""

    def close_longest_silent(self) -> None:
        """Close the connection that has been silent longest."""


class ConnectionPool:
    """At most `most` connections of all servers together: one more closes the longest silent of the fullest server."""

    def __init__(self, most: int) -> None:
        if most < 1:
            raise ValueError(f"a pool holds at least one connection, found {most}")
        self.most = most
        self.count = 0
        self._holders: list[Holder] = []
        self._logged = False

    def join(self, holder: Holder) -> None:
        """This server's connections count from now on."""
        self._holders.append(holder)

    def leave(self, holder: Holder) -> None:
        """This server has stopped."""
        self._holders.remove(holder)

    def opening(self) -> None:
        """A connection is about to be counted: make room for it."""
        while self.count >= self.most:
            if not self._logged:
                self._logged = True
                _log.warning(
                    "%d connections are open, as many as the limit of open files allows: each further one "
                    "closes the longest silent one. Raise the limit (ulimit -n) if the clients need them all",
                    self.count,
                )
            fullest = max(self._holders, key=_count)
            if not fullest.connection_count:  # nothing left to close
                break
            fullest.close_longest_silent()
        self.count += 1

    def closed(self) -> None:
        """One connection fewer."""
        self.count -= 1
        if self.count < min(RELAXED * self.most, self.most - 1):
            self._logged = False


def _count(holder: Holder) -> int:
    return holder.connection_count
