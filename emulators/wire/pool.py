"""The connections that all servers of a process may hold together, so that descriptors remain for other uses."""

from __future__ import annotations

import logging
from typing import Protocol

_log = logging.getLogger(__name__)

RELAXED = 0.9
"""If the number falls below this fraction of the limit, reaching the limit is logged again."""


class Holder(Protocol):
    """A server that holds connections."""

    @property
    def connection_count(self) -> int:
        """Connections open now."""

    def close_longest_silent(self) -> None:
        """Close the connection that has been silent longest."""


class ConnectionPool:
    """At most `most` connections of all servers. A further one closes the longest silent of the fullest server."""

    def __init__(self, most: int) -> None:
        if most < 1:
            raise ValueError(f"a pool holds at least one connection, found {most}")
        self.most = most
        self.count = 0
        self._holders: list[Holder] = []
        self._logged = False

    def join(self, holder: Holder) -> None:
        """Start to count the connections of this server."""
        self._holders.append(holder)

    def leave(self, holder: Holder) -> None:
        """This server has stopped."""
        self._holders.remove(holder)

    def opening(self) -> None:
        """Make room for a new connection."""
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
        """Count one connection less."""
        self.count -= 1
        if self.count < min(RELAXED * self.most, self.most - 1):
            self._logged = False


def _count(holder: Holder) -> int:
    return holder.connection_count
