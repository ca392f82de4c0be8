"""URLs of devices, and the transports for them.

    snmp://192.0.2.7             SNMPv2c, port 161
    snmp+v1://192.0.2.7:1161     SNMPv1
    snmp+v3://192.0.2.7          SNMPv3, as the user of the credentials; ?context=NAME for another than the default
    snmp+tcp://192.0.2.7         the same over TCP (RFC 3430): snmp+tcp, snmp+v1+tcp, snmp+v3+tcp
    modbus://192.0.2.8:1502/3    Modbus TCP, unit 3 (default 1)
    modbus+rtu://192.0.2.9:4001/3         RTU frames on a TCP connection
    modbus+udp://192.0.2.8/3              MBAP frames in datagrams
    modbus+serial:/dev/ttyUSB0/3?baud=9600&parity=N&stop=2    RTU on a serial line (default 19200, E, 1)

An IPv6 address stands in brackets: snmp://[2001:db8::7]:1161.

These are the forms in which transports name themselves and `twinfeed devices` names endpoints.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, Unpack, cast
from urllib.parse import SplitResult, parse_qsl, urlsplit

from twinfeed._phrases import Phrase
from twinfeed.harness.transports.modbus.transport import MODBUS_PORT, ModbusTransport
from twinfeed.harness.transports.snmp.stream import Over
from twinfeed.harness.transports.snmp.target import SNMP_PORT, TIMEOUT_S
from twinfeed.harness.transports.snmp.transport import SnmpTransport
from twinfeed.harness.transports.snmp.usm import AUTH, PRIV, AuthProtocol, PrivProtocol, UsmUser, protocol
from twinfeed.harness.transports.tries import TryOptions

FORMS = (
    "snmp://HOST[:PORT], snmp+v1://…, snmp+v3://…, snmp+tcp://…, modbus://HOST[:PORT]/UNIT, modbus+rtu://…, "
    "modbus+udp://… or "
    "modbus+serial:/dev/ttyUSB0/UNIT?baud=9600&parity=N"
)
SNMP = ("snmp", "snmp+v1", "snmp+v3", "snmp+tcp", "snmp+v1+tcp", "snmp+v3+tcp")
SCHEMES = (*SNMP, "modbus", "modbus+rtu", "modbus+udp", "modbus+serial")


@dataclass(frozen=True)
class Credentials:
    """The credentials for agents: the community of v1 and v2c, the user of v3."""

    community: str = field(default="public", repr=False)
    user: str = ""
    auth_password: str = field(default="", repr=False)
    priv_password: str = field(default="", repr=False)
    auth: str = "sha"
    priv: str = "aes128"

    def usm(self) -> UsmUser:
        """The SNMPv3 user. Raises ValueError if the credentials make no user."""
        names = protocol(self.auth), protocol(self.priv)
        for written, name, known in ((self.auth, names[0], AUTH), (self.priv, names[1], PRIV)):
            if name not in known:
                raise ValueError(
                    Phrase("found {written!r}, expected one of {known}", written=written, known=", ".join(known))
                )
        if not self.user:
            raise ValueError(Phrase("snmp+v3 needs a user"))
        auth, priv = cast(AuthProtocol, names[0]), cast(PrivProtocol, names[1])
        return UsmUser(self.user, self.auth_password, self.priv_password, auth, priv)


def is_url(text: str) -> bool:
    """True if a text is a URL, not a file or a name."""
    return text.partition(":")[0] in SCHEMES


def opened(text: str, credentials: Credentials, **tries: Unpack[TryOptions]) -> SnmpTransport | ModbusTransport:
    """The transport to that address; nothing is sent yet. A try has `TIMEOUT_S` of SNMP by default.

    Raises:
        ValueError: not an address; the message shows the forms.
    """
    tries = {"timeout_s": TIMEOUT_S, **tries}
    url = urlsplit(text)
    try:
        port = url.port
    except ValueError:
        port = -1
    if url.scheme not in SCHEMES or port == -1:
        raise ValueError(Phrase("found {text!r}, expected {forms}", text=text, forms=FORMS))
    if url.scheme == "modbus+serial":
        return _serial(url, tries)
    if not url.hostname:
        raise ValueError(Phrase("found {text!r}, expected a host: {forms}", text=text, forms=FORMS))
    if url.scheme.startswith("snmp"):
        place = url.hostname, SNMP_PORT if port is None else port
        over: Over = "tcp" if url.scheme.endswith("+tcp") else "udp"
        options = dict(parse_qsl(url.query))
        context = options.pop("context", "")
        if url.scheme.startswith("snmp+v3") and not options:
            return SnmpTransport.v3(*place, user=credentials.usm(), context=context, over=over, **tries)
        if url.query:
            raise ValueError(
                Phrase(
                    "found ?{query} in {text!r}, expected ?context=NAME of an SNMPv3 address, or nothing",
                    query=url.query,
                    text=text,
                )
            )
        make = SnmpTransport.v1 if url.scheme.startswith("snmp+v1") else SnmpTransport.v2c
        return make(*place, credentials.community, over=over, **tries)
    opens = {
        "modbus": ModbusTransport.tcp,
        "modbus+rtu": ModbusTransport.rtu_over_tcp,
        "modbus+udp": ModbusTransport.udp,
    }
    unit = _unit(url, url.path.strip("/"))
    return opens[url.scheme](url.hostname, MODBUS_PORT if port is None else port, unit, **tries)


def _serial(url: SplitResult, tries: TryOptions) -> ModbusTransport:
    device, _, unit = url.path.rpartition("/")
    if not unit.isdigit() or device in ("", "/dev"):  # no unit was given
        device, unit = url.path, ""
    options = dict(parse_qsl(url.query))
    baud, parity, stop = options.pop("baud", "19200"), options.pop("parity", "E"), options.pop("stop", "1")
    if options or not baud.isdigit() or parity not in ("N", "E", "O") or stop not in ("1", "2") or not device:
        raise ValueError(
            Phrase("found {url!r}, expected modbus+serial:/dev/ttyUSB0/1?baud=9600&parity=N&stop=2", url=url.geturl())
        )
    return ModbusTransport.serial(
        device,
        _unit(url, unit),
        baud=int(baud),
        parity=cast(Literal["N", "E", "O"], parity),
        stop_bits=int(stop),
        **tries,
    )


def _unit(url: SplitResult, text: str) -> int:
    if text and not (text.isdigit() and int(text) <= 255):
        raise ValueError(Phrase("found unit {text!r} in {url!r}, expected 0 to 255", text=text, url=url.geturl()))
    return int(text or "1")
