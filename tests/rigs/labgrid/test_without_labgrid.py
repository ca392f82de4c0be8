"""labgrid is loaded for rig files that name a place, and its absence explains itself."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from twinfeed.emulators.yamlfile import FileError
from twinfeed.harness.transports import NoAnswer
from twinfeed.hil_rigs import rigfile
from twinfeed.hil_rigs.connecting import connect
from twinfeed.hil_rigs.places import Place, PlaceError, Resource, at_place, held
from twinfeed.hil_rigs.schema import Labgrid

RIG = """
bench: meter-bench
labgrid: {place: meter-bench}
wiring:
  power:
    utility-a: {kind: utility, capacity_kw: 10}
    k1: {kind: breaker, from: utility-a, rated_a: 16}
  devices:
    meter-1: {profile: schneider-pm5000, of: k1}
devices:
  meter-1: {modbus: {serial: "labgrid:meter-line", baud: 9600, parity: N}}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "meter-bench.yaml"
    path.write_text(RIG)
    return path


async def test_its_absence_says_what_to_install(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "labgrid.remote.client", None)
    with pytest.raises(PlaceError, match=r"the place meter-bench needs labgrid .*pip install 'twinfeed\[labgrid\]'"):
        async with held(rigfile.read(file)):
            pass


def test_a_rig_without_a_place_does_not_load_it(file: Path) -> None:
    file.write_text(RIG.replace("labgrid: {place: meter-bench}", "").replace("labgrid:meter-line", "/dev/ttyUSB0"))
    program = """
import asyncio, sys
from twinfeed.hil_rigs import places, rigfile

async def main():
    async with places.held(rigfile.read(sys.argv[1])):
        print([name for name in sys.modules if name.partition(".")[0] in ("labgrid", "grpc")])

asyncio.run(main())
"""
    done = subprocess.run([sys.executable, "-c", program, str(file)], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_a_place_s_serial_port_without_a_place_is_a_mistake_of_the_file(file: Path) -> None:
    file.write_text(RIG.replace("labgrid: {place: meter-bench}", ""))
    with pytest.raises(
        FileError, match=r"meter-bench\.yaml:11: .*modbus\.serial.*'labgrid:meter-line'.*expected a section"
    ):
        rigfile.read(file)


@pytest.mark.parametrize(("protocol", "framing"), [("raw", "rtu"), ("rfc2217", "rfc2217")])
def test_a_serial_port_is_reached_by_the_protocol_its_exporter_speaks(file: Path, protocol: str, framing: str) -> None:
    """The line's settings stay those of the rig file; the exporter's speed is what its port starts with."""
    port = {"host": "lab-pc", "port": 4001, "speed": 115200, "protocol": protocol}
    resources = {"meter-line": Resource("NetworkSerialPort", port, None)}
    rig = at_place(rigfile.read(file), Place(Labgrid(place="meter-bench"), resources, ours=True, reservation=None))
    access = rig.bench.devices["meter-1"].modbus
    assert access is not None
    assert (access.address, access.port, access.framing, access.baud) == ("lab-pc", 4001, framing, 9600)
    assert access.serial is None


def test_a_serial_port_behind_ssh_is_refused(file: Path) -> None:
    port = Resource("NetworkSerialPort", {"host": "lab-pc", "port": 4001}, proxy="lab-pc")
    place = Place(Labgrid(place="meter-bench"), {"meter-line": port}, ours=True, reservation=None)
    with pytest.raises(
        PlaceError, match=r"only reached through lab-pc by SSH, .*start its exporter without --isolated"
    ):
        at_place(rigfile.read(file), place)


async def test_a_device_whose_place_could_not_be_had_does_not_answer_and_keeps_nobody_from_the_others(
    file: Path,
) -> None:
    """Which is what a guard relies on that makes a bench safe without its coordinator."""
    meter = connect(rigfile.read(file))["meter-1"]
    with pytest.raises(NoAnswer, match=r"meter-1 frequency at modbus\+serial:labgrid:meter-line"):
        await meter.read("frequency")
    meter.close()
