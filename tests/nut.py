"""NUT (Network UPS Tools), which nobody here wrote: its SNMP driver, its server and its clients."""

from __future__ import annotations

import os
import shutil
import tempfile
import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from external import background, free_port, program, run, until

FOLDERS = ("/lib/nut", "/usr/lib/nut", "/usr/libexec/nut")
"""Folders in which distributions keep NUT's drivers and, where /usr/sbin has only a starter, its server."""


LONGEST_FOLDER = 80
"""Longest name of a folder for NUT's sockets, octets: `snmp-ups-DEVICE` comes after it, and unix(7) takes 107."""


class Nut:
    """NUT on some devices, with everything its programs read and write in one folder.

    `devices` has, of each, its lines in ups.conf besides the driver's name. Over v2c, NUT 2.8.0 takes the
    noSuchInstance of a PDU's outlet 0 for an outlet.
    """

    def __init__(self, folder: Path, devices: Mapping[str, Sequence[str]]) -> None:
        self._driver = program("snmp-ups", "nut-snmp", *FOLDERS)
        self._devices = list(devices)
        self._folder = self._of_a_short_name(folder)
        folder = self._folder
        self._place = ""
        self._environment = {**os.environ, "SNMP_PERSISTENT_DIR": str(folder), "MIBS": ""}
        self._environment |= dict.fromkeys(("NUT_CONFPATH", "NUT_STATEPATH", "NUT_ALTPIDPATH"), str(folder))
        sections = ("\n".join([f"[{name}]", "driver = snmp-ups", *lines, ""]) for name, lines in devices.items())
        self._write("ups.conf", "".join(sections))

    def _of_a_short_name(self, folder: Path) -> Path:
        """The folder, or a link to it where its name is too long for the sockets that NUT makes in it."""
        if len(str(folder)) <= LONGEST_FOLDER:
            return folder
        place = Path(tempfile.mkdtemp(prefix="nut-", dir="/tmp"))
        weakref.finalize(self, shutil.rmtree, place, ignore_errors=True)
        (place / "nut").symlink_to(folder)
        return place / "nut"

    def _write(self, name: str, text: str) -> None:
        (self._folder / name).write_text(text)
        (self._folder / name).chmod(0o640)

    def look(self, device: str) -> dict[str, str]:
        """The driver's variables after one poll of the device, without a server."""
        printed = run([self._driver, "-a", device, "-u", "root", "-d", "1"], self._environment)
        pairs = (line.partition(": ") for line in printed.splitlines())
        found = {name: value for name, colon, value in pairs if colon and "." in name and " " not in name}
        assert "device.type" in found, printed
        return found

    # -- the server and its clients -------------------------------------------------------------------------

    @contextmanager
    def serving(self) -> Iterator[Nut]:
        """upsd with a driver on each device, which polls once a second, while the block runs."""
        upsd = next((f"{f}/upsd" for f in FOLDERS if Path(f, "upsd").exists()), "") or program("upsd", "nut-server")
        port = free_port()
        self._place = f"127.0.0.1:{port}"
        self._write("upsd.conf", f"LISTEN 127.0.0.1 {port}\n")
        self._write("upsd.users", "[admin]\n  password = secret\n  actions = SET\n  instcmds = ALL\n")
        with ExitStack() as stack:
            for device in self._devices:
                command = [self._driver, "-a", device, "-u", "root", "-i", "1", "-x", "pollfreq=1", "-D"]
                stack.enter_context(background(command, self._folder / f"{device}.log", self._environment))
            until(lambda: all((self._folder / f"snmp-ups-{d}").exists() for d in self._devices), self._said)
            stack.enter_context(background([upsd, "-u", "root", "-D"], self._folder / "upsd.log", self._environment))
            until(lambda: all("device.type" in self.variables(d) for d in self._devices), self._said)
            yield self

    def log(self, device: str) -> str:
        """The log of the device's driver."""
        return (self._folder / f"{device}.log").read_text(errors="replace")

    def _said(self) -> str:
        return "\n".join(f"{device}: {self.log(device)[-1500:]}" for device in (*self._devices, "upsd"))

    def _client(self, name: str, *arguments: str) -> str:
        return run([program(name, "nut-client"), *arguments], self._environment).strip()

    def variables(self, device: str) -> dict[str, str]:
        """The variables of the device that `upsc` shows."""
        pairs = (line.partition(": ") for line in self._client("upsc", f"{device}@{self._place}").splitlines())
        return {name: value for name, _, value in pairs}

    def until(self, device: str, name: str, value: str) -> None:
        until(
            lambda: self.variables(device).get(name) == value, lambda: f"{name} is {self.variables(device).get(name)}"
        )

    def set(self, device: str, name: str, value: str) -> str:
        """Set a variable with `upsrw`; returns upsd's word."""
        return self._client(
            "upsrw", "-w", "-s", f"{name}={value}", "-u", "admin", "-p", "secret", f"{device}@{self._place}"
        )

    def command(self, device: str, name: str) -> None:
        """Run an instant command with `upscmd` and wait until the driver has reported it handled."""
        printed = self._client("upscmd", "-w", "-u", "admin", "-p", "secret", f"{device}@{self._place}", name)
        assert printed == "SUCCESS", printed
