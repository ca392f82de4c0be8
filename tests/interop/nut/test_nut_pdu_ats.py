"""NUT (Network UPS Tools) watches and commands a rack PDU and a rack transfer switch of the bench through upsd."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from external import until
from nut import Nut
from running import Running

pytestmark = pytest.mark.interop

ACCESS = {
    "pdu-1": ["mibs = apc_pdu", "snmp_version = v1", "community = private"],
    "ats-1": [
        *("mibs = apc_ats", "snmp_version = v3", "secLevel = authPriv", "secName = twinfeed"),
        *("authProtocol = SHA", "authPassword = twinfeed-auth"),
        *("privProtocol = AES", "privPassword = twinfeed-priv"),
    ],
}
"""The driver's settings."""


@pytest.fixture(scope="module")
def nut(bench: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nut]:
    devices = {device: [f"port = {bench.at(device)}", *lines] for device, lines in ACCESS.items()}
    with Nut(tmp_path_factory.mktemp("nut"), devices).serving() as served:
        yield served


def test_the_pdus_outlets_and_load_are_the_plants(bench: Running, nut: Nut) -> None:
    pdu: Any = bench.site.components["pdu-1"]
    seen = nut.variables("pdu-1")
    relays, watts = bench.do(lambda: (list(pdu.state.relays), pdu.load_kw * 1000))
    assert [seen[f"outlet.{n}.status"] for n in range(1, 25)] == ["on" if closed else "off" for closed in relays]
    assert float(seen["input.realpower"]) == pytest.approx(watts, abs=10)


def test_an_outlet_switched_by_someone_else_is_seen(bench: Running, nut: Nut) -> None:
    for word in ("off", "on"):
        bench.do(lambda to=word: bench.site["pdu-1"].write("outlet.2.control", to))
        nut.until("pdu-1", "outlet.2.status", word)


def test_nuts_own_attempt_is_refused_as_the_mib_demands(bench: Running, nut: Nut) -> None:
    """NUT 2.8.0 has no instant commands for these outlets and sets sPDUOutletCtl, an INTEGER, to the text "off"."""
    assert nut.set("pdu-1", "outlet.2.status", "off") == "ERR FAILED"
    until(lambda: "(badValue)" in nut.log("pdu-1"))
    assert bench.do(lambda: bench.site["pdu-1"].read("outlet.2.state")) == "on"


def test_the_transfer_switchs_sources_are_the_plants(bench: Running, nut: Nut) -> None:
    ats: Any = bench.site.components["ats-1"]
    seen = nut.variables("ats-1")
    active, a, b = bench.do(lambda: (ats.active, ats.seen["a"].volts[0], ats.seen["b"].volts[0]))
    assert seen["input.source"] == {"a": "1", "b": "2"}[active]
    assert float(seen["input.1.voltage"]) == pytest.approx(a, abs=0.51)
    assert float(seen["input.2.voltage"]) == pytest.approx(b, abs=0.51)


def test_a_lost_source_and_the_transfer_are_seen(bench: Running, nut: Nut) -> None:
    bench.do(lambda: bench.site["pdu-1"].write("outlet.9.control", "off"))
    try:
        nut.until("ats-1", "input.1.voltage", "0")
        nut.until("ats-1", "input.source", "2")
    finally:
        bench.do(lambda: bench.site["pdu-1"].write("outlet.9.control", "on"))
        bench.advance(120.0)
    nut.until("ats-1", "input.source", "1")


def test_setting_the_preferred_source_moves_the_load(bench: Running, nut: Nut) -> None:
    ats: Any = bench.site.components["ats-1"]
    for source, terminal in (("2", "b"), ("1", "a")):
        assert nut.set("ats-1", "input.source.preferred", source) == "SUCCESS"
        until(lambda wanted=terminal: bench.do(lambda: ats.preferred) == wanted)
        bench.advance(120.0)
        assert bench.do(lambda: ats.active) == terminal
        nut.until("ats-1", "input.source", source)


def test_sensitivity_is_set_by_its_word(bench: Running, nut: Nut) -> None:
    for word in ("low", "high"):
        assert nut.set("ats-1", "input.sensitivity", word) == "SUCCESS"
        until(lambda wanted=word: bench.do(lambda: bench.site["ats-1"].read("setting.sensitivity")) == wanted)
