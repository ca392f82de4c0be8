"""Views, levels and contexts of users (RFC 3415), requested with messages of their own level."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from snmp_manager import SYSTEM, TABLE, V2C, Device
from snmp_manager import ask as asked

from twinfeed.emulators.wire.snmp import (
    ALL,
    NOTHING,
    AccessEntry,
    AuthProtocol,
    Engine,
    ErrorStatus,
    MibTree,
    Oid,
    PduType,
    PrivProtocol,
    SnmpAgent,
    Subtree,
    Syntax,
    User,
    VarBind,
    View,
    parse_subtree,
)
from twinfeed.emulators.wire.snmp.access import SeenTree, entry_for
from twinfeed.emulators.wire.snmp.ber import encode_oid_content
from twinfeed.emulators.wire.snmp.message import (
    ScopedPdu,
    decode_varbind,
    encode_pdu,
    encode_scoped_pdu,
    encode_varbind,
    read_pdu,
    read_scoped_pdu,
    read_v3_message,
    read_version,
)
from twinfeed.emulators.wire.snmp.usm import decrypt, read_security_parameters, write_message

ENGINE_ID = bytes.fromhex("80001f8804616363657373")
NO_AUTH, AUTH, PRIV = 0, 1, 3
SYS_NAME, LIMIT = (*SYSTEM, 5, 0), (*SYSTEM, 7, 0)
SYSTEM_ONLY = View((Subtree(SYSTEM),))


def view(*texts: str) -> View:
    return View(tuple(map(parse_subtree, texts)))


def user(*access: AccessEntry, priv: PrivProtocol = PrivProtocol.AES128) -> User:
    return User(b"operator", b"auth-secret", b"priv-secret", AuthProtocol.SHA256, priv, access=access)


def agent_of(one: User, **options: Any) -> SnmpAgent:
    return Device().agent(users=[one], engine=Engine(ENGINE_ID, lambda: 2, lambda: 100), **options)


def ask(
    agent: SnmpAgent, one: User, level: int, tag: int, *bindings: VarBind, context: bytes = b""
) -> tuple[int, list[VarBind]]:
    """The error-status of the answer and its bindings."""
    pdu = encode_pdu(tag, 7, 0, 20 if tag == PduType.GET_BULK else 0, list(map(encode_varbind, bindings)))
    answer = agent.handle(
        write_message(
            msg_id=1,
            max_size=65507,
            flags=level | 4,
            engine_id=ENGINE_ID,
            boots=2,
            time_s=100,
            user=one,
            scoped_pdu=encode_scoped_pdu(ScopedPdu(ENGINE_ID, context, pdu)),
        )
    )
    assert answer is not None
    _, start, end = read_version(answer)
    message = read_v3_message(answer, start, end)
    security = read_security_parameters(message.security_parameters, message.security_start)
    scoped = read_scoped_pdu(decrypt(one, security, message.data) if message.flags & 2 else message.data)
    assert scoped.context_name == context or read_pdu(scoped.pdu, 0, len(scoped.pdu)).tag == PduType.REPORT
    found = read_pdu(scoped.pdu, 0, len(scoped.pdu))
    return found.error_status, list(map(decode_varbind, found.varbinds))


def name(oid: Oid) -> VarBind:
    return VarBind(oid, Syntax.NULL, None)


# levels ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("level", [NO_AUTH, AUTH, PRIV])
def test_a_user_is_served_from_the_level_its_entry_says(level: int) -> None:
    one = user(AccessEntry(AUTH))
    status, _ = ask(agent_of(one), one, level, PduType.GET, name(SYS_NAME))
    assert status == (ErrorStatus.NO_ERROR if level >= AUTH else ErrorStatus.AUTHORIZATION_ERROR)


def test_a_user_without_entries_is_served_at_its_own_level_only() -> None:
    one = user()
    agent = agent_of(one)
    assert ask(agent, one, AUTH, PduType.GET, name(SYS_NAME))[0] == ErrorStatus.AUTHORIZATION_ERROR
    assert ask(agent, one, PRIV, PduType.GET, name(SYS_NAME))[0] == ErrorStatus.NO_ERROR


def test_the_entry_of_the_highest_level_decides() -> None:
    one = user(AccessEntry(NO_AUTH, SYSTEM_ONLY), AccessEntry(PRIV, ALL, ALL))
    agent = agent_of(one)
    rename = VarBind(SYS_NAME, Syntax.OCTET_STRING, b"new")
    assert ask(agent, one, NO_AUTH, PduType.SET, rename)[0] == ErrorStatus.NO_ACCESS
    assert ask(agent, one, PRIV, PduType.SET, rename)[0] == ErrorStatus.NO_ERROR


# views -------------------------------------------------------------------------------------------------------


def test_what_is_not_in_the_view_is_no_such_object() -> None:
    one = user(AccessEntry(PRIV, view("1.3.6.1.2.1.1", "-1.3.6.1.2.1.1.5")))
    _, found = ask(agent_of(one), one, PRIV, PduType.GET, name(SYS_NAME), name((*SYSTEM, 1, 0)))
    assert [binding.syntax for binding in found] == [Syntax.NO_SUCH_OBJECT, Syntax.OCTET_STRING]


@pytest.mark.parametrize("tag", [PduType.GET_NEXT, PduType.GET_BULK])
def test_a_walk_shows_the_view_and_nothing_else(tag: int) -> None:
    one = user(AccessEntry(PRIV, view("1.3.6.1.2.1.1", "-1.3.6.1.2.1.1.5", "1.3.6.1.4.1.53864.1.*.2")))
    agent, seen, at = agent_of(one), [], name((1, 3))
    while True:
        _, found = ask(agent, one, PRIV, tag, at)
        if any(binding.syntax == Syntax.END_OF_MIB_VIEW for binding in found):
            seen += [binding.oid for binding in found if binding.syntax != Syntax.END_OF_MIB_VIEW]
            break
        seen += [binding.oid for binding in found]
        at = name(seen[-1])
    assert seen == [
        *((*SYSTEM, number, 0) for number in (1, 2, 3, 7)),
        (*TABLE, 1, 2),
        (*TABLE, 2, 2),
    ]


def test_setting_outside_the_write_view_is_no_access_and_sets_nothing() -> None:
    one = user(AccessEntry(PRIV, ALL, view("1.3.6.1.2.1.1.5")))
    agent = agent_of(one)
    both = VarBind(SYS_NAME, Syntax.OCTET_STRING, b"new"), VarBind(LIMIT, Syntax.INTEGER, 1)
    assert ask(agent, one, PRIV, PduType.SET, *both)[0] == ErrorStatus.NO_ACCESS
    assert ask(agent, one, PRIV, PduType.GET, name(SYS_NAME))[1][0].value == b"pdu-a"
    assert ask(agent, one, PRIV, PduType.SET, both[0])[0] == ErrorStatus.NO_ERROR
    assert ask(agent, one, PRIV, PduType.GET, name(SYS_NAME))[1][0].value == b"new"


def test_a_view_follows_rows_and_values() -> None:
    device = Device()
    tree = MibTree(device.instances(), lambda: device.moved)
    seen = SeenTree(tree, view("1.3.6.1.4.1"))
    seen.refresh()
    assert len(seen) == 6
    device.rows.append(14)
    tree.replace(device.instances())
    seen.refresh()
    assert len(seen) == 8
    place = seen.find(encode_oid_content((*TABLE, 1, 1)))
    assert place is not None
    before = seen.encode(place)
    device.rows[0], device.moved = 99, 1
    seen.refresh()
    assert seen.encode(place) != before


numbers = st.lists(st.integers(0, 3), min_size=1, max_size=5).map(tuple)
families = st.builds(Subtree, st.lists(st.integers(-1, 3), min_size=1, max_size=5).map(tuple), st.booleans())


@given(st.lists(families, max_size=6), numbers)
def test_the_longest_family_decides(subtrees: list[Subtree], oid: Oid) -> None:
    matching = [
        s for s in subtrees if len(s.oid) <= len(oid) and all(a in (-1, b) for a, b in zip(s.oid, oid, strict=False))
    ]
    longest = max((len(s.oid) for s in matching), default=0)
    deciding = {s.included for s in matching if len(s.oid) == longest}
    included = View(tuple(subtrees)).includes(oid)
    assert included in deciding if deciding else not included


@pytest.mark.parametrize("text", ["", "1..3", "1.3.x", "-", "1.3.4294967296", "1.3.-4", "sysName", "1 .3"])
def test_what_is_no_subtree(text: str) -> None:
    with pytest.raises(ValueError, match="expected a subtree such as"):
        parse_subtree(text)


# contexts ----------------------------------------------------------------------------------------------------


def test_variables_are_served_in_the_contexts_there_are() -> None:
    one = user(AccessEntry(PRIV))
    agent = agent_of(one, contexts=(b"", b"bypass"))
    assert ask(agent, one, PRIV, PduType.GET, name(SYS_NAME), context=b"bypass")[1][0].value == b"pdu-a"
    _, report = ask(agent, one, PRIV, PduType.GET, name(SYS_NAME), context=b"elsewhere")
    assert report[0].oid == (1, 3, 6, 1, 6, 3, 12, 1, 5, 0)  # snmpUnknownContexts, RFC 3413 §4.1


def test_an_entry_may_be_for_one_context() -> None:
    one = user(AccessEntry(PRIV, SYSTEM_ONLY), AccessEntry(AUTH, ALL, ALL, (b"bypass",)))
    agent = agent_of(one, contexts=(b"", b"bypass"))
    rename = VarBind(SYS_NAME, Syntax.OCTET_STRING, b"new")
    assert ask(agent, one, PRIV, PduType.SET, rename)[0] == ErrorStatus.NO_ACCESS
    assert ask(agent, one, AUTH, PduType.SET, rename)[0] == ErrorStatus.AUTHORIZATION_ERROR
    assert ask(agent, one, AUTH, PduType.SET, rename, context=b"bypass")[0] == ErrorStatus.NO_ERROR


def test_no_entry_no_access() -> None:
    assert entry_for([AccessEntry(AUTH, ALL, NOTHING, (b"x",))], PRIV, b"") is None


# encryption --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("priv", list(PrivProtocol))
@pytest.mark.parametrize("repetitions", range(1, 4))
def test_an_encrypted_answer_keeps_to_the_size_the_manager_takes(priv: PrivProtocol, repetitions: int) -> None:
    one = user(AccessEntry(PRIV), priv=priv)
    agent = agent_of(one)
    bindings = [encode_varbind(name((1, 3, 6, 1, 2, 1)))] * repetitions
    pdu = encode_pdu(PduType.GET_BULK, 7, 0, 50, bindings)
    answer = agent.handle(
        write_message(
            msg_id=1,
            max_size=484,
            flags=PRIV | 4,
            engine_id=ENGINE_ID,
            boots=2,
            time_s=100,
            user=one,
            scoped_pdu=encode_scoped_pdu(ScopedPdu(ENGINE_ID, b"", pdu)),
        )
    )
    assert answer is not None
    assert len(answer) <= 484


# communities -------------------------------------------------------------------------------------------------


def test_a_community_sees_and_sets_its_views_in_v1_and_v2c() -> None:
    device = Device()
    agent = device.agent()
    agent.communities = {b"noc": AccessEntry(0, view("1.3.6.1.2.1.1", "-1.3.6.1.2.1.1.1"), view("1.3.6.1.2.1.1.5"))}
    for version in (1, 2):
        how = {"version": version, "community": b"noc"}
        assert asked(agent, "Get", SYS_NAME, **how).values == [b"pdu-a"]
        assert asked(agent, "GetNext", (1, 3), **how).names == [(*SYSTEM, 2, 0)]
        refused = asked(agent, "Get", (*SYSTEM, 1, 0), **how)
        assert refused.status == 2 if version == 1 else refused.values == [None]
        for _ in range(2):  # the second answer is a remembered one
            assert asked(agent, "Get", LIMIT, **how).values == [device.limit]
        device.limit, device.moved = device.limit + 1, device.moved + 1
        assert asked(agent, "Get", LIMIT, **how).values == [device.limit]
    assert asked(agent, "Set", (LIMIT, V2C.Integer(3)), community=b"noc").status == ErrorStatus.NO_ACCESS
    assert asked(agent, "Set", (SYS_NAME, V2C.OctetString("new")), community=b"noc").status == ErrorStatus.NO_ERROR


def test_a_view_shows_the_answer_faults_of_the_tree() -> None:
    class Odd(MibTree):
        def encode(self, position: int) -> bytes:
            return b"odd"

    device = Device()
    seen = SeenTree(Odd(device.instances(), lambda: device.moved), SYSTEM_ONLY)
    assert seen.encode(0) == b"odd"
