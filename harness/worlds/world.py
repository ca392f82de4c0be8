"""A site as a test sees it, whatever world it runs in.

    async def test_mains_loss(site, controller):
        await site.inject("utility-a", "outage", for_="10 min")
        await site.run("30 min")
        reading = await site["ups-a1"].read("battery.charge")
        site.check(always("racks.*.supplied"))

A world that cannot do something raises `Cannot`, and the test is skipped with that reason; it never passes for
it.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from twinfeed.emulators.devices.firmware.points import Value
from twinfeed.emulators.plant.kernel.deeds import Argument
from twinfeed.emulators.plant.people.deeds import Outcome
from twinfeed.emulators.serving import Endpoint
from twinfeed.emulators.site import Site
from twinfeed.harness import transports
from twinfeed.harness.controllers.in_process import Controller
from twinfeed.harness.durations import seconds, spoken
from twinfeed.harness.faults.deeds import Command, Deed
from twinfeed.harness.faults.injection import Injection
from twinfeed.harness.faults.possible import check_links
from twinfeed.harness.faults.schedule import Scheduled
from twinfeed.harness.journal import Journal
from twinfeed.harness.properties import Property, Verdict, evaluate, must_hold
from twinfeed.harness.properties.vocabulary import domains
from twinfeed.harness.unknown import Unknown
from twinfeed.harness.worlds.inventory import Access, handles, inventory

NOT_WATCHED = "it was not watched before"
"""Why a quantity is unknown from the start of a run until a test first watches it."""

Duration = float | str
"""Seconds, or a text such as `15 s`, `30 min`."""


class Cannot(Exception):
    """This world cannot do what a test needs. The message names what is missing."""


class NotKnown(Exception):
    """The quantity has an instrument, but no reading now. The message gives the reason. The test fails."""


class NeverInjected(Exception):
    """The run ended before a fault, a deed or a command began. The message names them and the next step."""


class World(ABC):
    """One site in one world. Times are seconds of the site's clock, which is 0 when the site starts."""

    kind: ClassVar[str]
    """simulated, live or rig."""
    capabilities: ClassVar[frozenset[str]]
    """The capabilities that tests may require with the marker `needs`; see `twinfeed.harness.worlds.capabilities`."""

    def __init__(self, site: Site, seed: int | None) -> None:
        self.model = site
        self.seed = site.plant.seed if seed is None else seed
        self.journal = Journal()
        self.journal.trace.domain = domains(site)
        self.endpoints: list[Endpoint] = []
        self.controller: Controller | None = None
        self.judged: list[Verdict] = []
        """The verdicts of all checks, for reports."""
        self.watched: tuple[str, ...] = ()
        """The watched names and patterns."""
        self._under_way = False
        """True if the test has let time pass or injected a fault. A quantity that it watches only then was missed."""
        self._may_miss: list[Scheduled] = []
        self._names: list[str] = []
        """The names of the entries that were scheduled."""
        self._handles: dict[str, transports.DeviceHandle] = {}

    # -- life -----------------------------------------------------------------------------------------------------

    @abstractmethod
    async def start(self) -> None:
        """Put every device on the network of this world, and start the clock."""

    @abstractmethod
    async def stop(self) -> None:
        """Free everything; the journal is complete afterwards."""

    @property
    @abstractmethod
    def now(self) -> float:
        """Seconds of the site's clock."""

    @abstractmethod
    async def run(self, duration: Duration) -> None:
        """Let time pass, seconds or a text such as `30 min`.

        Raises:
            ControllerFailed: the controller under test ended during that time.
            PlantError: the plant failed.
        """

    def remarks(self) -> list[str]:
        """Sentences on how this run was carried out that its reader needs to judge a failure."""
        return []

    # -- disturbing -------------------------------------------------------------------------------------------------

    async def inject(
        self,
        target: str,
        kind: str,
        *,
        at: Duration = 0.0,
        for_: Duration | None = None,
        ramp: Duration = 0.0,
        flap: tuple[Duration, Duration] | None = None,
        until: str | None = None,
        after: str = "",
        when: str | None = None,
        delay: Duration = 0.0,
        name: str = "",
        may_miss: bool = False,
        **parameters: float,
    ) -> None:
        """Inject a fault, `at` from now (0: at once), for the time `for_`, until a condition is true, or until `clear`.

        It waits for the entry named `after` to begin and for the condition `when`, and then for the time `delay`.
        `flap` is (time on, time off), repeated. Over the time `ramp` the parameters grow from neutral to their values.
        `twinfeed faults` lists the kinds and their parameters. A test that ends before a fault begins fails, unless the
        fault `may_miss`.

        Raises:
            PlantError: no such target, fault or parameter, or a number out of its range.
            InjectionError: the times contradict each other.
            Cannot: this world cannot cause the fault.
        """
        wanted = {"for_s": for_, "ramp_s": ramp, "flap": flap, "until": until, "parameters": parameters}
        onset = {"after": after, "when": when, "delay_s": delay, "name": name}
        injection = Injection.from_dict({"target": target, "kind": kind, "at_s": at, **wanted, **onset})
        await self.schedule(replace(injection, at_s=self.now + injection.at_s), may_miss=may_miss)

    async def do(
        self,
        target: str,
        deed: str,
        *,
        at: Duration = 0.0,
        for_: Duration | None = None,
        until: str | None = None,
        after: str = "",
        when: str | None = None,
        delay: Duration = 0.0,
        name: str = "",
        may_miss: bool = False,
        **parameters: Argument,
    ) -> Outcome:
        """Have a person do a deed, `at` from now (0: at once); its onset is that of `inject`.

        With `for_` or `until` the deed is taken back. `twinfeed deeds` lists the deeds of each kind. Returns what came
        of it: done, refused with the reason, or waiting; `outcome` returns it later.

        Raises:
            PlantError: no such target, deed or parameter, or a value that the deed does not take.
            InjectionError: the times contradict each other.
            Cannot: nobody can be asked in this world.
        """
        onset = {"at_s": at, "for_s": for_, "until": until, "after": after, "when": when, "delay_s": delay}
        entry = Deed.from_dict({"target": target, "deed": deed, "parameters": parameters, "name": name, **onset})
        entry = replace(entry, at_s=self.now + entry.at_s)
        await self.schedule(entry, may_miss=may_miss)
        return self._outcome_of(entry)

    async def schedule(self, *entries: Scheduled, may_miss: bool = False) -> None:
        """Have these faults, deeds and commands begin, seconds of the site's clock. `may_miss` is that of `inject`.

        Raises:
            PlantError, InjectionError, Cannot: as for `inject` and `do`. Then none of them begins.
        """
        self._under_way = True
        check_links(entries, self._names)
        await self._schedule(*entries)
        self._names += [entry.name for entry in entries if entry.name]
        if may_miss:
            self._may_miss += entries

    @abstractmethod
    async def _schedule(self, *entries: Scheduled) -> None:
        """As `schedule`."""

    @abstractmethod
    def waiting(self) -> list[Scheduled]:
        """The entries that have not begun."""

    @abstractmethod
    def outcome(self, name: str) -> Outcome:
        """The outcome of the deed or command of that name; waiting if it has not begun."""

    @abstractmethod
    def _outcome_of(self, entry: Deed | Command) -> Outcome:
        """The outcome of that very entry."""

    def require_injected(self) -> None:
        """Check at the end of the run that every entry has begun, except those with `may_miss`.

        Raises:
            NeverInjected: an entry has not begun.
        """
        missed = unexcused(entry for entry in self.waiting() if not any(entry is known for known in self._may_miss))
        if missed:
            raise NeverInjected(never_injected(missed, self.now))

    @abstractmethod
    async def clear(self, target: str | None = None, kind: str | None = None) -> None:
        """End one fault, all faults of a target, or all faults. The state before is restored.

        Raises:
            PlantError: no such fault was ever injected; the message names those that were.
        """

    # -- observing --------------------------------------------------------------------------------------------------

    def __getitem__(self, device: str) -> transports.DeviceHandle:
        """The device, read and written over the wire through its profile.

        Raises:
            PlantError: the site has no device of that name; the message names near ones.
        """
        self.model[device]
        if not self._handles:
            self._handles = handles(self.endpoints, self.model, lambda: self.now)
        return self._handles[device]

    @abstractmethod
    def observe(self, quantity: str) -> Value | Unknown:
        """The present value of a quantity, not read through a device; `Unknown` if its instrument shows no value.

        Raises:
            UnknownQuantity: nothing is called that.
            Cannot: no instrument measures it.
            NotKnown: its instrument has no reading now.
        """

    @abstractmethod
    def watch(self, *patterns: str) -> None:
        """Sample these quantities from now on, so that properties can be checked.

        A quantity that was not recorded before is unknown up to now, if time has passed in `run` or a fault was
        injected: a property over that time is inconclusive.
        """

    def inventory(self) -> dict[str, object]:
        """The inventory of a controller: every device with its addresses and credentials."""
        return inventory(self.model, self.endpoints, self.access)

    @property
    def access(self) -> Access:
        """The credentials of management stations, and their addresses for traps."""
        return Access.of(self.model.file.head.snmp)

    @abstractmethod
    def sample(self) -> None:
        """Sample the watched quantities now, and take over the events since the last call."""

    @abstractmethod
    def write_frames(self, path: Path) -> bool:
        """Write the frames between station and devices as pcapng. Returns False if this world has none."""

    def judge(self, *properties: Property | str) -> list[Verdict]:
        """The verdict of each property on the samples until the last `sample`.

        Raises:
            UnknownQuantity: a name that is not watched; `watch` it before.
            BindingError: a word, a number or a unit does not fit its quantity; the message lists the possible ones.
        """
        return evaluate(self.journal, *properties)

    def check(
        self,
        *properties: Property | str,
        undecided: bool = False,
        allow_inconclusive: bool = False,
        allow_vacuous: bool = False,
    ) -> list[Verdict]:
        """Judge these properties on all samples so far. Each must be seen to hold.

        A property is inconclusive if the run ends too early (`undecided` accepts this reason only), or if it depends
        on an unknown value; `allow_inconclusive` accepts both. A property is vacuous if it was never put to the test,
        because its trigger never came; `allow_vacuous` accepts that.

        Raises:
            PropertyViolated: a property was not seen to hold. The message gives the time, the values and the events
                before it, or the gaps.
            UnknownQuantity, BindingError: as for `judge`.
            ValueError: there is no property.
            ControllerFailed: the controller under test has ended, so that the samples do not show its work.
        """
        __tracebackhide__ = True
        if not properties:
            raise ValueError("check() was given no property, so that nothing would be judged")
        self.sample()
        for future in self.failures():
            if future.done() and not future.cancelled():
                future.result()
        verdicts = self.judge(*properties)
        self.judged += verdicts
        must_hold(
            verdicts, allow_undecided=undecided, allow_inconclusive=allow_inconclusive, allow_vacuous=allow_vacuous
        )
        return verdicts

    def _note_never_began(self) -> None:
        """Write to the journal which entries have not begun at the end of the run."""
        for entry in self.waiting():
            onset = {"when": entry.when, "after": entry.after or None, "at_s": entry.at_s or None}
            waited = {name: value for name, value in onset.items() if value is not None}
            self.journal.record(self.now, entry.target, "never began", entry=entry.what, **waited)

    def _missed(self, names: Iterable[str]) -> None:
        """These are recorded from now on: what they were before is unknown."""
        if self._under_way:
            for name in names:
                self.journal.trace.unknown_before(self.now, name, NOT_WATCHED)

    # -- the controller ---------------------------------------------------------------------------------------------

    async def start_controller(self, controller: Controller) -> None:
        """Start a controller, which runs until `stop`."""
        self.controller = controller
        self.journal.record(self.now, "controller", "started", name=controller.name)
        await controller.start(self.inventory())

    def failures(self) -> list[asyncio.Future[None]]:
        """Futures that raise an exception when the run cannot continue."""
        ended = None if self.controller is None else self.controller.ended
        return [] if ended is None else [ended]

    async def _pass(self, waiting: asyncio.Future[None], stop: asyncio.Future[None] | None = None) -> None:
        """Wait for that, unless `stop` completes or something fails first; then raise that failure."""
        self._under_way = True
        ending = [*self.failures(), *([] if stop is None else [stop])]
        try:
            while not waiting.done():
                await asyncio.wait({waiting, *ending}, return_when=asyncio.FIRST_COMPLETED)
                for future in ending:
                    if future.done() and not future.cancelled():
                        return await future
                ending = [future for future in ending if not future.done()]  # a controller that was stopped is no more
            await waiting
        finally:
            waiting.cancel()


def unexcused(waiting: Iterable[Scheduled]) -> list[Scheduled]:
    """The entries that should have begun."""
    return [entry for entry in waiting if not entry.may_miss]


def never_injected(missed: Iterable[Scheduled], ended_s: float) -> str:
    """The message for entries that a run has missed, with the next step."""
    which = ", ".join(f"{entry.target} {entry.what} {_onset(entry)}" for entry in missed)
    return (
        f"never injected, because the run ended at {spoken(ended_s)}: {which}. Let the run last longer or the fault "
        "begin earlier; what a test may miss has may_miss=True"
    )


def _onset(entry: Scheduled) -> str:
    if entry.when is not None:
        return f"when {entry.when}"
    return f"after {entry.after}" if entry.after else f"at {spoken(entry.at_s)}"


def span(duration: Duration) -> float:
    """A duration in s.

    Raises:
        ValueError: not a time, or a negative one.
    """
    length_s = seconds(duration)
    if length_s < 0.0:
        raise ValueError(f"found {duration!r}, expected a time of 0 s or more")
    return length_s
