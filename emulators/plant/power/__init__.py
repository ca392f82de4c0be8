"""Electrical power: supplies and draws, boards, breakers, transfer switches, PDUs."""
