"""The output of a check, as tests read it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

Checked = Callable[..., "Answer"]


class Answer:
    """The output of `twinfeed rig check --json`, and its exit code."""

    def __init__(self, output: str, code: int) -> None:
        self.code = code
        self.said: dict[str, Any] = json.loads(output)

    def device(self, name: str) -> dict[str, Any]:
        return next(device for device in self.said["devices"] if device["name"] == name)

    def of(self, name: str, check: str = "") -> list[dict[str, Any]]:
        """The findings on that device, interlock …, that are not in order."""
        found = [f for f in self.said["findings"] if f["on"] == name and f["level"] != "fine"]
        return [f for f in found if not check or f["check"] == check]

    def one(self, name: str, check: str) -> dict[str, Any]:
        (found,) = self.of(name, check)
        return found
