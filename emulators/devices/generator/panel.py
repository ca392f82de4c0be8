"""The panel of a generating set's controller: its selector and its keys, which the telemetry presses, too."""

from __future__ import annotations

from collections.abc import Callable

from twinfeed.emulators.devices.firmware.device import Device
from twinfeed.emulators.devices.firmware.points import Refused
from twinfeed.emulators.devices.generator.multiset import MultisetLink
from twinfeed.emulators.devices.generator.protection import SetProtection
from twinfeed.emulators.devices.generator.settings import TURNING, GeneratorControllerState

MODES = ("stop", "auto", "manual", "test")
"""The positions of the selector."""


class Panel:
    """The selector and the keys of one controller. `cut_short` ends whatever the engine does, at once."""

    def __init__(
        self,
        card: Device[GeneratorControllerState],
        protection: SetProtection,
        link: MultisetLink,
        cut_short: Callable[[], None],
    ) -> None:
        self._card, self._protection, self._link = card, protection, link
        self._cut_short = cut_short

    def turn(self, mode: str) -> None:
        """Turn the selector: stop stops the engine at once; manual leaves it as it is; test runs it on load."""
        card, state = self._card, self._card.state
        if mode == self._link.mode:
            if mode == "stop":
                self._protection.reset()
            return
        state.settings["mode"] = state.mode = mode
        state.stood_down = False
        card.log_event(f"mode {mode}")
        card.log("mode", mode=mode)
        if mode == "manual":
            self.go_on_by_hand()
        elif mode == "stop":
            state.telemetry_start = False
            self._cut_short()
            self._protection.reset()
        card.touch()

    def go_on_by_hand(self) -> None:
        """In manual the engine and its load stay as they are."""
        state = self._card.state
        state.manual_run = state.stage in TURNING
        state.manual_load = state.stage in ("synchronising", "closing", "on-load")

    def press(self, word: str) -> None:
        """A key of the panel, or the telemetry.

        Raises:
            Refused: it means nothing in this mode.
        """
        card, state, mode = self._card, self._card.state, self._link.mode
        if word in MODES:
            self.turn(word)
        elif word in ("start", "close", "open"):
            if mode != "manual" and not (word == "start" and mode == "test"):
                raise Refused(f"{card.name} is in {mode}: {word} needs manual")
            state.manual_run = state.manual_run or word == "start"
            if word != "start":
                state.manual_load = word == "close"
            card.log_event(f"{word} by command")
        elif word in ("telemetry-start", "telemetry-stop"):
            if word == "telemetry-start" and mode != "auto":
                raise Refused(f"{card.name} is in {mode}: a telemetry start needs auto")
            state.telemetry_start = word == "telemetry-start"
            card.log_event(f"{word.replace('-', ' ')}")
        elif word == "mute":
            state.muted = True
        elif word in ("reset", "reset-button"):
            self._protection.reset()
        card.touch()
