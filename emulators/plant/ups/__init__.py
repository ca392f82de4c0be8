"""UPS modules: inputs, power train, batteries."""
