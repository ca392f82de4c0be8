"""Firmware of a generator controller."""
