"""Whether somebody may answer for a bench under a name: the rig file binds names to logins, and to PINs."""

from __future__ import annotations

from twinfeed.hil_rigs.credentials import NoCredential
from twinfeed.hil_rigs.persons import pins
from twinfeed.hil_rigs.schema import Bench


def objection(bench: Bench, person: str, login: str, pin: str = "") -> str:
    """Why somebody with that login may not arm, disarm or reset the bench as that person; empty if they may."""
    if person not in bench.may_arm:
        may = ", ".join(bench.may_arm) or "nobody; name them in may_arm"
        return f"{person or 'nobody'} may not arm {bench.bench}; who may: {may}"
    if bench.logins:
        names = bench.logins.get(login, ())
        if person not in names:
            known = f"is {' or '.join(names)}" if names else "is not named in `logins`"
            return f"the login {login} is not {person}: in the rig file it {known}"
    if person in bench.pins:
        try:
            if not pins.fits(pin, bench.pins[person]):
                return f"the PIN of {person} is {'wrong' if pin else 'missing'}"
        except NoCredential as error:
            return f"the PIN of {person} cannot be checked: {error}"
    return ""


def persons_of(bench: Bench, login: str) -> tuple[str, ...]:
    """The names that a login may answer under, of those who may arm."""
    return tuple(name for name in bench.logins.get(login, ()) if name in bench.may_arm)
