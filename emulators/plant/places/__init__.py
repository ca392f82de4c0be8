"""Places: rooms with what stands in them, and the fire, smoke, water, gas and power-off that reach all of it."""
