"""Generators: engine, alternator, governor, fuel."""
