"""Inline proxies: the faults of messages and of paths between any client and any server, hardware included."""

from harness.faults.proxy.base import NotLoopback, Proxy
from harness.faults.proxy.proxies import Proxies
from harness.faults.proxy.serial import SerialProxy
from harness.faults.proxy.tcp import TcpProxy
from harness.faults.proxy.udp import UdpProxy

__all__ = ["NotLoopback", "Proxies", "Proxy", "SerialProxy", "TcpProxy", "UdpProxy"]
