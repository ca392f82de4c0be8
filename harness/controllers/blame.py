"""The traceback of an exception in the code under test, without frames of the harness and of asyncio."""

from __future__ import annotations

import asyncio
import traceback
from pathlib import Path

_TWINFEED = Path(__file__).parents[2]

_NOT_UNDER_TEST = tuple(
    f"{folder}/" for folder in (Path(asyncio.__file__).parent, _TWINFEED / "harness", _TWINFEED / "emulators")
)

MOST = 12
"""Number of frames that are printed, the innermost."""


def traceback_of(error: BaseException) -> str:
    """The frames of the code under test, innermost last, as `traceback` prints them; all frames if none is its own.

    The cause is taken where there is one, since it is what the code under test raised.
    """
    while error.__cause__ is not None:
        error = error.__cause__
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if not frame.filename.startswith(_NOT_UNDER_TEST)] or list(frames)
    lines = traceback.StackSummary.from_list(own[-MOST:]).format()
    lines += traceback.format_exception_only(error)
    return "".join(lines).rstrip()
