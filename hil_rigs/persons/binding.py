"""Check that somebody may answer for a bench under a name: the rig file binds names to logins, and to PINs."""

from __future__ import annotations

from twinfeed._phrases import N_, Phrase
from twinfeed.hil_rigs.credentials import NoCredential
from twinfeed.hil_rigs.persons import pins
from twinfeed.hil_rigs.schema import Bench


def objection(bench: Bench, person: str, login: str, pin: str = "") -> str:
    """Why somebody with that login may not arm, disarm or reset the bench as that person; empty if they may."""
    if person not in bench.may_arm:
        may = ", ".join(bench.may_arm) or Phrase("nobody; name them in may_arm")
        return Phrase(
            "{person} may not arm {bench}; who may: {may}", person=person or N_("nobody"), bench=bench.bench, may=may
        )
    if bench.logins:
        names = bench.logins.get(login, ())
        if person not in names:
            if not names:
                return Phrase(
                    "the login {login} is not {person}: in the rig file it is not named in `logins`",
                    login=login,
                    person=person,
                )
            return Phrase(
                "the login {login} is not {person}: in the rig file it is {names}",
                login=login,
                person=person,
                names=", ".join(names),
            )
    if person in bench.pins:
        try:
            if not pins.fits(pin, bench.pins[person]):
                if not pin:
                    return Phrase("the PIN of {person} is missing", person=person)
                return Phrase("the PIN of {person} is wrong", person=person)
        except NoCredential as error:
            return Phrase("the PIN of {person} cannot be checked: {error}", person=person, error=error)
    return ""


def persons_of(bench: Bench, login: str) -> tuple[str, ...]:
    """The names that a login may answer under, of those who may arm."""
    return tuple(name for name in bench.logins.get(login, ()) if name in bench.may_arm)
