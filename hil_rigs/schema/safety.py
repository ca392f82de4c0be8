"""Times, windows, orders and stops that keep a bench safe."""

from __future__ import annotations

from pydantic import Field

from twinfeed._phrases import N_
from twinfeed.hil_rigs.schema.conditions import Limit
from twinfeed.hil_rigs.schema.forms import Form, Language, Span, Text

CHECKLIST: tuple[dict[Language, str], ...] = (
    {
        "en": N_("The red button (emergency stop) is wired, unlocked and within reach."),
        "fr": "Le bouton rouge (arrêt d'urgence) est câblé, déverrouillé et à portée de main.",
    },
    {
        "en": N_("The watchdog relay was tested: without its heartbeat it de-energises the bench."),
        "fr": "Le relais chien de garde a été essayé : sans battement il met le banc hors tension.",
    },
    {"en": N_("Everybody is clear of the bench."), "fr": "Tout le monde est à l'écart du banc."},
)
"""The items that a person confirms before a bench is armed whose file has no `checklist`."""


class OnBattery(Limit):
    """The condition that holds while a battery carries the load, and the longest time that it may."""

    most: Span
    """The longest time for which the condition may hold, s; then the bench goes to its safe state."""


class Limits(Form):
    """Times of the bench."""

    safe_within: Span = 10.0
    """The bench is in its safe state so long after the test run or its supervisor died, s, if every actuator obeys."""
    heartbeat: Span = 2.0
    """The time for which the test run may be silent, s; it counts in `safe_within`."""
    on_battery: OnBattery | None = None
    """The longest time on battery, and how it is seen."""
    rest: Span = 0.0
    """The least rest between two moves of any one actuator, s."""
    step: Span | None = None
    """How long one actuator may take on the way to the safe state before the next one's turn, s; no less than the
    time-out of what moves it, or one lost answer cuts it short. Left out, each actuator may take 1 s more than its
    time-out, and 2 s at least."""


class Inhibit(Form):
    """When nothing may be moved: the hours of a neighbour's backup, a delivery, the night."""

    daily: str = Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$")
    """HH:MM-HH:MM of the computer's local time; it may pass midnight."""
    reason: Text = ""
    """The reason, which people read when they are refused."""


class Order(Form):
    """In which order actuators go to the safe state and back; those not named follow in the order of the file."""

    de_energise: list[str] = []
    """Names of actuators in the order in which they go to the safe state."""
    energise: list[str] = []
    """Names of actuators in the order in which they return to normal."""


class EmergencyStop(Form):
    """The stops besides `twinfeed rig stop` and Ctrl-C."""

    input: Limit | None = None
    """A digital input that must hold: the mushroom button's normally closed contact."""
    web: int | None = Field(default=None, ge=1, le=65535)
    """The port of a page with one red button."""
    listen: str = "127.0.0.1"
    """The address of this computer at which the page is served: its address on the bench's network for a tablet there.
    Anybody who reaches the page can stop the bench; how the bench is, it shows only to those who have the token."""


class Labgrid(Form):
    """A place of a labgrid coordinator that holds the bench."""

    place: str
    """The name of the place."""
    coordinator: str = "127.0.0.1:20408"
    """HOST:PORT; labgrid's own default port."""
    wait: Span = 0.0
    """The time to queue for the place, by a reservation, when somebody else has it, s."""
    timeout: Span = 20.0
    """The time that coordinator and exporter may take for any one thing, s."""
