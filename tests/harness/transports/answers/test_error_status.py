"""An answer with an error-status is an error of the transport, whatever numbers are in it."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from twinfeed.harness.transports import Refused, SnmpTransport, TransportError
from twinfeed.harness.transports.snmp.messages import TOO_BIG, Asked, Operation, Response, VarBind

NAMES = ("1.3.6.1.2.1.1.3.0", "1.3.6.1.2.1.1.5.0")
NUMBERS = st.integers(-(2**31), 2**31 - 1) | st.integers(-40, 40)


class Answering:
    """A session whose agent answers every request with the same status, index and variables."""

    requests, elsewhere = 0, ""

    def __init__(self, version: int, response: Response) -> None:
        self.version, self._response = version, response

    async def ask(self, operation: Operation, asked: tuple[Asked, ...], where: str, repetitions: int = 0) -> Response:
        return self._response

    def close(self) -> None: ...


@given(st.sampled_from([0, 1, 3]), NUMBERS.filter(bool), NUMBERS, st.integers(0, 3))
@example(1, -2_000_000_000, 0, 0)
@example(1, TOO_BIG, -1, 2)
def test_any_status_and_index_refuse_the_request(version: int, status: int, index: int, variables: int) -> None:
    response = Response(status, index, tuple(VarBind(name, 1) for name in NAMES[:variables]))
    agent = SnmpTransport(Answering(version, response), "snmp://192.0.2.7:161")
    with pytest.raises(Refused) as refused:
        asyncio.run(agent.get(NAMES))
    assert refused.value.code == status
    assert f"error-status {status}" in str(refused.value)
    for request in (agent.set(NAMES[0], "string", b"x"), agent.walk(NAMES[0]), agent.get_each(NAMES)):
        with suppress(TransportError):
            asyncio.run(request)  # type: ignore[arg-type]
