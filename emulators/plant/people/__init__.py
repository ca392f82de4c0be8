"""Work of people on the plant: isolation, locks, mistakes."""
