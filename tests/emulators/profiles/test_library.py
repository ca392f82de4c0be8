"""A profile of one's own is found wherever one that ships is."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from twinfeed.emulators.profiles import library
from twinfeed.emulators.site import Site
from twinfeed.emulators.yamlfile import FileError
from twinfeed.harness.characterise.drift.twin import NoTwin, Twin, place_of

PROFILE = """profile: {name}
vendor: Maker
product: {product}
kind: {kind}
modbus:
  registers:
    - {{table: holding, address: 0, type: u16, point: line_voltage.1, factor: 0.1, source: list}}
"""

SITE = """site: room
power:
  utility: {{kind: utility}}
  panel: {{kind: board, from: utility}}
devices:
  meter-1: {{profile: {profile}, of: panel, address: 127.0.0.9}}
"""

Write = Callable[..., Path]


@pytest.fixture
def own(tmp_path: Path) -> Write:
    """Writes a profile into a folder below the test's own."""

    def write(folder: str = "", name: str = "my-meter", product: str = "M1", kind: str = "meter") -> Path:
        path = tmp_path / folder / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(PROFILE.format(name=name, product=product, kind=kind))
        return path

    return write


@pytest.fixture(autouse=True)
def _no_folders(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv(library.VARIABLE, raising=False)
    library._of_packages.cache_clear()
    yield
    library._of_packages.cache_clear()


@pytest.mark.parametrize(
    "named", ["my-meter", "my-meter.yaml", "./my-meter.yaml", "./my-meter", "{folder}/my-meter.yaml"]
)
def test_beside_the_file_that_names_it_by_name_or_path(own: Write, tmp_path: Path, named: str) -> None:
    own()
    named = named.format(folder=tmp_path)
    assert library.get(named, tmp_path).product == "M1"


def test_in_the_folders_of_the_environment_in_their_order(
    own: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own("first", product="first")
    own("second", product="second")
    monkeypatch.setenv(library.VARIABLE, os.pathsep.join([str(tmp_path / "first"), str(tmp_path / "second")]))
    assert library.get("my-meter").product == "first"
    with library.looking_in([tmp_path / "second"]):
        assert library.get("my-meter").product == "second"
    assert library.get("my-meter").product == "first"


@pytest.mark.parametrize(
    "value",
    ["acme_profiles", "acme_profiles:FOLDER", "acme_profiles:folder"],
    ids=["a package", "a path", "a function that gives a path"],
)
def test_in_an_installed_package_with_the_entry_point(
    own: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    own("acme_profiles")
    (tmp_path / "acme_profiles" / "__init__.py").write_text(
        "from pathlib import Path\nFOLDER = Path(__file__).parent\ndef folder(): return FOLDER\n"
    )
    information = tmp_path / "acme-1.0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: acme\nVersion: 1.0\n")
    (information / "entry_points.txt").write_text(f"[twinfeed.profiles]\nacme = {value}\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.invalidate_caches()
    try:
        assert library.get("my-meter").product == "M1"
        assert "my-meter" in library.everywhere()
    finally:
        sys.modules.pop("acme_profiles", None)


def test_ones_own_comes_before_one_that_ships(own: Write, tmp_path: Path) -> None:
    own(name="schneider-pm5000", product="mine")
    assert library.get("schneider-pm5000", tmp_path).product == "mine"
    assert library.get("schneider-pm5000").vendor == "Schneider Electric"


def test_another_file_of_that_name_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "schneider-pm5000.yaml").write_text("site: not a profile\n")
    assert library.get("schneider-pm5000", tmp_path).vendor == "Schneider Electric"


def test_what_changes_in_the_file_is_seen(own: Write, tmp_path: Path) -> None:
    own()
    assert library.get("my-meter", tmp_path).product == "M1"
    own(product="another")
    assert library.get("my-meter", tmp_path).product == "another"


def test_an_error_says_where_it_was_looked_for_and_what_is_near(own: Write, tmp_path: Path) -> None:
    own()
    with pytest.raises(FileError) as error:
        library.get("my-metr", tmp_path)
    assert str(error.value) == (
        f"no profile is called 'my-metr'; did you mean my-meter?; looked beside the file that names it ({tmp_path}), "
        "in TWINFEED_PROFILES (not set) and among those that ship"
    )
    with pytest.raises(FileError, match=rf"looked for {tmp_path}/my-metr.yaml; did you mean my-meter.yaml\?"):
        library.get("./my-metr.yaml", tmp_path)


def test_a_kind_that_there_is_not_is_a_mistake_in_the_file(own: Write, tmp_path: Path) -> None:
    own(kind="metre")
    with pytest.raises(
        FileError, match=r"my-meter.yaml:4: kind: no kind of device is called 'metre'; did you mean meter\?"
    ):
        library.get("my-meter", tmp_path)


def test_a_part_of_ones_own_stands_in_parts_beside_it(own: Write, tmp_path: Path) -> None:
    path = own()
    path.write_text(path.read_text() + "include: [extra]\n")
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "extra.yaml").write_text(
        "part: extra\nmodbus:\n  registers:\n    - {table: holding, address: 9, type: u16, value: 7, source: list}\n"
    )
    modbus = library.get("my-meter", tmp_path).modbus
    assert modbus is not None
    assert [register.address for register in modbus.registers] == [0, 9]


@pytest.mark.parametrize("named", ["my-meter", "profiles/my-meter.yaml"])
def test_a_site_file_names_it(own: Write, tmp_path: Path, named: str) -> None:
    own("profiles" if "/" in named else "")
    path = tmp_path / "room.yaml"
    path.write_text(SITE.format(profile=named))
    assert Site.load(path)["meter-1"].params.model == "M1"


def test_its_twin_is_the_device_of_its_kind_on_the_bench(
    own: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own()
    monkeypatch.chdir(tmp_path)
    site, device = place_of("my-meter")
    assert (site, device) == ("bench", "meter-1")
    twin = Twin(site, device, "modbus", profile=library.get("my-meter", tmp_path))
    voltage = twin.recording([0.0], [("holding", 0)]).walks[0].registers["holding", 0]
    assert 3800 < voltage < 4200
    with pytest.raises(NoTwin, match="did you mean my-meter"):
        place_of("my-metr")
