"""Events of a run with their times, and the course of the quantities that somebody watches.

    journal = Journal()
    journal.record(12.0, "test", "command", device="ats-a", point="mode")
    Sampler(site, ["racks.*.supplied", "hall-1.inlet_c"], journal.trace).attach()

The trace holds exact event times. Between its points a float moves on a straight line (unless it jumps: two points at
one time) and everything else stays what it was. From a point whose value is an `Unknown` until the next point nothing
is known of that quantity.
"""

from twinfeed.harness.journal.events import Journal
from twinfeed.harness.journal.sampling import Sampler
from twinfeed.harness.journal.trace import Point, Trace

__all__ = ["Journal", "Point", "Sampler", "Trace"]
