"""Characterisation of hardware: recordings of devices, their replay, the drift of a twin, drafts of profiles."""
