"""Recording a device, exporting the recording, serving the export and recording that gives the same again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from workers.examples import examples

from twinfeed.harness.characterise.recording import snmprec
from twinfeed.harness.characterise.recording.modbus_walk import ModbusWalker, spans
from twinfeed.harness.characterise.recording.recorder import Recorder
from twinfeed.harness.characterise.recording.recording import Recording, Walk, load, snmprec_lines
from twinfeed.harness.characterise.recording.replaying import server
from twinfeed.harness.characterise.recording.snmp_walk import SnmpWalker
from twinfeed.harness.characterise.recording.snmprec import Variable
from twinfeed.harness.transports import ModbusTransport, SnmpTransport
from twinfeed.harness.virtual.loop import VirtualLoop

Virtually = Callable[[Callable[[VirtualLoop], Any]], Any]

TAGS = [2, 4, 5, 6, 64, 65, 66, 67, 68, 69, 70, 71, 72, 128, 129, 0x24, 0x30]
NAMES = st.lists(st.integers(1, 300) | st.integers(1, 2**32 - 1), min_size=1, max_size=6)
CONTENTS = st.binary(max_size=12) | st.integers(0, 255).map(lambda octet: bytes((octet,)))


def made(names: dict[tuple[int, ...], tuple[int, bytes]]) -> Recording:
    """A device that sends these contents octets under these tags, whether they are values of their types or not."""
    variables = {}
    for numbers, (tag, contents) in ({(0,): (2, b"\x01")} | names).items():
        oid = ".".join(map(str, (1, 3, 6, 1, *numbers)))
        type = snmprec.TYPES.get(str(tag), f"tag{tag}")
        value = b"" if tag in (5, 128, 129) and not contents else contents
        variables[oid] = Variable(oid, type, value)
    return Recording({"protocol": "snmp", "device": "x"}, [Walk(1, 0.0, True, variables)])


async def recorded(device: Recording, path: Path) -> Recording:
    path.unlink(missing_ok=True)
    served = server(device, "127.0.0.1", 1161)
    await served.start()
    agent = SnmpTransport.v2c("127.0.0.1", 1161, retries=0)
    try:
        return await Recorder(SnmpWalker(agent, ["1.3.6.1"]), path).record()
    finally:
        agent.close()
        await served.stop()


@settings(max_examples=examples(60), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names=st.dictionaries(NAMES.map(tuple), st.tuples(st.sampled_from(TAGS), CONTENTS), min_size=1, max_size=12))
def test_a_recording_of_a_replay_is_the_recording(
    virtually: Virtually, tmp_path: Path, names: dict[tuple[int, ...], tuple[int, bytes]]
) -> None:
    async def scenario(loop: VirtualLoop) -> None:
        first = await recorded(made(names), tmp_path / "first.jsonl")
        again = await recorded(load(tmp_path / "first.jsonl"), tmp_path / "again.jsonl")
        assert again.walks[0].variables == first.walks[0].variables
        exported = tmp_path / "first.snmprec"
        exported.write_text("".join(f"{line}\n" for line in snmprec_lines(first.walks[0])))
        from_export = await recorded(load(exported), tmp_path / "exported.jsonl")
        assert from_export.walks[0].variables == first.walks[0].variables

    virtually(scenario)


def test_nothing_of_a_walk_is_lost_after_what_is_no_value(virtually: Virtually, tmp_path: Path) -> None:
    """A walk of 14 variables was one of 9 in its replay, for a NULL at the tenth place."""
    names = {(n,): (2, bytes((n,))) for n in range(14)} | {(9,): (5, b"")}

    async def scenario(loop: VirtualLoop) -> list[int]:
        first = await recorded(made(names), tmp_path / "first.jsonl")
        again = await recorded(load(tmp_path / "first.jsonl"), tmp_path / "again.jsonl")
        return [len(first.walks[0]), len(again.walks[0])]

    assert virtually(scenario) == [14, 14]


def test_refusals_silence_and_the_most_at_once_of_a_unit_come_back(virtually: Virtually, tmp_path: Path) -> None:
    registers = {("holding", n): n for n in (*range(12), *range(15, 24))}
    refused = {("holding", 12): 2, ("holding", 13): 4, ("holding", 14): 0}
    walk = Walk(1, 0.0, True, registers=registers, refused=refused, most={"registers": 4})  # type: ignore[arg-type]
    unit = Recording({"protocol": "modbus", "device": "x", "identity": {"0": "M", "1": "P", "2": "1"}}, [walk])

    async def asked(device: Recording, path: Path) -> Recording:
        served = server(device, "127.0.0.1", 1502)
        await served.start()
        transport = ModbusTransport.tcp("127.0.0.1", 1502, timeout_s=1.0, retries=0)
        try:
            return await Recorder(ModbusWalker(transport, spans("holding:0-23")), path).record()
        finally:
            transport.close()
            await served.stop()

    async def scenario(loop: VirtualLoop) -> None:
        first = await asked(unit, tmp_path / "first.jsonl")
        again = await asked(load(tmp_path / "first.jsonl"), tmp_path / "again.jsonl")
        for recording in (first, again):
            assert recording.walks[0].registers == registers
            assert recording.walks[0].refused.keys() == refused.keys()
            assert recording.walks[0].refused["holding", 14] == 0
        assert again.walks[0].refused == first.walks[0].refused

    virtually(scenario)
