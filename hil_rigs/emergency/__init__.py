"""The emergency part of a bench: its states, their file on the disk, and the fast way to stop it.

The modules of this folder import the standard library only, so that `twinfeed rig stop` sends its first octet at once.
"""
