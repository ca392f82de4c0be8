"""The emulated bench: every device a process of its own, in code and protocol stacks that are not the harness's.

    with bench_of_programs(folder, recordings) as bench:
        …pytest --rig {bench.rig} with bench.environment…

    python tests/rigs/acceptance_bench/bench_of_programs.py         # until Ctrl-C, with the commands to type in another terminal

| device | played by | reached by |
|---|---|---|
| ups-1, pdu-1, ats-1, relay-1 | `twinfeed up` on software/acting.yaml | SNMPv3, SNMPv2c, Modbus TCP |
| switch-1 | snmpd on a Linux bridge | SNMPv3 over a veth pair |
| meter-1, meter-2 | pymodbus' server on a pseudo-terminal (socat) | Modbus RTU |
| meter-3 | libmodbus behind a serial gateway | Modbus TCP |
| ups-2, pdu-2 | snmpsim playing recordings of real devices | SNMPv2c |

Everything is ended by its process id when the block ends, however it ends, and the namespaces with it.
"""

from __future__ import annotations

import ctypes.util
import json
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from ruamel.yaml import YAML

FOLDER = Path(__file__).parent
sys.path += [str(FOLDER / "software"), str(FOLDER.parents[1])]

from external import background, program, until  # noqa: E402
from linux_switch import USER, linux_switch, namespaces_can_be_made  # noqa: E402

from twinfeed.hil_rigs import lock, rigfile  # noqa: E402
from twinfeed.hil_rigs.supervisor import places  # noqa: E402

SOFTWARE = FOLDER / "software"

RECORDED = {"ups-2": "generex-ups_cs141", "pdu-2": "raritan-pdu_px2"}
"""Which recording plays which device."""

SECRETS = {"BENCH_AUTH": USER[1], "BENCH_PRIV": USER[2], "BENCH_READ": "bench-read", "BENCH_WRITE": "bench-write"}
"""The environment that the shipped rig file's credentials refer to."""


@dataclass(frozen=True)
class ProgramBench:
    """A bench that runs."""

    rig: Path
    """Its rig file: the shipped one with this bench's addresses."""
    environment: Mapping[str, str]
    """The variables of its credentials, of its supervisor's meeting place, and of its lock."""
    switch: str
    """The switch's network namespace."""
    logs: Path
    """The output of its processes."""
    recorded: bool
    """True if the devices that are played from recordings are there."""

    @property
    def supervised(self) -> bool:
        """True if it has a supervisor: a process that the harness starts and that ends by itself."""
        return (self.logs / "benches" / "emulated-bench" / "supervisor.sock").exists()


@contextmanager
def bench_of_programs(folder: Path, recordings: Path | None) -> Iterator[ProgramBench]:
    """The bench, ready, while the block runs; without recordings it lacks the devices that are played from them.

    The test is skipped if a program is missing, or the right to make network namespaces.
    """
    needed()
    loopback, switched = f"127.77.{os.getpid() % 250 + 1}", f"198.18.{os.getpid() % 250}"
    rig = folder / "emulated-bench.yaml"
    with ExitStack() as stack:
        switch = stack.enter_context(linux_switch(folder, switched))
        for start in (_acting, _serial_line, _gateway):
            stack.enter_context(start(folder, loopback))
        if recordings is not None:
            stack.enter_context(_recorded(folder, loopback, recordings))
        text = rigfile.find("emulated-bench").read_text()
        for shipped, here in (
            ("127.77.0", loopback),
            ("198.18.77", switched),
            ("/tmp/twinfeed-bench", str(folder)),
        ):
            assert shipped in text, f"the shipped rig file does not name {shipped}"
            text = text.replace(shipped, here)
        rig.write_text(text if recordings is not None else _without(text, RECORDED))
        environment = {**SECRETS, places.ENVIRONMENT: str(folder / "benches"), lock.FOLDER_VARIABLE: str(folder)}
        stack.callback(_end_supervisor, folder)
        yield ProgramBench(rig, environment, switch, folder, recordings is not None)


def _end_supervisor(folder: Path) -> None:
    """One that goes on, as after a trip, makes the bench safe and ends while its devices are still there."""
    held = folder / "twinfeed-emulated-bench.lock"
    if not held.exists() or not (holder := held.read_text()):
        return
    with suppress(ProcessLookupError):
        os.kill(json.loads(holder)["pid"], signal.SIGTERM)
    until(lambda: not held.read_text(), held.read_text)


def needed() -> None:
    """Skip the test, naming what to install, unless the bench can be built here."""
    for name, package in (("ip", "iproute2"), ("snmpd", "snmpd"), ("socat", "socat")):
        program(name, package)
    if ctypes.util.find_library("modbus") is None:
        pytest.skip("libmodbus is missing: apt install libmodbus5")
    if not namespaces_can_be_made():
        pytest.skip("this user may not make network namespaces: run as root, or in a container with CAP_SYS_ADMIN")


def _without(text: str, devices: Mapping[str, str]) -> str:
    """The rig file without those devices; its wiring, which is the twin's, keeps them."""
    yaml = YAML()
    data = yaml.load(text)
    for name in devices:
        del data["devices"][name]
    path = Path(tempfile.mkstemp(suffix=".yaml")[1])
    try:
        yaml.dump(data, path)
        return path.read_text()
    finally:
        path.unlink()


@contextmanager
def _acting(folder: Path, loopback: str) -> Iterator[None]:
    """Our own emulators, in a process of their own."""
    site = folder / "acting.yaml"
    text = (SOFTWARE / "acting.yaml").read_text().replace("127.77.0", loopback)
    site.write_text(text.replace("site: acting", f"site: acting-{os.getpid()}"))
    log = folder / "acting.log"
    with background([sys.executable, "-m", "twinfeed.harness.cli", "up", str(site), "--json"], log):
        until(lambda: '"ready"' in log.read_text(), log.read_text)
        yield


@contextmanager
def _serial_line(folder: Path, loopback: str) -> Iterator[None]:
    """A line of this computer with two meters on it."""
    with _pair(folder, "meters") as port:
        units = ("1=meter-1", "2=meter-2")
        with _script(folder, "pymodbus_line", port, str(SOFTWARE / "registers.yaml"), *units):
            yield


@contextmanager
def _gateway(folder: Path, loopback: str) -> Iterator[None]:
    """A line with one meter, unit 5, behind a serial gateway."""
    with (
        _pair(folder, "behind-gateway") as port,
        _script(folder, "libmodbus_meter", port, str(SOFTWARE / "registers.yaml"), "5", "meter-3"),
        _script(folder, "gateway", f"{loopback}.20", "1502", str(folder / "behind-gateway")),
    ):
        yield


@contextmanager
def _pair(folder: Path, name: str) -> Iterator[str]:
    """Two pseudo-terminals with a wire between them: `name` for the master; the other's path is given."""
    ends = [folder / name, folder / f"{name}-device"]
    command = [program("socat", "socat"), *(f"pty,raw,echo=0,link={end}" for end in ends)]
    with background(command, folder / f"{name}.log"):
        until(lambda: all(end.exists() for end in ends))
        yield str(ends[1])


@contextmanager
def _script(folder: Path, name: str, *arguments: str) -> Iterator[None]:
    """One of the programs beside this file."""
    log = folder / f"{name}.log"
    with background([sys.executable, str(SOFTWARE / f"{name}.py"), *arguments], log):
        until(lambda: "serving" in log.read_text(), log.read_text)
        yield


@contextmanager
def _recorded(folder: Path, loopback: str, recordings: Path) -> Iterator[None]:
    """snmpsim with an engine for each recording."""
    snmpsim = shutil.which("snmpsim-command-responder", path=str(Path(sys.executable).parent))
    if snmpsim is None:
        pytest.skip("snmpsim-command-responder is missing: pip install snmpsim")
    command = [snmpsim, f"--cache-dir={folder / 'cache'}"]
    if os.getuid() == 0:  # it runs as root only if it has a user to become
        command += ["--process-user", "root", "--process-group", "root"]
    for number, (device, recording) in enumerate(RECORDED.items(), 30):
        data = folder / device
        data.mkdir()
        shutil.copy(recordings / f"{recording}.snmprec", data / "public.snmprec")  # the community is the file's name
        command += ["--v3-engine-id=auto", f"--data-dir={data}", f"--agent-udpv4-endpoint={loopback}.{number}:1161"]
    log = folder / "snmpsim.log"
    with background(command, log):
        until(lambda: log.read_text().count("Listening at") == len(RECORDED), log.read_text)
        yield


def main() -> None:
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # it tidies up for `kill` as well
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
    shared = Path(os.environ.get("TWINFEED_SHARED", FOLDER.parents[3] / "shared")) / "data" / "recordings"
    with (
        tempfile.TemporaryDirectory(prefix="twinfeed-bench-") as folder,
        bench_of_programs(Path(folder), shared if shared.is_dir() else None) as bench,
    ):
        print("The bench is up. In another terminal:")
        for name, value in bench.environment.items():
            print(f"  export {name}={value}")
        print(
            f"  twinfeed rig check {bench.rig}\n  twinfeed rig arm {bench.rig} --as 'Bench Runner'\n  pytest {FOLDER / 'acceptance'} --rig {bench.rig}\nCtrl-C ends it.",
            flush=True,
        )
        with suppress(KeyboardInterrupt):
            signal.pause()


if __name__ == "__main__":
    main()
