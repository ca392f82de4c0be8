"""What can be read of an agent with bad habits is read; what cannot is kept as a trouble.

The habits are those that users of monitoring programs have reported of real cards.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from quirky import ADDRESS, GET_NEXT, Quirky, listening, oid_of
from workers.examples import examples

from twinfeed.harness.characterise.recording.recorder import Recorder
from twinfeed.harness.characterise.recording.recording import Recording, Walk, load
from twinfeed.harness.characterise.recording.snmp_walk import SnmpWalker
from twinfeed.harness.characterise.recording.snmprec import Variable
from twinfeed.harness.transports import Refused, SnmpTransport, WrongAnswer
from twinfeed.harness.virtual.loop import VirtualLoop

GOOD = {n: Variable(oid_of(n), "integer", n * 10) for n in range(1, 13)}


def walked(agent: Quirky) -> Walk:
    """One walk of the agent, as a recording holds it."""
    return recorded(agent).walks[0]


def recorded(agent: Quirky, walks: int = 1) -> Recording:
    loop = VirtualLoop()
    recording = Recording({}, [Walk(n + 1, 0.0) for n in range(walks)])

    async def run() -> None:
        await listening(agent, loop)
        walker = SnmpWalker(SnmpTransport.v2c(*ADDRESS, retries=0), ["1.3.6.1"])
        await walker.identity()
        for walk in recording.walks:
            async for item in walker.walk(walk):
                Recording({}, [walk]).take({"t_s": 0.0, **item})
        walker.close()

    loop.run_until_complete(run())
    assert loop.failures == []
    loop.close()
    return recording


def ours(walk: Walk) -> dict[int, Variable]:
    """The variables of the walk by their numbers."""
    return {
        int(oid.split(".")[-2]): variable for oid, variable in walk.variables.items() if oid.startswith("1.3.6.1.4")
    }


def test_an_agent_without_bad_habits_is_no_trouble() -> None:
    walk = walked(Quirky())
    assert ours(walk) == GOOD
    assert walk.troubles == []


@pytest.mark.parametrize(
    ("value", "type", "kept", "trouble"),
    [
        ("0500", "null", b"", "NULL came in place of a value"),
        ("8100", "nosuchinstance", b"", "noSuchInstance came in place of a value"),
        ("8000", "nosuchobject", b"", "noSuchObject came in place of a value"),
        ("4104fffffff0", "counter32", 4294967280, "a Counter32 came with its sign bit"),
        ("4608fffffffffffffff0", "counter64", 2**64 - 16, "a Counter64 came with its sign bit"),
        ("020500ffffffff", "integer", b"\0\xff\xff\xff\xff", "an INTEGER of 33 bits, the most is 32"),
        (
            "0209010000000000000000",
            "integer",
            b"\1" + bytes(8),
            "an INTEGER of 66 bits, the most is 32; kept as octets",
        ),
        ("4000", "ipaddress", b"", "an IpAddress of 0 octets"),
        ("40080102030400000000", "ipaddress", b"\1\2\3\4\0\0\0\0", "an IpAddress of 8 octets"),
        ("0600", "oid", "0.0", "an OBJECT IDENTIFIER of no octets"),
        ("470105", "uinteger32", 5, ""),
        ("45021234", "nsapaddress", b"\x12\x34", ""),
        ("06052b0601808f", "oid", b"\x2b\x06\x01\x80\x8f", "ends in the middle of a sub-identifier"),
        ("06052b06018001", "oid", "1.3.6.1.1", ""),
        ("0903800001", "tag9", b"\x80\0\1", "tag 0x09 is no type of SNMP"),
        ("04206162", "string", b"ab", "a value that is none"),
    ],
)
def test_an_odd_value_costs_nothing_but_itself(value: str, type: str, kept: Any, trouble: str) -> None:
    walk = walked(Quirky({6: value}))
    found = ours(walk)
    assert {n: v for n, v in found.items() if n != 6} == {n: v for n, v in GOOD.items() if n != 6}
    assert found[6][1:] == (type, kept) or found[6].is_malformed
    assert (len(walk.troubles), trouble in "".join(walk.troubles)) == (bool(trouble), True)


@pytest.mark.parametrize(
    "agent",
    [
        Quirky(long_lengths=True),
        Quirky(trailing=b"\0\0"),
        Quirky(padded_names=True),
        Quirky(most_in_bulk=1),
        Quirky(values={6: "0500"}, long_lengths=True, trailing=b"\xff" * 9, padded_names=True),
    ],
    ids=lambda agent: "habits",
)
def test_the_form_of_a_message_costs_nothing(agent: Quirky) -> None:
    assert {**ours(walked(agent)), 6: GOOD[6]} == GOOD


def test_variables_out_of_order_are_kept_and_told_once() -> None:
    walk = walked(Quirky(order=(1, 2, 4, 3, 5, 8, 7, 6, 9, 10, 11, 12)))
    assert ours(walk) == GOOD
    assert walk.troubles == [
        "1.3.6.1.4.1.99999.1.3.0: variables come out of order",
        "snmp://127.12.0.9:161: variables come out of order: 3 variables in all",
    ]


def test_circles_end() -> None:
    walk = walked(Quirky(back_after=(6, 3)))
    assert ours(walk) == {n: GOOD[n] for n in range(1, 7)}
    assert "walks in circles" in walk.troubles[0]


def test_an_agent_without_getbulk_is_walked_with_getnext() -> None:
    walk = walked(Quirky(bulk=False))
    assert ours(walk) == GOOD
    assert walk.troubles == ["snmp://127.12.0.9:161: it does not answer GETBULK; it was walked with GETNEXT"]


def test_an_agent_without_v2c_is_walked_in_v1() -> None:
    agent = Quirky(v2c=False)
    walk = walked(agent)
    assert ours(walk) == GOOD
    assert "it does not answer SNMPv2c; it was asked in SNMPv1" in walk.troubles[0]
    assert agent.requests[-2][0] == GET_NEXT


def test_a_restart_in_the_middle_of_a_walk_marks_it() -> None:
    restarted = walked(Quirky(uptimes=[360_000, 360_000, 50]))
    assert restarted.restarted
    assert restarted.troubles == [
        "1.3.6.1.2.1.1.3.0: the device restarted in the middle of this walk: sysUpTime was 3600 s and then 0 s"
    ]
    assert not walked(Quirky(uptimes=[360_000, 360_001])).restarted


def test_a_restart_between_walks_is_a_trouble_of_the_later_one() -> None:
    first, second = recorded(Quirky(uptimes=[360_000, 360_000, 360_000, 100]), walks=2).walks
    assert (first.troubles, second.restarted) == ([], False)
    assert "the device restarted before this walk" in second.troubles[0]


def test_an_uptime_that_wraps_after_497_days_is_no_restart() -> None:
    assert not walked(Quirky(uptimes=[2**32 - 100, 2**32 - 100, 5])).restarted


VALUES = st.one_of(
    st.sampled_from(
        ("0500", "8000", "8100", "4101f0", "4000", "0600", "470105", "45021234", "0200", "06012b", "7f0100")
    ),
    st.tuples(st.integers(0, 255), st.binary(max_size=12)).map(
        lambda tlv: bytes([tlv[0], len(tlv[1])]).hex() + tlv[1].hex()
    ),
)


@given(
    st.builds(
        Quirky,
        st.dictionaries(st.integers(1, 12), VALUES, max_size=6),
        order=st.permutations(range(1, 13)).map(tuple),
        long_lengths=st.booleans(),
        trailing=st.binary(max_size=4),
        padded_names=st.booleans(),
        bulk=st.booleans(),
        v2c=st.booleans(),
        most_in_bulk=st.integers(1, 20),
    )
)
@settings(max_examples=examples(60), deadline=None)
def test_whatever_habits_come_together_good_values_are_read_and_the_others_kept(agent: Quirky) -> None:
    walk = walked(agent)
    found = ours(walk)
    ends = next((at for at, n in enumerate(agent.order) if agent.values.get(n) == "8200"), 12)
    for n in agent.order[:ends]:
        if n not in agent.values:
            assert found[n] == GOOD[n]
        else:
            assert n in found


def test_a_recording_of_odd_values_is_read_back_as_it_was(tmp_path: Path) -> None:
    odd = {2: "0500", 3: "8100", 4: "4000", 5: "020500ffffffff", 6: "470105", 7: "45021234", 8: "0902aabb"}
    loop = VirtualLoop()

    async def run() -> Recording:
        await listening(Quirky(odd), loop)
        walker = SnmpWalker(SnmpTransport.v2c(*ADDRESS, retries=0), ["1.3.6.1"])
        return await Recorder(walker, tmp_path / "r.jsonl").record()

    made = loop.run_until_complete(run())
    loop.close()
    assert load(tmp_path / "r.jsonl").walks == made.walks
    assert len(made.walks[0]) == 15


class TestHandles:
    """A GET for a handle or a transport loses no more than the odd variable."""

    def ask(self, agent: Quirky, numbers: range = range(1, 13)) -> dict[str, Any]:
        loop = VirtualLoop()

        async def run() -> dict[str, Any]:
            await listening(agent, loop)
            return await SnmpTransport.v2c(*ADDRESS).get_each([oid_of(n) for n in numbers])

        found: dict[str, Any] = loop.run_until_complete(run())
        loop.close()
        return found

    @pytest.mark.parametrize(
        ("value", "error", "says"),
        [
            ("0500", WrongAnswer, "NULL came in place of a value"),
            ("8100", Refused, "noSuchInstance"),
            ("4000", WrongAnswer, "an IpAddress of 0 octets, expected 4"),
            ("0903800001", WrongAnswer, r"tag 0x09 is no type of SNMP \(octets 80 00 01\)"),
        ],
    )
    def test_the_other_variables_of_a_get_are_read(self, value: str, error: type[Exception], says: str) -> None:
        found = self.ask(Quirky({6: value}))
        assert [found[oid_of(n)] for n in range(1, 6)] == [10, 20, 30, 40, 50]
        with pytest.raises(error, match=rf"{oid_of(6)}: {says}"):
            raise found[oid_of(6)]

    def test_variables_that_an_answer_leaves_out_are_asked_for_again(self) -> None:
        agent = Quirky(most_in_get=5)
        assert list(self.ask(agent).values()) == [n * 10 for n in range(1, 13)]
        assert len(agent.requests) == 3

    def test_a_get_names_the_variable_that_is_wrong(self) -> None:
        loop = VirtualLoop()

        async def run() -> None:
            await listening(Quirky({6: "4000"}), loop)
            await SnmpTransport.v2c(*ADDRESS).get([oid_of(n) for n in range(1, 13)])

        with pytest.raises(WrongAnswer, match=rf"^snmp://127.12.0.9:161 {oid_of(6)}: an IpAddress of 0 octets"):
            loop.run_until_complete(run())
        loop.close()

    def test_a_walk_for_a_handle_goes_on_behind_odd_values(self) -> None:
        loop = VirtualLoop()

        async def run() -> list[str]:
            await listening(Quirky({4: "4000", 6: "8100", 7: "0500"}, bulk=False), loop)
            transport = SnmpTransport.v2c(*ADDRESS, retries=0)
            return [varbind.oid for varbind in await transport.walk("1.3.6.1.4.1.99999.1")]

        assert loop.run_until_complete(run()) == [oid_of(n) for n in range(1, 13)]
        loop.close()

    def test_a_missing_variable_costs_no_other_in_v1(self) -> None:
        loop = VirtualLoop()

        async def run() -> dict[str, Any]:
            await listening(Quirky(v2c=False), loop)
            return await SnmpTransport.v1(*ADDRESS).get_each([oid_of(1), oid_of(99), oid_of(3)])

        found = loop.run_until_complete(run())
        loop.close()
        assert (found[oid_of(1)], found[oid_of(3)]) == (10, 30)
        assert isinstance(found[oid_of(99)], Refused)
