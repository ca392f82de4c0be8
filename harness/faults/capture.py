"""Frames as a pcapng file that Wireshark and tshark read, with the times of the run they are from.

What is recorded is messages; the packets around them are made when the file is written: Ethernet, IP, UDP, or TCP with
a handshake and consistent sequence numbers. Addresses and ports are the true ones, so ports other than 502 and 161 have
to be named to tshark; `Capture.decode_as` has them, and so does the comment of each conversation's first packet:

    tshark -r frames.pcapng -o mbtcp.tcp.port:1502 -d udp.port==1161,snmp
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, NamedTuple

Carrier = Literal["tcp", "udp"]
Place = tuple[str, int]
"""An IP address and a port."""

LONGEST_SEGMENT = 65_000
"""Octets of one TCP segment here: what one IP packet holds. A longer message becomes several."""

_TICK_S = 1e-6
"""pcapng's clock as scapy's writer sets it."""


class Frame(NamedTuple):
    """A message, or an event of a connection: `flags` are TCP's, as scapy writes them."""

    t_s: float
    src: Place
    dst: Place
    carrier: Carrier
    payload: bytes
    comment: str
    flags: str = "PA"


class Capture:
    """Records in memory, about 200 octets a message more than the message; `close` writes the file, 1 ms a message.

    `epoch_s` is added to all times: the Unix time at which the run began where it has one, else 0. A context manager.
    """

    def __init__(self, path: Path | str, epoch_s: float = 0.0) -> None:
        self.path = Path(path)
        self.frames: list[Frame] = []
        self._epoch_s = epoch_s
        self._decoders: dict[tuple[Carrier, int], str] = {}

    def decode_as(self, carrier: Carrier, port: int, protocol: str) -> None:
        """Wireshark's name of the protocol of that port: mbtcp, mbrtu, snmp."""
        self._decoders[carrier, port] = protocol

    @property
    def tshark_options(self) -> list[str]:
        """The options with which tshark decodes this file."""
        # A Modbus dissector separates questions from answers by the ports of its preference, which `-d` does not touch.
        modbus = [str(port) for (_, port), name in self._decoders.items() if name == "mbtcp"]
        options = ["-o", f"mbtcp.tcp.port:{','.join(modbus)}"] if modbus else []
        for (carrier, port), name in self._decoders.items():
            options += ["-d", f"{carrier}.port=={port},{name}"] if name != "mbtcp" else []
        return options

    def frame(self, t_s: float, src: Place, dst: Place, carrier: Carrier, payload: bytes, comment: str = "") -> None:
        """A message from `src` to `dst`; the first one of a TCP connection comes after a handshake `src` begins."""
        self.frames.append(Frame(t_s, src, dst, carrier, payload, comment))

    def opened(self, t_s: float, client: Place, server: Place, comment: str = "") -> None:
        """A TCP connection begins, even if nothing is ever sent on it."""
        self.frames.append(Frame(t_s, client, server, "tcp", b"", comment, "S"))

    def closed(self, t_s: float, src: Place, dst: Place, comment: str = "", reset: bool = False) -> None:
        """`src` ends a TCP connection, orderly or by a reset."""
        self.frames.append(Frame(t_s, src, dst, "tcp", b"", comment, "R" if reset else "FA"))

    def close(self) -> None:
        """Write the file; what was recorded is forgotten.

        Raises:
            OSError: the file cannot be written.
        """
        # Imported here: scapy takes half a second, and most runs record nothing.
        from scapy.utils import PcapNgWriter

        with PcapNgWriter(str(self.path)) as writer:
            for packet in _packets(
                self.frames,
                self._epoch_s,
                "decode with: tshark " + " ".join(self.tshark_options) if self._decoders else "",
            ):
                writer.write(packet)
        self.frames = []

    def __enter__(self) -> Capture:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.close()


def _packets(frames: list[Frame], epoch_s: float, hint: str) -> Iterator[Any]:
    """scapy's packets for these frames, in the order of their times."""
    from scapy.layers.inet import UDP
    from scapy.packet import Raw

    connections: dict[tuple[Place, Place], _Connection] = {}
    known: set[tuple[Place, Place]] = set()
    for frame in sorted(frames, key=lambda frame: frame.t_s):
        ends = min(frame.src, frame.dst), max(frame.src, frame.dst)
        comments = [frame.comment] if frame.comment else []
        if ends not in known:
            known.add(ends)
            comments += [hint] if hint else []
        if frame.carrier == "udp":
            udp = UDP(sport=frame.src[1], dport=frame.dst[1])
            packets = [_network(frame.src, frame.dst) / udp / Raw(frame.payload)]
        else:
            if frame.flags == "S" or ends not in connections:
                connections[ends] = _Connection()
            packets = connections[ends].packets(frame)
            if frame.flags == "R":
                del connections[ends]
        for packet in packets:
            # Half a tick more: the writer cuts off what is below one.
            packet.time = epoch_s + round(frame.t_s / _TICK_S) * _TICK_S + _TICK_S / 2
        if packets:
            packets[-1].comments = [text.encode() for text in comments] or None
        yield from packets


class _Connection:
    """Sequence numbers of a TCP connection."""

    def __init__(self) -> None:
        self._next: dict[Place, int] = {}

    def packets(self, frame: Frame) -> list[Any]:
        """The packets of a frame, the handshake first if there was none."""
        made: list[Any] = []
        if not self._next:
            made += [self._segment(frame.src, frame.dst, "S", b""), self._segment(frame.dst, frame.src, "SA", b"")]
            made += [self._segment(frame.src, frame.dst, "A", b"")]
        if frame.flags == "S":
            return made
        for at in range(0, max(1, len(frame.payload)), LONGEST_SEGMENT):
            made.append(self._segment(frame.src, frame.dst, frame.flags, frame.payload[at : at + LONGEST_SEGMENT]))
        return made

    def _segment(self, src: Place, dst: Place, flags: str, payload: bytes) -> Any:
        from scapy.layers.inet import TCP
        from scapy.packet import Raw

        seq, ack = self._next.get(src, 0), self._next.get(dst, 0)
        self._next[src] = (seq + len(payload) + ("S" in flags or "F" in flags)) % 2**32
        tcp = TCP(sport=src[1], dport=dst[1], flags=flags, seq=seq, ack=ack if "A" in flags else 0, window=65535)
        packet = _network(src, dst) / tcp
        return packet / Raw(payload) if payload else packet


def _network(src: Place, dst: Place) -> Any:
    from scapy.layers.inet import IP
    from scapy.layers.inet6 import IPv6
    from scapy.layers.l2 import Ether

    here, there = ip_address(src[0]), ip_address(dst[0])
    network = (IP if here.version == 4 else IPv6)(src=str(here), dst=str(there))
    return Ether(src=_mac(src), dst=_mac(dst)) / network


def _mac(place: Place) -> str:
    """A locally administered address, another one for each host."""
    return "02:00:" + ":".join(f"{octet:02x}" for octet in ip_address(place[0]).packed[-4:])
