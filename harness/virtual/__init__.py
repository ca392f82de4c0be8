"""Event loops of the worlds, and their guards. They know no data centre."""
