"""Faults as data, and what realises them."""
