"""The engine of the plant: time, events, actors and their faults; it knows no trade."""
