"""The versions that a remembered outcome depends on: the site, the code of the controller, and twinfeed itself."""

from __future__ import annotations

import hashlib
import platform
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path

from twinfeed.emulators.sitefile import find
from twinfeed.harness.controllers.in_process import main_of
from twinfeed.harness.faults.scenario import Scenario

_SHARED = ("site-packages", "dist-packages")


@dataclass(frozen=True)
class Versions:
    """Hashes of what a scenario is run on. With another site or controller an outcome is another one."""

    site: str
    controller: str
    twinfeed: str

    @property
    def key(self) -> str:
        return _hash("\n".join((self.site, self.controller, self.twinfeed)).encode())


def versions(frame: Scenario) -> Versions:
    """The versions of a scenario's site and controller as they are on disk now.

    Raises:
        FileError: no such site.
        NoSuchController: no such controller.
    """
    return Versions(_hash(find(frame.site).read_bytes()), _controller(frame.controller), version("twinfeed"))


class OtherVersions(Exception):
    """A worker has another site, controller or twinfeed than the campaign."""


@cache
def same_versions(site: str, controller: str, expected: tuple[str, str, str]) -> None:
    """Check, once in each process, that this machine has the versions of the campaign (`heads`).

    Raises:
        OtherVersions: it has not.
        FileError: no such site.
        NoSuchController: no such controller.
    """
    for what, found, wanted in zip(("site", "controller", "twinfeed"), heads(site, controller), expected, strict=True):
        if found != wanted:
            raise OtherVersions(
                f"the {what} of the worker on {platform.node()} is another one than that of the campaign; start its "
                f"workers in a copy of the same folder with the same twinfeed"
            )


def heads(site: str, controller: str) -> tuple[str, str, str]:
    """Hashes of the site file and of the file of the controller, and the version of twinfeed. The modules beside the
    controller are left out, since another process may have loaded others."""
    file = _file(controller) if controller else None
    return (
        _hash(find(site).read_bytes()),
        _hash(Path(file).read_bytes()) if file else "",
        version("twinfeed"),
    )


def _file(controller: str) -> str | None:
    """The file of a controller's module."""
    main = main_of(controller.partition("+")[0])
    file: str | None = getattr(sys.modules.get(getattr(main, "__module__", "")), "__file__", None)
    return file


def _controller(name: str) -> str:
    """A hash of the controller's module, and of every loaded module that lies in its folder or below it."""
    if not name:
        return ""
    if "+" in name:
        return _hash("+".join(map(_controller, name.split("+"))).encode())
    file = _file(name)
    if file is None:
        return _hash(name.encode())
    sources = sorted(set(_beside(Path(file).resolve())))
    return _hash(b"\0".join([name.encode(), *(path.read_bytes() for path in sources)]))


def _beside(file: Path) -> Iterator[Path]:
    """The source files of the controller: its own, and those of modules in the same folder and below."""
    yield file
    for module in list(sys.modules.values()):
        other = getattr(module, "__file__", None)
        if isinstance(other, str) and other.endswith(".py"):
            path = Path(other).resolve()
            if file.parent in path.parents and not any(part in _SHARED for part in path.relative_to(file.parent).parts):
                yield path


def _hash(octets: bytes) -> str:
    return hashlib.blake2b(octets, digest_size=16).hexdigest()
