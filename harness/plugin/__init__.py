"""The parts of the pytest plugin (`twinfeed.harness.pytest_plugin` puts them together)."""
