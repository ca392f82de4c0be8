"""The tests in the live world: real sockets, scaled time, controllers that are programs."""

from __future__ import annotations

import json
import socket
import sys
from pathlib import Path

import pytest
from external import program
from suites import CLIENT, OUTAGE, own_bench

pytest_plugins = ["pytester"]

LIVE = ["--world=live", "--speed=20"]


@pytest.fixture
def site(pytester: pytest.Pytester) -> str:
    return f"--site={own_bench(pytester)}"


def test_one_file_passes_in_both_worlds(pytester: pytest.Pytester, site: str) -> None:
    pytester.makepyfile(OUTAGE)
    pytester.runpytest(site).assert_outcomes(passed=1)
    pytester.runpytest(site, *LIVE).assert_outcomes(passed=1)


def test_two_workers_have_addresses_of_their_own(pytester: pytest.Pytester, site: str) -> None:
    pytest.importorskip("xdist")
    both = """
    import asyncio, pathlib

    async def test_{name}(site):
        here, there = pathlib.Path(r"{here}"), pathlib.Path(r"{there}")
        here.write_text(str(sorted((e.address, e.port) for e in site.endpoints)))
        while not there.exists():  # both sites are up at once
            await site.run("1 s")
        assert (await site["ups-1"].read("battery.charge")).value > 90
        assert here.read_text() != there.read_text()
        pathlib.Path(r"{here}.read").touch()
        while not pathlib.Path(r"{there}.read").exists():
            await site.run("1 s")
    """
    one, two = pytester.path / "one", pytester.path / "two"
    pytester.makepyfile(
        test_a=both.format(name="a", here=one, there=two), test_b=both.format(name="b", here=two, there=one)
    )
    result = pytester.runpytest_subprocess(site, *LIVE, "-n", "2", timeout=120)
    result.assert_outcomes(passed=2)


def test_a_controller_of_its_own_is_told_the_addresses_and_its_end_ends_the_test(
    pytester: pytest.Pytester, site: str
) -> None:
    (pytester.path / "client.py").write_text(CLIENT)
    pytester.makepyfile(
        """
        async def test_failover(site, controller):
            await site.inject("utility-b", "outage")
            await site.run("20 min")
        """
    )
    result = pytester.runpytest(site, *LIVE, f"--controller-cmd={sys.executable} client.py")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "*ControllerFailed: * client.py: ended with exit code 1; the end of its output (*output.txt):",
            "*speed *",
            "*the generator runs, and I fall over",
            "again: pytest * --world live --speed 20 --site * --controller-cmd '* client.py'",
            "evidence in *: journal.jsonl, frames.pcapng, course.svg, controller.txt",
        ]
    )


def test_a_program_that_cannot_be_started_is_told(pytester: pytest.Pytester, site: str) -> None:
    pytester.makepyfile("async def test_it(site, controller):\n    pass\n")
    result = pytester.runpytest(site, *LIVE, "--controller-cmd=/nowhere/controller --fast")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["/nowhere/controller --fast: cannot be started: No such file or directory"])


@pytest.mark.interop
def test_under_faketime_the_programs_clock_runs_at_the_sites_speed(pytester: pytest.Pytester, site: str) -> None:
    program("faketime", "faketime")
    (pytester.path / "clock.py").write_text(
        "import time\n"
        "while True:\n"
        "    print(time.clock_gettime(time.CLOCK_MONOTONIC), flush=True)\n"
        "    time.sleep(10)\n"
    )
    pytester.makepyfile(
        """
        async def test_it(site, controller):
            while not controller.output.read_text().count("\\n"):
                await site.run(1)
            await site.run("90 s")
            printed = [float(line) for line in controller.output.read_text().split()]
            assert len(printed) > 2  # by the machine's clock it would still sleep for the first time
        """
    )
    result = pytester.runpytest(site, *LIVE, f"--controller-cmd={sys.executable} clock.py", "--faketime")
    result.assert_outcomes(passed=1)


def test_a_controller_that_runs_already_finds_the_addresses_in_a_file(pytester: pytest.Pytester, site: str) -> None:
    pytester.makepyfile(
        """
        async def test_it(site, controller):
            assert controller.name == "already running"
            await site.run("10 s")
            assert site.journal
        """
    )
    result = pytester.runpytest(site, *LIVE, "--controller=running")
    result.assert_outcomes(passed=1)
    file = pytester.path / "evidence" / "inventory.json"
    result.stdout.fnmatch_lines([f"twinfeed: the controller that runs already finds the devices in {file}"])
    place = json.loads(file.read_text())["devices"]["ups-1"]["snmp"]
    assert place["port"] == 1161


def test_an_address_that_is_taken_is_told(pytester: pytest.Pytester, site: str) -> None:
    pytester.makepyfile("async def test_it(site):\n    pass\n")
    address = Path(site.partition("=")[2]).read_text().partition("address: ")[2].partition(",")[0]
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as squatter:
        squatter.bind((address, 1502))
        squatter.listen()
        result = pytester.runpytest(site, *LIVE)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*twinfeed status*"])
