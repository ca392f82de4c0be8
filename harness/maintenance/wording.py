"""Steps of a procedure in words, as a card has them."""

from __future__ import annotations

from twinfeed._phrases import N_, Phrase
from twinfeed.harness.maintenance.work import Action

WORDS = {
    "open": N_("Open {target}"),
    "close": N_("Close {target}"),
    "reset": N_("Reset {target}"),
    "transfer": N_("Transfer {target} to {argument}"),
    "prefer": N_("Let {target} prefer {argument}"),
    "to-bypass": N_("Put {target} on its static bypass"),
    "from-bypass": N_("Put {target} back on its inverter"),
    "switch-off": N_("Switch {target} off"),
    "switch-on": N_("Switch {target} on"),
    "lock": N_("Lock {target} and hang your padlock on it"),
    "unlock": N_("Take your padlock off {target}"),
    "set": N_("At the panel of {target}, set {argument}"),
    "check": N_("Prove that {target} is dead or off: {requires}"),
}
"""Action -> the line of the card."""

SWITCHED = {
    ("maintenance-bypass", "True"): N_("Close the maintenance bypass of {target}"),
    ("maintenance-bypass", "False"): N_("Open the maintenance bypass of {target}"),
    ("switch", "True"): N_("Switch {target} on"),
    ("switch", "False"): N_("Switch {target} off"),
}

CAUSES = {"supply": N_("no supply"), "heat": N_("inlet outside 15 to 32 °C"), "network": N_("no network")}
"""Cause of a loss -> its words."""

PADLOCKED = ("lock", "unlock")
"""Actions at which a padlock is hung or taken off."""


def in_words(action: Action) -> Phrase:
    """A sentence for that action."""
    text = SWITCHED.get((action.action, action.argument)) or WORDS[action.action]
    values = {"target": action.target}
    if "{argument}" in text:
        values["argument"] = action.argument
    if "{requires}" in text:
        values["requires"] = ", ".join(action.requires)
    return Phrase(text, **values)
