"""The lab that every test of this folder has to itself, and who it works as."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from external import free_port, program, until
from lab import METER, RESOURCES, Lab, script


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    socat, _ = program("socat", "socat"), program("ser2net", "ser2net")
    with contextlib.ExitStack() as ending:
        lab = Lab(tmp_path, f"127.0.0.1:{free_port()}", ending)
        lab.start("coordinator", script("labgrid-coordinator"), "-l", lab.coordinator)
        far, near = tmp_path / "far", tmp_path / "near"
        lab.start("line", socat, f"pty,raw,echo=0,link={far}", f"pty,raw,echo=0,link={near}")
        until(lambda: far.exists() and near.exists())
        lab.start("meter", sys.executable, "-c", METER, str(far))
        (tmp_path / "exporter.yaml").write_text(RESOURCES.format(line=near.resolve()))
        until(lambda: "listening on" in lab.output("coordinator"), lambda: lab.output("coordinator"))
        lab.start(
            "exporter", script("labgrid-exporter"), "-c", lab.coordinator, "-n", "lab-pc", "--hostname", "127.0.0.1",
            str(tmp_path / "exporter.yaml"),
        )  # fmt: skip
        lab.client("create")
        lab.client("add-match", "lab-pc/bench/*")
        until(lambda: "NetworkSerialPort" in lab.client("resources"), lambda: lab.output("exporter"))
        yield lab


@pytest.fixture
def be(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Be that user, on a computer of theirs."""

    def be(user: str) -> None:
        monkeypatch.setenv("LG_USERNAME", user)
        monkeypatch.setenv("LG_HOSTNAME", f"pc-of-{user}")

    return be
