"""Tier III duties of a site: isolation procedures, concurrent maintainability, no silent failure."""
