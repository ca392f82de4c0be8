"""Commands that search for sequences of faults that break a property."""
