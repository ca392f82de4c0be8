"""Faults of messages that installed packages add: functions of octets, in every world that alters messages."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest

from twinfeed.emulators.errors import FileError
from twinfeed.emulators.plant.kernel.faults import Parameter
from twinfeed.harness.faults.frames import BY_NAME, Tamper, WireFault, added, kinds, protocols

READ = bytes.fromhex("0001 0000 0006 01 03 0000 0001")
ANSWER = bytes.fromhex("0001 0000 0005 01 03 02 0007")
RTU_READ = bytes.fromhex("01 03 0000 0001 84 0a")
RTU_ANSWER = bytes.fromhex("01 03 02 0007 f9 86")
SNMP_GET = bytes.fromhex("3026020101040670 75626c6963a01902010702010002010030 0e300c06082b060102010101000500")


def marked(octets: bytes, parameters: Mapping[str, float], rng: Random) -> bytes:
    return octets + bytes([int(parameters["mark"])])


BOTH = WireFault(
    "messages get another octet", parameters={"mark": Parameter(1, "", 0, 255)}, request=marked, answer=marked
)

Install = Callable[[Mapping[str, Any]], None]


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Make a package add these faults of the wire; afterwards all is as before."""
    point = SimpleNamespace(name="acme", group="twinfeed.faults", value="acme:FAULTS", dist=None)

    def add(faults: Mapping[str, Any]) -> None:
        monkeypatch.setattr(added, "added_faults", lambda: ((point, "wire", faults),))
        forget()

    yield add
    monkeypatch.undo()
    forget()


def forget() -> None:
    added.added.cache_clear()
    vars(BY_NAME).pop("_all", None)


@pytest.mark.parametrize(
    ("speaks", "request_", "answer"),
    [("modbus-tcp", READ, ANSWER), ("modbus-rtu", RTU_READ, RTU_ANSWER), ("snmp", SNMP_GET, SNMP_GET)],
)
def test_it_alters_requests_and_answers_while_it_is_active(
    install: Install, speaks: added.Speaks, request_: bytes, answer: bytes
) -> None:
    install({"marked": BOTH})
    tamper = Tamper(1, speaks)
    tamper.apply("marked", {"mark": 9})
    assert tamper.request(request_) == [request_ + b"\x09"]
    assert tamper.answer(answer) == [answer + b"\x09"]
    tamper.lift("marked")
    assert (tamper.request(request_), tamper.answer(answer)) == ([request_], [answer])


def test_it_is_in_the_catalogue_of_the_wire_with_its_protocols(install: Install) -> None:
    install({"marked": WireFault("for one protocol", ("snmp",), answer=marked)})
    assert BY_NAME["marked"].family == "protocol"
    assert len(BY_NAME) == len(kinds.KINDS) + 1
    assert protocols("marked") == ("snmp",)
    with pytest.raises(ValueError, match="marked is a fault of snmp; here modbus-tcp is spoken"):
        Tamper(1, "modbus-tcp").apply("marked")


@pytest.mark.parametrize(
    ("faults", "why"),
    [
        ({"marked": "octets"}, "has 'octets' as wire marked, expected a WireFault"),
        ({"garbage": BOTH}, "has the fault 'garbage', which messages have already"),
    ],
)
def test_a_package_that_is_wrong_is_named(install: Install, faults: Mapping[str, Any], why: str) -> None:
    install(faults)
    with pytest.raises(FileError, match=why):
        list(BY_NAME)


@pytest.mark.parametrize("arguments", [{}, {"protocols": ("dnp3",), "answer": marked}])
def test_a_fault_that_can_do_nothing_is_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"expected some of|needs a function"):
        WireFault("nothing", **arguments)
