"""The pytest plugin: `entry` is its entry point and loads the other modules when a test needs them."""
