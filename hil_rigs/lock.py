"""One user at a time on a bench of this computer, and a clear word about who has it.

    with BenchLock("ups-bench", person="Awa Traoré"):     # raises Held: who, which process, doing what, since when
        …

The lock is flock(2) on a file that all users of the computer share, so the kernel frees it when its process ends,
however it ends: what a dead process left in the file is no obstacle. It is not freed while a process that was handed
its descriptor lives (`subprocess.Popen(…, pass_fds=[lock.fileno()])`): the guard that makes a bench safe after its
supervisor died keeps others off it until it is done. Other children do not get it, unless they are forked without exec.

The file stays where it is, empty, after the lock is released: who removed it could let two users in at once. Benches
that several computers share need labgrid.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pwd
import shlex
import socket
import stat
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import Self

from pydantic import AwareDatetime, Field, ValidationError

from twinfeed._phrases import Phrase
from twinfeed.hil_rigs.schema import Form

FOLDERS = (Path("/run/lock"), Path("/var/lock"), Path("/tmp"))
"""Folders of lock files: the first of these that everybody may write, so that root and all others find the same one."""
FOLDER_VARIABLE = "TWINFEED_LOCKS"
"""The environment variable that names another folder; it must be the same for all users of the bench."""

COMMAND_LENGTH = 80
"""So much of a command line is kept, characters."""
TRIES, PAUSE_S = 5, 0.05
"""The number of times that a lock is tried whose holder has not yet written its name, and the pause between, s."""


class Held(Exception):
    """Another process has the bench; the message names it, and the next step."""

    def __init__(self, bench: str, path: Path, holder: Holder | None) -> None:
        self.holder = holder
        if holder is None:
            text = Phrase(
                "the bench {bench} is held by a process without a name; `fuser -v {path}` shows it",
                bench=bench,
                path=path,
            )
        elif holder.alive:
            text = Phrase(
                "the bench {bench} is held by {holder}; wait until it has ended, or ask for the bench",
                bench=bench,
                holder=holder,
            )
        else:
            text = Phrase(
                "the bench {bench} was held by {holder}; that process has ended, and its guard still makes the bench "
                "safe",
                bench=bench,
                holder=holder,
            )
        super().__init__(text)


class Holder(Form):
    """The holder of a bench."""

    person: str
    """As given, or the login name."""
    login: str
    host: str
    pid: int = Field(gt=0)
    what: str
    """Its own account of its work, or its command line."""
    since: AwareDatetime

    @classmethod
    def me(cls, person: str = "", what: str = "") -> Holder:
        """This process, now."""
        login = os.environ.get("SUDO_USER") or _login()
        return cls(
            person=person or login,
            login=login,
            host=socket.gethostname(),
            pid=os.getpid(),
            what=what or _command(),
            since=datetime.now().astimezone(),
        )

    @property
    def alive(self) -> bool:
        """True if its process is there; one of another host that shares the folder is taken to be."""
        if self.host != socket.gethostname():
            return True
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:  # it is there, and another user's
            return True
        return True

    def __str__(self) -> str:
        since = self.since.astimezone()
        today = since.date() == datetime.now().date()
        when = f"{since:%H:%M}" if today else f"{since:%Y-%m-%d %H:%M}"
        process = Phrase("pid {pid}", pid=self.pid)
        if self.host != socket.gethostname():
            process = Phrase("pid {pid} on {host}", pid=self.pid, host=self.host)
        login = [] if self.login == self.person else [Phrase("login {login}", login=self.login)]
        details = ", ".join([*login, process, self.what])
        return Phrase("{person} ({details}) since {when}", person=self.person, details=details, when=when)


class BenchLock:
    """The lock of one bench. It is taken by `acquire` or `with`, and held until `release`."""

    def __init__(self, bench: str, person: str = "", what: str = "") -> None:
        self.bench = bench
        self.path = folder() / f"twinfeed-{bench}.lock"
        self._person, self._what = person, what
        self._file: int | None = None

    def acquire(self) -> Self:
        """Take the bench.

        Raises:
            Held: another process has it, or this one by another lock.
            OSError: the lock file cannot be opened; the message gives the reason.
        """
        assert self._file is None, f"the bench {self.bench} is taken already"
        file = _opened(self.path)
        try:
            for attempt in range(1, TRIES + 1):
                if _taken(file):
                    with contextlib.suppress(OSError):  # a full disk: the bench is held all the same, by nobody's name
                        os.ftruncate(file, 0)
                        os.pwrite(file, Holder.me(self._person, self._what).model_dump_json().encode(), 0)
                    self._file, file = file, -1
                    return self
                holder = _holder(file)
                if holder is not None and holder.alive:
                    break
                if attempt < TRIES:
                    time.sleep(PAUSE_S)  # a process that has just taken it writes its name next
            raise Held(self.bench, self.path, holder)
        finally:
            if file != -1:
                os.close(file)

    def release(self) -> None:
        """Give the bench back; nothing happens if it is not held."""
        if self._file is not None:
            os.ftruncate(self._file, 0)
            os.close(self._file)
            self._file = None

    def fileno(self) -> int:
        """The descriptor to hand to a process that shall keep the bench when this one is gone."""
        assert self._file is not None, f"the bench {self.bench} is not taken"
        return self._file

    def holder(self) -> Holder | None:
        """The holder of the bench according to its lock file, None if nobody has it.

        Raises:
            OSError: the lock file cannot be opened.
        """
        file = _opened(self.path)
        try:
            return None if _taken(file) else _holder(file)
        finally:
            os.close(file)

    def __enter__(self) -> Self:
        return self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()


def folder() -> Path:
    """The folder of this computer's lock files."""
    if named := os.environ.get(FOLDER_VARIABLE):
        return Path(named)
    return next((path for path in FOLDERS if path.is_dir() and path.stat().st_mode & stat.S_IWOTH), FOLDERS[-1])


def _opened(path: Path) -> int:
    """The lock file, made for all users if it is not there. It is never followed elsewhere by a link."""
    flags = os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW
    try:
        try:
            # Without O_CREAT first: Linux refuses it for another user's file in a sticky folder (fs.protected_regular).
            return os.open(path, flags)
        except FileNotFoundError:
            pass
        try:
            file = os.open(path, flags | os.O_CREAT | os.O_EXCL, 0o666)
        except FileExistsError:  # somebody was faster
            return os.open(path, flags)
        os.fchmod(file, 0o666)  # whatever the umask
        return file
    except OSError as error:
        raise OSError(
            error.errno,
            Phrase(
                "{path}: the bench cannot be locked: {strerror}; all its users must be able to write this file "
                "(chmod 666), or set {folder_variable} to a folder of theirs",
                path=path,
                strerror=error.strerror,
                folder_variable=FOLDER_VARIABLE,
            ),
        ) from None


def _taken(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _holder(file: int) -> Holder | None:
    """The holder in the lock file; None if its text makes no sense."""
    try:
        return Holder.model_validate_json(os.pread(file, 65536, 0))
    except ValidationError:
        return None


def _login() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # a container's user
        return f"uid {os.getuid()}"


def _command() -> str:
    program, *arguments = sys.argv or ["python"]
    command = shlex.join([Path(program).name, *arguments])
    return command if len(command) <= COMMAND_LENGTH else f"{command[: COMMAND_LENGTH - 1]}…"
