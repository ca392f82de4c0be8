"""A command that a server forks answers as a program that is started anew."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from workers import warm

ENV = {**os.environ, "COLUMNS": "90", "NO_COLOR": "1"}


@pytest.mark.parametrize(
    ("words", "env"),
    [
        (("sites", "--json"), ENV),
        (("nonsense",), {**ENV, "LANGUAGE": "fr"}),
    ],
    ids=["an answer", "a mistake, in French"],
)
def test_it_answers_as_a_program_that_is_started_anew(words: tuple[str, ...], env: dict[str, str]) -> None:
    cold = subprocess.run([sys.executable, "-m", "twinfeed", *words], env=env, capture_output=True, text=True)
    forked = warm.run(*words, env=env)
    assert (forked.returncode, forked.stdout, forked.stderr) == (cold.returncode, cold.stdout, cold.stderr)


def test_it_has_the_folder_that_it_is_given(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text("site: own\npower:\n  utility: {kind: utility}\n", encoding="utf-8")
    checked = warm.run("check", "own.yaml", "--json", env=ENV, cwd=tmp_path)
    assert json.loads(checked.stdout)["site"] == "own"


def test_a_command_leaves_nothing_to_the_next_one() -> None:
    assert "Commande inconnue" in warm.run("nonsense", env={**ENV, "LANGUAGE": "fr"}).stderr
    assert "Commande inconnue" not in warm.run("nonsense", env=ENV).stderr


def test_one_command_does_not_wait_for_another(tmp_path: Path) -> None:
    env = {**ENV, "XDG_RUNTIME_DIR": str(tmp_path), "XDG_STATE_HOME": str(tmp_path)}
    with ThreadPoolExecutor(1) as threads:
        for_ever = threads.submit(warm.run, "up", "bench", env=env, timeout_s=5.0)
        assert warm.run("sites", env=env).returncode == 0
        assert not for_ever.done()
        with pytest.raises(subprocess.TimeoutExpired):
            for_ever.result()
