"""The life of a bench as a state machine: pure, and the one that supervisor, guard, test run and commands really use.

    life = Life().after("arm", by="Awa Traoré")
    life = life.after("trip", why="interlock charge: …")          # raises Impossible where the table has no such line
    life.said("ups-bench", kept=True, seen="14:03:12")            # for every command to print; empty if there is none

Safe is a state that is kept: it is reached only when each actuator has been read back in its safe position, it is left
as soon as one is read back elsewhere or cannot be read, and it ends by a person's reset. docs/explanation/
bench-safety.md draws the table below; a test holds the picture to it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from twinfeed._phrases import N_, Phrase

State = Literal["read-only", "armed", "making safe", "safe", "not safe", "resetting"]
"""read-only: at rest, nothing moves. armed: a person answers for what moves. making safe: on the way to the safe state.
safe: every actuator was read back safe, and is read again and again. not safe: at least one was not. resetting: on the
way back to normal operation."""

Event = Literal[
    "arm", "disarm", "trip", "take over", "seen safe", "fail", "try again", "leave",
    "reset", "back to normal", "stay away",
]  # fmt: skip

STATES: tuple[State, ...] = get_args(State)

SHOWN = (N_("read-only"), N_("armed"), N_("making safe"), N_("safe"), N_("not safe"), N_("resetting"), N_("unattended"),
         N_("tripped"), N_("guard"), N_("test run"))  # fmt: skip
"""States, and keepers, as people read them."""

KEEPERS = "the supervisor, its guard, a test run that lost both, `rig safe`, `rig keep`"
"""The processes that may bring a bench to its safe state."""


@dataclass(frozen=True)
class Transition:
    """One line of the table."""

    event: Event
    before: tuple[State, ...]
    after: State
    who: str
    """The persons and processes that may cause it."""
    written: str
    """The later line in the record of the bench."""


TRANSITIONS = (
    Transition("arm", ("read-only", "armed"), "armed", "a person of `may_arm`", "armed the bench"),
    Transition("disarm", ("armed",), "read-only", "a person, or the end of the arming's time", "disarmed the bench"),
    Transition("trip", ("read-only", "armed"), "making safe", "anybody (`rig stop`, the stop page), the supervisor",
               "trips"),
    Transition("take over", ("armed", "making safe", "safe", "not safe", "resetting"), "making safe",
               "the next keeper, when a keeper has died", "takes over"),
    Transition("seen safe", ("making safe",), "safe", KEEPERS, "is safe"),
    Transition("fail", ("making safe",), "not safe", KEEPERS, "is not safe"),
    Transition("try again", ("not safe",), "making safe", KEEPERS, "tries again"),
    Transition("leave", ("safe",), "making safe", KEEPERS, "has left the safe state"),
    Transition("reset", ("read-only", "safe", "not safe"), "resetting", "a person of `may_arm`", "resets the bench"),
    Transition("back to normal", ("resetting",), "read-only", "the supervisor", "reset the bench"),
    Transition("stay away", ("resetting",), "making safe", "the supervisor", "could not reset the bench"),
)  # fmt: skip

_BY_EVENT = {(before, line.event): line for line in TRANSITIONS for before in line.before}

TRIPPED: tuple[State, ...] = ("making safe", "safe", "not safe", "resetting")
"""Nothing may move but towards the safe state, or back to normal by a reset."""


class Impossible(ValueError):
    """The table has no such line; the message names state and event."""


@dataclass(frozen=True)
class Life:
    """The place of a bench in its life."""

    state: State = "read-only"
    by: str = ""
    """The person who armed it last."""
    why: str = ""
    """Why it is in its safe state, or on the way there."""
    failed: tuple[str, ...] = ()
    """Actuators that are not known to be in their safe position, with the reason; kept until a try succeeds."""

    def after(self, event: Event, *, by: str = "", why: str = "", failed: Iterable[str] = ()) -> Life:
        """The life after that event.

        Raises:
            Impossible: it cannot happen in this state.
        """
        line = _BY_EVENT.get((self.state, event))
        if line is None:
            raise Impossible(f"a bench that is {self.state} cannot {event}")
        match event:
            case "arm":
                return Life("armed", by)
            case "disarm" | "back to normal":
                return Life()
            case "trip" | "take over" | "stay away":
                return Life(line.after, self.by, self.why or why, self.failed)
            case "fail" | "leave":
                return Life(line.after, self.by, self.why, tuple(failed))
            case "seen safe":
                return Life(line.after, self.by, self.why)
            case _:
                return Life(line.after, self.by, self.why or why, self.failed)

    @property
    def tripped(self) -> bool:
        return self.state in TRIPPED

    @property
    def at_rest(self) -> bool:
        """True if no process needs to keep it."""
        return self.state == "read-only"

    def said(self, bench: str, kept: bool, seen: str, file: str = "FILE") -> str:
        """What every command must print, in red, before it returns an exit code other than 0; empty if nothing.

        `kept` is whether a keeper lives, `seen` when the last one was seen alive.
        """
        if kept and not self.failed:
            return ""
        failed = "; ".join(self.failed)
        if kept:
            return Phrase(
                "NOT SAFE: {bench}: {failed}; it is tried again and again. Press the emergency stop in hardware",
                bench=bench,
                failed=failed,
            )
        armed = Phrase("armed by {by}", by=self.by) if self.by else "tripped"
        what = f"; {failed}" if failed else ""
        match self.state:
            case "read-only":
                return ""
            case "safe":
                seen = Phrase("was seen safe, last at {seen}", seen=seen)
                return Phrase(
                    "NOT SAFE: {bench}: {armed}, {seen}, but nobody watches it since: twinfeed rig safe {file}",
                    bench=bench,
                    armed=armed,
                    seen=seen,
                    file=file,
                )
            case _:
                return Phrase(
                    "NOT SAFE: {bench}: {armed}, last seen {seen}{what}; nobody keeps it: twinfeed rig safe {file}",
                    bench=bench,
                    armed=armed,
                    seen=seen,
                    what=what,
                    file=file,
                )

    def as_json(self, **more: Any) -> str:
        return json.dumps({**asdict(self), **more}, ensure_ascii=False)


def from_json(text: str) -> Life:
    """A life; a text that cannot be read is the name of a person who armed the bench."""
    try:
        fields: dict[str, Any] = json.loads(text)
        state = fields["state"]
        if state not in STATES:
            raise ValueError(state)
        return Life(state, str(fields["by"]), str(fields["why"]), tuple(map(str, fields["failed"])))
    except (ValueError, KeyError, TypeError):
        return Life("armed", text.strip()[:200])
