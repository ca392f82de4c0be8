"""What a device's emulator gets wrong: two recordings compared through a profile."""

from twinfeed.harness.characterise.drift.comparison import KINDS, Compared, compare, drift

__all__ = ["KINDS", "Compared", "compare", "drift"]
