"""Things that answer: plant, devices, profiles, wire."""
