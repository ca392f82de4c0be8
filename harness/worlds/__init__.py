"""The worlds a test runs in: simulated, live, rig; one interface."""
