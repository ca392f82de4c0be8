"""The tree of variables: order, what is cached for how long, what is shared."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from snmp_manager import SYSTEM, TABLE, Device, ask

from twinfeed.emulators.wire.snmp import Instance, MibTree, Syntax
from twinfeed.emulators.wire.snmp.ber import decode_oid, encode_oid_content

names = st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=4).map(lambda tail: (1, 3, *tail))


def tree_of(oids: list[tuple[int, ...]]) -> MibTree:
    return MibTree([Instance(oid, Syntax.INTEGER, lambda: 1) for oid in oids], lambda: 0)


@given(st.sets(names, min_size=1, max_size=20), names)
def test_the_next_name_is_the_smallest_greater_one(oids: set[tuple[int, ...]], name: tuple[int, ...]) -> None:
    tree = tree_of(list(oids))
    position = tree.after(encode_oid_content(name))
    greater = sorted(oid for oid in oids if oid > name)
    assert list(tree.layout.oids[position:]) == greater


def test_two_instances_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match=r"two instances are named 1\.3\.6"):
        tree_of([(1, 3, 6), (1, 3, 5), (1, 3, 6)])


def test_a_value_is_read_once_a_revision() -> None:
    device = Device()
    agent = device.agent()
    for _ in range(5):
        assert ask(agent, "Get", (*SYSTEM, 5, 0)).values == [b"pdu-a"]
    assert device.reads == 1


def test_a_new_revision_shows_the_new_value() -> None:
    device = Device()
    agent = device.agent()
    assert ask(agent, "Get", (*SYSTEM, 5, 0)).values == [b"pdu-a"]
    device.name = b"pdu-b"
    device.moved += 1
    assert ask(agent, "Get", (*SYSTEM, 5, 0)).values == [b"pdu-b"]


def test_a_volatile_value_is_read_every_time() -> None:
    device = Device()
    agent = device.agent()
    for uptime in (100, 101, 102):
        device.uptime = uptime
        assert ask(agent, "Get", (*SYSTEM, 3, 0), (*SYSTEM, 5, 0)).values == [uptime, b"pdu-a"]
        assert ask(agent, "GetBulk", SYSTEM, max_repetitions=4).values[2] == uptime


def test_rows_that_appear_and_disappear() -> None:
    device = Device()
    agent = device.agent()
    assert ask(agent, "Get", (*TABLE, 1, 4)).bindings[0][1] == "NoSuchInstance"
    device.rows.append(14)
    agent.tree.replace(device.instances())
    assert ask(agent, "Get", (*TABLE, 1, 4)).values == [14]
    device.rows = [11]
    agent.tree.replace(device.instances())
    assert ask(agent, "Get", (*TABLE, 1, 4)).bindings[0][1] == "NoSuchInstance"
    assert ask(agent, "GetNext", (*TABLE, 1, 1)).names == [(*TABLE, 2, 1)]


def test_devices_of_one_model_share_their_names() -> None:
    one, other = Device().agent(), Device().agent()
    assert one.tree.layout is other.tree.layout


def test_a_column_without_rows_is_still_an_object() -> None:
    tree = MibTree([Instance((1, 3, 6, 1, 0), Syntax.INTEGER, lambda: 1)], lambda: 0, objects=[(1, 3, 6, 5, 1)])
    assert tree.has_object((1, 3, 6, 5, 1, 7))
    assert not tree.has_object((1, 3, 6, 5, 2, 7))


def test_the_index_length_tells_the_object_from_the_instance() -> None:
    row = Instance((1, 3, 6, 1, 4, 10, 0, 0, 1), Syntax.INTEGER, lambda: 1, index_length=4)
    tree = MibTree([row], lambda: 0)
    assert tree.has_object((1, 3, 6, 1, 4, 10, 0, 0, 2))
    assert tree.has_object((1, 3, 6, 1, 4))
    assert not tree.has_object((1, 3, 6, 1, 3, 10, 0, 0, 1))


@given(st.sets(names, min_size=1, max_size=20))
def test_every_instance_is_found_by_its_encoded_name(oids: set[tuple[int, ...]]) -> None:
    tree = tree_of(list(oids))
    for name in tree.layout.names:
        position = tree.find(name)
        assert position is not None
        assert tree.layout.oids[position] == decode_oid(name)
