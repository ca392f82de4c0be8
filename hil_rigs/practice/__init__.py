"""Practice benches: the twin of a bench answers on loopback, and a rig file leads to it instead of to the hardware."""
