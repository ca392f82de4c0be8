"""The physics of a site: pure, deterministic, event to event."""
