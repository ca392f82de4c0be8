"""Scenarios and their runs: the faults of a site, scenarios made of them, the run of one, and findings as tests."""

from twinfeed.harness.search.menu import Menu, menu
from twinfeed.harness.search.trial import Outcome, trial

__all__ = ["Menu", "Outcome", "menu", "trial"]
