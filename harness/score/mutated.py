"""`python -m twinfeed.harness.score.mutated JOB …`: twinfeed's commands with a mutant in place of its original."""

from __future__ import annotations

import json
import runpy
import sys
from pathlib import Path

from twinfeed.harness.score.loading import Replaced


def run() -> None:
    job = sys.argv.pop(1)
    mutant = json.loads(Path(job).read_text(encoding="utf-8"))
    Replaced(mutant["path"], mutant["source"]).install()
    runpy.run_module("twinfeed", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    run()
