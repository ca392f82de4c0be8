"""A forgotten `await` is an error: `site.inject(…)` alone does nothing, and the test would pass."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, CoroutineType
from typing import Any
from unittest.mock import patch

from twinfeed.harness.virtual.strict import StrictLoop

_OURS = f"{Path(__file__).parents[1]}/"
"""The folder of the harness."""


class NeverAwaited(RuntimeError):
    """A coroutine of the harness was made and never awaited, so that nothing of it has happened."""


@contextmanager
def unawaited_are_failures(loop: StrictLoop) -> Iterator[None]:
    """Inside, a coroutine function of the harness whose result is dropped ends the run of that loop.

    Python reports every such coroutine with a warning, through a function of `warnings` that is replaced here. Those of
    other code keep their warning alone: they may have been made long before, and the garbage collector come late.
    """
    report = getattr(warnings, "_warn_unawaited_coroutine", None)
    if report is None:
        yield
        return

    def warn(coroutine: CoroutineType[Any, Any, Any]) -> None:
        code: CodeType = coroutine.cr_code
        if code.co_filename.startswith(_OURS):
            loop.end_with(
                NeverAwaited(
                    f"{coroutine.__qualname__}(…) was never awaited, so nothing of it has happened: write "
                    "`await` before the call, in a test that is an `async def`"
                )
            )
        report(coroutine)

    with patch.object(warnings, "_warn_unawaited_coroutine", warn):
        yield
