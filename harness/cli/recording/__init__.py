"""Commands on recordings of devices and records of runs."""
