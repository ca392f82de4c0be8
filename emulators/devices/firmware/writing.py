"""Writes to a device that are one change: all of them, or none if they bring its firmware down."""

from __future__ import annotations

import marshal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from twinfeed.emulators.devices.firmware.points import Crashed
from twinfeed.emulators.devices.firmware.state import State
from twinfeed.emulators.plant.kernel.actor import Clock, PlantError


class Written(Protocol):
    """A device that is written to."""

    @property
    def name(self) -> str:
        """The name of the device in messages."""

    @property
    def plant(self) -> Clock:
        """The clock it lives on."""

    @property
    def state(self) -> State:
        """The state of the device."""

    @property
    def crashed(self) -> bool:
        """True if its firmware has stopped."""

    def has_crashed(self, error: Exception, doing: str) -> Crashed:
        """Take the device down; returns the exception for the caller."""

    def roll_back(self, before: bytes) -> None:
        """Take back what was written since its state was `before` (marshalled)."""


class Writing:
    """The writes to one device. Within `joined` they are one change."""

    def __init__(self, device: Written) -> None:
        self._device = device
        self._open = False

    @contextmanager
    def joined(self) -> Iterator[None]:
        """In this context all writes are one change: the plant settles once, at the end.

        If carrying it out crashes the firmware, the device's state is what it was before the block, and hung.

        Raises:
            Crashed: carrying it out has crashed the firmware.
            PlantError: the plant does not come to rest with the new values.
        """
        if self._open:
            yield
            return
        device = self._device
        crashed, before = device.crashed, marshal.dumps(vars(device.state))
        self._open, written = True, False
        try:
            with device.plant.together():
                yield
                written = True
        except Crashed:
            device.roll_back(before)
            raise
        except Exception as error:
            if not written:  # refused inside the block, by a firmware or protocol that knows what it has done
                raise
            device.roll_back(before)
            if isinstance(error, PlantError):
                raise
            # The write brought out a defect if the plant fails on the new values.
            raise device.has_crashed(error, "write") from error
        finally:
            self._open = False
        if device.crashed and not crashed:
            device.roll_back(before)
            raise Crashed(f"{device.name} does not answer: its firmware has crashed")
