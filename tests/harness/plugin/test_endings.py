"""A test of a site that must fail does: time limits, outcomes, errors that nothing awaits, faults that never came."""

from __future__ import annotations

import signal
import time

import pytest
from suites import own_bench

from twinfeed.harness.plugin.endings import untimed

pytest_plugins = ["pytester"]

BENCH = ("--site=bench", "-p", "no:randomly", "-p", "no:cacheprovider")


def test_what_nothing_awaits_fails_the_test_in_every_phase(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        mine="""
        import asyncio

        async def poll():
            await asyncio.sleep(5)
            raise KeyError("controller bug")

        async def main(inventory, store):
            store["poller"] = asyncio.create_task(poll())
            await asyncio.sleep(3600)

        async def stubborn(inventory, store):
            async def poll():
                try:
                    await asyncio.sleep(3600)
                finally:
                    raise KeyError("as it was stopped")
            store["poller"] = asyncio.create_task(poll())
            await asyncio.sleep(3600)

        async def dies(inventory, store):
            await asyncio.sleep(1)
            raise ValueError("no such register")
        """
    )
    pytester.makepyfile(
        test_it="""
        import asyncio, pytest
        from twinfeed.harness.properties import always

        async def test_callback(site):
            asyncio.get_running_loop().call_later(1, pytest.fail, "the callback says no")
            await site.run("1 min")

        async def test_skipped_from_a_callback(site):
            asyncio.get_running_loop().call_later(1, pytest.skip, "no meter here")
            await site.run("1 min")

        @pytest.mark.controller("mine")
        async def test_background_task(site, controller):
            await site.run("1 min")

        @pytest.mark.controller("mine")
        async def test_background_task_that_is_judged_too(site, controller):
            await site.run("1 min")
            site.check(always("rack-1.supplied"))

        @pytest.mark.controller("mine:dies")
        async def test_controller_that_dies_and_nobody_looks(site, controller):
            await asyncio.sleep(60)

        @pytest.mark.controller("mine:stubborn")
        async def test_teardown(site, controller):
            await site.run(1)

        async def test_the_others_still_run(site):
            await site.run(1)
        """
    )
    result = pytester.runpytest(*BENCH, "-rA")
    result.assert_outcomes(failed=4, skipped=1, passed=2, errors=1)
    result.stdout.fnmatch_lines_random(
        [
            "FAILED test_it.py::test_callback - Failed: the callback says no",
            "SKIPPED * no meter here",
            "FAILED test_it.py::test_background_task - KeyError: 'controller bug'",
            "FAILED test_it.py::test_background_task_that_is_judged_too - KeyError: *",
            "*ControllerFailed: the controller mine:dies raised ValueError: no such register",
            "ERROR test_it.py::test_teardown - KeyError: 'as it was stopped'",
            '*raise KeyError("controller bug")',
        ]
    )


def test_a_time_limit_fails_the_test_and_only_that(pytester: pytest.Pytester) -> None:
    pytest.importorskip("pytest_timeout")
    pytester.makepyfile(
        test_it="""
        import asyncio
        import pytest

        def busy(seconds):
            import time
            end = time.perf_counter() + seconds
            while time.perf_counter() < end:
                pass

        @pytest.mark.timeout(0.5, func_only=True)
        async def test_in_a_callback(site):
            asyncio.get_running_loop().call_later(1, busy, 5)
            await site.run("1 h")

        @pytest.mark.timeout(0.5, func_only=True)
        async def test_never_ends(site):
            while True:
                await asyncio.sleep(0)

        @pytest.mark.timeout(0.5, func_only=True)
        async def test_swallowed(site):
            while True:
                try:
                    busy(0.01)
                except BaseException:
                    pass
                await asyncio.sleep(1e-9)

        async def test_the_others_still_run(site):
            await site.run(1)
        """
    )
    result = pytester.runpytest(*BENCH, "-p", "no:xdist")
    result.assert_outcomes(failed=3, passed=1)
    result.stdout.fnmatch_lines_random(
        [
            "FAILED test_it.py::test_in_a_callback - Failed: Timeout*",
            "FAILED test_it.py::test_never_ends - Failed: Timeout*",
            "FAILED test_it.py::test_swallowed - Failed: Timeout*",
        ]
    )


def test_the_timer_of_a_test_stands_still_while_its_evidence_is_written() -> None:
    fired: list[int] = []
    before = signal.signal(signal.SIGALRM, lambda number, frame: fired.append(number))
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        with untimed():
            time.sleep(0.1)
            assert not fired
        time.sleep(0.1)
        assert fired
    finally:
        signal.signal(signal.SIGALRM, before)


def test_evidence_that_cannot_be_written_ends_no_session(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest

        async def test_fails(site, monkeypatch):
            from twinfeed.harness.plugin import evidence
            monkeypatch.setattr(evidence.Evidence, "leave", lambda *args: pytest.fail("out of time"))
            assert site.now > 1e9

        async def test_the_others_still_run(site):
            await site.run(1)
        """
    )
    result = pytester.runpytest(*BENCH)
    result.assert_outcomes(failed=1, passed=1)
    result.stdout.fnmatch_lines(["the evidence is incomplete: Failed: out of time"])


def test_a_controller_that_never_yields_is_named(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(busy="async def main(inventory, store):\n    while True:\n        pass\n")
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.controller("busy")
        async def test_it(site, controller):
            await site.run("1 min")

        async def test_the_others_still_run(site):
            await site.run(1)
        """
    )
    result = pytester.runpytest(*BENCH, "--watchdog=0.5")
    result.assert_outcomes(errors=1, passed=1)
    result.stdout.fnmatch_lines(
        ["*Stuck: the task 'controller busy' has not let anything else go on for 0.5 s*", "*busy.py*, line ?, in main*"]
    )


def test_a_fault_that_never_came_fails_the_test_unless_it_may(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        from twinfeed.harness.faults.injection import Injection

        async def test_missed(site):
            await site.inject("utility-a", "outage", at="1 h")
            await site.run("30 min")

        async def test_scheduled_and_missed(site):
            await site.schedule(Injection("utility-a", "outage", 10.0), Injection("utility-b", "outage", 3600.0))
            await site.run("1 min")

        async def test_may(site):
            await site.inject("utility-a", "outage", at="1 h", may_miss=True)
            await site.run("1 min")

        async def test_in_time(site):
            await site.inject("utility-a", "outage", at="1 min")
            await site.run("1 min")
        """
    )
    result = pytester.runpytest(*BENCH)
    result.assert_outcomes(failed=2, passed=2)
    result.stdout.fnmatch_lines(
        [
            "*never injected, because the run ended at 0:30:00: utility-a outage at 1:00:00. Let the run last longer*",
            "*never injected, because the run ended at 0:01:00: utility-b outage at 1:00:00. *",
        ]
    )


def test_a_site_whose_run_was_broken_off_is_sound_for_the_next_test(pytester: pytest.Pytester) -> None:
    pytest.importorskip("pytest_timeout")
    pytester.makepyfile(
        """
        import pytest
        from twinfeed.harness.properties import always

        @pytest.mark.timeout(0.5, func_only=True)
        @pytest.mark.parametrize("n", range(2))
        async def test_broken_off(site, n):
            while True:
                site.model.plant.advance(site.model.plant.now + 0.001)

        async def test_next(site):
            assert site.now == 0.0
            assert site.model.plant.watchers.count(site._settled) == 1
            await site.run("1 min")
            site.check(always("rack-1.supplied"))
        """
    )
    pytester.runpytest(*BENCH).assert_outcomes(failed=2, passed=1)


def test_live_tests_fail_alike(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")  # the lines of the summary are cut to the terminal's width
    pytester.makepyfile(
        """
        import asyncio, pytest

        async def test_callback(site):
            asyncio.get_running_loop().call_later(0.01, pytest.fail, "the callback says no")
            await site.run("10 min")

        async def test_background_task(site):
            async def poll():
                raise KeyError("controller bug")
            task = asyncio.create_task(poll())
            await site.run(1)

        @pytest.mark.timeout(3, func_only=True)
        async def test_over_its_time(site):
            await site.run("10 h")

        async def main(inventory, store):
            async def poll():
                await asyncio.sleep(5)
                raise KeyError("controller bug")
            store["poller"] = poller = asyncio.create_task(poll())
            del store["poller"], poller
            await asyncio.sleep(1e6)

        @pytest.mark.controller("test_live_tests_fail_alike:main")
        async def test_background_task_of_a_controller(site, controller):
            await site.run("1 min")
        """
    )
    result = pytester.runpytest("--world=live", "--speed=10", f"--site={own_bench(pytester)}", "-p", "no:randomly")
    result.assert_outcomes(failed=4)
    result.stdout.fnmatch_lines_random(
        [
            "FAILED *of_a_controller - KeyError: *",
            "FAILED *callback - Failed: the callback*",
            "FAILED *task - KeyError*",
            "FAILED *time - Failed: Timeout*",
        ]
    )
