"""Physical benches: rig files, actuators, instruments, interlocks and the supervisor that keeps them safe."""

from __future__ import annotations

from typing import TYPE_CHECKING

if not __name__.startswith("twinfeed."):  # a second copy of every class
    raise ImportError(f"found `import {__name__}`, expected `import twinfeed.{__name__}`")

if TYPE_CHECKING:
    from twinfeed.hil_rigs.rigfile import Rig
    from twinfeed.hil_rigs.world import BenchStopped, RigWorld
else:
    from twinfeed._lazy import lazily

    __getattr__, __dir__ = lazily(
        __name__,
        {
            "twinfeed.hil_rigs.rigfile": "Rig",
            "twinfeed.hil_rigs.world": "BenchStopped RigWorld",
        },
    )

__all__ = [
    "BenchStopped",
    "Rig",
    "RigWorld",
]
