"""The banks of a power distribution unit: the breaker of each, its bimetal, its losses, and the air around it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import exp, hypot, log, sqrt

from twinfeed.emulators.plant.kernel.actor import PlantError
from twinfeed.emulators.plant.kernel.room_air import RoomAir, room_around
from twinfeed.emulators.plant.power.breaker_ratings import CURVES
from twinfeed.emulators.plant.power.electrical import NOTHING, Draw, Electrical, Inside, Phases
from twinfeed.emulators.plant.power.faults.impedances import miniature_ohm
from twinfeed.emulators.plant.power.pdu_ratings import REFERENCE_C, PduRatings, PduState

NONE: Phases = NOTHING.kw
"""Of what draws nothing, kVA per phase."""

BREAK_S = 0.01
"""From pickup of a bank breaker's instantaneous release to the end of the current, s (half a cycle; usual)."""

AIR_STEP_K = 1.0
"""Air that has warmed or cooled by less than this leaves the bimetals as they are rated, K."""


class Banks:
    """The breakers of a PDU, numbered from 1."""

    def __init__(self, pdu: Electrical[PduState, PduRatings], of_outlets: Sequence[int], changed: Callable[[], None]):
        """`of_outlets`: the bank of each outlet, from 0; `changed` is called when a breaker has opened or closed."""
        self._pdu, self._of_outlets, self._changed = pdu, of_outlets, changed
        p = pdu.params
        self.curve = CURVES[p.bank_curve]
        self._pole_ohm = miniature_ohm(p.bank_a).real
        self._air: RoomAir | None = None
        self._kva: list[Phases] = [NONE] * p.banks
        """Apparent power through each pole of each breaker, kVA."""
        self._squares: Phases = NONE
        """The sum over all breakers of its square, kVA2 per phase."""
        self.inside: Mapping[str, Inside] = {}
        """Voltage and current behind the breakers that a short circuit concerns."""
        pdu.state.tripped = [False] * p.banks
        pdu.state.heating, pdu.state.warmth = [0.0] * p.banks, [0.0] * p.banks

    def start(self) -> None:
        """Find the air around the PDU."""
        self._air = room_around(self._pdu)

    @property
    def all(self) -> range:
        """Their numbers."""
        return range(1, self._pdu.params.banks + 1)

    # -- currents and losses ---------------------------------------------------------------------------------

    def carry(self, draws: Sequence[Draw]) -> None:
        """Take note of the draw of each outlet."""
        banks = [NOTHING] * self._pdu.params.banks
        for draw, bank in zip(draws, self._of_outlets, strict=True):
            if draw is not NOTHING:
                banks[bank] = banks[bank].plus(draw)
        self._kva = [
            NONE if p == NONE and q == NONE else (hypot(p[0], q[0]), hypot(p[1], q[1]), hypot(p[2], q[2]))
            for p, q in banks
        ]
        a, b, c = zip(*self._kva, strict=True)
        self._squares = sum(s * s for s in a), sum(s * s for s in b), sum(s * s for s in c)

    def losses_kw(self, volts: Phases) -> Phases:
        """Heat of the poles, kW per phase at those voltages, V; that of short circuits is counted with them."""
        (p, q, r), (a, b, c), kilohm = self._squares, volts, 1000.0 * self._pole_ohm
        return (
            kilohm * p / (a * a) if a > 1.0 else 0.0,
            kilohm * q / (b * b) if b > 1.0 else 0.0,
            kilohm * r / (c * c) if c > 1.0 else 0.0,
        )

    def amperes(self, bank: int) -> float:
        """The current of that bank's most loaded pole, A."""
        inside = self.inside.get(point(bank)) if self.inside else None
        short_a = inside.amperes if inside is not None else 0.0
        kva = self._kva[bank - 1]
        return short_a if kva is NONE else max(short_a, _most_amperes(kva, self._pdu.output.volts))

    def volts(self, bank: int, behind: Phases) -> tuple[float, float, float, float]:
        """Voltage of the phases behind that breaker, and the lowest, which a three-phase outlet (-1) shows, V.

        `behind`: those behind the inlet, V.
        """
        inside = self.inside.get(point(bank))
        a, b, c = behind if inside is None else inside.volts
        return a, b, c, min(a, b, c)

    # -- trips ---------------------------------------------------------------------------------------------------

    def is_open(self, bank: int) -> bool:
        """True if that bank's breaker is open, tripped or held."""
        held = self._pdu.fault("bank-trip")
        return self._pdu.state.tripped[bank - 1] or (held is not None and int(held["bank"]) in (0, bank))

    @property
    def any_open(self) -> bool:
        """True if any breaker is open."""
        return True in self._pdu.state.tripped or "bank-trip" in self._pdu.state.faults

    def reset(self, bank: int) -> None:
        """Close a tripped breaker again, as staff do by hand."""
        if bank not in self.all:
            raise PlantError(f"{self._pdu.id} has no bank {bank}; its banks are 1 to {self._pdu.params.banks}")
        if self._pdu.state.tripped[bank - 1]:
            self._pdu.state.tripped[bank - 1] = False
            self._pdu.log("bank reset", bank=bank)
            self._changed()

    def trip(self, bank: int) -> None:
        """Open a closed breaker."""
        state = self._pdu.state
        if not state.tripped[bank - 1]:
            state.tripped[bank - 1] = True
            amperes = sqrt(state.heating[bank - 1]) * self._pdu.params.bank_a
            self._pdu.log("bank tripped", bank=bank, amperes=round(amperes, 1))
            self._changed()

    def rate(self) -> bool:
        """Rate the bimetals for the air around them; True if it has changed by a step."""
        if self._air is None or not self._pdu.params.bank_rise_k:
            return False
        air_c = max(self._air.air_c, REFERENCE_C)
        if abs(air_c - self._pdu.state.air_c) < AIR_STEP_K:
            return False
        self._pdu.state.air_c = air_c
        return True

    @property
    def heating(self) -> list[float]:
        """The square of the current of each breaker, times rated."""
        rated_a, volts = self._pdu.params.bank_a, self._pdu.output.volts
        if self.inside:
            return [(self.amperes(bank) / rated_a) ** 2 for bank in self.all]
        return [0.0 if kva is NONE else (_most_amperes(kva, volts) / rated_a) ** 2 for kva in self._kva]

    @property
    def _derating(self) -> float:
        """Part of the square of the pickup current that the air leaves, 0 to 1."""
        rise_k = self._pdu.params.bank_rise_k
        return max(0.0, 1.0 - (self._pdu.state.air_c - REFERENCE_C) / rise_k) if rise_k else 1.0

    def watch(self) -> None:
        """Time the trip of every breaker at its present current."""
        pdu = self._pdu
        hot, instantaneous = self.curve.pickup**2 * self._derating, self.curve.instantaneous**2
        for bank, heating in enumerate(pdu.state.heating):
            timer, warmth = f"trip {bank + 1}", pdu.state.warmth[bank]
            running = pdu.remaining_s(timer)
            if running is not None and running <= BREAK_S:
                continue  # its contacts part
            if heating >= instantaneous:
                pdu.after(BREAK_S, timer)
            elif warmth >= hot * (1 - 1e-9):
                self.trip(bank + 1)
            elif heating > hot:
                pdu.after(self.curve.tau_s * log((heating - warmth) / (heating - hot)), timer)
            elif running is not None:
                pdu.cancel(timer)

    def warm(self, seconds: float) -> None:
        """Move the temperatures of the bimetals on by so long, s."""
        state, left = self._pdu.state, exp(-seconds / self.curve.tau_s)
        state.warmth = [h + (w - h) * left for h, w in zip(state.heating, state.warmth, strict=True)]


def _most_amperes(kva: Phases, volts: Phases) -> float:
    """The current of the most loaded of three poles, A, with that apparent power and voltage of each, kVA and V."""
    (p, q, r), (a, b, c) = kva, volts
    return 1000.0 * max(p / a if a > 1.0 else 0.0, q / b if b > 1.0 else 0.0, r / c if c > 1.0 else 0.0)


def point(bank: int) -> str:
    """The name of the point behind that bank's breaker, from 1."""
    return f"bank-{bank}"
