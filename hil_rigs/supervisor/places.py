"""Where the processes of a bench meet: its socket, its record, its log."""

from __future__ import annotations

import os
from pathlib import Path

from hil_rigs.rigfile import Rig

ENVIRONMENT = "TWINFEED_BENCHES"
"""The folder of all benches of this computer, if it is not `DEFAULT`."""

DEFAULT = Path("/var/tmp/twinfeed-benches")
"""Kept over a reboot, writable for everybody who works in the lab (FHS 3.0 §5.15)."""


def folder(rig: Rig) -> Path:
    """The folder of a bench, made if it is not there; everybody who works in the lab may use it."""
    place = Path(os.environ.get(ENVIRONMENT, DEFAULT)) / rig.name
    for each in (place.parent, place):
        if not each.exists():
            each.mkdir(parents=True)
            each.chmod(0o777)
    return place


def socket_of(rig: Rig) -> Path:
    return folder(rig) / "supervisor.sock"


def record_of(rig: Rig) -> Path:
    """The logbook of the bench: everything that was ever done with it."""
    return folder(rig) / "record.jsonl"


def log_of(rig: Rig) -> Path:
    return folder(rig) / "supervisor.log"


def armed_mark(rig: Rig) -> Path:
    """There while the bench is armed: whoever finds it without a supervisor makes the bench safe first."""
    return folder(rig) / "armed"
