"""`twinfeed rig …`: what a technician does with a bench."""

from twinfeed.hil_rigs.cli.app import app

__all__ = ["app"]
