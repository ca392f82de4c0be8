"""No history ends with a bench that is not in its safe state while nothing shows NOT SAFE.

`TWINFEED_HISTORIES=10000 pytest tests/rigs/safety/test_bench_histories.py` runs so many.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest
from bench_histories import History
from simulated_bench import Unsafe

from twinfeed.hil_rigs.emergency.life import Life
from twinfeed.hil_rigs.rigfile import Rig
from twinfeed.hil_rigs.supervisor import keeper
from twinfeed.hil_rigs.supervisor.keeper import Keeper
from twinfeed.hil_rigs.supervisor.moves import Moves
from twinfeed.hil_rigs.supervisor.supervisor import Supervisor

HISTORIES = int(os.environ.get("TWINFEED_HISTORIES", "150"))


def run(rig: Rig, histories: int) -> None:
    for seed in range(histories):
        History(rig, seed).run()


def test_no_history_leaves_a_bench_unsafe_and_silent(histories_rig: Rig) -> None:
    run(histories_rig, HISTORIES)


def test_a_history_repeats_itself(histories_rig: Rig) -> None:
    stories = []
    for _ in range(2):
        history = History(histories_rig, 7)
        history.run()
        stories.append(history.story)
    assert stories[0] == stories[1]


async def _nothing(*_: Any, **__: Any) -> None:
    return None


async def _all_well(*_: Any, **__: Any) -> dict[str, str]:
    return {}


def _quiet(*_: Any, **__: Any) -> str:
    return ""


MISTAKES: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    "a safe bench is not watched": lambda patch: patch.setattr(Keeper, "_watch", _nothing),
    "a move that is acknowledged counts as made": lambda patch: patch.setattr(Moves, "not_safe", _all_well),
    "what failed is tried once": lambda patch: patch.setattr(keeper, "LONGEST_PAUSE_S", 1e6),
    "a supervisor starts on an armed bench as on one at rest": lambda patch: patch.setattr(
        Supervisor, "_take_over", _nothing
    ),
    "a bench that nobody keeps is not mentioned": lambda patch: patch.setattr(Life, "said", _quiet),
    "a reset moves whatever is told to be normal": lambda patch: patch.setattr(Moves, "_elsewhere", _all_well),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_the_histories_find_a_mistake_in_what_keeps_a_bench(
    histories_rig: Rig, monkeypatch: pytest.MonkeyPatch, mistake: str
) -> None:
    MISTAKES[mistake](monkeypatch)
    if mistake == "what failed is tried once":
        monkeypatch.setattr(keeper, "FIRST_PAUSE_S", 1e6)
    with pytest.raises(Unsafe):
        run(histories_rig, 400)
