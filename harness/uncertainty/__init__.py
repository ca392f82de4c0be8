"""Knowledge of a measured quantity: the instrument, the rate, the accuracy, and what may be concluded.

Pure: instruments and their samples, rounding to the uncertainty, decision rules, and the time resolution that standards
ask for. docs/decisions/0014-uncertainty-and-decision-rule.md has the reasons.
"""

from twinfeed.harness.uncertainty.decision import GUARDED, RULES, SIMPLE, Rule
from twinfeed.harness.uncertainty.instrument import Instrument, Observed, Samples, Taken
from twinfeed.harness.uncertainty.rounding import decimals, rounded, rounded_up
from twinfeed.harness.uncertainty.standards import Shortfall, cited, shortfall

__all__ = [
    "GUARDED",
    "RULES",
    "SIMPLE",
    "Instrument",
    "Observed",
    "Rule",
    "Samples",
    "Shortfall",
    "Taken",
    "cited",
    "decimals",
    "rounded",
    "rounded_up",
    "shortfall",
]
