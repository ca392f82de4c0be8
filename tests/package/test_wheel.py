"""The content of the wheel, by way of the source distribution as well."""

from __future__ import annotations

import tarfile
import zipfile
from pathlib import Path

from wheels import built


def names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if not name.endswith("/")}


def test_the_only_name_at_the_top_is_twinfeed(wheel: Path) -> None:
    tops = {name.partition("/")[0] for name in names(wheel)}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"twinfeed"}


def test_what_is_read_at_run_time_is_in_it(wheel: Path) -> None:
    inside = names(wheel)
    assert {
        "twinfeed/py.typed",
        "twinfeed/emulators/sites/bamako.yaml",
        "twinfeed/emulators/sites/bamako-weak.yaml",
        "twinfeed/emulators/profiles/ups-rfc1628.yaml",
        "twinfeed/harness/suite/files/site.yaml",
        "twinfeed/harness/locale/fr/LC_MESSAGES/messages.mo",
        "twinfeed/hil_rigs/benches/ups-bench.yaml",
        "twinfeed/fixtures/controllers/plant/main.py",
        "twinfeed/fixtures/findings/no-way-back.yaml",
        "twinfeed/docs/index.md",
        "twinfeed/docs/tutorials/rigs.fr.md",
        "twinfeed/docs/reference/kinds/ups.md",
        "twinfeed/docs/pictures/overview.svg",
        "twinfeed/docs/pictures/stop-page.png",
    } <= inside
    assert any(name.startswith("twinfeed/harness/report/rendering/templates/") for name in inside)


def test_the_source_distribution_makes_the_same_wheel(source: Path, wheel: Path, tmp_path: Path) -> None:
    with tarfile.open(built("sdist", source, tmp_path / "sdist")) as archive:
        archive.extractall(tmp_path / "unpacked", filter="data")
    (unpacked,) = (tmp_path / "unpacked").iterdir()
    assert names(built("wheel", unpacked, tmp_path / "wheel")) == names(wheel)
