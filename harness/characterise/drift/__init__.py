"""Drift: two recordings, of a device and of its emulator, compared through a profile."""

from twinfeed.harness.characterise.drift.comparison import KINDS, Compared, compare, drift

__all__ = ["KINDS", "Compared", "compare", "drift"]
