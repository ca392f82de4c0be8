"""Recorded runs as worlds of the console.

`states` keeps the states of a plant while a run goes on, `record` has the journal as the page asks for it, `world` is
the world, `opening` makes one of a file or a folder.
"""
