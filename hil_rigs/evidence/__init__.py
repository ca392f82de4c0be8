"""Lines that the supervisor of a bench and the run on it write down so that a report can be relied on."""
