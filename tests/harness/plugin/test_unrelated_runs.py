"""A run of pytest in which no test uses twinfeed loads next to nothing of it."""

from __future__ import annotations

import pytest

from twinfeed.harness import uncertainty
from twinfeed.harness.plugin import options

pytest_plugins = ["pytester"]

LARGE = {"pydantic", "pymodbus", "pysnmp", "ruamel", "scapy", "cryptography", "hypothesis", "serial", "rich", "typer"}
"""Packages that twinfeed needs and that take long to import."""

ENTRY = {
    "twinfeed", "twinfeed._lazy", "twinfeed._phrases", "twinfeed.harness", "twinfeed.harness.plugin", "twinfeed.harness.pytest_plugin",
    "twinfeed.harness.plugin.hookspecs", "twinfeed.harness.plugin.options", "twinfeed.harness.plugin.selection", "twinfeed.harness.worlds",
    "twinfeed.harness.worlds.capabilities", "twinfeed.hil_rigs", "twinfeed.hil_rigs.pytest_plugin",
}  # fmt: skip
"""The two entry points and what they need: options, markers, hooks."""

UNRELATED = """
    import sys
    import pytest
    import pytest_asyncio

    @pytest.fixture
    def own():
        return 1

    @pytest.fixture
    def site():
        return "a site of this project"

    @pytest_asyncio.fixture
    async def slow(own):
        return own

    def test_plain(own): ...

    @pytest.mark.parametrize("n", [1, 2])
    def test_with_parameters(n): ...

    def test_with_a_site_of_its_own(site): ...

    @pytest.mark.asyncio
    async def test_coroutine(slow): ...

    @pytest.mark.xfail
    def test_fails():
        raise AssertionError

    def test_z_what_is_loaded():
        print("LOADED", *sorted(sys.modules))
"""


def loaded(pytester: pytest.Pytester, *options: str) -> set[str]:
    """The modules that are loaded at the end of that run."""
    result = pytester.runpytest_subprocess("-s", "-p", "no:randomly", "-p", "no:hypothesispytest", *options)
    lines = [line for line in result.outlines if "LOADED " in line]
    assert len(lines) == 1, result.stdout.str()
    return set(lines[0].partition("LOADED ")[2].split())


def test_only_the_entry_points_are_imported(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(UNRELATED)
    modules = loaded(pytester)
    assert {name for name in modules if name.partition(".")[0] == "twinfeed"} <= ENTRY


def test_no_large_package_is_imported(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(UNRELATED)
    without = loaded(pytester, "-p", "no:twinfeed", "-p", "no:twinfeed_rig")
    brought = {name.partition(".")[0] for name in loaded(pytester) - without}
    assert brought & LARGE == set()


@pytest.mark.parametrize(
    ("test", "module"),
    [
        ("async def test_site(site): ...", "twinfeed.harness.worlds.simulated"),
        ("def test_measure(measure): measure('a', 1)", "twinfeed.harness.report.measure"),
    ],
)
def test_the_first_test_that_needs_a_part_loads_it(pytester: pytest.Pytester, test: str, module: str) -> None:
    pytester.makepyfile(
        f"import pytest, sys\n\ndef test_a(): ...\n\n@pytest.mark.usefixtures()\n{test}\n\n"
        "def test_z(): print('LOADED', *sorted(sys.modules))\n"
    )
    assert module in loaded(pytester, "--site", "bench")


def test_the_rules_of_decision_are_those_that_measurements_know() -> None:
    assert options.DECISION_RULES == uncertainty.RULES
