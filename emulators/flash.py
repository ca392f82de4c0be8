"""Settings and snmpEngineBoots of devices, kept in flash over restarts of the program that serves them.

    flash = Flash(site, state_folder())     # settings are restored, every engine has booted once more
    live = LiveSite(site, flash=flash)

One JSON file for each site. It is read and written as a whole under a lock and replaced in one step, so that neither a
killed process nor a second one with the same site leaves half a file or takes the same number of boots. A file that
cannot be read is set aside and the site starts fresh, with a line in the log.

Boots only ever grow: an SNMPv3 manager refuses an engine that goes back (RFC 3414 §2.2.3), and the salts of encryption
would repeat. A fresh start therefore forgets settings but counts on, and where the count is lost it goes on from the
seconds since 2020, which are more than any count of starts.
"""

from __future__ import annotations

import errno
import fcntl
import json
import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from twinfeed.emulators.devices.firmware.device import Device
from twinfeed.emulators.devices.firmware.firmware_faults import in_flash
from twinfeed.emulators.site import Site

log = logging.getLogger(__name__)

START_PATIENCE_S, PATIENCE_S = 5.0, 0.05
"""The time that another process may have the file: at the start, and while devices are served, who wait meanwhile."""

LOST_COUNT_FROM_S = 1_577_836_800
"""2020-01-01 in Unix time: a lost count of boots goes on from the seconds since then."""

MAX_BOOTS = 0x7FFF_FFFF
"""RFC 3414 §2.2.2: an engine that has booted this often refuses everything authenticated."""

Setting = bool | int | Annotated[float, Field(allow_inf_nan=False)] | str | None


class FlashError(Exception):
    """The state cannot be kept; the message gives the place and the next step."""


class _Memory(BaseModel):
    """The state that one device keeps."""

    model_config = ConfigDict(extra="forbid", strict=True)
    boots: int = Field(ge=0, le=MAX_BOOTS)
    settings: dict[str, Setting] = {}


class _File(BaseModel):
    """The content of a site's file."""

    model_config = ConfigDict(extra="forbid", strict=True)
    format: int = Field(default=1, ge=1, le=1)
    devices: dict[str, _Memory] = {}


def state_folder() -> Path:
    """The default folder: `$XDG_STATE_HOME/twinfeed`, or `~/.local/state/twinfeed`."""
    base = os.environ.get("XDG_STATE_HOME", "")
    return (Path(base) if os.path.isabs(base) else Path.home() / ".local" / "state") / "twinfeed"


class Flash:
    """The flash of a site's devices, in a file of `folder`. A `fresh` one forgets their settings.

    Making it restores settings and counts the start of every engine; :meth:`boots` and :meth:`keep` store what changes.

    Raises:
        FlashError: the folder or the file cannot be written.
    """

    def __init__(self, site: Site, folder: Path, *, fresh: bool = False) -> None:
        self.path = folder / f"{quote(site.name, safe=' ')[:200]}.json"
        self.restored: list[str] = []
        """Names of the devices that have settings of an earlier run."""
        self._devices = site.devices
        self._turns = list(site.devices)
        self._in_turn = cycle(self._turns)
        self._boots: dict[str, int] = {}
        self._settings: dict[str, dict[str, Setting]] = {}
        self._failing = False
        self._content: _File | None = None
        """The text that this process has written last, as long as the file still is that one."""
        self._written = (0, 0)
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with self._locked(START_PATIENCE_S):
                file = self._read()
                for name, device in self._devices.items():
                    memory = file.devices.get(name, _Memory(boots=0))
                    device.state.boots = min(memory.boots + 1, MAX_BOOTS)
                    if not fresh and memory.settings and self._restore(device, memory.settings):
                        self.restored.append(name)
                    self._note(file, name, device)
                self._write(file, durable=True)
        except OSError as error:
            raise FlashError(
                f"{error.filename or self.path}: the state of devices cannot be kept: {error.strerror or error}. "
                "Choose a folder that can be written: --state DIR"
            ) from None

    def boots(self, device: Device) -> int:
        """snmpEngineBoots of that device. A number is stored before it is used; a restart of the device takes the next
        one, which no other process has used."""
        if device.state.boots != self._boots[device.name]:
            self._store({device.name})
        return self._boots[device.name]

    def keep(self, most: int | None = None) -> None:
        """Store changes. With `most`, only so many devices are compared, the others in the next calls: comparing
        all of a site of ten thousand at once would hold it up."""
        names = self._turns if most is None else (next(self._in_turn) for _ in range(min(most, len(self._turns))))
        changed = set()
        for name in names:
            device, known = self._devices[name], self._settings[name]
            settings = device.state.settings
            if device.state.boots != self._boots[name] or ((settings or known) and in_flash(device) != known):
                changed.add(name)
        if changed:
            self._store(changed)

    # -- the file -------------------------------------------------------------------------------------------

    def _store(self, names: set[str]) -> None:
        """Write what these devices keep; on failure the site goes on, with one line in the log."""
        try:
            with self._locked():
                file = self._read()
                for name in names:
                    device, stored = self._devices[name], file.devices.get(name)
                    if device.state.boots != self._boots[name] and stored is not None:
                        device.state.boots = min(max(device.state.boots, stored.boots + 1), MAX_BOOTS)
                    self._note(file, name, device)
                self._write(file)
            self._failing = False
        except OSError as error:  # settings are tried again at the next call
            for name in names:
                self._boots[name] = self._devices[name].state.boots
            if not self._failing:
                log.warning("%s: the state of devices is not kept: %s", self.path, error)
            self._failing = True

    def _note(self, file: _File, name: str, device: Device) -> None:
        """Put into the file what the device keeps. Boots never go back, whoever wrote last."""
        settings = in_flash(device)
        self._boots[name], self._settings[name] = device.state.boots, settings
        known = file.devices.get(name)
        boots = max(device.state.boots, known.boots if known is not None else 0)
        file.devices[name] = _Memory.model_construct(boots=boots, settings=settings)

    def _restore(self, device: Device, settings: dict[str, Setting]) -> bool:
        """True if the device takes these settings; one that cannot work with them starts with its own."""
        before = {name: device.read(name) for name in device.point_names()}
        device.state.settings = dict(settings)
        try:
            device.on_settings()
            for name, old in before.items():
                bound = device.point(name)
                new = bound.true()
                if new != old and new == new and bound.point.write is not None:
                    bound.check(new)
        except Exception as error:  # a file that was edited by hand can hold anything
            log.warning(
                "%s: the settings of %s do not fit it, it starts with its own: %s", self.path, device.name, error
            )
            device.state.settings = {}
            device.on_settings()
            return False
        return True

    def _stamp(self) -> tuple[int, int]:
        """The identity of a file, which changes when another one takes its place at that path."""
        status = self.path.stat()
        return status.st_ino, status.st_mtime_ns

    def _read(self) -> _File:
        try:
            if self._content is not None and self._stamp() == self._written:
                return self._content
            return _File.model_validate_json(self.path.read_bytes())
        except FileNotFoundError:
            return _File()
        except ValidationError as error:
            aside = self.path.with_suffix(".unreadable")
            os.replace(self.path, aside)
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"])) or "the file"
            boots = max(0, int(time.time()) - LOST_COUNT_FROM_S)
            log.warning(
                "%s cannot be used (%s: %s); it is now %s. Devices start with factory settings and count their boots "
                "on from %d",
                self.path,
                where,
                first["msg"],
                aside.name,
                boots,
            )
            return _File(devices={name: _Memory(boots=boots) for name in self._devices})

    def _write(self, file: _File, *, durable: bool = False) -> None:
        """Replace the file in one step; a `durable` one outlasts a power loss of this computer."""
        lines = [
            f'  {json.dumps(name)}: {{"boots": {memory.boots}, "settings": {json.dumps(memory.settings)}}}'
            for name, memory in file.devices.items()
        ]
        text = f'{{\n "format": {file.format},\n "devices": {{\n' + ",\n".join(lines) + "\n }\n}"
        beside = self.path.with_suffix(f".{os.getpid()}.tmp")
        try:
            with beside.open("w", encoding="utf-8") as output:
                output.write(text + "\n")
                output.flush()
                if durable:
                    os.fsync(output.fileno())
            os.replace(beside, self.path)
            self._written, self._content = self._stamp(), file
        finally:
            beside.unlink(missing_ok=True)

    @contextmanager
    def _locked(self, patience_s: float = PATIENCE_S) -> Iterator[None]:
        """Alone with the file, as far as other processes of twinfeed are concerned.

        Raises:
            OSError: another process has it for longer than that.
        """
        path = self.path.with_suffix(".lock")
        gives_up_s = time.monotonic() + patience_s
        with path.open("w") as lock:
            while True:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() >= gives_up_s:
                        raise OSError(errno.EWOULDBLOCK, "another process holds it", str(path)) from None
                    time.sleep(0.005)
            yield
