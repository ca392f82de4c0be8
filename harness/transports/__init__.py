"""Transports: Modbus through pymodbus, SNMP through pysnmp; never with the codecs of the emulators.

Its names are loaded when they are first used: the clients take a fifth of a second to import.
"""

from __future__ import annotations

from twinfeed._lazy import lazily

__getattr__, __dir__ = lazily(__name__, __file__)
