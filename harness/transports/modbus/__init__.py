"""Modbus on the wire: TCP, UDP and RTU."""
