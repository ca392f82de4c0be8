"""`twinfeed rig …`: what a technician does with a bench."""

from hil_rigs.cli.app import app

__all__ = ["app"]
