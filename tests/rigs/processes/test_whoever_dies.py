"""Any process may die, and however: the bench is safe within the time its file states, and the record has the reason.

The load is off because a test has switched it off, the spare outlet is on: in the safe state it is the other way round.
"""

from __future__ import annotations

import os
import signal

import pytest
from process_bench import ProcessBench

SAFE = ["on", "off"]
HELD = ["off", "on"]


def took_s(bench: ProcessBench) -> float:
    return float(bench.said("is safe")[-1].data["took_s"])


def test_a_killed_test_run_leaves_a_safe_bench(bench: ProcessBench) -> None:
    bench.arm()
    run = bench.holding_run()
    assert bench.outlets() == HELD
    run.kill()
    bench.until(lambda: bench.said("is safe"), "the supervisor makes the bench safe")
    assert bench.outlets() == SAFE
    assert "has ended without letting the bench go" in bench.said("trips")[0].data["why"]
    assert took_s(bench) < 30.0


def test_a_test_run_that_is_stopped_falls_silent_and_leaves_a_safe_bench(bench: ProcessBench) -> None:
    bench.arm()
    run = bench.holding_run()
    run.send_signal(signal.SIGSTOP)
    bench.until(lambda: bench.said("is safe"), "the dead man's switch works")
    assert bench.outlets() == SAFE
    assert "has sent no sign of life for 5 s" in bench.said("trips")[0].data["why"]


def test_a_killed_supervisor_leaves_the_bench_to_its_guard(bench: ProcessBench) -> None:
    bench.arm()
    run = bench.holding_run()
    os.kill(bench.supervisor(), signal.SIGKILL)
    bench.until(lambda: bench.said("is safe"), "the guard makes the bench safe")
    assert bench.outlets() == SAFE
    assert bench.said("makes the bench safe")[0].who == "guard"
    assert "signal SIGKILL" in bench.said("makes the bench safe")[0].data["why"]
    assert run.wait(120) == 1
    assert "the supervisor of the bench has ended" in (bench.folder / "run.log").read_text()


def test_a_killed_guard_makes_the_supervisor_end_safely(bench: ProcessBench) -> None:
    bench.arm()
    bench.holding_run()
    os.kill(bench.guard(), signal.SIGKILL)
    bench.until(lambda: bench.said("ended"), "the supervisor ends")
    assert bench.outlets() == SAFE
    assert bench.said("trips")[0].data["why"] == "the guard of the supervisor has ended"


def kill_at_once(bench: ProcessBench, *more: int) -> None:
    """Supervisor and guard (and these); none of them sees another die."""
    pids = [*bench.supervisors(), *more]
    for number in (signal.SIGSTOP, signal.SIGKILL):
        for pid in pids:
            os.kill(pid, number)


def test_after_both_were_killed_the_test_run_makes_the_bench_safe_and_leaves_it_to_a_guard(bench: ProcessBench) -> None:
    bench.arm()
    run = bench.holding_run()
    kill_at_once(bench)
    run.wait(120)
    assert bench.outlets() == SAFE
    assert bench.said("makes the bench safe")[0].who == "test run"
    assert "its safe state was not seen" in bench.said("trips")[0].data["why"]
    bench.until(lambda: bench.status()["keeper"] == "guard", "the guard answers")
    assert bench.twinfeed("reset", "--as", "Moussa").returncode == 0
    assert bench.outlets() == ["on", "on"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_a_supervisor_that_is_told_to_end_makes_the_bench_safe_before(bench: ProcessBench, number: int) -> None:
    bench.arm()
    bench.holding_run()
    os.kill(bench.guard(), number)
    bench.until(lambda: bench.said("ended"), "the supervisor ends")
    assert bench.outlets() == SAFE


def test_ctrl_c_in_the_test_run_brings_the_bench_back_to_normal(bench: ProcessBench) -> None:
    bench.arm()
    run = bench.holding_run()
    run.send_signal(signal.SIGINT)
    run.wait(120)
    assert bench.outlets() == ["on", "on"]
    assert bench.status()["state"] == "armed"
