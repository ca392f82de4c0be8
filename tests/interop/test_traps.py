"""net-snmp's snmptrapd receives the notifications of the bench's devices, in every version of the protocol."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from benches import bench_on
from external import background, free_port, program, until
from net_snmp import NetSnmp
from running import Running

from twinfeed.emulators.site import Site

pytestmark = pytest.mark.interop

VERSIONS = ("v1", "v2c", "v3", "inform")
"""The values of `trap_version` in a site file."""

ENTERPRISE_SPECIFIC = "6"
"""Generic trap code of RFC 1157."""


class Event(NamedTuple):
    """Something happens at the site, and a device announces it."""

    device: str
    notification: str
    """`MODULE::name`."""
    carries: tuple[str, ...]
    """Objects of that module its variables are of (the module's OBJECTS or VARIABLES clause)."""
    happen: Callable[[Site], object]
    undo: Callable[[Site], object]


def _fault(target: str, kind: str) -> tuple[Callable[[Site], object], Callable[[Site], object]]:
    return lambda site: site.inject(target, kind), lambda site: site.clear(target, kind)


def _write(device: str, point: str, value: float | str, back: float | str) -> tuple[Callable[[Site], object], ...]:
    return lambda site: site[device].write(point, value), lambda site: site[device].write(point, back)


EVENTS = {
    "a three-phase UPS goes on battery": Event(
        "ups-1",
        "UPS-MIB::upsTrapOnBattery",
        ("upsEstimatedMinutesRemaining", "upsSecondsOnBattery", "upsConfigLowBattTime"),
        *_fault("utility-a", "outage"),
    ),
    "its alarm table gets a row": Event(
        "ups-1", "UPS-MIB::upsTrapAlarmEntryAdded", ("upsAlarmDescr",), *_fault("ups-1", "fan")
    ),
    "a single-phase UPS goes on battery": Event(
        "ups-2", "PowerNet-MIB::upsOnBattery", ("mtrapargsString",), *_fault("utility-b", "sag")
    ),
    "an outlet is switched off": Event(
        "pdu-1",
        "PowerNet-MIB::rPDUOutletOff",
        ("rPDUIdentSerialNumber", "rPDUIdentName"),
        *_write("pdu-1", "outlet.2.control", "off", "on"),
    ),
    "a phase is over its threshold": Event(
        "pdu-1",
        "PowerNet-MIB::rPDUBankPhaseNearOverload",
        ("rPDUIdentSerialNumber", "rPDUIdentName", "rPDULoadStatusBankNumber", "rPDULoadStatusPhaseNumber"),
        *_write("pdu-1", "phase.1.near_overload_threshold", 1.0, 25.0),
    ),
    "a breaker trips": Event(
        "pdu-2",
        "PDU2-MIB::overCurrentProtectorSensorStateChange",
        ("pduName", "overCurrentProtectorLabel", "measurementsOverCurrentProtectorSensorState"),
        *_fault("pdu-2", "bank-trip"),
    ),
    "a source is lost": Event(
        "ats-1",
        "PowerNet-MIB::atsSourceStatusFail",
        ("atsIdentSerialNumber", "atsConfigProductName", "mtrapargsString"),
        *_fault("pdu-1", "inlet-loss"),
    ),
    "a device is dead, its port has no carrier": Event(
        "switch-1", "IF-MIB::linkDown", ("ifIndex", "ifAdminStatus", "ifOperStatus"), *_fault("pdu-1", "inlet-loss")
    ),
}


class Receiver(NamedTuple):
    """A bench and the snmptrapd it reports to."""

    version: str
    live: Running
    log: Path

    def heard(self) -> list[str]:
        return [line for line in self.log.read_text(errors="replace").splitlines() if line.startswith("HEARD ")]

    def hear(self, device: str, number: str, after: int = 0) -> str:
        """The first notification of that name from that device, beyond the first `after` of any."""
        sender = f"[{self.live.endpoint(device, 'snmp').address}]"

        def told() -> list[str]:
            return [line for line in self.heard()[after:] if sender in line and _is(line, number)]

        until(lambda: bool(told()), lambda: f"no {number} from {sender} in\n{self.log.read_text()}", 8.0)
        return told()[0]


@pytest.fixture(scope="module", params=VERSIONS)
def receiver(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Receiver]:
    version: str = request.param
    snmptrapd = program("snmptrapd", "snmptrapd")
    folder = tmp_path_factory.mktemp(f"traps-{version}")
    port = free_port(socket.SOCK_DGRAM)
    with bench_on(folder, traps=f'["127.0.0.1:{port}"]', trap_version=version) as live:
        engines = [agent.engine.engine_id.hex() for agent in live.live.agents.values()]
        user = "twinfeed SHA twinfeed-auth AES twinfeed-priv"
        (folder / "trapd.conf").write_text(
            "\n".join(
                [
                    "authCommunity log public",
                    "authUser log twinfeed",
                    *(f"createUser -e 0x{engine} {user}" for engine in engines),
                ]
            )
        )
        form = "HEARD %b | %w | %N | %q | %v\\n"  # sender; generic, enterprise and specific of version 1; variables
        command = [snmptrapd, "-f", "-Lo", "-On", "-n", "-C", "-c", str(folder / "trapd.conf"), "-x", "", "-F", form]
        log = folder / "trapd.log"
        with background([*command, f"udp:127.0.0.1:{port}"], log, NetSnmp(live, None, folder).environment):
            until(lambda: "NET-SNMP version" in log.read_text(), log.read_text)
            yield Receiver(version, live, log)


@pytest.mark.parametrize("event", EVENTS.values(), ids=EVENTS)
def test_an_event_reaches_the_receiver(receiver: Receiver, net_snmp: NetSnmp, event: Event) -> None:
    module, _, name = event.notification.partition("::")
    number, *objects = (net_snmp.translate(module, wanted) for wanted in (name, *event.carries))
    before = len(receiver.heard())
    receiver.live.do(lambda: event.happen(receiver.live.site))
    try:
        receiver.live.advance(60.0)
        line = receiver.hear(event.device, number, before)
    finally:
        receiver.live.do(lambda: event.undo(receiver.live.site))
        receiver.live.advance(600.0)
    variables = [variable.split(" = ")[0].strip() for variable in line.rpartition(" | ")[2].split("\t")]
    places = [[n for n, v in enumerate(variables) if v.startswith(f".{oid}.")] for oid in objects]
    assert all(places), f"{event.carries} are to be in {variables}"
    assert places == sorted(places), "the variables come in the order of the module"


def test_a_row_that_is_gone_is_named_by_the_notification_that_says_so(receiver: Receiver, net_snmp: NetSnmp) -> None:
    added, removed, named = (
        net_snmp.translate("UPS-MIB", name)
        for name in ("upsTrapAlarmEntryAdded", "upsTrapAlarmEntryRemoved", "upsAlarmDescr")
    )
    lines = []
    for happen, number in (("inject", added), ("clear", removed)):
        before = len(receiver.heard())
        receiver.live.do(lambda verb=happen: getattr(receiver.live.site, verb)("ups-1", "charger"))
        receiver.live.advance(60.0)
        lines.append(receiver.hear("ups-1", number, before))
    rows = [re.findall(rf"\.{re.escape(named)}\.\d+ = OID: \S+", line) for line in lines]
    assert rows[0] == rows[1] != []


def _is(line: str, number: str) -> bool:
    """True if that is the notification: by snmpTrapOID or, in version 1, by the codes RFC 3584 §3.2 gives it."""
    _, generic, enterprise, specific, variables = line.removeprefix("HEARD ").split(" | ", 4)
    if not enterprise.strip("."):
        return f".1.3.6.1.6.3.1.1.4.1.0 = OID: .{number}\t" in variables + "\t"
    if generic == ENTERPRISE_SPECIFIC:
        return f".{number}" in (f"{enterprise}{specific}", f"{enterprise}.0{specific}")
    return number == f"1.3.6.1.6.3.1.1.5.{int(generic) + 1}"
