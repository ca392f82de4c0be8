"""Faults as data, and the sinks that realise them."""
