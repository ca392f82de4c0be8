"""SET: everything is checked before anything is written, and undone when a write fails."""

from collections.abc import Callable
from typing import Any

import pytest
from snmp_manager import SYSTEM, TABLE, V2C, Device, ask, request

from twinfeed.emulators.wire.snmp import (
    Access,
    Counter,
    ErrorStatus,
    InconsistentValue,
    Instance,
    MibTree,
    SetError,
    SnmpAgent,
    Syntax,
    WrongLength,
    WrongValue,
    agent_instances,
)

PRIVATE: dict[str, Any] = {"community": b"private"}
NAME, LIMIT = (*SYSTEM, 5, 0), (*SYSTEM, 7, 0)


def test_a_set_writes_and_answers_with_what_was_asked() -> None:
    device = Device()
    agent = device.agent()
    asked = [(NAME, V2C.OctetString(b"pdu-b")), (LIMIT, V2C.Integer32(35))]
    answer = ask(agent, "Set", *asked, **PRIVATE)
    assert (answer.status, answer.values) == (ErrorStatus.NO_ERROR, [b"pdu-b", 35])
    assert (device.name, device.limit) == (b"pdu-b", 35)


def test_what_was_set_is_read_back_though_the_revision_stayed() -> None:
    agent = Device().agent()
    assert ask(agent, "Get", NAME, **PRIVATE).values == [b"pdu-a"]
    ask(agent, "Set", (NAME, V2C.OctetString(b"pdu-b")), **PRIVATE)
    assert ask(agent, "Get", NAME, **PRIVATE).values == [b"pdu-b"]


def test_a_set_repeated_is_written_again() -> None:
    device = Device()
    agent = device.agent()
    for _ in range(2):
        device.name = b"reset meanwhile"
        ask(agent, "Set", (NAME, V2C.OctetString(b"pdu-b")), **PRIVATE)
        assert device.name == b"pdu-b"


@pytest.mark.parametrize(
    ("name", "value", "v2", "v1"),
    [
        ((*SYSTEM, 1, 0), V2C.OctetString(b"x"), ErrorStatus.NOT_WRITABLE, ErrorStatus.NO_SUCH_NAME),
        ((*SYSTEM, 9, 0), V2C.OctetString(b"x"), ErrorStatus.NOT_WRITABLE, ErrorStatus.NO_SUCH_NAME),
        ((*SYSTEM, 5, 1), V2C.OctetString(b"x"), ErrorStatus.NO_CREATION, ErrorStatus.NO_SUCH_NAME),
        ((*TABLE, 1, 9), V2C.Gauge32(1), ErrorStatus.NOT_WRITABLE, ErrorStatus.NO_SUCH_NAME),
        (NAME, V2C.Integer32(1), ErrorStatus.WRONG_TYPE, ErrorStatus.BAD_VALUE),
        (LIMIT, V2C.Gauge32(1), ErrorStatus.WRONG_TYPE, ErrorStatus.BAD_VALUE),
    ],
)
def test_what_cannot_be_set(name: Any, value: Any, v2: ErrorStatus, v1: ErrorStatus) -> None:
    device = Device()
    agent = device.agent()
    good = (LIMIT, V2C.Integer32(1))
    answer = ask(agent, "Set", good, (name, value), **PRIVATE)
    assert (answer.status, answer.index) == (v2, 2)
    in_v1 = request("Set", good, (name, value), **PRIVATE).replace(b"\x02\x01\x01\x04", b"\x02\x01\x00\x04", 1)
    answered = agent.handle(in_v1)
    assert answered is not None
    assert b"\x02\x01" + bytes((v1,)) + b"\x02\x01\x02" in answered  # error-status, error-index 2
    assert device.limit == 40


def test_a_read_only_community_sets_nothing() -> None:
    device = Device()
    agent = device.agent()
    answer = ask(agent, "Set", (NAME, V2C.OctetString(b"x")))
    assert (answer.status, answer.index) == (ErrorStatus.NO_ACCESS, 1)
    assert device.name == b"pdu-a"
    assert agent.counter(Counter.IN_BAD_COMMUNITY_USES) == 1


class Outlets:
    """Outlets that note what is written; `jammed` ones fail to switch, a `stuck` one cannot be switched back."""

    def __init__(self, count: int, jammed: set[int] = frozenset(), stuck: set[int] = frozenset()) -> None:
        self.on = [1] * count
        self.written: list[tuple[int, Any]] = []
        self.jammed = jammed
        self.stuck = stuck

    def write(self, outlet: int, value: Any) -> None:
        if outlet in self.jammed or (outlet in self.stuck and value == 1):
            raise OSError(f"outlet {outlet} does not switch")
        self.written.append((outlet, value))
        self.on[outlet] = value

    def agent(self, check: Callable[[Any], None] | None = None) -> SnmpAgent:
        rows = [
            Instance(
                (*TABLE, 5, outlet),
                Syntax.INTEGER,
                lambda outlet=outlet: self.on[outlet],
                lambda value, outlet=outlet: self.write(outlet, value),
                check,
            )
            for outlet in range(len(self.on))
        ]
        return SnmpAgent(MibTree(rows, lambda: 0), {b"private": Access.READ_WRITE})


def switch_off(agent: SnmpAgent, outlets: int) -> tuple[int, int]:
    asked = [((*TABLE, 5, outlet), V2C.Integer32(2)) for outlet in range(outlets)]
    answer = ask(agent, "Set", *asked, **PRIVATE)
    return answer.status, answer.index


@pytest.mark.parametrize("refusal", [WrongValue, WrongLength, InconsistentValue])
def test_a_check_that_refuses_keeps_all_from_being_written(refusal: type[SetError]) -> None:
    outlets = Outlets(3)
    calls: list[Any] = []

    def check(value: Any) -> None:
        calls.append(value)
        if len(calls) == 3:
            raise refusal("only two outlets may be off")

    assert switch_off(outlets.agent(check), 3) == (refusal.status, 3)
    assert outlets.written == []


def test_a_write_that_fails_undoes_the_ones_before() -> None:
    outlets = Outlets(4, jammed={2})
    assert switch_off(outlets.agent(), 4) == (ErrorStatus.COMMIT_FAILED, 3)
    assert outlets.on == [1, 1, 1, 1]
    assert outlets.written == [(0, 2), (1, 2), (1, 1), (0, 1)]


def test_a_device_may_refuse_when_it_is_told_to_write() -> None:
    outlets = Outlets(2)

    def refuse(_: Any) -> None:
        raise InconsistentValue("the outlet is locked by its interlock")

    agent = outlets.agent()
    locked = Instance((*TABLE, 6, 0), Syntax.INTEGER, lambda: 1, refuse)
    agent.tree.replace([*agent.tree.instances, locked])
    asked = [((*TABLE, 5, 0), V2C.Integer32(2)), ((*TABLE, 6, 0), V2C.Integer32(2))]
    answer = ask(agent, "Set", *asked, **PRIVATE)
    assert (answer.status, answer.index) == (ErrorStatus.INCONSISTENT_VALUE, 2)
    assert outlets.on == [1, 1]


def test_an_undo_that_fails_is_said() -> None:
    outlets = Outlets(3, jammed={2}, stuck={0})
    assert switch_off(outlets.agent(), 3) == (ErrorStatus.UNDO_FAILED, 0)
    assert outlets.on == [2, 1, 1]


def test_the_advisory_lock_of_rfc_3418() -> None:
    agent = Device().agent()
    agent.tree.replace(agent_instances(agent))
    serial = (1, 3, 6, 1, 6, 3, 1, 1, 6, 1, 0)
    assert ask(agent, "Set", (serial, V2C.Integer32(0)), **PRIVATE).status == ErrorStatus.NO_ERROR
    assert ask(agent, "Set", (serial, V2C.Integer32(0)), **PRIVATE).status == ErrorStatus.INCONSISTENT_VALUE
    assert ask(agent, "Get", serial).values == [1]
