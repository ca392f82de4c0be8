"""Inline proxies: the faults of messages and of paths between any client and any server, hardware included."""

from twinfeed.harness.faults.proxy.base import NotLoopback, Proxy
from twinfeed.harness.faults.proxy.proxies import Proxies
from twinfeed.harness.faults.proxy.serial import SerialProxy
from twinfeed.harness.faults.proxy.tcp import TcpProxy
from twinfeed.harness.faults.proxy.udp import UdpProxy

__all__ = ["NotLoopback", "Proxies", "Proxy", "SerialProxy", "TcpProxy", "UdpProxy"]
