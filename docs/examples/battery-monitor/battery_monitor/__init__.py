"""A battery monitor for twinfeed: an example of a package that adds kinds."""
