"""The errors between the harness and a device."""

from __future__ import annotations

from typing import Self

from twinfeed._phrases import Phrase

OCTETS_SHOWN = 64
"""Number of octets of a wrong answer that the message shows; the error holds all of them."""


class TransportError(Exception):
    """A device could not be read or written.

    `what` is the event, `address` the place on the device (URL and register or OID), `octets` what came back if
    that is what was wrong. Device and point are added by the handle, which alone knows them.
    """

    def __init__(self, what: str, address: str, octets: bytes = b"") -> None:
        super().__init__(what)
        self.what = what
        self.address = address
        self.octets = octets
        self.device = ""
        self.point = ""

    def named(self, device: str, point: str) -> Self:
        """A copy of the error, with the device and the requested points in its message."""
        self.device, self.point = device, point
        return self

    def __str__(self) -> str:
        who = " ".join(part for part in (self.device, self.point) if part)
        where = Phrase("{who} at {address}", who=who, address=self.address) if who else self.address
        shown = self.octets[:OCTETS_SHOWN].hex(" ")
        if len(self.octets) > OCTETS_SHOWN:
            shown = Phrase("{shown} … {n} in all", shown=shown, n=len(self.octets))
        return f"{where}: {self.what} ({Phrase('octets {shown}', shown=shown)})" if shown else f"{where}: {self.what}"


def url(scheme: str, host: str, port: int) -> str:
    """An address in the form of `urls` and of messages: `modbus://[::1]:502`."""
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


class NoAnswer(TransportError):
    """No answer came within the timeout of each try."""


class WrongAnswer(TransportError):
    """The answer is wrong: undecodable, or of another type, length or request."""


class Refused(WrongAnswer):
    """The device refused with an exception code or an error-status.

    `code` is that number, 0 for a variable that is not there.
    """

    def __init__(self, what: str, address: str, octets: bytes = b"", *, code: int = 0) -> None:
        super().__init__(what, address, octets)
        self.code = code


class NotAdmitted(Refused):
    """An SNMPv3 agent refused the user, not the request: user, keys or clocks do not agree (RFC 3414 §3.2)."""


class NotShown(TransportError):
    """The device's profile has no such point, or shows it over a protocol this handle has no transport for."""
