"""A bench is one user's at a time; the next one sees who has it, and dead processes are no obstacle."""

from __future__ import annotations

import fcntl
import os
import pwd
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from external import until

from twinfeed.hil_rigs import lock
from twinfeed.hil_rigs.lock import BenchLock, Held, Holder

HOLDS = """
import sys
from twinfeed.hil_rigs.lock import BenchLock
BenchLock("ups-bench", person="Awa Traoré", what="pytest --rig ups-bench.yaml").acquire()
print("taken", flush=True)
sys.stdin.read()
"""

HOLDS_WITH_A_GUARD = """
import subprocess, sys
from twinfeed.hil_rigs.lock import BenchLock
lock = BenchLock("ups-bench", person="Awa Traoré").acquire()
subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], pass_fds=[lock.fileno()])
print("taken", flush=True)
sys.stdin.read()
"""

AS_ANOTHER_USER = """
import os, sys
from twinfeed.hil_rigs.lock import BenchLock
os.umask(0o077)
os.setuid(int(sys.argv[1]))  # once all is imported: Python's own folder need not be theirs
with BenchLock("ups-bench") as mine:
    print(mine.holder().login)
"""

Start = Callable[[str], subprocess.Popen[str]]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(lock.FOLDER_VARIABLE, str(tmp_path))
    return tmp_path


@pytest.fixture
def start() -> Iterator[Start]:
    """Runs a Python program that has printed its first line."""
    running: list[subprocess.Popen[str]] = []

    def started(program: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        running.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "taken\n"
        return process

    yield started
    for process in running:
        with process:  # which closes its pipes
            process.kill()


def test_a_bench_that_another_process_has_is_refused_with_its_name(start: Start) -> None:
    process = start(HOLDS)
    with pytest.raises(Held) as refused:
        BenchLock("ups-bench").acquire()
    assert re.fullmatch(
        rf"the bench ups-bench is held by Awa Traoré \(login \S+, pid {process.pid}, pytest --rig ups-bench\.yaml\) "
        r"since \d\d:\d\d; wait until it has ended, or ask for the bench",
        str(refused.value),
    )


def test_another_bench_is_free(start: Start) -> None:
    start(HOLDS)
    with BenchLock("chiller-skid"):
        pass


def test_a_killed_process_is_no_obstacle(start: Start) -> None:
    process = start(HOLDS)
    process.kill()
    process.wait()
    with BenchLock("ups-bench") as mine:
        assert mine.path.stat().st_size > 0


def test_released_it_is_free_for_the_next_and_nobody_is_named() -> None:
    with BenchLock("ups-bench", person="Awa Traoré") as first:
        holder = first.holder()
        assert holder is not None
        assert (holder.person, holder.pid) == ("Awa Traoré", os.getpid())
    assert first.holder() is None
    with BenchLock("ups-bench"):
        pass


def test_it_is_released_when_the_work_fails() -> None:
    with pytest.raises(ZeroDivisionError), BenchLock("ups-bench"):
        _ = 1 / 0
    assert BenchLock("ups-bench").holder() is None


def test_who_does_not_say_who_they_are_is_known_by_login_and_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["/usr/bin/pytest", "--rig", "my bench.yaml"])
    monkeypatch.setenv("SUDO_USER", "moussa")
    holder = Holder.me()
    assert (holder.person, holder.login, holder.what) == ("moussa", "moussa", "pytest --rig 'my bench.yaml'")


def test_a_guard_that_was_handed_the_descriptor_keeps_the_bench(start: Start) -> None:
    """The supervisor is killed; while its guard makes the bench safe nobody gets it, and the command reports what is going on."""
    supervisor = start(HOLDS_WITH_A_GUARD)
    supervisor.kill()
    supervisor.wait()
    with pytest.raises(
        Held, match=rf"was held by .*pid {supervisor.pid}.*; that process has ended, .* makes the bench safe"
    ):
        BenchLock("ups-bench").acquire()
    assert supervisor.stdin is not None
    supervisor.stdin.close()  # the guard is done
    until(lambda: BenchLock("ups-bench").holder() is None)


def test_another_child_does_not_keep_the_bench() -> None:
    with BenchLock("ups-bench"):
        child = subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE)
    try:
        assert BenchLock("ups-bench").holder() is None
    finally:
        child.communicate()


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become two users")
def test_users_of_one_computer_share_the_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a sticky folder, as /run/lock is; whoever comes first, and whatever their umask, makes the file for all."""
    with tempfile.TemporaryDirectory() as shared:
        Path(shared).chmod(0o1777)
        monkeypatch.setenv(lock.FOLDER_VARIABLE, shared)
        monkeypatch.delenv("SUDO_USER", raising=False)
        logins = [
            subprocess.run(
                [sys.executable, "-c", AS_ANOTHER_USER, str(user)], capture_output=True, text=True, check=True
            ).stdout.strip()
            for user in (65534, 1, 0)
        ]
    assert logins == [pwd.getpwuid(user).pw_name for user in (65534, 1, 0)]


def test_a_file_that_says_nothing_that_makes_sense_is_no_obstacle(folder: Path) -> None:
    (folder / "twinfeed-ups-bench.lock").write_bytes(b'{"pid": "\xff')
    with BenchLock("ups-bench"):
        pass


def test_a_holder_that_does_not_say_who_it_is_can_still_be_found(folder: Path) -> None:
    with (folder / "twinfeed-ups-bench.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(Held, match=r"held by a process without a name; `fuser -v .*ups-bench\.lock`"):
            BenchLock("ups-bench").acquire()


def test_a_link_in_the_file_s_place_is_not_followed(folder: Path, tmp_path: Path) -> None:
    (folder / "twinfeed-ups-bench.lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match=r"ups-bench\.lock: the bench cannot be locked: .*set TWINFEED_LOCKS"):
        BenchLock("ups-bench").acquire()
    assert not (tmp_path / "elsewhere").exists()


def test_a_holder_of_another_day_is_told_with_its_date() -> None:
    yesterday = datetime.now().astimezone() - timedelta(days=1)
    holder = Holder.me("awa", "soak").model_copy(update={"since": yesterday})
    assert str(holder).endswith(f"since {yesterday:%Y-%m-%d %H:%M}")
