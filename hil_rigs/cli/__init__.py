"""`twinfeed rig …`: the commands of a technician at a bench."""

from twinfeed.hil_rigs.cli.app import app

__all__ = ["app"]
