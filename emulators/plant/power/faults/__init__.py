"""Short circuits and earth faults: impedances, currents, voltages, selectivity."""
