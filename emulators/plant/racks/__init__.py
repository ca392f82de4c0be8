"""Racks and rows of racks: the IT load."""
