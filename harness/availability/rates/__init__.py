"""Failure data: the shipped table, and what a site puts in its place."""
