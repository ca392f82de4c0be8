"""Firmware of a UPS's network card."""
