"""twinfeed installed beside a project that has packages, fixtures and settings of the same names."""

from __future__ import annotations

from pathlib import Path

import pytest
from wheels import Run

OURS = ("emulators", "harness", "hil_rigs", "fixtures", "tests")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with packages `harness`, `fixtures` … of its own, fixtures `site` and `journal`, strict asyncio mode."""
    for name in OURS:
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text(f"OWNER = 'project {name}'\n")
    (tmp_path / "pytest.ini").write_text("[pytest]\nasyncio_mode = strict\nfilterwarnings = error\n")
    (tmp_path / "conftest.py").write_text(
        "import pytest\n\n@pytest.fixture\ndef site():\n    return 'project site'\n\n"
        "@pytest.fixture\ndef journal():\n    return 'project journal'\n"
    )
    (tmp_path / "tests" / "test_own.py").write_text(
        "import emulators, fixtures, harness, hil_rigs\n\n"
        "def test_packages():\n"
        "    assert [p.OWNER for p in (emulators, fixtures, harness, hil_rigs)] == [\n"
        "        'project emulators', 'project fixtures', 'project harness', 'project hil_rigs']\n\n"
        "def test_fixtures(site, journal):\n"
        "    assert (site, journal) == ('project site', 'project journal')\n"
    )
    return tmp_path


def test_the_project_s_tests_pass_by_python_m_pytest(project: Path, run: Run) -> None:
    done = run("python", "-m", "pytest", "-q", "-p", "no:cacheprovider", cwd=project)
    assert "2 passed" in done.stdout, done.stdout + done.stderr


def test_a_failover_test_runs_in_the_project(project: Path, run: Run) -> None:
    (project / "conftest.py").unlink()
    (project / "tests" / "test_own.py").unlink()
    (project / "tests" / "test_failover.py").write_text(
        "import pytest\nimport harness\nfrom twinfeed.harness.properties import always\n\n"
        "@pytest.mark.site('bench')\nasync def test_bench(site):\n"
        "    await site.run('10 s')\n    site.check(always('utility-a.live'))\n"
        "    assert harness.OWNER == 'project harness'\n"
    )
    done = run("python", "-m", "pytest", "-q", "-p", "no:cacheprovider", cwd=project)
    assert "1 passed" in done.stdout, done.stdout + done.stderr


@pytest.mark.parametrize("name", ["emulators", "harness", "hil_rigs", "fixtures"])
def test_a_bare_name_does_not_import_from_the_checkout(name: str, run: Run) -> None:
    checkout = Path(__file__).parents[2]
    done = run("python", "-c", f"import {name}", cwd=checkout)
    assert f"ImportError: found `import {name}`, expected `import twinfeed.{name}`" in done.stderr


def test_the_reference_controller_is_installed(run: Run) -> None:
    done = run("python", "-c", "import twinfeed.fixtures.controllers.plant as p; print(p.__name__)")
    assert done.stdout.strip() == "twinfeed.fixtures.controllers.plant", done.stderr
