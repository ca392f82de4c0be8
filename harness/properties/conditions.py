"""Conditions that begin or end an entry (`until="racks.*.supplied"`): properties, judged on present values.

    conditions = Conditions(lookup, read)
    conditions.check("ups-*.charge_percent < 50")    # raises if it names no quantity of the site
    conditions.hold(entry, now_s)                    # at each instant, from when the entry waits for it

An expression is parsed and bound to its quantities once. At each instant quantities are read until the answer is known:
while `racks.*.supplied` waits for one row, only that row is read. Edges, hysteresis and windows go from one call to the
next, for each fault of its own; an expression with one of these reads all its quantities at every instant.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from twinfeed.emulators.devices.firmware.points import Value
from twinfeed.emulators.site import Site
from twinfeed.harness import quantities
from twinfeed.harness.faults.onset import Conditioned
from twinfeed.harness.properties.binding import Binder, Checker, Lookup
from twinfeed.harness.properties.language import always
from twinfeed.harness.properties.vocabulary import Vocabulary, domains
from twinfeed.harness.unknown import Seen, Unknown, known

Read = Callable[[str], Callable[[], Value | Unknown]]
"""Quantity -> how its value is read now."""


class Condition:
    """One expression bound to the quantities of one site.

    Raises:
        PropertySyntaxError: the text is no expression.
        UnknownQuantity, BindingError: the expression does not fit the quantities there are.
    """

    def __init__(self, text: str, lookup: Lookup, read: Read, checker: Checker | None = None) -> None:
        binder = Binder(lookup, checker)
        self._truth = binder.truth(always(text).expression)
        self._reads = {name: read(name) for name in binder.names}
        self._windows = list(binder.windows.values())
        self._remembering = binder.remembering
        self._before: _Present | None = None
        self._before_s = 0.0

    def holds(self, now_s: float) -> bool:
        """True if the condition is known to hold; `now_s` is not before that of the call before."""
        values = _Present(self._reads)
        if not self._windows and not self._remembering:
            return self._truth.over(values, values)[0] is True
        values.read_all()
        before, before_s = (values, now_s) if self._before is None else (self._before, self._before_s)
        for window in self._windows:
            v0, v1 = window.ends(before, values)
            window.feed(before_s, v0, now_s, v1)
            values[window.key] = window.at(now_s, v1)
        holds = self._truth.over(values, values)[0]
        for part in self._remembering:
            part.commit()
        self._before, self._before_s = values, now_s
        return holds is True


class _Present(dict[str, Seen]):
    """The values of one instant, each read when it is first used."""

    def __init__(self, reads: Mapping[str, Callable[[], Value | Unknown]]) -> None:
        self._reads = reads

    def __missing__(self, name: str) -> Seen:
        value = self._reads[name]()
        seen = self[name] = value if isinstance(value, Unknown) else known(None, value)
        return seen

    def read_all(self) -> None:
        for name in self._reads:
            self[name]


class Conditions:
    """The conditions of the entries of one run, each bound when it is first asked for.

    `lookup` gives the quantities that a pattern means, `read` how the value of one is read, `checker` refuses what does
    not fit the site (see `twinfeed.harness.properties.vocabulary`).
    """

    def __init__(self, lookup: Lookup, read: Read, checker: Checker | None = None) -> None:
        self._lookup, self._read, self._checker = lookup, read, checker
        self._bound: dict[Conditioned, Condition] = {}

    @classmethod
    def of_site(cls, site: Site) -> Conditions:
        """Conditions on the physical quantities of a site in this process."""
        return cls(
            lambda pattern: list(quantities.resolve(site, pattern)),
            lambda name: quantities.resolve(site, name)[name],
            Vocabulary(domains(site)),
        )

    def check(self, text: str) -> None:
        """Refuse a condition that does not depend on any quantity.

        Raises:
            PropertySyntaxError, UnknownQuantity, BindingError: as `Condition`.
        """
        Condition(text, self._lookup, self._read, self._checker)

    def hold(self, what: Conditioned, now_s: float) -> bool:
        """True if the entry may begin or end now; False if it has no condition."""
        if what.until is None:
            return False
        condition = self._bound.get(what)
        if condition is None:
            condition = self._bound[what] = Condition(what.until, self._lookup, self._read)
        return condition.holds(now_s)
