"""Commands that run a site, and those that a running site answers."""
