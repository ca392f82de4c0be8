"""Recordings over time: when walks are made, and that no interruption loses anything."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hostile import Scripted, after, silent

from twinfeed.harness.characterise.recording.pace import Pace, per_second
from twinfeed.harness.characterise.recording.recorder import Recorder, RecordError
from twinfeed.harness.characterise.recording.recording import Recording, Walk, load
from twinfeed.harness.characterise.recording.snmp_walk import SnmpWalker
from twinfeed.harness.transports import NoAnswer, SnmpTransport
from twinfeed.harness.virtual.loop import VirtualLoop

BEGAN = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
Virtually = Callable[[Callable[[VirtualLoop], Any]], Any]


class Device:
    """A walker of a device with 60 variables, each a request; it falls silent on order."""

    protocol = "snmp"
    device = "snmp://ups"

    def __init__(self, product: str = "1.3.6.1.4.1.318", takes_s: float = 0.0) -> None:
        self.asked = ["1.3.6.1"]
        self.product = product
        self.takes_s = takes_s
        self.fails_at: set[int] = set()
        """Requests, by number from 1, that get no answer."""
        self.requests = 0
        self.closed = False

    async def identity(self) -> dict[str, str]:
        return {"sysObjectID": self.product}

    async def walk(self, walk: Walk) -> AsyncIterator[dict[str, Any]]:
        for n in range(len(walk) + 1, 61):
            self.requests += 1
            await asyncio.sleep(self.takes_s)
            if self.requests in self.fails_at:
                raise NoAnswer("no answer in 2 s", self.device)
            yield {"variables": [f"1.3.6.1.4.1.318.{n}.0|2|{n}"]}

    def close(self) -> None:
        self.closed = True


async def recorded(device: Device, path: Path, walks: int = 1, every_s: float = 60.0, **how: Any) -> Recording:
    later = how.pop("later_s", 0.0)
    return await Recorder(device, path, wall=lambda: BEGAN + timedelta(seconds=later)).record(walks, every_s, **how)


def test_walks_are_made_when_they_are_due(virtually: Virtually, tmp_path: Path) -> None:
    recording = virtually(lambda loop: recorded(Device(), tmp_path / "r.jsonl", walks=4))
    assert [walk.t_s for walk in recording.walks] == [0.0, 60.0, 120.0, 180.0]


def test_a_walk_that_takes_longer_is_followed_at_once(virtually: Virtually, tmp_path: Path) -> None:
    recording = virtually(lambda loop: recorded(Device(takes_s=1.5), tmp_path / "r.jsonl", walks=3))
    assert [walk.t_s for walk in recording.walks] == [0.0, 90.0, 180.0]


def test_what_was_recorded_is_what_the_file_says(virtually: Virtually, tmp_path: Path) -> None:
    recording = virtually(lambda loop: recorded(Device(), tmp_path / "r.jsonl", walks=2))
    again = load(tmp_path / "r.jsonl")
    assert (again.head, again.walks) == (recording.head, recording.walks)
    assert again.head["began"] == "2026-03-01T08:00:00.000+00:00"


@pytest.mark.parametrize("cut", [1, 10, 100, 1500, 3000])
def test_a_recording_cut_off_anywhere_goes_on_where_it_was(virtually: Virtually, tmp_path: Path, cut: int) -> None:
    path = tmp_path / "r.jsonl"
    virtually(lambda loop: recorded(Device(), path, walks=2))
    path.write_bytes(path.read_bytes()[:-cut])
    held = sum(map(len, load(path).walks))
    device = Device()
    recording = virtually(lambda loop: recorded(device, path, walks=2, later_s=100.0))
    assert [len(walk) for walk in recording.walks] == [60, 60]
    assert device.requests == 120 - held
    assert load(path).walks == recording.walks


def test_after_an_interruption_times_are_those_of_the_day(virtually: Virtually, tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    virtually(lambda loop: recorded(Device(), path))
    recording = virtually(lambda loop: recorded(Device(), path, walks=2, later_s=1000.0))
    assert [walk.t_s for walk in recording.walks] == [0.0, 1000.0]


def test_a_clock_set_back_does_not_turn_time_round(virtually: Virtually, tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    virtually(lambda loop: recorded(Device(takes_s=1.0), path))
    recording = virtually(lambda loop: recorded(Device(), path, walks=2, every_s=0.0, later_s=-3600.0))
    assert recording.walks[1].t_s == 60.0


def test_a_complete_recording_is_left_as_it_is(virtually: Virtually, tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    virtually(lambda loop: recorded(Device(), path))
    before = path.read_bytes()
    virtually(lambda loop: recorded(Device(), path))
    assert path.read_bytes() == before


def test_a_silent_device_is_waited_for(virtually: Virtually, tmp_path: Path) -> None:
    device = Device()
    device.fails_at = {20, 21, 22}
    recording = virtually(lambda loop: recorded(device, tmp_path / "r.jsonl"))
    assert len(recording.walks[0]) == 60
    assert recording.walks[0].troubles == ["snmp://ups: no answer in 2 s", "snmp://ups: answers again after 6 s"]


def test_a_device_silent_for_too_long_ends_the_recording_and_loses_nothing(
    virtually: Virtually, tmp_path: Path
) -> None:
    device = Device()
    device.fails_at = set(range(20, 1000))
    with pytest.raises(NoAnswer):
        virtually(lambda loop: recorded(device, tmp_path / "r.jsonl", patience_s=30.0))
    assert device.closed
    assert len(load(tmp_path / "r.jsonl").walks[0]) == 19


def test_a_device_that_never_answers_leaves_no_file(virtually: Virtually, tmp_path: Path) -> None:
    async def scenario(loop: VirtualLoop) -> None:
        walker = SnmpWalker(SnmpTransport(Mute(), "snmp://agent"))
        await Recorder(walker, tmp_path / "r.jsonl").record()

    with pytest.raises(NoAnswer):
        virtually(scenario)
    assert not (tmp_path / "r.jsonl").exists()


class Mute(Scripted):
    def __init__(self) -> None:
        super().__init__(lambda oid, n: silent())

    async def ask(self, *_: Any) -> Any:
        silent()


def test_an_agent_that_shows_nothing_is_told_with_the_reason(virtually: Virtually, tmp_path: Path) -> None:
    agent = Scripted(lambda oid, n: after({}, oid, n))

    async def scenario(loop: VirtualLoop) -> None:
        await Recorder(SnmpWalker(SnmpTransport(agent, "snmp://agent")), tmp_path / "r.jsonl").record()

    with pytest.raises(RecordError, match="nothing could be read: it is empty"):
        virtually(scenario)
    assert not (tmp_path / "r.jsonl").exists()


def test_another_device_at_the_address_is_not_recorded_into_the_file(virtually: Virtually, tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    virtually(lambda loop: recorded(Device(), path))
    before = path.read_bytes()
    with pytest.raises(RecordError, match=r"another device answers at snmp://ups: sysObjectID '1.3.6.1.4.1.9' \(was"):
        virtually(lambda loop: recorded(Device(product="1.3.6.1.4.1.9"), path, walks=2))
    assert path.read_bytes() == before


def test_other_subtrees_are_not_recorded_into_the_file(virtually: Virtually, tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    virtually(lambda loop: recorded(Device(), path))
    other = Device()
    other.asked = ["1.3.6.1.4"]
    with pytest.raises(RecordError, match=r"holds a recording with the subtrees 1.3.6.1, asked for: 1.3.6.1.4"):
        virtually(lambda loop: recorded(other, path, walks=2))


def test_two_recorders_do_not_mix_their_lines(virtually: Virtually, tmp_path: Path) -> None:
    async def scenario(loop: VirtualLoop) -> None:
        first = asyncio.create_task(recorded(Device(takes_s=1.0), tmp_path / "r.jsonl"))
        await asyncio.sleep(5.0)
        with pytest.raises(RecordError, match="another twinfeed is recording into it"):
            await recorded(Device(), tmp_path / "r.jsonl")
        await first

    virtually(scenario)


def test_a_full_disk_ends_the_recording_with_what_to_do(virtually: Virtually) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("no /dev/full on this system")
    with pytest.raises(RecordError, match=r"No space left on device.*make room and run again to go on"):
        virtually(lambda loop: recorded(Device(), full))
    assert full.exists()


def test_every_line_is_one_of_json_with_its_time(virtually: Virtually, tmp_path: Path) -> None:
    virtually(lambda loop: recorded(Device(takes_s=0.5), tmp_path / "r.jsonl"))
    times = [json.loads(line)["t_s"] for line in (tmp_path / "r.jsonl").read_text().splitlines()[1:]]
    assert times == sorted(times)
    assert times[-1] == 30.0


class TestPace:
    def test_requests_are_spread_evenly(self, virtually: Virtually) -> None:
        async def scenario(loop: VirtualLoop) -> list[float]:
            pace, times = Pace(10.0), []
            for _ in range(5):
                await pace.turn()
                times.append(round(loop.time(), 6))
            return times

        times = virtually(scenario)
        assert [round(t - times[0], 6) for t in times] == [0.0, 0.1, 0.2, 0.3, 0.4]

    @pytest.mark.parametrize(("text", "per_s"), [("10/s", 10.0), ("30/min", 0.5), ("5", 5.0), ("2.5 / s", 2.5)])
    def test_a_rate_is_written_as_people_do(self, text: str, per_s: float) -> None:
        assert per_second(text) == per_s

    @pytest.mark.parametrize("text", ["", "fast", "0/s", "10/fortnight", "-1/s"])
    def test_what_is_no_rate_is_refused(self, text: str) -> None:
        with pytest.raises(ValueError, match="expected a rate such as 10/s"):
            per_second(text)


class TestForMeansTime:
    """`for_s` is a time of recording, whatever the number of walks asked for."""

    def test_no_walk_begins_after_it(self, virtually: Virtually, tmp_path: Path) -> None:
        device = Device(takes_s=0.1)  # 6 s a walk
        recording = virtually(lambda loop: recorded(device, tmp_path / "r.jsonl", walks=16, every_s=1.0, for_s=15.0))
        assert [(walk.t_s, walk.ended) for walk in recording.walks] == [(0.0, True), (6.0, True), (12.0, True)]

    def test_a_device_that_falls_silent_after_it_is_not_waited_for(self, virtually: Virtually, tmp_path: Path) -> None:
        device = Device(takes_s=0.1)
        device.fails_at = set(range(130, 200, 2))  # in the third walk, after 13 s

        async def scenario(loop: VirtualLoop) -> float:
            await recorded(device, tmp_path / "r.jsonl", walks=100, every_s=1.0, for_s=12.5)
            return loop.time()

        assert virtually(scenario) == pytest.approx(13.0, abs=0.2)
        assert [walk.ended for walk in load(tmp_path / "r.jsonl").walks] == [True, True, False]

    def test_a_flapping_device_does_not_stretch_its_first_walk(self, virtually: Virtually, tmp_path: Path) -> None:
        device = Device(takes_s=0.1)
        device.fails_at = set(range(1, 400, 2))

        async def scenario(loop: VirtualLoop) -> float:
            with pytest.raises(NoAnswer):
                await recorded(device, tmp_path / "r.jsonl", walks=7, every_s=1.0, for_s=6.0)
            return loop.time()

        assert virtually(scenario) < 9.0

    def test_a_recording_whose_time_is_over_is_left_as_it_is(self, virtually: Virtually, tmp_path: Path) -> None:
        path = tmp_path / "r.jsonl"
        virtually(lambda loop: recorded(Device(takes_s=0.1), path, walks=16, every_s=1.0, for_s=15.0))
        before = path.read_bytes()
        virtually(lambda loop: recorded(Device(), path, walks=16, every_s=1.0, for_s=15.0, later_s=3600.0))
        assert path.read_bytes() == before

    def test_the_time_of_an_interruption_does_not_count(self, virtually: Virtually, tmp_path: Path) -> None:
        path = tmp_path / "r.jsonl"
        virtually(lambda loop: recorded(Device(), path, walks=2, every_s=10.0))
        recording = virtually(lambda loop: recorded(Device(), path, walks=4, every_s=10.0, for_s=30.0, later_s=3600.0))
        assert [walk.t_s for walk in recording.walks] == [0.0, 10.0, 3600.0, 3610.0]
