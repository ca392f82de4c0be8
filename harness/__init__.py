"""Things that ask, disturb and judge: the command line, worlds, transports, faults and properties."""
