"""The shipped bench, live on addresses of its own."""

from __future__ import annotations

import os
import socket
from contextlib import AbstractContextManager
from pathlib import Path

from running import Running, running

from twinfeed.emulators import sitefile
from twinfeed.emulators.serving import HIGH_PORTS
from twinfeed.emulators.site import Site

STILL = 0.001
"""Speed at which a site hardly moves by itself: what is read does not depend on how long the reading took."""


def bench_on(folder: Path, speed: float = STILL, **snmp: object) -> AbstractContextManager[Running]:
    """The shipped bench on addresses of its own, with that much changed of its `snmp` settings."""
    text = sitefile.find("bench").read_text().replace("127.30.0.", f"{free_network()}.")
    for key, value in snmp.items():
        text = text.replace("snmp: {", f"snmp: {{{key}: {value}, ", 1)
    path = folder / "bench.yaml"
    path.write_text(text)
    return running(Site.load(path), speed)


def free_network() -> str:
    """The first three numbers of 256 loopback addresses that no other bench of this machine answers on."""
    first = os.getpid() % 250
    for n in (*range(first, 250), *range(first)):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.bind((f"127.19.{n}.11", HIGH_PORTS["snmp"]))
            except OSError:
                continue
            return f"127.19.{n}"
    raise AssertionError("250 benches are running on this machine")
