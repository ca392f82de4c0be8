"""The versions that a remembered outcome depends on: the site, the code of the controller, and twinfeed itself."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass
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


def _controller(name: str) -> str:
    """A hash of the controller's module, and of every loaded module that lies in its folder or below it."""
    if not name:
        return ""
    main = main_of(name)
    module = sys.modules.get(getattr(main, "__module__", ""))
    file = getattr(module, "__file__", None)
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
