"""Whole nights: the campaign file, the machines of a cluster, and the account of what a night brought."""
