"""The tries of a request: each has a time-out, and some are retries. The options that all transports take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypedDict


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
            found = f"timeout {self.timeout_s} s and {self.retries} retries"
            raise ValueError(f"{found}, expected more than 0 and at least 0")

    @property
    def number(self) -> int:
        return 1 + self.retries

    @property
    def altogether_s(self) -> float:
        """The time of all tries, s."""
        return self.number * self.timeout_s

    def __str__(self) -> str:
        return f"in {self.number} tries of {self.timeout_s:g} s" if self.retries else f"in {self.timeout_s:g} s"
