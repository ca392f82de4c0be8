"""Event loops of the worlds, and what guards them; nothing here knows a data centre."""
