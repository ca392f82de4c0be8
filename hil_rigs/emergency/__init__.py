"""What must work when nothing else does: the states of a bench, their file on the disk, the quick way to stop it.

The modules of this folder import the standard library only, so that `twinfeed rig stop` sends its first octet at once.
"""
