"""Unix sockets in folders of any depth: a system takes only short paths for them."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LONGEST = 103
"""Longest path that every system takes for a socket, octets: `sun_path` has 104 on macOS (<sys/un.h>), 108 on Linux
(unix(7)), the zero at the end included."""

LONGEST_NAME = 80
"""Longest name of a socket in a folder of any depth, octets."""


@contextmanager
def short(path: Path) -> Iterator[str]:
    """The path, or, if that is too long, one by way of a symbolic link to its folder; valid while the block runs.

    Raises:
        OSError: the name of the socket is longer than `LONGEST_NAME`, or no link can be made.
    """
    if len(os.fsencode(path)) <= LONGEST:
        yield str(path)
        return
    if len(os.fsencode(path.name)) > LONGEST_NAME:
        raise OSError(errno.ENAMETOOLONG, f"the name of a socket has at most {LONGEST_NAME} octets", str(path))
    # TMPDIR may be the very folder that is too long.
    with tempfile.TemporaryDirectory(prefix="tf-", dir="/tmp") as folder:
        link = Path(folder, "d")
        link.symlink_to(path.parent.absolute())
        yield str(link / path.name)
