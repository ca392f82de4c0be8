"""The readings of a bench's instruments in the journal of a test, and what of them is known, and until when."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

from twinfeed._phrases import Phrase
from twinfeed.emulators.devices.firmware.points import Value
from twinfeed.harness.journal import Journal
from twinfeed.harness.uncertainty import Observed
from twinfeed.harness.unknown import Unknown
from twinfeed.harness.worlds.world import Cannot, NotKnown
from twinfeed.hil_rigs.instruments import measures
from twinfeed.hil_rigs.rigfile import Rig

OUT_OF_TOUCH_S = 5.0
"""When the supervisor has not answered for so long, nothing is known of the bench any more, s."""

FIRST_READING_S = 2.0
"""How much later than two periods after it is watched the first reading of a quantity may come, s: an instrument is
connected to first."""


class Readings:
    """Readings in the trace of that journal, at seconds since `started_s` of the monotonic clock."""

    def __init__(self, rig: Rig, journal: Journal, started_s: float) -> None:
        self._rig, self._journal, self._started_s = rig, journal, started_s
        self._latest: dict[str, tuple[float, Value]] = {}
        self.silent: dict[str, str] = {}
        """Quantity -> why it has no value now."""
        self._awaited: dict[str, float] = {}
        """Quantities that are watched and have not been read yet -> since when, s."""
        self._in_touch_s = 0.0
        """Up to when all that was read has arrived here, s: when the last question was asked that was answered."""

    # -- coming in ----------------------------------------------------------------------------------------------------

    def take(self, t_s: float, quantity: str, value: Value | None, trip_s: float = 0.0) -> None:
        """A reading; t_s is of the monotonic clock, which all processes of a computer share."""
        if value is None:
            return
        self.silent.pop(quantity, None)
        trace, known_for_s, at_s = self._journal.trace, self._known_for_s(quantity), t_s - self._started_s
        value = float(value) if isinstance(value, int) and not isinstance(value, bool) else value
        self._latest[quantity] = (at_s, value)
        if at_s + known_for_s < 0.0:
            trace.add(0.0, quantity, Unknown(Phrase("it was read last {at_s:.1f} s before the start", at_s=-at_s)))
            return
        if quantity in self._awaited and self._is_late(quantity, self._awaited[quantity]):
            self.not_read_yet(quantity)
        self._awaited.pop(quantity, None)
        trace.known_for(quantity, known_for_s)
        trace.instruments.setdefault(quantity, measures(self._rig, quantity))
        if self._is_told(quantity):
            trace.add(max(0.0, at_s), quantity, value)
        else:
            trace.sample(max(0.0, at_s), quantity, value, trip_s)

    def take_first(self, t_s: float, quantity: str, value: Value | None) -> None:
        """A reading of the time before the test; a later one may have come already."""
        if quantity not in self._latest:
            self.take(t_s, quantity, value)

    def alive(self, t_s: float, quantity: str) -> None:
        """A sign of life: the value is what it was."""
        self._journal.trace.alive(max(0.0, t_s - self._started_s), quantity)

    def fall_silent(self, t_s: float, quantity: str, why: str, raw: Value | None = None) -> None:
        """It could not be read, or what was read is no value of it."""
        self.silent[quantity] = why
        trace, at_s = self._journal.trace, max(0.0, t_s - self._started_s)
        if raw is not None or not (quantity in trace or quantity in self._awaited):
            trace.add(self._awaited.pop(quantity, at_s), quantity, Unknown(why, raw))
        else:
            trace.silent(at_s, quantity, why)

    def caught_up(self, asked_s: float) -> None:
        """All that was read up to then has arrived."""
        self._in_touch_s = max(self._in_touch_s, asked_s)

    # -- known --------------------------------------------------------------------------------------------------------

    def expect(self, quantities: Iterable[str], now_s: float) -> None:
        """These are watched from now on."""
        self._awaited |= {name: now_s for name in quantities if name not in self._journal.trace}

    def sample(self, now_s: float) -> None:
        """Record until when what was read has arrived, and what should have been read by now and was not."""
        in_touch = now_s - self._in_touch_s < OUT_OF_TOUCH_S
        self._journal.trace.reach(self._in_touch_s if in_touch else now_s)
        for name, since_s in list(self._awaited.items()):
            if self._is_late(name, since_s):
                self.not_read_yet(name)

    def not_read_yet(self, quantity: str) -> None:
        """Record that nothing is known of it since it is watched; nothing happens if it was read."""
        if quantity in self._awaited:
            since_s = self._awaited.pop(quantity)
            why = self.silent.get(quantity, Phrase("it has not been read yet"))
            self._journal.trace.add(since_s, quantity, Unknown(why))

    def value(self, quantity: str) -> Value:
        """The latest value.

        Raises:
            NotKnown: it has not been read, or has no reading now.
            Cannot: it is not watched.
        """
        if quantity not in self._journal.trace:
            if quantity in self._awaited:
                raise NotKnown(Phrase("{quantity} has not been read yet", quantity=quantity))
            raise Cannot(
                Phrase(
                    "{quantity} is not watched: add @pytest.mark.watch({quantity!r}), or an instrument",
                    quantity=quantity,
                )
            )
        value = self._journal.trace[quantity][-1][1]
        if isinstance(value, Unknown):
            why = self.silent.get(quantity, value)
            raise NotKnown(Phrase("{quantity} has no reading: {why}", quantity=quantity, why=why))
        return Observed(value, quantity) if type(value) is float else value

    def latest_of(self, quantity: str) -> Callable[[], Value | Unknown]:
        """The reader of the latest value of a quantity."""
        trace = self._journal.trace
        return lambda: trace[quantity][-1][1] if trace.get(quantity) else Unknown(Phrase("no reading yet"))

    def _is_late(self, name: str, since_s: float) -> bool:
        return self._in_touch_s > since_s + self._known_for_s(name) + FIRST_READING_S

    def _known_for_s(self, quantity: str) -> float:
        """For how long a reading of it counts, s."""
        instrument = self._rig.instrument_for(quantity)
        return math.inf if instrument is None else instrument.known_for_s

    def _is_told(self, quantity: str) -> bool:
        """True if its instrument sends changes, and is not polled."""
        instrument = self._rig.instrument_for(quantity)
        return instrument is not None and instrument.notifications is not None
