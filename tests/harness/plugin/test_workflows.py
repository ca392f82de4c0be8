"""Habits of pytest users: fixtures of their own upon `site`, modes and scopes, other plugins, markers with mistakes."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

BENCH = ("--site=bench", "-p", "no:cacheprovider")

FIXTURES = """
import asyncio, pytest, pytest_asyncio
from hypothesis import HealthCheck, given, settings, strategies as st
from twinfeed.harness.virtual.loop import VirtualLoop
from twinfeed.harness.properties import always

@pytest_asyncio.fixture
async def dark(site):
    await site.inject("utility-a", "outage")
    yield site
    await site.run(1)

@pytest.fixture
async def plainly_marked(site):
    await site.run(2)
    return site

@pytest.fixture
def passed_on(site):
    return site

@pytest.fixture
def both(passed_on, dark):
    assert passed_on is dark
    return dark

async def test_through_my_own_fixture(dark):
    await dark.run("2 min")
    assert not dark.observe("utility-a.live")

@pytest.mark.asyncio
async def test_marked(dark):
    await dark.run("2 min")

@pytest.mark.asyncio(loop_scope="module")
async def test_marked_with_another_scope(dark):
    await dark.run("2 min")

async def test_through_a_coroutine_that_is_plainly_a_fixture(plainly_marked):
    assert plainly_marked.now == 2.0

async def test_through_a_plain_fixture(passed_on):
    await passed_on.run(1)

async def test_through_several(both):
    await both.run(1)

@pytest.mark.usefixtures("site")
async def test_usefixtures():
    await asyncio.sleep(300)
    assert isinstance(asyncio.get_running_loop(), VirtualLoop)

@pytest.mark.usefixtures("dark")
class TestInAClass:
    async def test_method(self):
        await asyncio.sleep(300)

    @pytest.mark.parametrize("minutes", [1, 2])
    async def test_parametrized(self, site, minutes):
        await site.run(f"{minutes} min")

@settings(max_examples=2, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(n=st.integers(1, 3))
async def test_given(site, n):
    await site.run(n)

def test_plain_function(site):
    site.check(always("rack-1.supplied"))

def test_plain_function_through_a_fixture(dark):
    assert not dark.observe("utility-a.live")

@pytest.mark.parametrize("seed", [pytest.param(3, marks=pytest.mark.site("bench", seed=3))])
async def test_marker_of_a_parameter(site, seed):
    assert site.seed == seed
"""


@pytest.mark.parametrize(
    "options",
    [
        ("-oasyncio_mode=strict",),
        ("-oasyncio_mode=auto",),
        (
            "-oasyncio_mode=strict",
            "-oasyncio_default_fixture_loop_scope=session",
            "-oasyncio_default_test_loop_scope=session",
        ),
        (
            "-oasyncio_mode=auto",
            "-oasyncio_default_fixture_loop_scope=module",
            "-oasyncio_default_test_loop_scope=module",
        ),
        ("-oasyncio_mode=strict", "--import-mode=importlib", "-W", "error"),
    ],
    ids=["strict", "auto", "session", "module", "importlib"],
)
def test_fixtures_upon_site_work(pytester: pytest.Pytester, options: tuple[str, ...]) -> None:
    pytester.makepyfile(FIXTURES)
    pytester.runpytest(*BENCH, *options).assert_outcomes(passed=14)


def test_a_fixture_of_the_users_called_site_is_left_alone(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import asyncio, pytest
        from twinfeed.harness.virtual.loop import VirtualLoop

        @pytest.fixture
        def site():
            return "example.org"

        def test_plain(site):
            assert site == "example.org"

        @pytest.mark.asyncio
        async def test_asynchronous(site):
            assert not isinstance(asyncio.get_running_loop(), VirtualLoop)
        """
    )
    pytester.runpytest("-oasyncio_mode=strict").assert_outcomes(passed=2)


@pytest.mark.parametrize(
    ("test", "said"),
    [
        (
            "@given(n=st.integers())\nasync def test_it(site, n): pass",
            "the site of a @given test goes on from one example to the next: *write @settings(suppress_health_check=*",
        ),
        ("@pytest.mark.site('bench', settel='5 min')\nasync def test_it(site): pass",
         "@pytest.mark.site('bench', settel='5 min'): found settel='5 min'; did you mean settle?; it takes site(name, settle=time, seed=N, tolerances=WORD)"),
        ("@pytest.mark.site('bench', 'pilot')\nasync def test_it(site): pass", "*found several names of sites; it takes site(*"),
        ("@pytest.mark.site(3)\nasync def test_it(site): pass", "*found 3 as the name of the site; it takes site(*"),
        ("@pytest.mark.site(seed='7')\nasync def test_it(site): pass", "*found seed='7', expected a whole number*"),
        ("@pytest.mark.site(settle=-1)\nasync def test_it(site): pass", "*found settle=-1, expected a time of 0 s or more*"),
        ("@pytest.mark.controller(name='x')\nasync def test_it(site, controller): pass", "*found name='x'; it takes controller(name)"),
        ("@pytest.mark.controller('x', 'y')\nasync def test_it(site, controller): pass", "*found 2 names, expected one; it takes controller(name)"),
        ("@pytest.mark.watch(['a'])\nasync def test_it(site): pass", "*found ?'a'?, expected a name in quotes; it takes watch(*"),
        ("@pytest.mark.needs(truth=True)\nasync def test_it(site): pass", "*found truth=True; it takes needs(*"),
        ("def test_it(request):\n    request.getfixturevalue('site')",
         "a simulated world runs on a loop of its own, found *: name `site` among the parameters of the test*"),
    ],
)  # fmt: skip
def test_what_cannot_work_says_so_in_a_line_and_once(pytester: pytest.Pytester, test: str, said: str) -> None:
    pytester.makepyfile("import pytest\nfrom hypothesis import given, strategies as st\n" + test + "\n")
    result = pytester.runpytest(*BENCH)
    assert result.ret == 1
    printed = [line for line in result.outlines if not line.startswith(("ERROR", "FAILED"))]
    pytest.LineMatcher(printed).fnmatch_lines([said])
    result.stdout.no_fnmatch_line("*During handling of the above exception*")
    result.stdout.no_fnmatch_line("*pytest_plugin.py*")


def test_a_plain_test_and_its_fixtures_reach_nothing_real(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import socket, pytest

        @pytest.fixture
        def client(site):
            return socket.create_connection(("127.0.0.1", 9))

        @pytest.fixture
        def unrelated():
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(("127.0.0.1", 9))

        def test_through_a_fixture(client):
            pass

        def test_itself(site):
            socket.create_connection(("127.0.0.1", 9))

        def test_of_no_site(unrelated):
            pass
        """
    )
    result = pytester.runpytest(*BENCH)
    result.assert_outcomes(passed=1, failed=1, errors=1)
    result.stdout.fnmatch_lines_random(
        [
            "E *OutsideWorld: socket.connect*in client in *:5,*",
            "E *OutsideWorld: socket.connect*in test_itself in *:16,*",
        ]
    )


def test_a_forgotten_await_fails_the_test(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        async def test_it(site):
            site.inject("utility-a", "outage")
            await site.run("1 min")

        def test_plain(site):
            site.run("1 min")
        """
    )
    result = pytester.runpytest(*BENCH)
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines_random(["*inject*was never awaited*", "*run*was never awaited*"])


def test_it_is_said_which_site_tests_run_on_that_name_none(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest

        async def test_of_none(site): pass

        @pytest.mark.site("bench")
        async def test_of_one(site): pass
        """
    )
    said = "twinfeed: 1 test names no site and runs on bamako; name one with @pytest.mark.site or --site"
    pytester.runpytest("--collect-only", "-v").stdout.fnmatch_lines([said])
    pytester.runpytest("--collect-only", "-v", "--site=bench").stdout.no_fnmatch_line("twinfeed: 1 test*")


def test_the_seed_of_the_sites_file_is_used_and_printed(pytester: pytest.Pytester) -> None:
    bench = Path(__file__).parents[3] / "emulators" / "sites" / "bench.yaml"
    text = bench.read_text(encoding="utf-8")
    assert "\nseed:" not in text
    (pytester.path / "seeded.yaml").write_text(
        text.replace("site: bench", "site: bench\nseed: 41", 1), encoding="utf-8"
    )
    pytester.makepyfile(
        """
        async def test_it(site):
            assert (site.seed, site.model.plant.seed) == (0, 0)
        """
    )
    result = pytester.runpytest("--site=seeded.yaml", "-p", "no:cacheprovider")
    result.stdout.fnmatch_lines(
        ["*(41, 41) == (0, 0)*", "site bench, simulated world, seed 41, *", "again: * --seed 41 *"]
    )
    pytester.runpytest("--site=seeded.yaml", "--seed=0", "-p", "no:cacheprovider").assert_outcomes(passed=1)


STRICT = """
[pytest]
filterwarnings = error
asyncio_default_fixture_loop_scope = function
"""


def test_warnings_as_errors_stop_no_run(tmp_path: Path) -> None:
    """A process of its own: here the plugin is loaded already."""
    (tmp_path / "pytest.ini").write_text(STRICT)
    (tmp_path / "test_it.py").write_text(
        "def test_plain():\n    pass\n\nasync def test_of_a_site(site):\n    await site.run(1)\n"
    )
    told = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *BENCH], cwd=tmp_path, capture_output=True, text=True, timeout=120
    )
    assert "2 passed" in told.stdout, told.stdout + told.stderr
    assert "warning" not in told.stdout


@pytest.mark.skipif(importlib.util.find_spec("looptime") is None, reason="pip install looptime")
def test_looptime_beside_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(FIXTURES)
    told = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *BENCH, "--looptime", str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert "14 passed" in told.stdout, told.stdout + told.stderr
