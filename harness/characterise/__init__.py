"""Learning from hardware: recordings of devices, their replay, what a twin gets wrong, and drafts of profiles."""
