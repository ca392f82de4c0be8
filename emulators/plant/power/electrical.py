"""What flows in the power paths: supplies downstream, draws upstream.

A power path is a graph of `Electrical` components. Each has named input terminals, each fed by an upstream
component (or one of its sockets, written `pdu-a1:3`). `flow` solves the graph in two sweeps: `energise` from the
sources down (what voltage and frequency does each component put out?), `demand` from the loads up (what does it
draw from each of its terminals for what is drawn from it?).

Voltages are phase-to-neutral RMS in V, powers per phase in kW and kvar, frequency in Hz.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from math import hypot, inf
from typing import Annotated, ClassVar, NamedTuple

from twinfeed.emulators.plant.kernel.actor import PlantError, S
from twinfeed.emulators.plant.kernel.component import Component, P

NOMINAL_VOLTS = 230.0
"""Phase to neutral, IEC 60038 low-voltage supply, in V."""

NOMINAL_HERTZ = 50.0
"""Mali's grid, in Hz."""

SOUND = (0.85, 1.15)
"""Limits of each phase, parts of the nominal voltage: the 15 % at which three-phase monitoring relays trip."""

LOADING_PERCENT = (-100.0, 5000.0)
"""Lowest and highest load that a rating can see, %. Breakers trip at once at 20 to 50 times their rating (IEC 60898-1,
curve D and fault currents); below zero is reverse power."""

SHORTED_PERCENT = (-100.0, 1e9)
"""Bounds of a current or of its square during a short circuit, % of a rating: 100 kA is 160,000 % of 63 A."""

Ref = Annotated[str, "reference"]
"""A parameter that names another component; the site loader checks that it exists."""

Phases = tuple[float, float, float]


class Supply(NamedTuple):
    """The voltage and frequency at a point in the power path."""

    volts: Phases
    """Phase to neutral, V."""
    hertz: float
    origin: str
    """The source whose phase angle this is; two live supplies may be tied only if theirs is the same. '' is dead."""

    @property
    def live(self) -> bool:
        return self.origin != ""

    @property
    def sound(self) -> bool:
        """True if each phase is within `SOUND`; a supply with one phase missing is live and not sound."""
        return min(self.volts) >= SOUND[0] * NOMINAL_VOLTS and max(self.volts) <= SOUND[1] * NOMINAL_VOLTS

    @property
    def worst_volts(self) -> float:
        """The lowest phase voltage, V."""
        return min(self.volts)


_new = tuple.__new__
"""Makes a named tuple without its slower constructor: draws are added up thousands of times a second."""


class Draw(NamedTuple):
    """Power taken from a point in the power path, per phase, kW and kvar."""

    kw: Phases
    kvar: Phases

    @property
    def total_kw(self) -> float:
        return self.kw[0] + self.kw[1] + self.kw[2]

    @property
    def total_kvar(self) -> float:
        return self.kvar[0] + self.kvar[1] + self.kvar[2]

    @property
    def total_kva(self) -> float:
        return hypot(self.total_kw, self.total_kvar)

    @property
    def power_factor(self) -> float:
        """Of the fundamental; 1 when nothing is drawn."""
        kva = self.total_kva
        return self.total_kw / kva if kva > 0.0 else 1.0

    def amperes(self, volts: Phases) -> Phases:
        """Current of each phase at those voltages, A (0 on a dead phase)."""
        a, b, c = (
            hypot(kw, kvar) * 1000.0 / v if v > 1.0 else 0.0
            for kw, kvar, v in zip(self.kw, self.kvar, volts, strict=True)
        )
        return a, b, c

    def plus(self, other: Draw) -> Draw:
        (a, b, c), (d, e, f) = self
        (g, h, i), (j, k, m) = other
        return _new(Draw, ((a + g, b + h, c + i), (d + j, e + k, f + m)))

    def scaled(self, factor: float) -> Draw:
        (a, b, c), (d, e, f) = self
        return _new(Draw, ((a * factor, b * factor, c * factor), (d * factor, e * factor, f * factor)))


class Emf(NamedTuple):
    """A source as its short circuits see it: a voltage behind an impedance."""

    volts: Phases
    """Phase to neutral, V."""
    ohm: complex
    """Per phase."""
    limit_a: float = inf
    """The most that it gives into a fault, A: an inverter and a voltage regulator limit their current."""


class Link(NamedTuple):
    """A conducting path from one terminal (or socket) to the output."""

    ohm: complex
    """Of one phase."""
    back_ohm: complex = 0j
    """Of its return by neutral or protective conductor."""


class Tap(NamedTuple):
    """The point inside a component that a socket hangs on."""

    inside: str
    """Its name; sockets behind one breaker share it."""
    ohm: complex
    """From the component's own node, per phase."""
    phase: int
    """From 0; -1 for all three."""


class Inside(NamedTuple):
    """The state of such a point during a short circuit."""

    volts: Phases
    """V, of the phases that it has."""
    amperes: float
    """Current of short circuits through it, A in the worst phase."""


class Short(NamedTuple):
    """A short circuit at one place."""

    ohm: complex
    """Of the fault, for one phase; with its return where it is of one phase."""
    ref: str = ""
    """The point it hangs on, as a feed names it (`pdu-r1-a:3`); '' for the output of the component that suffers it."""
    phases: tuple[int, ...] = (0, 1, 2)
    """Which of the phases at that place it is of."""
    earth: bool = False
    """It returns by the protective conductor: residual-current protection sees it."""


class FaultFlow(NamedTuple):
    """The current that short circuits drive through a component, beside its load."""

    amperes: Phases
    """Through its poles, RMS of the symmetrical current."""
    residual_a: float
    """The part that returns by the protective conductor, A."""
    draw: Draw
    """Taken from its output, towards the fault or in it."""
    heat_kw: float
    """Lost in its impedance, and in the fault if that is its own, kW."""


DEAD = Supply((0.0, 0.0, 0.0), 0.0, "")
NOTHING = Draw((0.0, 0.0, 0.0), (0.0, 0.0, 0.0))


def three_phase(kw: float, power_factor: float = 1.0) -> Draw:
    """A balanced draw of `kw` in total at a lagging `power_factor`."""
    kvar = kw * ((1.0 - power_factor**2) ** 0.5) / power_factor
    return Draw((kw / 3, kw / 3, kw / 3), (kvar / 3, kvar / 3, kvar / 3))


def single_phase(kw: float, phase: int, power_factor: float = 1.0) -> Draw:
    """A draw of `kw` on phase 0, 1 or 2 at a lagging `power_factor`."""
    kvar = kw * ((1.0 - power_factor**2) ** 0.5) / power_factor
    at = [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]
    at[0][phase], at[1][phase] = kw, kvar
    return Draw((at[0][0], at[0][1], at[0][2]), (at[1][0], at[1][1], at[1][2]))


def added(draws: Iterable[Draw]) -> Draw:
    """The sum of some draws."""
    whole = NOTHING
    for draw in draws:
        whole = whole if draw is NOTHING else draw if whole is NOTHING else whole.plus(draw)
    return whole


class Electrical(Component[S, P]):
    """A component in the power path.

    `TERMINALS` names the inputs; `feeds` names the component that each is wired to. Between two solutions `seen` holds
    the supply at each terminal, `output` what the component puts out, `load` what is drawn from it in total, and
    `loads` the same by socket. These four are derived: they are not part of the state."""

    TERMINALS: ClassVar[tuple[str, ...]] = ("input",)
    """Its inputs by name; none: any number of any name, or, for a `SOURCE`, no input."""
    NEEDS: ClassVar[int] = 1
    """Number of its terminals, the first ones, that must be fed."""
    FEED_OPTIONAL: ClassVar[bool] = False
    """It may have no feed at all, as a tank whose pump nobody has wired."""
    SOURCE: ClassVar[bool] = False
    """It is fed by nothing in the power path."""

    def __init__(self, id: str, params: P | None = None, feeds: Mapping[str, str] | None = None) -> None:
        super().__init__(id, params)
        self.feeds = dict(feeds or {})
        self.seen: dict[str, Supply] = dict.fromkeys(self.feeds, DEAD)
        self.output = DEAD
        self.load = NOTHING
        self.loads: dict[str, Draw] = {}
        self.fault_flow: FaultFlow | None = None
        """Current of short circuits through it; None while there is none."""

    def upstream(self, terminal: str) -> Electrical:
        """The component that feeds this terminal, whatever the socket."""
        actor = self.plant.actors[self.feeds[terminal].partition(":")[0]]
        assert isinstance(actor, Electrical)
        return actor

    def live_terminal(self, minimum_volts: float) -> str:
        """The first of its feeds with at least that voltage on every phase, V; '' if none has it."""
        for terminal in self.feeds:
            if self.seen[terminal].worst_volts >= minimum_volts:
                return terminal
        return ""

    @abstractmethod
    def energise(self) -> Supply:
        """The supply at its output, given `seen`. Must not change the state."""

    @abstractmethod
    def demand(self) -> Mapping[str, Draw]:
        """The power it draws from each terminal, given `load` (and `loads`). Must not change the state."""

    def surge(self, cause: str, broken: bool) -> bool:
        """Carry the surge between two sources that are out of step, on its way up to the sources.

        `broken` is true if an interrupter nearer to the place of the fault has broken the surge. An interrupter opens
        unless it is. Returns true if the surge is broken from here on upwards.
        """
        return broken

    @property
    def exchange(self) -> Draw:
        """Power that it gives above its share by capacity, for what moves between sources in parallel."""
        return NOTHING

    # -- short circuits: from the state, without `seen` ---------------------------------------------------------

    def links(self) -> Mapping[str, Link]:
        """The terminals that conduct to the output now, as switches stand; an inverter between them does not."""
        return {}

    def emf(self) -> Emf | None:
        """The source that feeds faults at its output now; None if it is none."""
        return None

    def shorts(self) -> Sequence[Short]:
        """Its short circuits. Asked only while `state.faults` is not empty."""
        return ()

    def tap(self, socket: str) -> Tap | None:
        """The point that a socket hangs on; None while it is switched off."""
        return Tap("", 0j, -1)

    def wired(self) -> tuple[int, int, int]:
        """The phase of its input (from 0) that each phase of its output is."""
        return (0, 1, 2)

    def feel(self, inside: Mapping[str, Inside]) -> None:
        """Note the state of its inner points (see `Tap`) during a short circuit; empty without one."""

    def socket(self, name: str) -> Supply:
        """The supply at one of its sockets (for components with switched outlets)."""
        raise PlantError(f"{self.id} has no socket {name!r}: it has a single output")

    QUANTITIES: ClassVar[Mapping[str, str]] = {
        "output_volts": "V",
        "output_hertz": "Hz",
        "load_kw": "kW",
        "load_kva": "kVA",
        "live": "",
        "sound": "",
    }

    @property
    def live(self) -> bool:
        """True if there is voltage at its output."""
        return self.output.live

    @property
    def sound(self) -> bool:
        """True if it puts out three phases that machines can live on, as a monitoring relay sees it."""
        return self.output.sound

    @property
    def output_volts(self) -> float:
        """The lowest phase voltage it puts out, V."""
        return self.output.worst_volts

    @property
    def output_hertz(self) -> float:
        """Frequency at its output, Hz; 0 while it is dead."""
        return self.output.hertz

    @property
    def load_kw(self) -> float:
        """Active power that it puts out, kW."""
        return self.load.total_kw

    @property
    def load_kva(self) -> float:
        """Apparent power that it puts out, kVA."""
        return self.load.total_kva

    @property
    def steady_load(self) -> Draw:
        """Its load without that of a short circuit."""
        return self.load if self.fault_flow is None else self.load.plus(self.fault_flow.draw.scaled(-1.0))

    @property
    def amperes(self) -> Phases:
        """Current of each phase at its output, A, that of a short circuit too where no voltage is left."""
        load = self.load.amperes(self.output.volts) if self.load is not NOTHING else NOTHING.kw
        if self.fault_flow is None:
            return load
        (a, b, c), (d, e, f) = load, self.fault_flow.amperes
        return max(a, d), max(b, e), max(c, f)

    @property
    def worst_amperes(self) -> float:
        """Current of the worst pole, A."""
        return max(self.amperes)


def passed_on_kw(component: Electrical, terminal: str) -> float:
    """The capacity of what feeds one terminal, for components that only pass power on; 0 when dead, kW."""
    if not component.output.live or terminal not in component.feeds:
        return 0.0
    weight: float = getattr(component.upstream(terminal), "capacity_kw", 1.0)
    return weight
