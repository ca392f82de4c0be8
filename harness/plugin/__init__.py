"""The parts of the pytest plugin (`harness.pytest_plugin` puts them together)."""
