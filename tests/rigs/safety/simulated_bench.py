"""A bench whose outlets and processes are simulated, in virtual time.

Supervisor, guard, keeper, moves, state machine and the test run's take-over are the product's own; processes are tasks
of one virtual loop. Everything through which a process acts on the world (a move, a reading back, a note on the disk)
goes through `Process.step`: a process that has died has no further effect.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from twinfeed.hil_rigs import rigfile
from twinfeed.hil_rigs.actuators.base import Actuator, ActuatorFailed
from twinfeed.hil_rigs.emergency.life import Life, from_json
from twinfeed.hil_rigs.emergency.mark import Mark
from twinfeed.hil_rigs.instruments import Instrument
from twinfeed.hil_rigs.rigfile import Rig
from twinfeed.hil_rigs.schema import Position
from twinfeed.hil_rigs.supervisor.guard import Guard
from twinfeed.hil_rigs.supervisor.keeper import Keeper
from twinfeed.hil_rigs.supervisor.moves import Denied, Moves
from twinfeed.hil_rigs.supervisor.rescue import take_over
from twinfeed.hil_rigs.supervisor.supervisor import Supervisor

RIG = """
bench: histories
checklist: []
may_arm: [Awa]
wiring:
  power:
    utility-a: {kind: utility}
    ups-1: {kind: ups, from: {input: utility-a}, kva: 3, kw: 2.7, phases: 1, device: {profile: ups-rfc1628, address: 127.44.0.11}}
  racks:
    pdu-1: {kind: pdu, from: ups-1, phases: 1, outlets: 8, banks: 1, device: {profile: apc-rpdu2, address: 127.44.0.12}}
    rack-1: {kind: rack, from: {a: "pdu-1:1"}, rack_kw: 1, psu_side_kw: 2}
devices:
  pdu-1: {snmp: {address: 127.44.0.12}}
actuators:
  mains: {outlet: pdu-1.outlet.2.control, safe: "off", causes: {utility-a outage: "off"}}
  load: {outlet: pdu-1.outlet.1.control, safe: "off", causes: {pdu-1 inlet-loss: "off"}}
  spare: {outlet: pdu-1.outlet.3.control, causes: {ups-1 bypass: "off"}}
order: {de_energise: [load, mains, spare]}
"""

NO_ANSWER_S = 1.0
"""So long a device that is silent is waited for, s."""

FAULTS = {"mains": ("utility-a", "outage"), "load": ("pdu-1", "inlet-loss")}


class Unsafe(AssertionError):
    """The bench is not in its safe state, and neither a living process nor the next command shows so."""


class Dead(Exception):
    """The process that does this has died."""


@dataclass
class Outlet:
    """A real outlet, as it is."""

    at: Position = "on"
    silent_until_s: float = 0.0
    """Nothing it is asked is answered before."""
    lost: bool = False
    """While it is silent it obeys all the same: only its answers are lost."""
    lies_until_s: float = 0.0
    """It acknowledges, and does not move before."""
    by_hand: bool = False
    """Somebody has moved it since a person read that the bench is at rest."""


class Process:
    """A process of the bench. It dies at its step number `dies_at`, if that is not None."""

    def __init__(self, name: str, dies_at: int | None = None) -> None:
        self.name, self.dies_at = name, dies_at
        self.alive = True
        self.steps = 0
        self.gone = asyncio.Event()
        self.task: asyncio.Task[Any] | None = None

    def step(self) -> bool:
        """True if it lives to do this."""
        self.steps += 1
        if self.steps == self.dies_at:
            self.die()
        return self.alive

    def die(self) -> None:
        self.alive = False
        self.gone.set()

    async def act(self) -> None:
        """Go on only if it lives."""
        if not self.step():
            await asyncio.get_running_loop().create_future()


class SharedDisk:
    """The state that outlives the processes: the mark of the bench, and which processes hold the lock of its keepers."""

    def __init__(self) -> None:
        self.text: str | None = None
        self.keepers: set[Process] = set()


class MemoryMark(Mark):
    """The bench's mark on that disk, in the hands of one process; None is the next command."""

    def __init__(self, disk: SharedDisk, process: Process | None) -> None:
        self.disk, self.process = disk, process
        super().__init__(Path("histories"), process.name if process else "", None)

    def read(self) -> Life:
        return Life() if self.disk.text is None else from_json(self.disk.text)

    def _write(self) -> None:
        assert self.process is not None, "a command only reads"
        if self.process.step():
            self.disk.text = None if self.life.at_rest else self.life.as_json()
            self.process.step()  # it may die just afterwards, too

    def seen(self) -> None:
        return

    def keep(self) -> None:
        if self.process is not None and self.process.alive:
            self.disk.keepers.add(self.process)

    def let_go(self) -> None:
        if self.process is not None:
            self.disk.keepers.discard(self.process)

    @property
    def kept(self) -> bool:
        return any(keeper.alive for keeper in self.disk.keepers)

    @property
    def rig_file(self) -> str:
        return "histories.yaml"


class Hand(Actuator):
    """The move of an outlet by one process."""

    def __init__(self, name: str, outlet: Outlet, process: Process, chance: random.Random) -> None:
        super().__init__(name)
        self._outlet, self._process, self._chance = outlet, process, chance

    async def move(self, position: Position, parameters: Mapping[str, float] | None = None) -> None:
        await self._process.act()
        await asyncio.sleep(self._chance.uniform(0.005, 0.3))
        await self._process.act()
        now, outlet = asyncio.get_running_loop().time(), self._outlet
        silent, lies = now < outlet.silent_until_s, now < outlet.lies_until_s
        if not lies and (not silent or outlet.lost):
            outlet.at = position
        if silent:
            await asyncio.sleep(NO_ANSWER_S)
            raise ActuatorFailed(f"{self.name}: no answer in {NO_ANSWER_S:g} s")
        await self._process.act()

    async def position(self) -> Position | None:
        await self._process.act()
        if asyncio.get_running_loop().time() < self._outlet.silent_until_s:
            await asyncio.sleep(NO_ANSWER_S)
            raise ActuatorFailed(f"{self.name}: its position cannot be read")
        await asyncio.sleep(self._chance.uniform(0.001, 0.05))
        await self._process.act()
        return self._outlet.at


class StoryRecord:
    """The record of a supervisor, as lines of the story."""

    def __init__(self, tell: Callable[..., None]) -> None:
        self.write = tell

    def look_at_clock(self) -> None:
        return


class SimulatedGuard(Guard):
    """The guard, whose supervisor is a task of the same loop."""

    def __init__(self, bench: Bench, process: Process) -> None:
        super().__init__(bench.rig, -1, bench.mark(process))
        self._bench, self._process = bench, process

    async def _supervised(self) -> tuple[int, str]:
        self._asked_for.clear()
        if not self._process.alive:
            raise Dead
        supervisor = await self._bench.start_supervisor()
        await supervisor.gone.wait()
        await asyncio.sleep(0.01)
        return -9, f"the supervisor ended while the bench was {self._mark.read().state}"

    def _keeping(self, why: str) -> Any:
        return self._bench.keeping(self._process, self._mark, why)

    @asynccontextmanager
    async def _answering(self, keeper: Keeper) -> AsyncIterator[None]:
        desk = (self._process, keeper, self._asked_for)
        if self._process.alive:
            self._bench.desk = desk
        yield
        if self._bench.desk is desk:
            self._bench.desk = None


class Bench:
    """A bench whose outlets and processes are simulated; `chance` decides what is left to chance."""

    def __init__(self, rig: Rig, chance: random.Random) -> None:
        self.rig, self.chance = rig, chance
        self.outlets = {name: Outlet() for name in rig.bench.actuators}
        self.disk = SharedDisk()
        self.supervising: tuple[Process, Supervisor] | None = None
        self.guarding: Process | None = None
        self.run: Process | None = None
        self.desk: tuple[Process, Keeper, asyncio.Event] | None = None
        self.deaths: dict[str, int] = {}
        """Process -> the step at which the next one of that name dies."""
        self.story: list[str] = []
        self._tasks: set[asyncio.Task[Any]] = set()

    # -- processes ----------------------------------------------------------------------------------------------------

    def process(self, name: str) -> Process:
        return Process(name, self.deaths.pop(name, None))

    def mark(self, process: Process | None) -> MemoryMark:
        return MemoryMark(self.disk, process)

    def hands(self, process: Process) -> dict[str, Hand]:
        return {name: Hand(name, outlet, process, self.chance) for name, outlet in self.outlets.items()}

    def spawn(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Do that beside everything else; that the bench refuses it, or an actuator fails, is a part of the history."""
        begun = asyncio.ensure_future(work)

        async def quietly() -> None:
            with suppress(Denied, ActuatorFailed, Dead):
                await begun

        task = asyncio.ensure_future(quietly())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    @asynccontextmanager
    async def keeping(self, process: Process, mark: Mark, why: str) -> AsyncIterator[Keeper]:
        moves = Moves(self.rig, self.hands(process), self._tell(process), lambda quantity: None)
        moves.distrust()
        keeper = Keeper(mark, moves, self._tell(process), process.name)
        keeper.become("trip" if mark.life.at_rest else "take over", why=why)
        try:
            yield keeper
        finally:
            await keeper.stop()

    def _tell(self, process: Process) -> Callable[..., None]:
        def tell(who: str, what: str, /, **data: object) -> None:
            if process.alive:
                self.say(f"{who} {what} {data or ''}")

        return tell

    def say(self, text: str) -> None:
        self.story.append(f"{asyncio.get_running_loop().time():7.3f} {text}")

    async def start_supervisor(self) -> Process:
        process = self.process("supervisor")

        def none(quantities: Iterable[str]) -> list[Instrument]:
            return []

        record: Any = StoryRecord(self._tell(process))
        supervisor = Supervisor(self.rig, record, {}, self.hands(process), none, lambda event: None, self.mark(process))
        self.supervising = process, supervisor
        process.task = self.spawn(supervisor.start())
        return process

    async def start_guard(self) -> None:
        """As `twinfeed rig arm` and a test run do where no keeper answers; the lock of the bench admits one."""
        if any(each.alive for each in self.disk.keepers):
            return
        process = self.guarding = self.process("guard")
        guard = SimulatedGuard(self, process)
        guard._mark.keep()

        async def live() -> None:
            await guard.live()
            process.die()

        process.task = self.spawn(live())

    def supervisor(self) -> Supervisor | None:
        """The supervisor that answers."""
        return self.supervising[1] if self.supervising is not None and self.supervising[0].alive else None

    # -- events --------------------------------------------------------------------------------------------------------

    async def supervised(self) -> Supervisor | None:
        """A supervisor that answers, started as `join` does."""
        for _ in range(20):
            if (found := self.supervisor()) is not None:
                return found
            if self.desk is not None and self.desk[0].alive:
                self.desk[2].set()
            else:
                await self.start_guard()
            await asyncio.sleep(0.1)
        return None

    async def arm(self) -> None:
        if (supervisor := await self.supervised()) is not None:
            await supervisor.arm("Awa", 3600.0)

    async def disarm(self) -> None:
        if (supervisor := self.supervisor()) is not None:
            await supervisor.disarm("Awa")

    async def reset(self) -> None:
        if (supervisor := await self.supervised()) is not None:
            await supervisor.reset("Awa")

    async def stop(self) -> None:
        if (supervisor := self.supervisor()) is not None:
            await supervisor.trip("emergency stop")
        elif self.desk is not None and self.desk[0].alive:
            await self.desk[1].make_safe(2)
        else:
            await self.safe()

    async def safe(self) -> None:
        """`twinfeed rig safe`: it makes the bench safe, then leaves it to a guard."""
        if any(each.alive for each in self.disk.keepers):
            return
        process = self.process("command")
        mark = self.mark(process)
        mark.keep()
        async with self.keeping(process, mark, "twinfeed rig safe") as keeper:
            await keeper.make_safe(2)
        process.die()
        await self.start_guard()

    async def begin_run(self) -> None:
        """A test run that holds the bench, and notices when its supervisor dies."""
        found = self.supervising
        if found is None or not found[0].alive or (self.run is not None and self.run.alive):
            return
        process = self.run = self.process("run")

        async def watch_the_supervisor() -> None:
            await found[0].gone.wait()
            await asyncio.sleep(0.01)
            mark = self.mark(process)
            answers = self._somebody_answers
            failed = await take_over(
                mark, answers, lambda: self.keeping(process, mark, "supervisor and guard have gone")
            )
            if failed is not None:
                await process.act()
                await self.start_guard()

        async def watch_the_run() -> None:
            await process.gone.wait()
            if found[0].alive and found[1].state == "armed":
                await found[1].trip("the test run has ended without letting the bench go")

        self.spawn(watch_the_supervisor())
        self.spawn(watch_the_run())

    async def _somebody_answers(self) -> bool:
        return self.supervisor() is not None or (self.desk is not None and self.desk[0].alive)

    async def fault(self, name: str) -> None:
        supervisor = self.supervisor()
        if supervisor is not None and self.run is not None and self.run.alive:
            await supervisor.apply(*FAULTS[name], {})

    def watch_the_guard(self) -> None:
        """The supervisor notices at its pipe that its guard has died."""
        guard, found = self.guarding, self.supervising
        if guard is not None and not guard.alive and found is not None and found[0].alive and found[1].guarded:
            found[1].guarded = False
            if found[1].state == "armed":
                self.spawn(found[1].trip("the guard of the supervisor has ended"))

    def kill(self, *names: str) -> None:
        for process in (self.supervising and self.supervising[0], self.guarding, self.run):
            if process is not None and process.name in names and process.alive:
                process.die()

    def by_hand(self, name: str, position: Position) -> None:
        outlet = self.outlets[name]
        outlet.at, outlet.by_hand = position, True

    # -- the truth, and the reports ------------------------------------------------------------------------------------

    def said(self) -> str:
        """The output of the next command."""
        return self.mark(None).said()

    def check(self) -> None:
        """Raises Unsafe."""
        life, said = self.mark(None).read(), self.said()
        where = {name: outlet.at for name, outlet in self.outlets.items()}
        safe = {name: form.safe_position for name, form in self.rig.bench.actuators.items()}
        if said or where == safe:
            return
        if life.state == "armed" and self.supervisor() is not None:
            return  # a person answers for what moves
        if life.state == "resetting" and self.supervisor() is not None:
            return
        moved = [name for name, outlet in self.outlets.items() if outlet.at != "on" and not outlet.by_hand]
        if life.at_rest and not moved:
            return
        raise Unsafe(f"{life} and {where} and nothing is said\n" + "\n".join(self.story[-60:]))

    async def wait(self, seconds: float) -> None:
        """Let that time pass; dead guards are noticed within a moment."""
        now = asyncio.get_running_loop().time
        until_s = now() + seconds
        while until_s - now() > 1e-6:
            await asyncio.sleep(min(0.25, until_s - now()))
            self.watch_the_guard()
            if self.disk.text is None and not self.said():
                for outlet in self.outlets.values():
                    outlet.by_hand = outlet.by_hand and outlet.at != "on"

    async def end(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        if others:
            await asyncio.wait(others, timeout=1.0)


def read_rig(folder: Path) -> Rig:
    path = folder / "histories.yaml"
    path.write_text(RIG, encoding="utf-8")
    return rigfile.read(path)
