"""Whatever comes: without a fault nothing changes, with any fault nothing raises, and when it is lifted all is as before."""

from __future__ import annotations

import pytest
from frames import FAULTS, GOOD, cut, octets, to_device
from hypothesis import given, settings
from hypothesis import strategies as st
from workers.examples import examples

from twinfeed.harness.faults.frames import Answer, Tamper

SIZES = st.lists(st.integers(1, 30), max_size=12)
SPEAKS = sorted(GOOD)


@pytest.mark.parametrize("speaks", SPEAKS)
@given(data=st.data())
def test_without_a_fault_everything_passes_as_it_came(speaks: str, data: st.DataObject) -> None:
    tamper = Tamper(0, speaks)
    there, back = data.draw(octets(speaks, False)), data.draw(octets(speaks, True))
    for request in cut(there, data.draw(SIZES)):
        assert tamper.request(request) == [request]
    for answer in cut(back, data.draw(SIZES)):
        assert tamper.answer(answer) == [answer]
    assert tamper.notification(back) == [back]


@pytest.mark.parametrize(("speaks", "kind"), FAULTS)
@settings(max_examples=examples(30), deadline=None)
@given(data=st.data())
def test_no_octets_make_a_fault_raise(speaks: str, kind: str, data: st.DataObject) -> None:
    tamper = Tamper(0, speaks)
    tamper.apply(kind)
    for request in cut(data.draw(octets(speaks, False)), data.draw(SIZES)):
        assert all(isinstance(out, (bytes, Answer)) for out in tamper.request(request))
    for answer in cut(data.draw(octets(speaks, True)), data.draw(SIZES)):
        assert all(isinstance(out, bytes) for out in tamper.answer(answer))
    tamper.notification(data.draw(st.binary(max_size=40)))


@pytest.mark.parametrize(("speaks", "kind"), FAULTS)
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_a_lifted_fault_leaves_nothing_behind(speaks: str, kind: str, data: st.DataObject) -> None:
    tamper = Tamper(0, speaks)
    tamper.apply(kind)
    request, answer = GOOD[speaks]
    tamper.request(request)
    tamper.answer(answer)
    assert tamper.lift(kind) == [kind]
    there, back = data.draw(octets(speaks, False)), data.draw(octets(speaks, True))
    for piece in cut(there, data.draw(SIZES)):
        assert tamper.request(piece) == [piece]
    for piece in cut(back, data.draw(SIZES)):
        assert tamper.answer(piece) == [piece]


@pytest.mark.parametrize("speaks", ["modbus-tcp", "modbus-rtu"])
@given(data=st.data())
def test_a_frame_held_back_passes_when_the_fault_is_lifted_meanwhile(speaks: str, data: st.DataObject) -> None:
    request, answer = GOOD[speaks]
    at = data.draw(st.integers(1, len(request) - 1))
    tamper = Tamper(0, speaks)
    tamper.apply("stale")
    before = b"".join(tamper.answer(answer[:at])) + b"".join(to_device(tamper, request[:at]))
    tamper.lift()
    after = tamper.answer(answer[at:]) + tamper.request(request[at:])
    assert before == b""
    assert after == [answer, request]


@given(at=st.integers(1, len(GOOD["modbus-tcp"][1]) - 1))
def test_a_fault_that_begins_in_the_middle_of_a_frame_spares_it_and_hits_the_next(at: int) -> None:
    answer = GOOD["modbus-tcp"][1]
    tamper = Tamper(0)
    first = tamper.answer(answer[:at])
    tamper.apply("truncated", {"bytes": 3})
    rest = tamper.answer(answer[at:] + answer)
    assert b"".join(first + rest) == answer + answer[:-3]


@pytest.mark.parametrize(("speaks", "kind"), FAULTS)
def test_the_same_seed_does_the_same(speaks: str, kind: str) -> None:
    def run(seed: int) -> list[object]:
        tamper = Tamper(seed, speaks)
        tamper.apply(kind)
        request, answer = GOOD[speaks]
        return [out for _ in range(5) for out in (*tamper.request(request), *tamper.answer(answer))]

    assert run(3) == run(3)
