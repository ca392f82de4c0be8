"""Decision rules: whether a limit counts as kept when the uncertainty reaches over it (ILAC-G8:09/2019, 4.2)."""

from __future__ import annotations

from typing import Literal, get_args

Rule = Literal["simple", "guarded"]
"""simple: the reading decides (simple acceptance, ILAC-G8 4.2.1). guarded: the limit is moved inwards by the
uncertainty (guard band w = U, ILAC-G8 4.2.2): a reading is accepted only if all of reading ± uncertainty keeps it."""

SIMPLE: Rule = "simple"
GUARDED: Rule = "guarded"
RULES: tuple[Rule, ...] = get_args(Rule)
