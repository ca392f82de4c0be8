"""Firmware of managed switches."""
