"""Recordings of devices: what every variable or register of a device was, walk after walk.

A recording is a text file of JSON lines, written as answers come and never rewritten:

    {"twinfeed": "recording", "version": 1, "protocol": "snmp", "device": "snmp://192.0.2.7:161", "asked": ["1.3.6.1"],
     "began": "2026-03-01T08:00:00Z", "identity": {"sysObjectID": "1.3.6.1.4.1.318.1.3.27", …}}
    {"walk": 1, "t_s": 0.0}
    {"t_s": 0.021, "variables": ["1.3.6.1.2.1.1.1.0|4|APC Web/SNMP …", …]}
    {"t_s": 0.037, "trouble": "…", "at": "1.3.6.1.2.1.4.22"}
    {"walk": 1, "t_s": 3.2, "end": true}

One line for each answer, with the time it came, s since `began`; variables are lines of a .snmprec file. A Modbus
recording has `registers` (table, first address, octets in hexadecimal), `bits` (table, first address, 0 and 1) and
`refused` (table, first address, how many, exception code) instead. What is cut off in the middle of a line was never
recorded: `repair` removes it, and reading passes over it.

A file of variables, such as a .snmprec file or what snmpwalk prints, is a recording of one walk at 0 s.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from twinfeed.emulators import textfile
from twinfeed.emulators.yamlfile import FileError
from twinfeed.harness.characterise.recording import lines as recordinglines
from twinfeed.harness.characterise.recording import snmpfiles, snmprec
from twinfeed.harness.characterise.recording.snmpfiles.reading import unpacked
from twinfeed.harness.characterise.recording.snmprec import Variable
from twinfeed.harness.transports.snmp.messages import numbers

VERSION = recordinglines.VERSION

MOST_PROBLEMS = 20
"""Number of wrong lines that are reported: after these the file is certainly no recording."""

Table = Literal["holding", "input", "coil", "discrete"]
TABLES: tuple[Table, ...] = ("holding", "input", "coil", "discrete")
Place = tuple[Table, int]
"""A register or bit: its table and PDU address."""


@dataclass
class Walk:
    """One time round the device."""

    number: int
    t_s: float
    """When it began, s since the recording did."""
    ended: bool = False
    variables: dict[str, Variable] = field(default_factory=dict)
    """By OID, in the order they came."""
    registers: dict[Place, int] = field(default_factory=dict)
    """Bits are 0 and 1."""
    refused: dict[Place, int] = field(default_factory=dict)
    """Registers and bits that the device does not let read -> its exception code."""
    most: dict[Literal["registers", "bits"], int] = field(default_factory=dict)
    """The registers or bits that the device was found to give at once, where that is less than the protocol allows."""
    troubles: list[str] = field(default_factory=list)
    restarted: bool = False
    """True if the device restarted in the middle of the walk, so that it holds values of two lives."""

    def __len__(self) -> int:
        return len(self.variables) + len(self.registers)

    def in_order(self) -> list[Variable]:
        """The variables as an agent walks them."""
        return sorted(self.variables.values(), key=lambda variable: numbers(variable.oid))


@dataclass
class Recording:
    """A device over time. `walks` holds those that have begun, the last perhaps not at its end."""

    head: dict[str, Any]
    walks: list[Walk] = field(default_factory=list)
    cut: bool = False
    """True if the file ends in the middle of a line."""
    last_s: float = 0.0
    """When the last line was written, s since the recording began."""
    gaps_s: float = 0.0
    """The time in which nothing was recorded between interruptions and resumptions, s."""
    warnings: list[str] = field(default_factory=list)
    """Variables of a file that were left out or are doubtful, with file and line."""

    @property
    def protocol(self) -> str:
        """`snmp` or `modbus`."""
        return str(self.head["protocol"])

    @property
    def identity(self) -> dict[str, str]:
        """The device's own identification: sysObjectID and sysDescr, or its identification objects by number."""
        return dict(self.head.get("identity", {}))

    def take(self, item: dict[str, Any]) -> None:
        """One line of the file after the header, as `recordinglines` describes it.

        Raises:
            ValueError: a variable is none.
        """
        before_s, self.last_s = self.last_s, float(item["t_s"])
        if "walk" in item and not item.get("end"):
            self.walks.append(Walk(int(item["walk"]), float(item["t_s"])))
            return
        if "resumed" in item:
            self.gaps_s += max(0.0, self.last_s - before_s)
            return
        walk = self.walks[-1]
        if item.get("end"):
            walk.ended = True
        for text in item.get("variables", ()):
            found = snmprec.variable(text)
            walk.variables[found.oid] = found
        if "registers" in item:
            table, first, octets = item["registers"]
            data = bytes.fromhex(octets)
            for n in range(len(data) // 2):
                walk.registers[table, first + n] = int.from_bytes(data[2 * n : 2 * n + 2], "big")
        if "bits" in item:
            table, first, bits = item["bits"]
            walk.registers |= {(table, first + n): int(bit) for n, bit in enumerate(bits)}
        if "refused" in item:
            table, first, count, code = item["refused"]
            walk.refused |= {(table, first + n): int(code) for n in range(count)}
        if "trouble" in item:
            walk.troubles.append(f"{item['at']}: {item['trouble']}")
            walk.most |= item.get("most", {})
            walk.restarted = walk.restarted or bool(item.get("restarted"))

    def at(self, t_s: float, loop: bool = False) -> Walk:
        """The walk that had begun last by then, s; after the end the last one stays, or they begin again.

        Walks cut short count only if there is no whole one: a device does not lose half of its variables for a while.
        """
        whole = self.whole
        if loop:
            t_s %= self.round_s
        since_s = t_s + whole[0].t_s
        return max((walk for walk in whole if walk.t_s <= since_s), key=lambda walk: walk.t_s)

    @property
    def whole(self) -> list[Walk]:
        """The walks that were not cut short; all of them if all were."""
        return [walk for walk in self.walks if walk.ended] or self.walks

    @property
    def round_s(self) -> float:
        """The length of the recording, s: its last walk as long as the others on average. Infinite for one walk."""
        times = [walk.t_s for walk in self.whole]
        between_s = (times[-1] - times[0]) / (len(times) - 1) if len(times) > 1 else 0.0
        return times[-1] - times[0] + between_s if between_s else math.inf


def load(path: Path) -> Recording:
    """A recording, or a file of variables (`recording.snmpfiles`) as one; compressed or not.

    Raises:
        FileError: a line for each mistake, with file and line.
    """
    data = unpacked(path, textfile.octets(path, textfile.MOST_RECORDED_OCTETS))
    if not data.lstrip().startswith(b"{"):
        return _of_variables(path, data)
    whole, _, rest = data.rpartition(b"\n")
    recording, problems = Recording({}, cut=bool(rest)), []
    for number, text in enumerate(whole.split(b"\n"), 1):
        try:
            item = textfile.json_value(text)
            if number == 1:
                recording.head = recordinglines.head(item)
            else:
                _take(recording, recordinglines.line(item, recording.protocol))
        except ValueError as error:
            shown = textfile.printable(text[:60].decode(errors="replace"))
            problems.append(f"{path}:{number}: not a line of a recording: {error}, found {shown!r}")
            if number == 1 or len(problems) == MOST_PROBLEMS:
                break
    if problems:
        raise FileError(problems)
    if not recording.head:
        raise FileError([f"{path}:1: the recording ends in its first line; delete the file and record again"])
    return recording


def repair(path: Path) -> int:
    """Remove what stands after the last whole line; returns how many octets that was."""
    data = path.read_bytes()
    keep = data.rfind(b"\n") + 1
    if keep < len(data):
        with path.open("r+b") as file:
            file.truncate(keep)
    return len(data) - keep


def snmprec_lines(walk: Walk) -> Iterator[str]:
    """The walk as the lines of a .snmprec file, in the order snmpsim wants them."""
    for variable in walk.in_order():
        yield snmprec.line(variable)


def _take(recording: Recording, item: dict[str, Any]) -> None:
    """A line of a file, which must fit those before it. Raises ValueError."""
    if item["t_s"] < recording.last_s:
        raise ValueError(f"t_s: {item['t_s']:g} s is before the line above, {recording.last_s:g} s")
    is_begin = "walk" in item and not item.get("end")
    if not recording.walks and not is_begin and "resumed" not in item:
        raise ValueError('no walk has begun; expected {"walk": 1, "t_s": 0.0}')
    recording.take(item)


def _of_variables(path: Path, data: bytes) -> Recording:
    """A recording of one walk from a file of variables. Raises FileError."""
    found = snmpfiles.read(path, data)
    walk = Walk(1, 0.0, ended=True, variables={variable.oid: variable for variable in found.variables})
    system = {"sysObjectID": "1.3.6.1.2.1.1.2.0", "sysDescr": "1.3.6.1.2.1.1.1.0"}
    identity = {name: shown(walk.variables[oid]) for name, oid in system.items() if oid in walk.variables}
    head = {"twinfeed": "recording", "version": VERSION, "protocol": "snmp", "device": path.name, "identity": identity}
    return Recording(head, [walk], warnings=found.warnings)


def shown(variable: Variable) -> str:
    """The value for people."""
    value = variable.value
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
