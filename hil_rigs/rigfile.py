"""Rig files: a whole bench in one YAML file that a technician can read and correct.

    bench: ups-bench
    may_arm: [Awa Traoré]
    wiring: {power: …, racks: …}       # what feeds what, as in a site file; or the name of a site
    devices:
      ups-1:   {modbus: {serial: /dev/ttyUSB0, baud: 9600, parity: N}, identity: {serial: 5A2233T44556}}
      relay-1: {profile: advantech-adam-6060, modbus: {address: 192.0.2.20}}
    actuators:
      mains-1:
        relay: relay-1.relay.1.closed
        causes: {utility-a outage: "off"}
        proof: {quantity: ups-1.input.voltage, below: 50}
    instruments:
      rack-1.supplied: {point: relay-1.input.1.on, every: 50ms}
    interlocks:
      charge: {quantity: ups-1.battery.charge, above: 40}
    limits: {safe_within: 5s, heartbeat: 2s}

`wiring` is the bench's software twin: the same test runs on it (`pytest --site FILE`) and on the bench (`pytest --rig
FILE`). What is read here is checked for form and for names that nothing bears; `twinfeed rig check` asks the bench.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from twinfeed.emulators import sitefile, textfile, yamlfile
from twinfeed.emulators.profiles.schema import Profile
from twinfeed.emulators.site import Site
from twinfeed.emulators.yamlfile import FileError
from twinfeed.harness.faults import frames
from twinfeed.hil_rigs.rigreader import RigReader, point_is_shown
from twinfeed.hil_rigs.schema import Actuator, Bench, Instrument

FOLDER = Path(__file__).parent / "benches"


@dataclass(frozen=True)
class Rig:
    """A rig file that has been read and checked."""

    path: Path
    bench: Bench
    site: Site
    """The software twin, at rest: names, wiring and profiles."""
    profiles: dict[str, Profile]
    """The profile of every device of the bench."""
    text: str = ""
    """The file as it was read."""

    @property
    def sha256(self) -> str:
        """Of the file as it was read."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def name(self) -> str:
        return self.bench.bench

    def actuator_for(self, target: str, kind: str) -> tuple[str, Actuator] | None:
        """The actuator that causes this fault, None if none does."""
        for name, actuator in self.bench.actuators.items():
            if f"{target} {kind}" in actuator.causes or (
                actuator.proxy is not None and actuator.proxy.device == target and kind in frames.BY_NAME
            ):
                return name, actuator
        return None

    def instrument_for(self, quantity: str) -> Instrument | None:
        """The instrument of that quantity: the one of that name, else the device's own point."""
        if quantity in self.bench.instruments:
            return self.bench.instruments[quantity]
        device = quantity.partition(".")[0]
        if device in self.profiles and point_is_shown(self.profiles[device], quantity.partition(".")[2]):
            return Instrument(point=quantity)
        return None


def names() -> list[str]:
    """The benches that ship, by name."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def find(rig: str | Path) -> Path:
    """The file of a shipped bench's name, or the path itself.

    Raises:
        FileError: neither a shipped bench nor a file.
    """
    return yamlfile.shipped(FOLDER, rig, "bench")


def read(rig: str | Path) -> Rig:
    """Read and check a rig file.

    Raises:
        FileError: a line for each mistake: file, line, field, what was found, what was expected.
    """
    path = find(rig)
    data = yamlfile.load(path)
    text = textfile.octets(path).decode("utf-8", "replace")
    site = Site(sitefile.read(path))
    try:
        bench = Bench.model_validate({key: value for key, value in data.items() if key != "wiring"})
    except ValidationError as error:
        raise FileError(yamlfile.problems(path, data, error)) from None
    reader = RigReader(path, data, bench, site)
    reader.check()
    if reader.problems:
        raise FileError(reader.problems)
    return Rig(path, bench, site, reader.profiles, text)
