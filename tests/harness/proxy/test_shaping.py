"""A stream's answers cut into pieces or joined: the octets and their order stay."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from twinfeed.harness.virtual.links.link import LinkConditions
from twinfeed.harness.virtual.links.shaping import Shaper

conditions = st.builds(
    LinkConditions,
    split_octets=st.integers(0, 5),
    split_gap_s=st.sampled_from((0.0, 0.1, 1.0)),
    join_s=st.sampled_from((0.0, 0.0, 0.3)),
)
sent = st.lists(st.tuples(st.floats(0, 2), st.binary(max_size=12), conditions), max_size=12)


@given(sent)
def test_every_octet_arrives_once_and_in_order(items: list[tuple[float, bytes, LinkConditions]]) -> None:
    shaper: Shaper[bytes] = Shaper()
    due: list[float] = []
    now_s = 0.0
    for pause_s, octets, path in items:
        now_s += pause_s
        times = shaper.put(now_s, octets, path)
        assert all(at_s >= now_s for at_s in times)
        due += times
    assert due == sorted(due)
    assert b"".join(shaper.next() for _ in due) == b"".join(octets for _, octets, _ in items)
    assert not shaper.takes(LinkConditions())


@given(st.binary(min_size=1, max_size=40), st.integers(1, 40))
def test_no_piece_is_longer_than_asked_for(octets: bytes, most: int) -> None:
    shaper: Shaper[bytes] = Shaper()
    times = shaper.put(0.0, octets, LinkConditions(split_octets=most))
    assert all(len(shaper.next()) <= most for _ in times)
