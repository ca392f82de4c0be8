"""Two computers with a cord on each of two UPSs, watched over by NUT's upsmon: one is the primary, one a secondary."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from twinfeed.harness.controllers.program import Program
from twinfeed.harness.worlds.live import LiveWorld

SITE = """
site: two-ups
addresses: 127.61.0.0/16
snmp: {write: private}
power:
  utility-{path}: {each: {path: [a, b]}, kind: utility}
  ups-a: {kind: ups, from: utility-a, kva: 60, kw: 60, autonomy_min: 2,
          device: {profile: ups-rfc1628, address: 127.61.0.1}}
  ups-b: {kind: ups, from: utility-b, kva: 60, kw: 60, autonomy_min: 2,
          device: {profile: ups-rfc1628, address: 127.61.0.2}}
racks:
  row: {kind: rack_row, from: {a: ups-a, b: ups-b}, racks: 10, rack_kw: 5, utilisation: 0.9}
"""
"""At the load of this row the batteries last about seven minutes, and count as low for the last three of them."""

UPSS = ("ups-a", "ups-b")

LOOK_S = 0.5
"""The period at which the tests read news from upsmon, s of the site."""


@dataclass(frozen=True)
class Notice:
    """A notice of an upsmon: `what` is one of upsmon(8)'s events, or SHUTDOWNCMD."""

    t_s: float
    """When the test read it, s of the site."""
    role: str
    what: str
    ups: str
    """Empty for what befalls the computer."""


class Computers:
    """The computers of a live world and the notices of their upsmon, in the order they came."""

    def __init__(self, world: LiveWorld, program: Program) -> None:
        self.notices: list[Notice] = []
        self._world, self._program = world, program

    @property
    def output(self) -> str:
        """Everything NUT's programs have printed."""
        return self._program.output.read_text(errors="replace")

    def look(self) -> None:
        """Take over the notices since the last call."""
        for words in self._said()[len(self.notices) :]:
            self.notices.append(Notice(self._world.now, words[2], words[3], words[4] if len(words) > 4 else ""))

    def _said(self) -> list[list[str]]:
        return [line.split() for line in self.output.splitlines() if line.startswith("upsmon ")]

    async def until(self, role: str, what: str, ups: str = "", patience_s: float = 400.0) -> Notice:
        """Wait until that upsmon has notified of that; the patience is the site's seconds."""
        await self._wait(lambda: any(True for _ in self._of(role, what, ups)), f"{role} {what} {ups}", patience_s)
        return next(self._of(role, what, ups))

    async def watched(self) -> None:
        """Wait until both are logged in at both UPSs."""
        await self._wait(lambda: self.output.count("logged into UPS") == 4, "four logins", 600.0)

    async def _wait(self, holds, what: str, patience_s: float) -> None:
        deadline_s = self._world.now + patience_s
        while not holds():
            assert self._world.now < deadline_s, f"no {what} within {patience_s:g} s; NUT said:\n{self.output[-3000:]}"
            await self._world.run(LOOK_S)
            self.look()

    def _of(self, role: str, what: str, ups: str) -> Iterator[Notice]:
        return (n for n in self.notices if (n.role, n.what, n.ups) == (role, what, ups))

    def order(self, role: str, ups: str) -> list[str]:
        """The notices of that upsmon at that UPS and of its computer, in the order they came, but for those at the
        connection, which a busy machine loses for a moment."""
        return [n.what for n in self.notices if n.role == role and n.ups in (ups, "") and not n.what.startswith("COMM")]

    def place(self, role: str, what: str) -> int:
        """The place of that one among all notices."""
        return next(i for i, n in enumerate(self.notices) if (n.role, n.what) == (role, what))

    @property
    def shut_down(self) -> list[str]:
        """Whose shutdown commands have run, in that order."""
        return [n.role for n in self.notices if n.what == "SHUTDOWNCMD"]

    @property
    def shutting_down(self) -> bool:
        return any(n.what in ("FSD", "SHUTDOWN", "SHUTDOWNCMD") for n in self.notices)
