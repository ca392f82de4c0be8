"""What measures on a bench: points of devices, meters, logic inputs, and people."""
