"""The tries of a request: each has a time-out, and some are retries. The options that all transports take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypedDict

from twinfeed._phrases import N_, Phrase


class TryOptions(TypedDict, total=False):
    """Options of every constructor of a transport."""

    timeout_s: float
    """Time of one try, s of the loop's clock."""
    retries: int
    """Further tries after the first; 1 if not given."""


@dataclass(frozen=True)
class Tries:
    """The tries of each request of one transport. `str` gives them as text: `in 2 tries of 1 s`.

    Raises:
        ValueError: no time, or a negative number of retries.
    """

    timeout_s: float
    retries: int = 1

    @classmethod
    def of(cls, options: TryOptions, timeout_s: float) -> Tries:
        """The tries that the options ask for, each of `timeout_s` where they give no time."""
        return cls(options.get("timeout_s", timeout_s), options.get("retries", 1))

    def __post_init__(self) -> None:
        if not self.timeout_s > 0 or self.retries < 0:
            raise ValueError(
                Phrase(
                    "timeout {timeout_s} s and {retries} retries, expected more than 0 and at least 0",
                    timeout_s=self.timeout_s,
                    retries=self.retries,
                )
            )

    @property
    def number(self) -> int:
        return 1 + self.retries

    @property
    def altogether_s(self) -> float:
        """The time of all tries, s."""
        return self.number * self.timeout_s

    def __str__(self) -> str:
        if self.retries:
            return Phrase("in {number} tries of {timeout_s:g} s", number=self.number, timeout_s=self.timeout_s)
        return Phrase("in {timeout_s:g} s", timeout_s=self.timeout_s)

    def in_vain(self, why: str) -> str:
        """The reason why nothing came of the tries, as text: `cannot connect in 2 tries of 1 s`."""
        if self.retries:
            number, timeout_s = self.number, self.timeout_s
            return Phrase("{why} in {number} tries of {timeout_s:g} s", why=why, number=number, timeout_s=timeout_s)
        return Phrase("{why} in {timeout_s:g} s", why=why, timeout_s=self.timeout_s)


IN_VAIN = (N_("no answer in {timeout_s:g} s"), N_("cannot connect in {timeout_s:g} s"))
"""The most frequent texts of `Tries.in_vain` for one try, for the catalogue."""
