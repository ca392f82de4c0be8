"""The manual builds without a warning."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from contracts import PICTURE, drawn

import twinfeed

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def html(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a manual that was built just now."""
    pytest.importorskip("furo", reason="pip install twinfeed[docs]")
    out = tmp_path_factory.mktemp("manual")
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html", "-d", str(out / ".doctrees")]
    done = subprocess.run([*command, str(ROOT / "docs"), str(out)], capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    return out


def test_every_page_is_built(html: Path) -> None:
    sources = {path.relative_to(ROOT / "docs") for path in (ROOT / "docs").rglob("*.md")}
    pages = {path.with_suffix(".html") for path in sources if path.parts[0] != "examples"}
    assert {page for page in pages if not (html / page).exists()} == set()


def test_a_page_of_the_manual_loads_nothing_from_another_host(html: Path) -> None:
    for page in html.rglob("*.html"):
        loaded = re.findall(
            r"""<(?:script|link|img|iframe)\b[^>]*\b(?:src|href)="([^"]+)""", page.read_text(encoding="utf-8")
        )
        assert [address for address in loaded if "//" in address] == [], page.name


def test_the_import_contracts_are_drawn_as_they_are() -> None:
    assert PICTURE.read_text(encoding="utf-8") == drawn(), "python tests/docs/contracts.py draws them anew"


def test_the_api_page_documents_every_public_name(html: Path) -> None:
    page = (html / "reference" / "api.html").read_text(encoding="utf-8")
    documented = set(re.findall(r'id="twinfeed\.(\w+)"', page))
    assert documented == set(twinfeed.__all__) - {"__version__"}


def test_the_architecture_names_every_room() -> None:
    page = (ROOT / "docs" / "explanation" / "architecture.md").read_text(encoding="utf-8")
    rooms = [path.parent for top in ("emulators", "harness", "hil_rigs") for path in (ROOT / top).glob("*/__init__.py")]
    assert {room.name for room in rooms if not re.search(rf"\b{room.name}\b", page)} == set()
