"""A test on a bench passes on what its instruments have shown, not on what they showed last."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from memory_bench import RIG, Gauge

from twinfeed.emulators.devices.firmware.points import Value
from twinfeed.harness.faults.injection import Injection
from twinfeed.harness.properties import PropertyViolated, always, never, within
from twinfeed.harness.quantities import UnknownQuantity
from twinfeed.harness.record import Record, read
from twinfeed.harness.report import Measure, Outcome
from twinfeed.harness.unknown import Unknown
from twinfeed.harness.virtual.loop import VirtualLoop
from twinfeed.harness.worlds.world import Cannot, NotKnown
from twinfeed.hil_rigs import rigfile
from twinfeed.hil_rigs.dialogue import Answer, Dialogue, NobodyThere, Question
from twinfeed.hil_rigs.instruments import EventInstrument, Instrument, NoReading
from twinfeed.hil_rigs.supervisor.supervisor import Supervisor
from twinfeed.hil_rigs.world import world
from twinfeed.hil_rigs.world.world import RigWorld

UNMEASURED_RACK = '    rack-2: {kind: rack, from: {a: "pdu-1:2"}, rack_kw: 1, psu_side_kw: 2}\n'
SUPPLIED = "rack-1.supplied"
CHARGE = "ups-1.battery.charge"


class Meter(Gauge):
    """An instrument in memory; what is an exception is raised."""

    async def read(self) -> Value:
        value: Any = self._values.get(self.quantity)
        if isinstance(value, NoReading):
            raise value
        return await super().read()


TOLD = "ups-1.on_battery"
"""A quantity that notifications carry, with a heartbeat of 2 s."""

TOLD_BY = (
    "{notifications: {device: ups-1, listen: '127.0.0.1:1162', values: {1.3.6.1.2.1.33.2.1: true}}, heartbeat: 2 s}"
)


class Teller(EventInstrument):
    """Gets a value, or gives a sign of life (None)."""

    def __init__(self, quantity: str, told: asyncio.Queue[bool | None]) -> None:
        super().__init__(quantity, 2.0)
        self._told = told

    async def events(self) -> AsyncIterator[Any]:
        while True:
            yield await self._told.get()

    async def read(self) -> Any:
        raise NoReading("it is told")


class People(Dialogue):
    """The person at the bench, if one is `there`, and what they answer."""

    def __init__(self) -> None:
        self.there = False
        self.answer = Answer(True, person="Moussa")
        self.asked: list[Question] = []

    async def ask(self, question: Question) -> Answer:
        if not self.there:
            raise NobodyThere("nobody attends the bench")
        self.asked.append(question)
        await asyncio.sleep(2.0)
        return self.answer


class Bench:
    """A rig world on a supervisor in this process, in virtual time; `values` is what its instruments show."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.loop = VirtualLoop()
        self.values: dict[str, Any] = {SUPPLIED: True, CHARGE: 90.0}
        self.told: asyncio.Queue[bool | None] = asyncio.Queue()
        path = folder / "rig.yaml"
        text = RIG.replace("    rack-1:", f"{UNMEASURED_RACK}    rack-1:")
        path.write_text(text.replace("instruments:", f"instruments:\n  {TOLD}: {TOLD_BY}", 1), encoding="utf-8")
        self.rig = rigfile.read(path)
        self.world = RigWorld(self.rig)

        def meters(quantities: Iterable[str]) -> list[Instrument]:
            return [
                Teller(quantity, self.told) if quantity == TOLD else Meter(quantity, self.values)
                for quantity in quantities
            ]

        self.heard: Callable[[Mapping[str, Any]], None] = lambda event: None
        self.record = Record.open(folder / "record.jsonl")
        self.people = People()
        self.supervisor = Supervisor(
            self.rig, self.record, {}, {}, meters, lambda event: self.heard(event), people=self.people
        )
        monkeypatch.setattr(world, "join", self._join)
        monkeypatch.setattr(world, "Beating", lambda *_: self)
        monkeypatch.setattr(asyncio, "to_thread", self._here)

    async def _join(self, rig: Any, heard: Any) -> Bench:
        self.heard = heard
        self.gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        return self

    async def _here(self, function: Callable[[], None]) -> None:
        function()

    async def ask(self, do: str, **fields: Any) -> Any:
        if do == "watch":
            self.supervisor.watch(fields["quantities"])
        if do == "deed":
            return vars(await self.supervisor.deed(**fields))
        return {**self.supervisor.status(), "attended": self.people.there} if do == "status" else "ticket"

    def alive(self) -> None:
        """A heartbeat."""

    def stop(self) -> None:
        """No more heartbeats."""

    async def close(self) -> None:
        """Let go of the supervisor."""

    def start(self, *watched: str) -> None:
        async def begin() -> None:
            await self.supervisor.start()
            await asyncio.sleep(3.0)
            await self.world.start()
            self.world.watch(*watched)
            await self.world.run("1 s")

        self.loop.run_until_complete(begin())

    def run(self, duration: str) -> None:
        self.loop.run_until_complete(self.world.run(duration))

    def silent(self, *quantities: str, duration: str) -> None:
        kept = {quantity: self.values[quantity] for quantity in quantities}
        self.values.update(dict.fromkeys(quantities))
        self.run(duration)
        self.values.update(kept)


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    monkeypatch.setenv("TWINFEED_BENCHES", str(tmp_path / "benches"))
    bench = Bench(tmp_path, monkeypatch)
    yield bench
    bench.loop.run_until_complete(bench.world.stop())
    bench.loop.run_until_complete(bench.supervisor.stop())
    bench.loop.close()
    bench.record.close()


def test_what_was_read_all_the_time_holds(bench: Bench) -> None:
    bench.start(SUPPLIED)
    bench.run("30 s")
    assert bench.world.check(always(SUPPLIED))[0].gaps == ()


def test_an_instrument_that_fell_silent_makes_it_inconclusive(bench: Bench) -> None:
    bench.start(SUPPLIED)
    bench.run("10 s")
    bench.silent(SUPPLIED, duration="6 s")
    bench.run("10 s")
    with pytest.raises(PropertyViolated, match=r"(?s)inconclusive: always rack-1\.supplied.*nothing there"):
        bench.world.check(always(SUPPLIED))
    (verdict,) = bench.world.check(always(SUPPLIED), allow_inconclusive=True)
    assert verdict.largest_gap is not None and 4.0 <= verdict.largest_gap.length_s <= 6.0
    bench.world.check(always(SUPPLIED, max_gap="8 s"))


def test_so_does_one_that_is_still_silent(bench: Bench) -> None:
    bench.start(SUPPLIED)
    bench.run("10 s")
    bench.values[SUPPLIED] = None
    bench.run("10 s")
    with pytest.raises(PropertyViolated, match="inconclusive"):
        bench.world.check(always(SUPPLIED))
    with pytest.raises(NotKnown, match="nothing there"):
        bench.world.observe(SUPPLIED)


def test_all_instruments_may_be_silent(bench: Bench) -> None:
    bench.start(SUPPLIED)
    bench.values.update(dict.fromkeys(bench.values))
    bench.loop.run_until_complete(asyncio.sleep(60.0))  # not even `run` is called
    with pytest.raises(PropertyViolated, match="inconclusive"):
        bench.world.check(always(SUPPLIED))


def test_one_that_was_silent_from_the_start_makes_it_inconclusive(bench: Bench) -> None:
    bench.values[SUPPLIED] = None
    bench.start(SUPPLIED)
    bench.run("10 s")
    with pytest.raises(PropertyViolated, match="inconclusive"):
        bench.world.check(always(SUPPLIED))


def test_so_does_one_that_has_not_been_read_yet(bench: Bench) -> None:
    bench.start()

    async def watched_and_judged_at_once() -> None:
        bench.world.watch("pdu-1.outlet.2.state")
        bench.world.check(always("pdu-1.outlet.2.state == 'on'"))

    with pytest.raises(PropertyViolated, match="it was not watched before"):
        bench.loop.run_until_complete(watched_and_judged_at_once())


def test_one_reading_that_fails_is_no_silence(bench: Bench) -> None:
    bench.start(SUPPLIED)
    bench.run("5 s")
    bench.silent(SUPPLIED, duration="1 s")
    assert bench.world.observe(SUPPLIED) is True
    bench.run("3 s")
    bench.world.check(always(SUPPLIED))


def test_one_that_began_to_answer_late_has_not_been_seen_before(bench: Bench) -> None:
    bench.values[SUPPLIED] = None
    bench.start(SUPPLIED)
    bench.run("10 s")
    bench.values[SUPPLIED] = True
    bench.run("10 s")
    with pytest.raises(PropertyViolated, match="inconclusive"):
        bench.world.check(always(SUPPLIED))


def test_a_violation_that_was_seen_is_one(bench: Bench) -> None:
    bench.start(SUPPLIED)
    bench.silent(SUPPLIED, duration="6 s")
    bench.values[SUPPLIED] = False
    bench.run("3 s")
    with pytest.raises(PropertyViolated, match="violated"):
        bench.world.check(always(SUPPLIED))


def test_what_nothing_measures_skips_the_test(bench: Bench) -> None:
    bench.start()
    with pytest.raises(Cannot, match="no instrument"):
        bench.world.check(always("rack-1.redundant"))


def test_a_deed_that_nobody_is_asked_for_skips_the_test_and_nothing_is_scheduled(bench: Bench) -> None:
    bench.start()
    with pytest.raises(Cannot, match="nobody can be asked for it; open `twinfeed rig operate"):
        bench.loop.run_until_complete(bench.world.do("ups-1", "replace-battery"))
    assert bench.world.waiting() == []


@pytest.mark.parametrize("condition", ["when", "until"])
def test_a_condition_on_what_nobody_measures_is_refused_before_anything_is_scheduled(
    bench: Bench, condition: str
) -> None:
    bench.start()
    bench.people.there = True
    bench.loop.run_until_complete(bench.supervisor.arm("Awa", 3600.0))
    with pytest.raises(UnknownQuantity, match="nothing in memory is called 'rack-9'"):
        bench.loop.run_until_complete(bench.world.do("ups-1", "open-battery", at="9 s", **{condition: "rack-9.on"}))
    assert bench.world.waiting() == []
    assert bench.people.asked == []


def test_the_person_at_the_bench_is_asked_for_a_deed_and_its_end_and_both_are_recorded(bench: Bench) -> None:
    bench.start()
    bench.people.there = True
    bench.loop.run_until_complete(bench.supervisor.arm("Awa", 3600.0))
    done = bench.loop.run_until_complete(bench.world.do("ups-1", "open-battery", for_="10 s"))
    assert done.done
    bench.run("20 s")
    assert [str(question.text) for question in bench.people.asked] == [
        "do this at ups-1: open-battery",
        "do this at ups-1: close-battery",
    ]
    told = [
        (entry.who, entry.data["deed"], entry.data["outcome"])
        for entry in read(bench.record.path)
        if entry.what == "deed"
    ]
    assert told == [("ups-1", "open-battery", "done"), ("ups-1", "close-battery", "done")]
    assert [event.data for event in bench.world.journal.events if event.what == "deed"] == [
        {"deed": "open-battery", "outcome": "done"},
        {"deed": "close-battery", "outcome": "done"},
    ]


def test_a_deed_that_the_person_refuses_is_an_outcome_with_the_reason(bench: Bench) -> None:
    bench.start()
    bench.people.there, bench.people.answer = True, Answer(False, "the door is locked", "Moussa")
    bench.loop.run_until_complete(bench.supervisor.arm("Awa", 3600.0))
    refused = bench.loop.run_until_complete(bench.world.do("ups-1", "open-battery"))
    assert (refused.word, refused.reason) == ("refused", "Moussa refused: the door is locked")
    (noted,) = [event for event in bench.world.journal.events if event.what == "deed"]
    assert noted.data == {"deed": "open-battery", "outcome": "refused", "reason": refused.reason}


def test_a_deed_on_a_bench_that_nobody_has_armed_skips_the_test(bench: Bench) -> None:
    bench.start()
    bench.people.there = True
    with pytest.raises(Cannot, match="the bench is not armed"):
        bench.loop.run_until_complete(bench.world.do("ups-1", "open-battery"))
    assert bench.people.asked == []


def test_a_pattern_says_nothing_of_what_is_not_measured(bench: Bench) -> None:
    bench.start(SUPPLIED)
    bench.run("5 s")
    (verdict,) = bench.world.check(always("racks.*.supplied"))
    assert verdict.unmeasured == ("rack-2.supplied",)
    assert "this says nothing of rack-2.supplied, which nothing measures here" in str(verdict)


@pytest.mark.parametrize("raw", [math.nan, 65535.0])
def test_what_is_no_value_is_unknown_at_once_and_kept(bench: Bench, raw: float) -> None:
    bench.start(CHARGE)
    bench.run("5 s")
    bench.values[CHARGE] = NoReading("that is no charge", raw=raw)
    bench.run("1 s")
    bench.values[CHARGE] = 89.0
    bench.run("5 s")
    with pytest.raises(PropertyViolated, match="that is no charge"):
        bench.world.check(always(f"{CHARGE} > 10"))
    ((_, kept),) = [point for point in bench.world.journal.trace[CHARGE] if isinstance(point[1], Unknown)]
    assert repr(kept.raw) == repr(raw)


def test_a_load_that_may_have_been_dead_while_its_instrument_was_silent_has_no_transfer_time(bench: Bench) -> None:
    """The relay's card hangs for 6 s, and for 1.5 s of them the load's outlet is off: nothing has seen that."""
    bench.start(SUPPLIED)
    bench.run("10 s")
    bench.silent(SUPPLIED, duration="6 s")
    bench.run("4 s")
    measure = Measure()
    taken = measure.transfer_time(bench.world.journal, SUPPLIED, at_most="40 ms")
    assert taken.outcome is Outcome.INCONCLUSIVE and not taken.accepted
    assert taken.value is None and taken.low == 0.0 and taken.high is not None and taken.high >= 4000.0, "ms"
    assert taken.largest_gap is not None and taken.largest_gap.quantity == SUPPLIED


def test_a_fault_lasts_until_its_condition_is_known_to_hold(bench: Bench) -> None:
    bench.start(SUPPLIED)
    while_on, while_off = (Injection("utility-a", "outage", until=text) for text in (SUPPLIED, f"not {SUPPLIED}"))
    assert bench.world._holds(while_on)
    bench.silent(SUPPLIED, duration="6 s")
    assert not bench.world._holds(while_on)
    assert not bench.world._holds(while_off)


def test_a_trigger_that_may_have_come_unseen(bench: Bench) -> None:
    bench.start(SUPPLIED, CHARGE)
    bench.silent(SUPPLIED, duration="6 s")
    bench.run("5 s")
    with pytest.raises(PropertyViolated, match="inconclusive"):
        bench.world.check(within("1 s", f"{CHARGE} < 90", after=f"{SUPPLIED} falls"))


def test_what_an_instrument_tells_of_is_unknown_one_heartbeat_after_its_last_sign_of_life(bench: Bench) -> None:
    bench.told.put_nowait(False)
    bench.start(TOLD)  # four seconds: the first word is too old by its end
    bench.told.put_nowait(False)
    since_s = bench.world.now
    for _ in range(3):
        bench.run("1.5 s")
        bench.told.put_nowait(None)
    bench.run("1.5 s")
    assert bench.world.observe(TOLD) is False
    last_s = bench.world.now - 1.5
    bench.run("5 s")
    gaps = [gap for gap in bench.world.journal.trace.gaps(TOLD) if gap.start_s > since_s]
    assert [gap.start_s for gap in gaps] == [pytest.approx(last_s + 2.0)]
    with pytest.raises(NotKnown, match=TOLD):
        bench.world.observe(TOLD)
    with pytest.raises(PropertyViolated, match="inconclusive"):
        bench.world.check(never(TOLD))
