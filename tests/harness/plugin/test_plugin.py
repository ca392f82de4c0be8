"""The pytest plugin, used as its users use it: fixtures, markers, options, what it refuses."""

from __future__ import annotations

import pytest
from suites import LOOKING_ON, OUTAGE

pytest_plugins = ["pytester"]

STRICT, AUTO = "-oasyncio_mode=strict", "-oasyncio_mode=auto"
BENCH = "--site=bench"


@pytest.fixture(autouse=True)
def modules(pytester: pytest.Pytester) -> None:
    pytester.syspathinsert()
    pytester.makepyfile(looking_on=LOOKING_ON)


@pytest.mark.parametrize("mode", [STRICT, AUTO])
def test_a_test_of_a_site_needs_no_mark_in_any_mode(pytester: pytest.Pytester, mode: str) -> None:
    pytester.makepyfile(OUTAGE)
    pytester.runpytest(mode, BENCH).assert_outcomes(passed=1)


def test_nothing_is_warned_of(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(OUTAGE)
    result = pytester.runpytest(BENCH, "-W", "error::pytest.PytestWarning")
    result.assert_outcomes(passed=1, warnings=0)
    assert 'asyncio_default_fixture_loop_scope" is unset' not in result.stderr.str() + result.stdout.str()


@pytest.mark.parametrize("mode", [STRICT, AUTO])
def test_fixtures_of_the_users_own_share_the_loop(pytester: pytest.Pytester, mode: str) -> None:
    pytester.makepyfile(
        """
        import asyncio, pytest, pytest_asyncio
        from twinfeed.harness.virtual.loop import VirtualLoop

        @pytest_asyncio.fixture
        async def before():
            yield asyncio.get_running_loop()

        @pytest_asyncio.fixture
        async def upon(site):
            await site.run(5)
            return asyncio.get_running_loop()

        async def test_one_loop(before, site, upon):
            assert asyncio.get_running_loop() is before is upon
            assert isinstance(before, VirtualLoop)
            assert site.now == 5.0

        class TestMethods:
            async def test_in_a_class(self, upon, site):
                assert upon is asyncio.get_running_loop()

        async def test_through_the_journal_only(journal):
            assert isinstance(asyncio.get_running_loop(), VirtualLoop)
        """
    )
    pytester.runpytest(mode, BENCH).assert_outcomes(passed=3)


def test_other_tests_are_not_touched(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import asyncio, time
        from twinfeed.harness.virtual.loop import VirtualLoop

        def test_plain():
            pass

        async def test_asynchronous():
            assert not isinstance(asyncio.get_running_loop(), VirtualLoop)
            await asyncio.to_thread(time.sleep, 0)
        """
    )
    result = pytester.runpytest(AUTO, "-v")
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines_random(["*::test_plain PASSED*", "*::test_asynchronous PASSED*"])


def test_the_site_is_the_markers_else_the_options(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.site("pilot", settle="10 s")
        async def test_marked(site):
            assert (site.model.name, site.now) == ("pilot", 10.0)

        async def test_not_marked(site):
            assert (site.model.name, site.now, site.seed) == ("bench", 0.0, 7)
        """
    )
    pytester.runpytest(BENCH, "--seed", "7").assert_outcomes(passed=2)


def test_each_test_begins_anew(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.parametrize("time", [1, 2])
        async def test_outage(site, time):
            assert site.now == 0.0
            assert site.observe("utility-a.live")
            await site.inject("utility-a", "outage")
            await site.run(60)
            assert not site.observe("utility-a.live")
        """
    )
    pytester.runpytest(BENCH).assert_outcomes(passed=2)


@pytest.mark.parametrize("option", ["looking_on:main", "looking_on"])
def test_the_controller_is_the_options_else_the_markers(pytester: pytest.Pytester, option: str) -> None:
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.controller("looking_on:main")
        async def test_marked(site, controller):
            await site.run(2)
            assert controller.store == {"began": 1}
            await site.inject("controller", "controller-down", for_=5)
            await site.run(10)
            assert controller.store == {"began": 2}

        async def test_given(controller):
            assert controller.name == OPTION
        """.replace("OPTION", repr(option))
    )
    pytester.runpytest(BENCH, "--controller", option).assert_outcomes(passed=2)


def test_a_controller_that_ends_fails_the_run_with_the_reason(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import asyncio, pytest
        from twinfeed.harness.properties import always

        async def main(inventory, store):
            await asyncio.sleep(5)
            raise ValueError("no such register")

        @pytest.mark.controller("test_it:main")
        async def test_runs_on(site, controller):
            await site.run(60)

        @pytest.mark.controller("test_it:main")
        async def test_judges(site, controller):
            await asyncio.sleep(60)
            site.check(always("utility-a.live"))
        """
    )
    pytester.path.joinpath("test_a_controller_that_ends_fails_the_run_with_the_reason.py").rename("test_it.py")
    result = pytester.runpytest(BENCH)
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(
        ["*ControllerFailed: the controller test_it:main raised ValueError: no such register"] * 2
    )


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--world=moon"], "*--world: invalid choice: 'moon'*"),
        (["--speed=0"], "*--speed is 0, expected more than 0 (1 is real time)"),
        (["--speed=nan"], "*--speed is nan, expected more than 0*"),
        (["--rig=bench.yaml"], "*bench.yaml: cannot be read*"),
        (["--dry-run"], "*add --rig FILE*"),
        (["--controller-cmd=x"], "*--controller-cmd runs a program, which needs real sockets: add --world live"),
        (["--controller=running"], "*--controller running is a program, which needs real sockets: add --world live"),
        (["--faketime"], "*--faketime changes the clock of a program: add --controller-cmd"),
        (["--world=live", "--controller=a", "--controller-cmd=b"], "*name two controllers; give one of them"),
    ],
)
def test_command_lines_that_make_no_sense_are_refused(pytester: pytest.Pytester, options: list[str], said: str) -> None:
    pytester.makepyfile(OUTAGE)
    result = pytester.runpytest(*options)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([said])


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("@pytest.mark.site('nowhere')", "*nowhere*"),
        ("@pytest.mark.site('bench', settle='soon')", "*'soon'*"),
        ("@pytest.mark.needs('teleportation')", "*no capability is called 'teleportation'; there are: virtual-time, *"),
        ("@pytest.mark.watch('rack-9.supplied')", "*rack-9*"),
        ("@pytest.mark.controller('nowhere:main')", "*controller 'nowhere:main': no module is called 'nowhere'; *"),
        ("@pytest.mark.controller('looking_on:sleep')", "*controller 'looking_on:sleep': looking_on has no 'sleep'; *"),
        ("", "this test needs a controller: give --controller package.module:function, --controller-cmd with *"),
    ],
)
def test_wrong_names_are_told_without_a_traceback_of_ours(pytester: pytest.Pytester, lines: str, said: str) -> None:
    pytester.makepyfile(f"import pytest\n{lines}\nasync def test_it(site, controller):\n    pass\n")
    result = pytester.runpytest(BENCH)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([said])


def test_what_the_world_lacks_skips_with_the_reason(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest
        from twinfeed.harness.worlds.world import Cannot

        @pytest.mark.needs("truth", "programs")
        async def test_program(site):
            raise AssertionError

        @pytest.mark.needs("virtual-time", "deterministic")
        async def test_time(site):
            pass

        async def test_found_out_later(site):
            raise Cannot("no actuator cuts utility-a")
        """
    )
    result = pytester.runpytest(BENCH, "-rs", "-p", "no:randomly")
    result.assert_outcomes(passed=1, skipped=2)
    result.stdout.fnmatch_lines(
        ["*the simulated world cannot give: programs", "*no actuator cuts utility-a"], consecutive=False
    )


def test_markers_and_options_are_listed(pytester: pytest.Pytester) -> None:
    pytester.runpytest("--markers").stdout.fnmatch_lines(
        ["@pytest.mark.site(*", "@pytest.mark.controller(*", "@pytest.mark.watch(*", "@pytest.mark.needs(*"]
    )
    pytester.runpytest("--help").stdout.fnmatch_lines(["twinfeed: one test, three worlds:", "*--world=*"])
