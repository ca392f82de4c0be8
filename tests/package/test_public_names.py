"""The public API: `from twinfeed import …`, and what the packages list in `__all__`."""

from __future__ import annotations

import ast
import subprocess
import sys
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

import pytest

PACKAGES = ("twinfeed", "twinfeed.emulators", "twinfeed.harness", "twinfeed.hil_rigs", "twinfeed.fixtures")

PUBLIC = {
    "BindingError", "Cannot", "Command", "ControllerFailed", "Deed", "DeviceHandle", "FileError", "Injection", "InjectionError", "Journal",
    "Measure", "MeasurementError", "NeverInjected", "NoAnswer", "NoSuchController", "NotAdmitted", "NotKnown",
    "NotShown", "OutsideLimits", "PlantError", "Property", "PropertySyntaxError", "PropertyViolated", "Reading",
    "Refused", "Scenario", "ServeError", "Site", "TransportError", "Unknown", "UnknownQuantity", "Verdict", "World",
    "WrongAnswer", "WrongKind", "__version__", "always", "eventually", "for_at_least", "never", "until", "within",
}  # fmt: skip
"""A name that leaves this list breaks the tests of users: CHANGELOG and docs/how-to/upgrade.md have to name it."""


def test_the_public_names_are_these() -> None:
    import twinfeed

    assert set(twinfeed.__all__) == PUBLIC


@pytest.mark.parametrize("package", PACKAGES)
def test_each_public_name_is_there(package: str) -> None:
    module = import_module(package)
    assert len(set(module.__all__)) == len(module.__all__)
    for name in module.__all__:
        assert getattr(module, name) is not None
        assert name in dir(module)


@pytest.mark.parametrize("package", PACKAGES)
def test_a_stub_exports_each_name_under_its_own(package: str) -> None:
    """Type checkers take `import Site as Site` for public, and `import Site` for a name that the stub itself needs."""
    stub = Path(str(import_module(package).__file__)).with_suffix(".pyi")
    imports = ast.parse(stub.read_text()).body if stub.exists() else []
    assert all(isinstance(statement, ast.ImportFrom) for statement in imports)
    assert all(alias.asname == alias.name for i in imports if isinstance(i, ast.ImportFrom) for alias in i.names)


def test_a_star_import_brings_the_public_names() -> None:
    brought: dict[str, object] = {}
    exec("from twinfeed import *", brought)
    assert set(brought) - {"__builtins__"} == PUBLIC


@pytest.mark.parametrize("package", PACKAGES)
def test_a_name_that_is_not_there_is_an_attribute_error(package: str) -> None:
    with pytest.raises(AttributeError, match=f"module '{package}' has no attribute 'Wrold'"):
        _ = import_module(package).Wrold


def test_the_version_is_that_of_the_distribution() -> None:
    import twinfeed

    assert twinfeed.__version__ == version("twinfeed")


@pytest.mark.parametrize("package", PACKAGES)
def test_importing_a_package_loads_nothing_else(package: str) -> None:
    """The reason why the import is quick: a name loads its module when it is first used."""
    code = f"import sys; before = set(sys.modules); import {package}; print(*sorted(set(sys.modules) - before))"
    done = subprocess.run(
        [sys.executable, "-S", "-c", "import site; site.main()\n" + code], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    third_party = {name.partition(".")[0] for name in done.stdout.split()} - set(sys.stdlib_module_names)
    assert third_party == {"twinfeed"}
    ours = {name for name in done.stdout.split() if name.startswith("twinfeed")}
    assert ours <= {"twinfeed", package, "twinfeed._lazy"}
