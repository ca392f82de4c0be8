"""The continuation of an interrupted run: the tests that have passed already, and whose sources are unchanged.

A test counts as passed if its last attempt in the record did, and what could change its outcome is the same: its file,
the conftest.py above it, the site or rig file, the controller's module or program, the options that choose the world,
and twinfeed itself. Anything else is run again.
"""

from __future__ import annotations

import hashlib
import json
import shlex
import shutil
from collections.abc import Iterable, Iterator
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import pytest

from twinfeed.emulators.sitefile import find
from twinfeed.emulators.yamlfile import FileError
from twinfeed.harness.plugin.options import DEFAULT_SITE
from twinfeed.harness.record import Entry
from twinfeed.harness.record.folder import sha256
from twinfeed.harness.worlds.sites import beside

OPTIONS = (
    "--world",
    "--site",
    "--rig",
    "--dry-run",
    "--speed",
    "--seed",
    "--controller",
    "--controller-cmd",
    "--faketime",
)
"""The options that choose the world of a test."""


def fingerprint(item: pytest.Item) -> str:
    """SHA-256 over everything that could change the outcome of a test."""
    options = {name: item.config.getoption(name, None) for name in OPTIONS}
    text = json.dumps({"twinfeed": version("twinfeed"), **options}, sort_keys=True)
    digest = hashlib.sha256(text.encode())
    for path in dict.fromkeys(path.resolve() for path in _files(item)):
        digest.update(f"\n{path.name} {sha256(path)}".encode())
    return digest.hexdigest()


def site_file(item: pytest.Item) -> Path | None:
    """The file of the bench or site a test runs on: --rig's, the marker's, --site's or the default; None if there is
    none."""
    rig = item.config.getoption("--rig", None)
    if rig and Path(rig).is_file():
        return Path(rig)
    marker = item.get_closest_marker("site")
    marked = (marker.args[0] if marker.args else marker.kwargs.get("name")) if marker else None
    name = str(marked or item.config.getoption("--site", None) or DEFAULT_SITE)
    try:
        path = find(beside(name, item.path))
    except FileError:
        return None
    return path if path.is_file() else None


def _files(item: pytest.Item) -> Iterator[Path]:
    yield item.path
    for folder in item.path.parents:
        if (folder / "conftest.py").is_file():
            yield folder / "conftest.py"
        if folder == item.config.rootpath:
            break
    rig = item.config.getoption("--rig", None)
    if rig and Path(rig).is_file():
        yield Path(rig)
    if "site" in getattr(item, "fixturenames", ()) and (site := site_file(item)):
        yield site
    yield from _of_controller(item)


def _of_controller(item: pytest.Item) -> Iterator[Path]:
    marker = item.get_closest_marker("controller")
    name = item.config.getoption("--controller", None) or (marker.args[0] if marker and marker.args else "")
    try:
        spec = find_spec(name.partition(":")[0]) if name else None
    except (ImportError, ValueError):
        spec = None
    if spec and spec.origin and Path(spec.origin).is_file():
        yield Path(spec.origin)
    for word in shlex.split(item.config.getoption("--controller-cmd", None) or ""):
        path = Path(shutil.which(word) or word)
        if path.is_file():
            yield path


def passed(entries: Iterable[Entry]) -> dict[str, tuple[str, str]]:
    """Test -> (fingerprint, time) of those whose last attempt has passed; entries of all records in order of time."""
    found: dict[str, tuple[str, str]] = {}
    for entry in entries:
        if entry.who != "test":
            continue
        test = str(entry.data.get("test", ""))
        if entry.what == "started":
            found.pop(test, None)
        elif entry.what == "finished" and entry.data.get("outcome") == "passed":
            found[test] = (str(entry.data.get("code", "")), entry.time)
    return found
