"""A mains failure as a record that is easy to read: what every property is tried on."""

from __future__ import annotations

from twinfeed.harness.journal import Journal

START, END = 0.0, 1000.0


def mains_failure() -> Journal:
    """The mains are away from 100 s to 400 s, the generator runs from 112 s to 500 s, the hall is warm in between."""
    journal = Journal()
    trace = journal.trace
    courses = {
        "utility-a.live": [(0.0, True), (100.0, False), (400.0, True)],
        "generator-1.running": [(0.0, False), (112.0, True), (500.0, False)],
        "row-1.supplied": [(0.0, True), (110.0, False), (110.015, True)],
        "row-2.supplied": [(0.0, True)],
        "ats-a.position": [(0.0, "normal"), (113.0, "off"), (113.5, "emergency"), (450.0, "off"), (450.5, "normal")],
        "ats-a.transfers": [(0.0, 0), (113.5, 1), (450.5, 2)],
        "hall-1.inlet_c": [(0.0, 22.0), (100.0, 22.0), (200.0, 28.0), (400.0, 28.0), (500.0, 22.0), (1000.0, 22.0)],
        "hall-2.inlet_c": [(0.0, 22.0), (200.0, 22.0), (300.0, 24.0), (400.0, 22.0), (1000.0, 22.0)],
    }
    for name, points in courses.items():
        for t, value in points:
            trace.add(t, name, value)
    trace.sections = {"row-1": "racks", "row-2": "racks"}
    trace.reach(END)
    journal.record(100.0, "utility-a", "fault", kind="outage", depth=1.0)
    journal.record(100.0, "ups-a1/device", "alarm", alarm="on_battery")
    journal.record(100.0, "ups-a2/device", "alarm", alarm="on_battery")
    journal.record(113.5, "ats-a", "transferred", to="emergency")
    journal.record(400.0, "utility-a", "fault cleared", kind="outage")
    return journal
