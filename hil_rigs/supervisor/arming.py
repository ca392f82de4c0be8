"""The arming of a bench: the person who answers for it, and the conditions; each raises `Denied`, and moves nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from twinfeed._phrases import N_, Phrase
from twinfeed.harness.durations import spoken
from twinfeed.harness.record import Person, acting
from twinfeed.harness.report.notes import Noted
from twinfeed.harness.transports import DeviceHandle
from twinfeed.hil_rigs.checking.findings import Level
from twinfeed.hil_rigs.checking.fit import fit_to_arm
from twinfeed.hil_rigs.checking.identities import introductions, wrong_clocks
from twinfeed.hil_rigs.evidence.in_force import Edits
from twinfeed.hil_rigs.persons import objection
from twinfeed.hil_rigs.rigfile import Rig
from twinfeed.hil_rigs.schema import Bench, Inhibit, text_in
from twinfeed.hil_rigs.supervisor.interlocks import BatteryTime, Interlock
from twinfeed.hil_rigs.supervisor.moves import Denied

MOST_ARMED_S = 12 * 3600.0
"""The longest time for which a bench can be armed: a shift, s."""

WRONG_PIN_S = 1.0
"""So long the answer to a wrong PIN takes, s: four digits are not found by trying."""

NEW_FILE = N_(
    "the supervisor keeps to what it has read. Disarm the bench, close what is connected to it and try again: "
    "then the new file is read"
)


@dataclass(frozen=True)
class Arming:
    """The responsible person, and the end of the arming, s of the monotonic clock."""

    person: str
    until_s: float
    login: str = ""
    uid: int | None = None
    """Of the process that armed the bench, as the kernel knows them."""

    def is_of(self, person: str, user: Person) -> bool:
        """True if that is the same person with the same login."""
        return (self.person, self.uid) == (person, user.uid)

    def __str__(self) -> str:
        return Phrase("{person} (login {login})", person=self.person, login=self.login) if self.login else self.person


async def must_answer(bench: Bench, person: str, pin: str) -> None:
    """
    Raises:
        Denied: this login may not answer for the bench under that name, or the PIN is wrong.
    """
    if why := objection(bench, person, acting().login, pin):
        if person in bench.pins:
            await asyncio.sleep(WRONG_PIN_S)
        raise Denied(why)


def must_be_free_to_arm(rig: Rig, edits: Edits, armed: Arming | None, person: str, user: Person, for_s: float) -> None:
    """
    Raises:
        Denied: somebody else has armed the bench, its file was edited, the time is none, or `twinfeed rig check` would
            find a problem that needs no request to a device.
    """
    if armed is not None and not armed.is_of(person, user):
        left = spoken(max(0.0, armed.until_s - asyncio.get_running_loop().time()))
        raise Denied(
            Phrase(
                "{rig} is armed by {arming} for {left} more; ask them to disarm it",
                rig=rig.name,
                arming=armed,
                left=left,
            )
        )
    if edits.edited:
        raise Denied(edited(rig))
    if not 0.0 < for_s <= MOST_ARMED_S:
        raise Denied(
            Phrase(
                "found {for_s:g} s, expected more than 0 and at most {most_armed_s:g} h",
                for_s=for_s,
                most_armed_s=MOST_ARMED_S / 3600,
            )
        )
    wrong = [str(finding) for finding in fit_to_arm(rig) if finding.level >= Level.PROBLEM]
    if wrong:
        raise Denied(Phrase("{wrong}: see twinfeed rig check {path}", wrong="; ".join(wrong), path=rig.path))


async def must_be_introduced(rig: Rig, handles: Mapping[str, DeviceHandle], note: Callable[[Noted], None]) -> None:
    """Ask every device who it is, note the answers, and compare the clocks.

    Raises:
        Denied: a device is not the one that the file means, or its clock is wrong.
    """
    devices, wrong = await introductions(rig, handles)
    for device in devices:
        note(device)
    if wrong:
        raise Denied(Phrase("not every device is the one that the file means: {wrong}", wrong="; ".join(wrong)))
    if clocks := await wrong_clocks(rig, handles):
        raise Denied("; ".join(clocks))


def edited(rig: Rig) -> Phrase:
    """The reason why a bench is not used whose file is another one than the supervisor has read."""
    return Phrase("{path} was edited after the supervisor had read it; {new_file}", path=rig.path, new_file=NEW_FILE)


def must_be_watched(interlocks: Iterable[Interlock], trouble: Mapping[str, str]) -> None:
    """Restart interlocks, for what was unknown before an arming does not count.

    Raises:
        Denied: one has no reading, of which `trouble` has the reason, or would trip at once.
    """
    watched = list(interlocks)
    unknown = [each.limit.quantity for each in watched if not each.known]
    if unknown:
        why = trouble.get(unknown[0], Phrase("no reading yet; try again in a moment"))
        raise Denied(Phrase("an interlock watches {unknown}, which has no reading: {why}", unknown=unknown[0], why=why))
    for interlock in watched:
        interlock.restart(asyncio.get_running_loop().time())
        if not isinstance(interlock, BatteryTime) and (wrong := interlock.wrong_now()):
            raise Denied(Phrase("it would trip at once: {wrong}", wrong=wrong))


def must_not_be_inhibited(bench: Bench) -> None:
    """
    Raises:
        Denied: nothing may move at this time of the day.
    """
    if window := inhibited(bench.inhibit, datetime.now()):
        reason = text_in(window.reason, "en") or N_("inhibited")
        raise Denied(Phrase("nothing may move {daily}: {reason}", daily=window.daily, reason=reason))


def inhibited(windows: Iterable[Inhibit], at: datetime) -> Inhibit | None:
    """The window in which that local time lies, None if it lies in none."""
    clock = at.strftime("%H:%M")
    for window in windows:
        begins, ends = window.daily.split("-")
        within = begins <= clock < ends if begins <= ends else clock >= begins or clock < ends
        if within:
            return window
    return None
