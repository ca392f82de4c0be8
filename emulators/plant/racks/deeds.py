"""Deeds of people at a row of racks: shut down, start, restart one after the other, move work, move cords."""

from __future__ import annotations

from collections.abc import Mapping

from twinfeed.emulators.plant.kernel.deeds import DeedKind, Word
from twinfeed.emulators.plant.kernel.faults import Parameter

RACK: Mapping[str, Parameter] = {"rack": Parameter(0, "", 0, 64, "which rack, 0 for all", neutral=None, whole=True)}
"""Arguments of deeds at one rack or the whole row."""

GAP: Mapping[str, Parameter] = {
    "gap_s": Parameter(30.0, "s", 0.0, 86400.0, "from one rack to the next", neutral=None),
}
"""The rate of deeds that go from rack to rack."""

AT_ONCE = Parameter(0.0, "s", 0.0, 86400.0, "from one rack to the next", neutral=None)

DEEDS: Mapping[str, DeedKind] = {
    "shut-down": DeedKind(
        "shut its systems down in order", lambda row, a: row.shut_down(int(a["rack"])), RACK, "start-up"
    ),
    "start-up": DeedKind(
        "start systems that were shut down or have overheated",
        lambda row, a: row.start_up(int(a["rack"])),
        RACK,
        "shut-down",
    ),
    "restart": DeedKind("start its stopped racks one after the other", lambda row, a: row.restart(**a), GAP),
    "load": DeedKind(
        "move work here or away",
        lambda row, a: row.set_utilisation(a["percent"] / 100.0, int(a["rack"])),
        {"percent": Parameter(100.0, "%", 0.0, 100.0, "how busy it is then", neutral=None), **RACK},
    ),
    "recable": DeedKind(
        "plug a cord of a rack into the other source, or into none; of all racks, one after the other",
        lambda row, a: row.recable(int(a["rack"]), a["cord"], a["to"], a["gap_s"]),
        {**RACK, "cord": Word(("a", "b")), "to": Word(("a", "b", "none")), "gap_s": AT_ONCE},
    ),
}
"""By name; `twinfeed.emulators.plant.racks.racks.RackRow` carries them out."""
