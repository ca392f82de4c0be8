"""Firmware of transfer switches."""
