"""Firmware of chillers, air handlers and pump controllers."""
