"""Searching with every core and with a memory: proposals, workers, what each scenario reached, distinct failures."""

from twinfeed.harness.campaign.attempt import Tried, attempt
from twinfeed.harness.campaign.campaign import Budget, Campaign, Found, Result
from twinfeed.harness.campaign.identity import Identity
from twinfeed.harness.campaign.memory import Memory
from twinfeed.harness.campaign.versions import OtherVersions
from twinfeed.harness.campaign.workers import Workers, WorkersGone

__all__ = [
    "Budget", "Campaign", "Found", "Identity", "Memory", "OtherVersions", "Result", "Tried", "Workers", "WorkersGone",
    "attempt",
]  # fmt: skip
