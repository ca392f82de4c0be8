"""The starter site of `twinfeed new-suite` without a controller: an outage alone empties its batteries in five minutes."""

from __future__ import annotations

from importlib.resources import files

from twinfeed.harness.faults.injection import Injection
from twinfeed.harness.faults.scenario import Scenario

SITE = str(files("twinfeed.harness.suite").joinpath("files", "site.yaml"))

SUPPLIED = "always racks.*.supplied"

FRAME = Scenario(SITE, seed=3, duration_s=720.0, properties=(SUPPLIED,))

OUTAGE = Injection("utility", "outage", at_s=60.0)

BROKEN = Scenario(SITE, 3, 720.0, (OUTAGE,), (SUPPLIED,))

SOUND = Scenario(SITE, 3, 720.0, (Injection("utility", "outage", at_s=60.0, for_s=60.0),), (SUPPLIED,))
