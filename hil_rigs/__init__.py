"""Rigs: descriptions, actuators, instruments and interlocks of physical benches."""
