"""Outdoor air, vapour, dust, and the solver of temperatures: the ground of cooling and of all rooms."""
