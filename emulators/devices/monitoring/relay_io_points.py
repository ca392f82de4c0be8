"""The points of a remote I/O module."""

from __future__ import annotations

from twinfeed.emulators.devices.firmware.points import Point, Points, RowPoint
from twinfeed.emulators.devices.monitoring.relay_io import RelayIo

POINTS: Points[RelayIo] = (
    RowPoint("input.{input}.on", "level of a digital input", RelayIo.level, kind="truth"),
    RowPoint(
        "input.{input}.count",
        "rising edges",
        lambda d, i: d.state.counts.get(str(i), 0),
        write=RelayIo.clear_count,
        low=0,
        high=2**32 - 1,
        whole=True,
    ),
    RowPoint("relay.{relay}.closed", "state of a relay", RelayIo.relay, write=RelayIo.work, kind="truth"),
    Point("input.word", "all inputs, the first in bit 0", lambda d: d.input_word),
    Point(
        "relay.word",
        "all relays, the first in bit 0",
        lambda d: d.relay_word,
        write=RelayIo.work_all,
        low=0,
        high=2**64 - 1,
        whole=True,
    ),
)
