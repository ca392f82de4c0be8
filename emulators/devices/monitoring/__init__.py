"""Firmware of environment monitors and relay I/O modules."""
