"""Walks of agents that are slow, broken or hostile: what can be read is read, and the walk ends."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hostile import Answer, Scripted, after, ordered, silent
from hypothesis import given
from hypothesis import strategies as st

from twinfeed.harness.characterise.recording.recording import Recording, Walk
from twinfeed.harness.characterise.recording.snmp_walk import SnmpWalker
from twinfeed.harness.transports import NoAnswer, SnmpTransport
from twinfeed.harness.transports.snmp.messages import Response, VarBind, numbers

TOO_BIG, GEN_ERR = 1, 5


def walked(
    answer: Answer, asked: str = "1.3.6.1", walk: Walk | None = None, version: int = 1, most: int = 1000
) -> Walk:
    """The content of a recording of that agent."""
    return walked_by(Scripted(answer, version), asked, walk, most)


def walked_by(session: Scripted, asked: str = "1.3.6.1", walk: Walk | None = None, most: int = 1000) -> Walk:
    recording = Recording({}, [Walk(1, 0.0) if walk is None else walk])

    async def run() -> None:
        walker = SnmpWalker(SnmpTransport(session, "snmp://agent"), [asked], most=most)
        async for item in walker.walk(recording.walks[0]):
            recording.take({"t_s": 0.0, **item})

    asyncio.run(run())
    return recording.walks[0]


def items_of(session: Scripted, recording: Recording) -> list[dict[str, Any]]:
    """The lines that a walk of that agent writes; the recording takes them."""
    items = []

    async def run() -> None:
        walker = SnmpWalker(SnmpTransport(session, "snmp://agent"), ["1.3.6.1"], most=1000)
        async for item in walker.walk(recording.walks[0]):
            items.append(item)
            recording.take({"t_s": 0.0, **item})

    asyncio.run(run())
    return items


def values(walk: Walk) -> list[object]:
    return [variable.value for variable in walk.variables.values()]


@pytest.mark.parametrize("version", [0, 1])
def test_a_good_agent_is_walked_to_its_end(version: int) -> None:
    def answer(oid: str, repetitions: int) -> Response:
        found = after(ordered(60), oid, repetitions)
        return found if version or "endOfMibView" not in str(found) else Response(2, 1, ())  # noSuchName

    walk = walked(answer, version=version)
    assert values(walk) == list(range(1, 61))
    assert walk.troubles == []


def test_only_what_is_asked_for_is_recorded() -> None:
    variables = ordered(5) | ordered(5, "1.3.6.1.4.1.10")
    assert list(walked(lambda *a: after(variables, *a), "1.3.6.1.4.1.9").variables) == list(ordered(5))


def test_a_walk_goes_on_after_what_it_holds() -> None:
    session = Scripted(lambda *a: after(ordered(60), *a))
    walk = walked_by(session)
    kept = dict(list(walk.variables.items())[:40])
    again = Scripted(lambda *a: after(ordered(60), *a))
    assert values(walked_by(again, walk=Walk(1, 0.0, variables=kept))) == list(range(1, 61))
    assert again.asked[0][0] == "1.3.6.1.4.1.9.40.0"


def test_an_agent_that_goes_in_circles_is_said_to_and_walked_beyond() -> None:
    variables = ordered(3, "1.3.6.1.4.1.9.1") | ordered(3, "1.3.6.1.4.1.9.2")

    def answer(oid: str, repetitions: int) -> Response:
        if oid == "1.3.6.1.4.1.9.1.3.0":
            return Response(0, 0, (VarBind("1.3.6.1.4.1.9.1.1.0", 1, "integer"),))
        return after(variables, oid, 1)

    walk = walked(answer)
    assert list(walk.variables) == list(variables)
    assert walk.troubles == ["1.3.6.1.4.1.9.1.3.0: 1.3.6.1.4.1.9.1.1.0 came after it: the agent walks in circles"]


def test_an_agent_that_always_says_the_same_ends_the_walk() -> None:
    walk = walked(lambda oid, n: Response(0, 0, (VarBind("1.3.6.1.4.1.9.1.0", 7, "integer"),)))
    assert values(walk) == [7]
    assert walk.troubles


def test_an_endless_agent_is_walked_to_the_bound() -> None:
    def answer(oid: str, repetitions: int) -> Response:
        last = numbers(oid)[-1] if oid.startswith("1.3.6.1.4.1.9.") else 0
        return Response(0, 0, tuple(VarBind(f"1.3.6.1.4.1.9.{last + n}", n, "integer") for n in range(1, 26)))

    walk = walked(answer, most=110)
    assert len(walk) == 110
    assert walk.troubles == ["1.3.6.1.4.1.9.110: the walk was ended after 110 variables, as if it were endless"]


def test_too_big_halves_what_is_asked_for() -> None:
    session = Scripted(lambda oid, n: Response(TOO_BIG, 0, ()) if n > 6 else after(ordered(20), oid, n))
    assert values(walked_by(session)) == list(range(1, 21))
    assert [n for _, n in session.asked[:4]] == [25, 12, 6, 25]


def test_a_slow_agent_is_asked_for_less_from_then_on() -> None:
    session = Scripted(lambda oid, n: silent() if n > 12 else after(ordered(30), oid, n))
    assert values(walked_by(session)) == list(range(1, 31))
    assert [n for _, n in session.asked] == [25, 12, 12, 12, 12]


def test_a_variable_that_the_agent_fails_on_is_left_out_and_said() -> None:
    broken = "1.3.6.1.4.1.9.7.0"

    def answer(oid: str, repetitions: int) -> Response:
        found = after(ordered(10), oid, repetitions)
        return Response(GEN_ERR, 1, ()) if any(v.oid == broken for v in found.varbinds) else found

    walk = walked(answer)
    assert values(walk) == [1, 2, 3, 4, 5, 6]
    assert "1.3.6.1.4.1.9.6.0: error-status 5 (genErr)" in walk.troubles


def test_the_walk_goes_on_in_the_next_column_of_a_table_with_a_broken_cell() -> None:
    table = {f"1.3.6.1.4.1.9.1.{column}.{row}": row for column in (1, 2) for row in (1, 2, 3)}

    def answer(oid: str, repetitions: int) -> Response:
        found = after(table, oid, repetitions)
        return Response(GEN_ERR, 1, ()) if any(v.oid == "1.3.6.1.4.1.9.1.1.2" for v in found.varbinds) else found

    walk = walked(answer)
    assert [oid for oid in table if oid not in walk.variables] == ["1.3.6.1.4.1.9.1.1.2", "1.3.6.1.4.1.9.1.1.3"]


def test_an_agent_silent_for_one_variable_only_is_walked_beyond_it() -> None:
    variables = ordered(3, "1.3.6.1.4.1.9.1") | ordered(2, "1.3.6.1.4.1.9.2")

    def answer(oid: str, repetitions: int) -> Response:
        return silent() if oid == "1.3.6.1.4.1.9.1.3.0" else after(variables, oid, 1)

    walk = walked(answer)
    assert len(walk) == 5
    assert "though it answers elsewhere" in walk.troubles[0]


def test_an_agent_that_falls_silent_altogether_interrupts_the_walk() -> None:
    def answer(oid: str, repetitions: int) -> Response:
        return silent() if len(session.asked) > 2 else after(ordered(60), oid, repetitions)

    session = Scripted(answer)
    walk = Walk(1, 0.0)
    with pytest.raises(NoAnswer):
        walked_by(session, walk=walk)
    assert len(walk) == 50


@given(st.lists(st.tuples(st.sampled_from(["good", "back", "error", "empty"]), st.integers(1, 40)), max_size=30))
def test_every_walk_ends_and_holds_each_variable_once_whatever_the_agent_answers(script: list[tuple[str, int]]) -> None:
    answers = iter(script)

    def answer(oid: str, repetitions: int) -> Response:
        kind, n = next(answers, ("good", 40))
        if kind == "error":
            return Response(n % 19, 0, ()) if n % 19 else Response(5, 0, ())
        if kind == "back":
            return Response(0, 0, (VarBind(f"1.3.6.1.4.1.9.{n}.0", n, "integer"),))
        if kind == "empty":
            return Response(0, 0, ())
        return after(ordered(40), oid, repetitions)

    recording = Recording({}, [Walk(1, 0.0)])
    lines = items_of(Scripted(answer), recording)
    names = [line.partition("|")[0] for item in lines for line in item.get("variables", ())]
    assert len(names) == len(set(names)) == len(recording.walks[0])
