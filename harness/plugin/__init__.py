"""The pytest plugin: its entry point, `twinfeed.harness.pytest_plugin`, loads these modules when a test needs them."""
