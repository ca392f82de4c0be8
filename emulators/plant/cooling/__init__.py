"""Cooling: climate, chillers, water loops, pumps, air handlers, halls."""
