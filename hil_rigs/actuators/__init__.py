"""What moves on a bench: outlets, relays, ports, sources, the wire, and people."""
