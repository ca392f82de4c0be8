"""Firmware: what runs on the devices between the plant and the wire."""
