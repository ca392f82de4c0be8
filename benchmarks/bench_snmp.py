"""Requests a second of SNMP agents on one core: `python -m benchmarks.bench_snmp [--rounds N] [--seconds S]`.

net-snmp's snmpd, pysnmp's command responder, snmpsim and ours take turns on core 0, each in a process of its own;
the same C program asks from core 1 through 32 sockets. All serve the system group of this machine's snmpd (pysnmp:
the one it brings along). GET asks for one variable, a different one each time; GETBULK for 25 from the start of the
group. Ours runs three times: `live` with a plant that moves 20 times a second, `restless` with one that moved at
every request (no encoding is used twice), `forgetful` remembering no requests besides (each is parsed anew).
The generator's own use of its core is printed: near 1.00 it would be what is measured.

Needs Linux with two cores, gcc, and snmpd and snmp (`apt install snmpd snmp`).
"""

import argparse
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from twinfeed.emulators.wire.snmp.ber import Oid, Syntax, encode_oid, format_oid, parse_oid
from twinfeed.emulators.wire.snmp.message import (
    PduType,
    VarBind,
    Version,
    decode_varbind,
    encode_community_message,
    encode_pdu,
    encode_sequence,
    read_community_message,
    read_pdu,
    read_version,
)

PEERS = Path(__file__).parent / "peers_snmp"
AGENT_CORE, LOAD_CORE = 0, 1
SOCKETS = 32
HOST = "127.12.7.1"
SYSTEM: Oid = (1, 3, 6, 1, 2, 1, 1)
REPETITIONS = 25
SNMPD_CONF = """\
rocommunity public 127.0.0.0/8 -V bench
view bench included .1.3.6.1.2.1.1
sysLocation bench
sysContact bench
dontLogTCPWrappersConnects yes
"""


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def request(pdu_type: int, oid: Oid, first: int = 0, second: int = 0) -> bytes:
    binding = encode_sequence(encode_oid(oid), b"\x05\x00")
    pdu = encode_pdu(pdu_type, 0x01020304, first, second, [binding])
    return encode_community_message(Version.V2C, b"public", pdu)


def ask(port: int, datagram: bytes) -> list[VarBind] | None:
    """The bindings answered, None when nobody does within half a second."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(0.5)
        client.connect((HOST, port))
        try:
            client.send(datagram)
            answer = client.recv(65535)
        except (TimeoutError, ConnectionRefusedError):
            return None
    _, start, end = read_version(answer)
    pdu = read_pdu(answer, read_community_message(answer, start, end).pdu_start, end)
    return list(map(decode_varbind, pdu.varbinds))


class Peer:
    """An agent process pinned to its core, stopped on leaving."""

    def __init__(self, name: str, port: int, command: list[str], log: Path) -> None:
        self.name, self.port = name, port
        self.rates: dict[str, list[float]] = {"GET": [], "GETBULK": []}
        with log.open("w") as output:
            self.process = subprocess.Popen(
                ["taskset", "-c", str(AGENT_CORE), *command], stdout=output, stderr=output, cwd=PEERS.parents[2]
            )
        deadline = time.monotonic() + 20
        while ask(port, request(PduType.GET, (*SYSTEM, 1, 0))) is None:
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise SystemExit(f"{name} does not answer on {HOST}:{port}; it says:\n{log.read_text()}")
            time.sleep(0.1)

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def record(port: int, path: Path) -> None:
    """Write what the agent offers of the system group as a .snmprec file."""
    name: Oid = SYSTEM
    lines = []
    while bindings := ask(port, request(PduType.GET_NEXT, name)):
        name, syntax, value = bindings[0]
        if syntax == Syntax.END_OF_MIB_VIEW or name[: len(SYSTEM)] != SYSTEM:
            break
        if isinstance(value, tuple):
            text = format_oid(value)
        else:
            text = value.decode("ascii", "replace") if isinstance(value, bytes) else str(value)
        lines.append(f"{format_oid(name)}|{int(syntax)}|{text}\n")
    path.write_text("".join(lines))


def measure(load: Path, peer: Peer, requests: list[bytes], seconds: float) -> tuple[float, int, int, float, int]:
    """Answers a second, requests lost, wrong answers, cores the generator used, octets an answer."""
    output = subprocess.run(
        ["taskset", "-c", str(LOAD_CORE), str(load), HOST, str(peer.port), str(seconds), str(SOCKETS)],
        input="".join(line.hex() + "\n" for line in requests),
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    return float(output[0]), int(output[1]), int(output[2]), float(output[3]), int(output[4])


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--seconds", type=float, default=2.0, help="of each measurement")
    options = arguments.parse_args()
    for program in ("gcc", "snmpd", "taskset"):
        if shutil.which(program) is None:
            sys.exit(f"{program} is missing: apt install gcc snmpd util-linux")
    with tempfile.TemporaryDirectory() as folder:
        run(Path(folder), options.rounds, options.seconds)


def run(folder: Path, rounds: int, seconds: float) -> None:
    load = folder / "load"
    subprocess.run(["gcc", "-O2", "-o", str(load), str(PEERS / "load.c")], check=True)
    conf = folder / "snmpd.conf"
    conf.write_text(SNMPD_CONF)
    recordings = folder / "recordings"
    recordings.mkdir()
    recording = recordings / "public.snmprec"
    os.environ["SNMP_PERSISTENT_DIR"] = str(folder)
    snmpsim = shutil.which("snmpsim-command-responder", path=str(Path(sys.executable).parent))
    peers: list[Peer] = []

    def start(name: str, command: list[str]) -> None:
        port = free_port()
        command = [part.format(host=HOST, port=port) for part in command]
        peers.append(Peer(name, port, command, folder / f"{len(peers)}.log"))

    try:
        start("snmpd", ["snmpd", "-f", "-LF", "3", "/dev/null", "-C", "-c", str(conf), "udp:{host}:{port}"])
        record(peers[0].port, recording)
        names = [parse_oid(line.split("|")[0]) for line in recording.read_text().splitlines()]
        start("pysnmp", [sys.executable, str(PEERS / "pysnmp_agent.py"), "{host}", "{port}"])
        if snmpsim is None:
            print("snmpsim is not installed: left out (pip install snmpsim)")
        else:
            # snmpsim runs as root only if it has a user to become
            identity = ["--process-user", "root", "--process-group", "root"] if os.getuid() == 0 else []
            options = [f"--data-dir={recordings}", f"--cache-dir={folder / 'cache'}", "--logging-method=null"]
            start("snmpsim", [snmpsim, *identity, *options, "--agent-udpv4-endpoint={host}:{port}"])
        module = [sys.executable, "-m", "benchmarks.peers_snmp.our_agent", "{host}", "{port}", str(recording)]
        for mode in ("live", "restless", "forgetful"):
            start(f"ours, {mode}", [*module, mode])

        scalars = [request(PduType.GET, name) for name in names if name[-1] == 0]
        bulk = [request(PduType.GET_BULK, SYSTEM, 0, REPETITIONS)]
        print(f"{len(names)} variables; {rounds} rounds of {seconds:g} s; {SOCKETS} sockets")
        for number in range(1, rounds + 1):
            for peer in peers:
                for kind, requests in (("GET", scalars), ("GETBULK", bulk)):
                    rate, lost, wrong, cores, octets = measure(load, peer, requests, seconds)
                    peer.rates[kind].append(rate)
                    print(
                        f"round {number}  {peer.name:24}{kind:8}{rate:10,.0f}/s  lost {lost}  wrong {wrong}  "
                        f"generator {cores:.2f} cores  {octets} octets"
                    )
    finally:
        for peer in peers:
            peer.stop()
    reference = peers[0]
    print("\nmedian                   GET/s   x snmpd   GETBULK 25/s   x snmpd")
    for peer in peers:
        get, bulk_rate = (statistics.median(peer.rates[kind]) for kind in ("GET", "GETBULK"))
        get_ratio = get / statistics.median(reference.rates["GET"])
        bulk_ratio = bulk_rate / statistics.median(reference.rates["GETBULK"])
        print(f"{peer.name:22}{get:10,.0f}{get_ratio:9.2f}{bulk_rate:14,.0f}{bulk_ratio:11.2f}")


if __name__ == "__main__":
    main()
