"""Notifications as pysnmp reads them, and the time for which an inform is repeated."""

from typing import Any

import pytest
from pyasn1.codec.ber import decoder, encoder
from snmp_manager import V1, V2C, Device

from twinfeed.emulators.wire.snmp import (
    COLD_START,
    LINK_DOWN,
    Engine,
    Notification,
    NotificationOriginator,
    Oid,
    Syntax,
    Target,
    User,
    VarBind,
    Version,
    engine_id_from_text,
)
from twinfeed.emulators.wire.snmp.notify import MAX_WAITING, v1_trap_fields

RECEIVER = ("127.0.0.1", 162)
ON_BATTERY: Oid = (1, 3, 6, 1, 2, 1, 33, 2, 1)  # upsTrapOnBattery, RFC 1628
UPS_TRAPS: Oid = (1, 3, 6, 1, 2, 1, 33, 2)
MINUTES = VarBind((1, 3, 6, 1, 2, 1, 33, 1, 2, 3, 0), Syntax.INTEGER, 12)
ENGINE = Engine(engine_id_from_text(53864, b"ups-a"), boots=lambda: 2, time_s=lambda: 50)


def originator(*targets: Target, engine: Engine | None = None) -> NotificationOriginator:
    return NotificationOriginator(targets, uptime=lambda: 360_000, agent_address=bytes((127, 0, 0, 9)), engine=engine)


def only_datagram(sender: NotificationOriginator, now_s: float) -> bytes:
    ((_, datagram),) = sender.poll(now_s)
    return datagram


def test_a_v2c_trap_as_pysnmp_reads_it() -> None:
    sender = originator(Target(RECEIVER, community=b"traps"))
    sender.notify(Notification(ON_BATTERY, [MINUTES]), 0.0)
    message, rest = decoder.decode(only_datagram(sender, 0.0), asn1Spec=V2C.Message())
    assert not rest
    assert bytes(V2C.apiMessage.get_community(message)) == b"traps"
    pdu = V2C.apiMessage.get_pdu(message)
    assert isinstance(pdu, V2C.SNMPv2TrapPDU)
    bindings = [(tuple(name), value) for name, value in V2C.apiPDU.get_varbinds(pdu)]
    assert [name for name, _ in bindings] == [
        (1, 3, 6, 1, 2, 1, 1, 3, 0),
        (1, 3, 6, 1, 6, 3, 1, 1, 4, 1, 0),
        MINUTES.oid,
    ]
    assert (int(bindings[0][1]), tuple(bindings[1][1]), int(bindings[2][1])) == (360_000, ON_BATTERY, 12)


def test_a_v1_trap_as_pysnmp_reads_it() -> None:
    sender = originator(Target(RECEIVER, Version.V1))
    sender.notify(Notification(ON_BATTERY, [MINUTES]), 0.0)
    message, rest = decoder.decode(only_datagram(sender, 0.0), asn1Spec=V1.Message())
    assert not rest
    pdu = V1.apiMessage.get_pdu(message)
    trap = V1.apiTrapPDU
    assert tuple(trap.get_enterprise(pdu)) == UPS_TRAPS
    assert bytes(trap.get_agent_address(pdu)) == bytes((127, 0, 0, 9))
    assert (int(trap.get_generic_trap(pdu)), int(trap.get_specific_trap(pdu))) == (6, 1)
    assert int(trap.get_timestamp(pdu)) == 360_000
    assert [(tuple(name), int(value)) for name, value in trap.get_varbinds(pdu)] == [(MINUTES.oid, 12)]


@pytest.mark.parametrize(
    ("notification", "fields"),
    [
        # RFC 3584 §3.2: standard traps, a name with a zero before its last number, and one without
        (Notification(COLD_START), ((1, 3, 6, 1, 6, 3, 1, 1, 5), 0, 0)),
        (Notification(LINK_DOWN), ((1, 3, 6, 1, 6, 3, 1, 1, 5), 2, 0)),
        (Notification((1, 3, 6, 1, 4, 1, 318, 0, 5)), ((1, 3, 6, 1, 4, 1, 318), 6, 5)),
        (Notification(ON_BATTERY), (UPS_TRAPS, 6, 1)),
        (Notification(COLD_START, enterprise=(1, 3, 6, 1, 4, 1, 318)), ((1, 3, 6, 1, 4, 1, 318), 0, 0)),
        (Notification(ON_BATTERY, generic=6, specific=99), (UPS_TRAPS, 6, 99)),
    ],
)
def test_the_v1_form_of_a_notification(notification: Notification, fields: tuple[Oid, int, int]) -> None:
    assert v1_trap_fields(notification) == fields


def test_snmp_trap_enterprise_names_the_v1_enterprise_of_a_standard_trap() -> None:
    enterprise = VarBind((1, 3, 6, 1, 6, 3, 1, 1, 4, 3, 0), Syntax.OBJECT_IDENTIFIER, (1, 3, 6, 1, 4, 1, 318))
    assert v1_trap_fields(Notification(COLD_START, [enterprise])) == ((1, 3, 6, 1, 4, 1, 318), 0, 0)


def test_v1_cannot_say_counter64() -> None:
    sender = originator(Target(RECEIVER, Version.V1))
    sender.notify(Notification(ON_BATTERY, [VarBind((1, 3, 6), Syntax.COUNTER64, 1)]), 0.0)
    assert sender.poll(0.0) == []
    assert sender.untranslatable == 1


def test_a_trap_is_sent_once_to_every_target() -> None:
    targets = [Target(("127.0.0.1", port)) for port in (162, 1162)]
    sender = originator(*targets)
    sender.notify(Notification(COLD_START), 0.0)
    assert [target for target, _ in sender.poll(0.0)] == targets
    assert sender.poll(100.0) == []
    assert sender.next_due_s() is None


INFORM = Target(RECEIVER, inform=True, timeout_s=2.0, retries=3)


def acknowledgement(inform: bytes, status: int = 0) -> bytes:
    """pysnmp's decoding of an inform, and its answer."""
    message, _ = decoder.decode(inform, asn1Spec=V2C.Message())
    asked = V2C.apiMessage.get_pdu(message)
    response = V2C.ResponsePDU()
    V2C.apiPDU.set_defaults(response)
    V2C.apiPDU.set_request_id(response, V2C.apiPDU.get_request_id(asked))
    V2C.apiPDU.set_error_status(response, status)
    V2C.apiPDU.set_varbinds(response, V2C.apiPDU.get_varbinds(asked))
    V2C.apiMessage.set_pdu(message, response)
    octets: bytes = encoder.encode(message)
    return octets


def test_an_inform_is_repeated_until_its_tries_are_used_up() -> None:
    sender = originator(INFORM)
    sender.notify(Notification(COLD_START), 10.0)
    sent = []
    now_s = 10.0
    while (due_s := sender.next_due_s()) is not None:
        now_s = max(now_s, due_s)
        sent += [(now_s, datagram) for _, datagram in sender.poll(now_s)]
    assert [time for time, _ in sent] == [10.0, 12.0, 14.0, 16.0]
    assert len({datagram for _, datagram in sent}) == 1  # the same inform, request-id and uptime included
    assert (now_s, sender.given_up, sender.acknowledged) == (18.0, 1, 0)


def test_an_acknowledged_inform_is_not_repeated() -> None:
    sender = originator(INFORM)
    happened = Notification(ON_BATTERY, [MINUTES])
    sender.notify(happened, 0.0)
    answer = acknowledgement(only_datagram(sender, 0.0))
    assert sender.receive(answer, 0.5) is happened
    assert sender.receive(answer, 0.6) is None
    assert (sender.poll(100.0), sender.acknowledged) == ([], 1)


def test_what_acknowledges_nothing_is_ignored() -> None:
    sender = originator(INFORM)
    sender.notify(Notification(COLD_START), 0.0)
    inform = only_datagram(sender, 0.0)
    for datagram in (
        b"",
        b"\x30\x00",
        inform,
        acknowledgement(inform)[:-1],
        acknowledgement(inform).replace(b"pub", b"bup"),
    ):
        assert sender.receive(datagram, 0.1) is None
    assert sender.next_due_s() == 2.0


def test_a_receiver_that_answers_with_an_error_did_not_take_the_inform() -> None:
    sender = originator(INFORM)
    sender.notify(Notification(COLD_START), 0.0)
    assert sender.receive(acknowledgement(only_datagram(sender, 0.0), status=5), 0.1) is None
    assert (sender.acknowledged, sender.given_up, sender.next_due_s()) == (0, 1, None)


def test_what_waits_is_bounded() -> None:
    sender = originator(INFORM)
    for _ in range(MAX_WAITING + 10):
        sender.notify(Notification(COLD_START), 0.0)
    assert len(sender.poll(0.0)) == MAX_WAITING
    assert sender.given_up == 10


def test_a_v3_inform_discovers_the_receivers_engine_first() -> None:
    # The receiver is an agent: it knows no informs, but its engine answers discovery and checks security.
    user = User(b"notifier", b"auth-secret", b"priv-secret")
    clock: dict[str, Any] = {"boots": 5, "time_s": 9000}
    engine = Engine(engine_id_from_text(53864, b"receiver"), lambda: clock["boots"], lambda: clock["time_s"])
    receiver = Device().agent(users=[user], engine=engine)
    sender = originator(Target(RECEIVER, Version.V3, user=user, inform=True, timeout_s=2.0), engine=ENGINE)
    sender.notify(Notification(COLD_START), 0.0)
    discovery = only_datagram(sender, 0.0)
    report = receiver.handle(discovery)
    assert report is not None
    sender.receive(report, 0.1)
    clock.update(boots=6, time_s=3)  # the receiver restarts meanwhile: the first inform is outside its window
    late = receiver.handle(only_datagram(sender, 0.1))
    assert late is not None
    sender.receive(late, 0.2)
    inform = only_datagram(sender, 0.2)
    assert engine.engine_id in inform
    refused = receiver.handle(inform)  # snmpUnknownPDUHandlers: security was passed
    assert refused is not None
    assert sender.receive(refused, 0.3) is None
    assert sender.next_due_s() == 2.2


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"version": Version.V1, "inform": True}, "SNMPv1 has no informs"),
        ({"version": Version.V3}, "sent as a user"),
    ],
)
def test_targets_that_cannot_be(options: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        Target(RECEIVER, **options)


def test_v3_needs_an_engine() -> None:
    with pytest.raises(ValueError, match="need the device's engine"):
        originator(Target(RECEIVER, Version.V3, user=User(b"notifier")))
