"""Measurements with limits, the record of a run, and the report that is handed in."""
