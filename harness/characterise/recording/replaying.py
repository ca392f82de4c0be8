"""The replay of a recording: an SNMP agent or a Modbus TCP server with the recorded answers.

Everything can be read and nothing written. What is served at a time is the walk that had begun by then when the
recording was made; after its end the last one stays, or the recording begins again and uptimes and counters go on.
It is a server rather than a transport of the harness, so that any client can be pointed at it, and so that the harness
reads it over the wire too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise

from twinfeed.emulators.profiles.snmp_binding import WRAPS
from twinfeed.emulators.wire.modbus import (
    IllegalAddress,
    IllegalFunction,
    IllegalValue,
    ModbusError,
    ModbusTcpServer,
    any_unit,
)
from twinfeed.emulators.wire.modbus.unit import BitTable, RegisterTable, Unanswered
from twinfeed.emulators.wire.snmp import Access, Engine, SnmpAgent, SnmpServer, User
from twinfeed.harness.characterise.recording.recording import Recording, Table, Walk
from twinfeed.harness.characterise.recording.snmpfiles.tree import VariablesTree
from twinfeed.harness.characterise.recording.snmprec import Variable

REFUSALS: dict[int, type[ModbusError]] = {int(refusal.code): refusal for refusal in ModbusError.__subclasses__()}
"""Recorded exceptions that are given again as they were; codes that are none as illegal data address."""

SILENT = 0
"""Stands for the exception code of what the device did not answer; neither does its replay."""

MAX_MESSAGE = 65507
"""The longest answer, octets: what fits a UDP datagram. A value that a device gave is given again, however long."""


SNMP_ENGINE_ID = "1.3.6.1.6.3.10.2.1.1.0"
"""snmpEngineID.0 (RFC 3411)."""

TEXT_OCTETS = 27
"""Octets of text that an engine id has room for."""


class Player:
    """Which walk of a recording is served now. `clock` gives the time, s; the recording begins when this is made."""

    def __init__(self, recording: Recording, clock: Callable[[], float], loop: bool = False) -> None:
        self.recording = recording
        self._clock, self._loop = clock, loop
        self._start_s = clock()

    @property
    def walk(self) -> Walk:
        return self.recording.at(self._clock() - self._start_s, self._loop)

    @property
    def round(self) -> int:
        """The number of times that the recording has begun again."""
        return int((self._clock() - self._start_s) / self.recording.round_s) if self._loop else 0


class Advance:
    """The advance of uptimes and counters in one round of a recording, so that they go on where they were in the next.

    Only variables that never go back in the recording advance: a device that restarted in it restarts in each round.
    """

    def __init__(self, recording: Recording) -> None:
        walks = recording.whole
        lasted_s = walks[-1].t_s - walks[0].t_s
        times = recording.round_s / lasted_s if lasted_s else 0.0
        self._by_oid = {
            oid: round(risen * times)
            for oid, variable in (walks[0].variables.items() if times else ())
            if variable.type in WRAPS and (risen := _risen(walks, oid, WRAPS[variable.type]))
        }

    def after(self, rounds: int, variable: Variable) -> Variable:
        """The variable in that round, 0 for the first."""
        gain = self._by_oid.get(variable.oid, 0)
        if not rounds or not gain or not isinstance(variable.value, int) or variable.type not in WRAPS:
            return variable
        return variable._replace(value=(variable.value + rounds * gain) % WRAPS[variable.type])


def _risen(walks: Sequence[Walk], oid: str, wraps: int) -> int:
    """By how much a variable rises over these walks, wrapping; 0 if it is ever absent or goes back."""
    values = [walk.variables[oid].value for walk in walks if oid in walk.variables]
    numbers = [value for value in values if isinstance(value, int)]
    steps = [(after - before) % wraps for before, after in pairwise(numbers)]
    return sum(steps) if len(numbers) == len(walks) and all(step < wraps // 2 for step in steps) else 0


class RecordedTree(VariablesTree):
    """The variables of the walk that is served now."""

    __slots__ = ("_advance", "_player", "_round", "_shown")

    def __init__(self, player: Player) -> None:
        self._player = player
        self._advance = Advance(player.recording)
        self._shown, self._round = player.walk, player.round
        super().__init__(self._now(), self._look)

    def _look(self) -> int:
        walk, rounds = self._player.walk, self._player.round
        if walk is not self._shown or rounds != self._round:
            self._shown, self._round = walk, rounds
            self.show(self._now())
        return rounds * len(self._player.recording.walks) + walk.number

    def _now(self) -> Iterator[Variable]:
        return (self._advance.after(self._round, variable) for variable in self._shown.variables.values())


class RecordedUnit:
    """The registers and bits of the walk that is served now (see `twinfeed.emulators.wire.modbus.Unit`)."""

    def __init__(self, player: Player) -> None:
        self._player = player

    @property
    def identification(self) -> Mapping[int, bytes]:
        objects = {int(id): text.encode() for id, text in self._player.recording.identity.items()}
        return objects if {0, 1, 2} <= objects.keys() else {}

    def read_registers(self, table: RegisterTable, address: int, count: int) -> bytes:
        return b"".join(value.to_bytes(2, "big") for value in self._values(table, address, count))

    def read_bits(self, table: BitTable, address: int, count: int) -> Sequence[bool]:
        return [bool(value) for value in self._values(table, address, count)]

    def _values(self, table: Table, address: int, count: int) -> list[int]:
        walk = self._player.walk
        most = walk.most.get("bits" if table in ("coil", "discrete") else "registers")
        if most is not None and count > most:
            raise IllegalValue(f"the device was found to give {most} at once")
        places = [(table, n) for n in range(address, address + count)]
        for place in places:
            if place not in walk.registers:
                if walk.refused.get(place) == SILENT:
                    raise Unanswered
                code = walk.refused.get(place, int(IllegalAddress.code))
                refusal = REFUSALS.get(code, IllegalAddress)
                raise refusal(f"{place[0]} {place[1]} was not there when the device was recorded")
        return [walk.registers[place] for place in places]

    def write_bits(self, address: int, values: Sequence[bool]) -> None:
        raise IllegalFunction("a recording is only read")

    def write_registers(self, address: int, data: bytes) -> None:
        raise IllegalFunction("a recording is only read")


def _engine_id(recording: Recording) -> bytes:
    """The recorded snmpEngineID; without one, an engine id made of the device's name (RFC 3411 §5, format 4)."""
    for walk in recording.walks:
        found = walk.variables.get(SNMP_ENGINE_ID)
        if found is not None and isinstance(found.value, bytes) and 5 <= len(found.value) <= 32:
            return found.value
    name = str(recording.head.get("device", "recording")).encode()[:TEXT_OCTETS]
    return b"\x80\x00\x1f\x88\x04" + (name or b"recording")


def server(
    recording: Recording,
    address: str,
    port: int,
    *,
    community: str = "public",
    users: Sequence[User] = (),
    boots: int = 1,
    loop: bool = False,
    expose: bool = False,
) -> SnmpServer | ModbusTcpServer:
    """The server of the recording; its time begins now. A Modbus recording answers to every unit number.

    With `users` SNMPv3 answers too, and only reads. Its engine is the recorded one (snmpEngineID) where the recording
    has it; it has started `boots` times, which must grow from one replay to the next (RFC 3414 §2.2.2).

    Raises:
        ValueError: the address is not a loopback address and `expose` is not given, nothing is recorded, or a Modbus
            recording is given users.
    """
    if not any(walk.ended or len(walk) for walk in recording.walks):
        raise ValueError(f"the recording of {recording.head.get('device', 'a device')} holds no value yet")
    player = Player(recording, asyncio.get_running_loop().time, loop)
    if recording.protocol == "snmp":
        clock = asyncio.get_running_loop().time
        began_s = clock()
        engine = Engine(_engine_id(recording), lambda: boots, lambda: int(clock() - began_s)) if users else None
        communities = {community.encode(): Access.READ_ONLY} if community else {}
        agent = SnmpAgent(RecordedTree(player), communities, users, engine, max_message=MAX_MESSAGE)
        return SnmpServer(agent, address, port, allow_non_loopback=expose)
    if users:
        raise ValueError("this is a recording of Modbus, which has no users")
    return ModbusTcpServer(any_unit(RecordedUnit(player)), address, port, allow_non_loopback=expose)
