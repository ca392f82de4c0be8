"""The bench site, live, and the tools that ask it. Each test leaves the site as it found it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from net_snmp import NetSnmp
from running import Running, running

from emulators import sitefile
from emulators.site import Site

STILL = 0.001
"""Speed at which a site hardly moves by itself: what is read does not depend on how long the reading took."""


def bench_on(folder: Path, network: str, speed: float = STILL, **snmp: object) -> AbstractContextManager[Running]:
    """The shipped bench on addresses of its own (`127.19.1`), with that much changed of its `snmp` settings."""
    text = sitefile.find("bench").read_text().replace("127.30.0.", f"{network}.")
    for key, value in snmp.items():
        text = text.replace("snmp: {", f"snmp: {{{key}: {value}, ", 1)
    path = folder / "bench.yaml"
    path.write_text(text)
    return running(Site.load(path), speed)


@pytest.fixture(scope="session")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The bench, ten minutes after it was started."""
    with bench_on(tmp_path_factory.mktemp("bench"), "127.19.1") as live:
        live.advance(600.0)
        yield live


@pytest.fixture(scope="session")
def net_snmp(bench: Running, shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> NetSnmp:
    return NetSnmp(bench, shared_data / "mibs", tmp_path_factory.mktemp("net-snmp"))
