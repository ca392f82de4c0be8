"""Firmware of PDUs and power meters."""
