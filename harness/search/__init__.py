"""Searching for faults that break a property: strategies over a site's catalogue, the hunt, findings."""

from twinfeed.harness.search.hunt import Finding, Hunt, hunt
from twinfeed.harness.search.strategies import Menu, menu, scenarios
from twinfeed.harness.search.trial import Outcome, trial

__all__ = ["Finding", "Hunt", "Menu", "Outcome", "hunt", "menu", "scenarios", "trial"]
