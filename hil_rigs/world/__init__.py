"""The rig world: a test's view of a bench, through the bench's supervisor."""
