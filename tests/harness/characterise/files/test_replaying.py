"""A recording served: what is read is what was recorded, at its time, and nothing can be written."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from socket import SOCK_DGRAM
from typing import Any

import pytest
from external import background, free_port, program, run, until

from twinfeed.emulators.wire.modbus import ModbusTcpServer
from twinfeed.emulators.wire.snmp import Access, AuthProtocol, PrivProtocol, SnmpAgent, SnmpServer, User
from twinfeed.harness.characterise.recording.recorder import Recorder
from twinfeed.harness.characterise.recording.recording import Recording, Walk, load, snmprec_lines
from twinfeed.harness.characterise.recording.replaying import SNMP_ENGINE_ID, Player, RecordedTree, server
from twinfeed.harness.characterise.recording.snmp_walk import SnmpWalker
from twinfeed.harness.characterise.recording.snmprec import Variable
from twinfeed.harness.transports import ModbusTransport, Refused, SnmpTransport, TransportError, UsmUser
from twinfeed.harness.virtual.loop import VirtualLoop

Virtually = Callable[[Callable[[VirtualLoop], Any]], Any]
CHARGE, NAME = "1.3.6.1.2.1.33.1.2.4.0", "1.3.6.1.2.1.1.5.0"


def battery(*charges: int, every_s: float = 60.0) -> Recording:
    """A UPS whose battery was so full from walk to walk."""
    walks = [
        Walk(
            n + 1,
            n * every_s,
            True,
            {CHARGE: Variable(CHARGE, "integer", charge), NAME: Variable(NAME, "string", b"ups")},
        )
        for n, charge in enumerate(charges)
    ]
    return Recording({"protocol": "snmp", "device": "snmp://ups"}, walks)


def meter() -> Recording:
    registers = {("holding", 0): 7, ("holding", 1): 0xABCD, ("coil", 3): 1}
    walk = Walk(1, 0.0, True, registers=registers, refused={("holding", 2): 2, ("input", 0): 1})  # type: ignore[arg-type]
    return Recording({"protocol": "modbus", "device": "x", "identity": {"0": "Maker", "1": "M", "2": "1"}}, [walk])


async def charge(agent: SnmpTransport) -> object:
    return (await agent.get([CHARGE]))[CHARGE]


@pytest.mark.parametrize(("loop_it", "seen"), [(False, [100, 90, 80, 80, 80]), (True, [100, 90, 80, 100, 90])])
def test_values_are_those_of_the_time_since_the_start(virtually: Virtually, loop_it: bool, seen: list[int]) -> None:
    async def scenario(loop: VirtualLoop) -> list[object]:
        served = server(battery(100, 90, 80), "127.0.0.1", 1161, loop=loop_it)
        await served.start()
        agent = SnmpTransport.v2c("127.0.0.1", 1161)
        found = []
        for _ in range(5):
            found.append(await charge(agent))
            await asyncio.sleep(60.0)
        agent.close()
        await served.stop()
        return found

    assert virtually(scenario) == seen


@pytest.mark.parametrize("recorded_id", [None, bytes.fromhex("80001f8804666f6f")])
def test_a_replay_with_a_user_answers_v3_with_the_recorded_engine(
    virtually: Virtually, recorded_id: bytes | None
) -> None:
    recording = battery(100)
    if recorded_id is not None:
        recording.walks[0].variables[SNMP_ENGINE_ID] = Variable(SNMP_ENGINE_ID, "string", recorded_id)
    user = User(b"area", b"auth-secret", b"priv-secret", AuthProtocol.SHA256, PrivProtocol.AES128)

    async def scenario(loop: VirtualLoop) -> list[object]:
        served = server(recording, "127.0.0.1", 1161, users=[user])
        await served.start()
        found: list[object] = []
        for password in ("auth-secret", "wrong-secret"):
            known = UsmUser("area", password, "priv-secret", "sha256", "aes128")
            agent = SnmpTransport.v3("127.0.0.1", 1161, user=known, timeout_s=2.0)
            try:
                found.append(await charge(agent))
            except TransportError as error:
                found.append(type(error).__name__)
            agent.close()
        found.append(served.agent.engine.engine_id)
        await served.stop()
        return found

    value, refused, engine_id = virtually(scenario)
    assert (value, refused) == (100, "NotAdmitted")
    assert engine_id == (b"\x80\x00\x1f\x88\x04snmp://ups" if recorded_id is None else recorded_id)


def test_a_modbus_recording_has_no_users() -> None:
    with pytest.raises(ValueError, match="a recording of Modbus, which has no users"):
        asyncio.run(_served(meter()))


async def _served(recording: Recording) -> object:
    return server(recording, "127.0.0.1", 1502, users=[User(b"area")])


def test_a_row_that_went_away_is_gone_at_its_time(virtually: Virtually) -> None:
    recording = battery(100, 90)
    del recording.walks[1].variables[NAME]

    async def scenario(loop: VirtualLoop) -> tuple[int, int]:
        served = server(recording, "127.0.0.1", 1161)
        await served.start()
        agent = SnmpTransport.v2c("127.0.0.1", 1161)
        before = len(await agent.walk("1.3.6.1"))
        await asyncio.sleep(61.0)
        after = len(await agent.walk("1.3.6.1"))
        agent.close()
        await served.stop()
        return before, after

    assert virtually(scenario) == (2, 1)


def test_a_set_is_refused(virtually: Virtually) -> None:
    async def scenario(loop: VirtualLoop) -> None:
        served = server(battery(100), "127.0.0.1", 1161)
        await served.start()
        agent = SnmpTransport.v2c("127.0.0.1", 1161)
        with pytest.raises(Refused, match="noAccess"):
            await agent.set(NAME, "string", b"mine")
        agent.close()
        await served.stop()

    virtually(scenario)


def test_registers_are_as_recorded_and_refused_as_recorded(virtually: Virtually) -> None:
    async def scenario(loop: VirtualLoop) -> None:
        served = server(meter(), "127.0.0.1", 1502)
        await served.start()
        unit = ModbusTransport.tcp("127.0.0.1", 1502)
        assert await unit.read_registers("holding", 0, 2) == bytes.fromhex("0007abcd")
        assert await unit.read_bits("coil", 3, 1) == [True]
        assert await unit.identification() == {0: b"Maker", 1: b"M", 2: b"1"}
        for table, address, code in (("holding", 2, 2), ("holding", 99, 2), ("input", 0, 1)):
            with pytest.raises(Refused, match=f"exception {code}"):
                await unit.read_registers(table, address, 1)  # type: ignore[arg-type]
        with pytest.raises(Refused, match="exception 1"):
            await unit.write_registers(0, b"\0\1")
        with pytest.raises(Refused, match="exception 1"):
            await unit.write_coil(3, False)
        unit.close()
        await served.stop()

    virtually(scenario)


def test_nobody_listens_beyond_loopback_unless_told_to(virtually: Virtually) -> None:
    async def scenario(loop: VirtualLoop) -> SnmpServer | ModbusTcpServer:
        with pytest.raises(ValueError, match="loopback"):
            server(battery(100), "0.0.0.0", 1161)
        return server(battery(100), "0.0.0.0", 1161, expose=True)

    assert virtually(scenario)


def test_a_recording_of_nothing_is_not_served(virtually: Virtually) -> None:
    async def scenario(loop: VirtualLoop) -> None:
        with pytest.raises(ValueError, match="holds no value yet"):
            server(Recording({"protocol": "snmp", "device": "x"}, [Walk(1, 0.0)]), "127.0.0.1", 1161)

    virtually(scenario)


@pytest.mark.interop
async def test_net_snmp_walks_a_recording_of_others_as_it_was_made(shared_data: Path) -> None:
    bulkwalk = program("snmpbulkwalk", "snmp")
    for path in sorted((shared_data / "recordings").glob("*.snmprec"))[:4]:
        recording = load(path)
        served = server(recording, "127.0.0.1", 0)
        await served.start()
        assert isinstance(served, SnmpServer)
        command = [bulkwalk, "-v2c", "-c", "public", "-On", "-m", "", f"127.0.0.1:{served.port}", ".1"]
        printed = await asyncio.to_thread(run, command)
        await served.stop()
        lines = [line for line in printed.splitlines() if line.startswith(".1.") and "No more variables" not in line]
        walked = [line.split(" ")[0].lstrip(".") for line in lines]
        named = [oid for oid in walked if oid in recording.walks[0].variables]
        assert named == [variable.oid for variable in recording.walks[0].in_order()], path.name


@pytest.mark.interop
async def test_snmpsim_serves_what_we_export_and_we_record_it_back(shared_data: Path, tmp_path: Path) -> None:
    """An agent of other people serves the file, and the walk of it is the file again."""
    beside = str(Path(sys.executable).parent)
    snmpsim = shutil.which("snmpsim-command-responder", path=beside) or shutil.which("snmpsim-command-responder")
    if snmpsim is None:
        pytest.skip("snmpsim-command-responder is missing: pip install snmpsim")
    exported = load(shared_data / "recordings" / "apc_ats.snmprec").walks[0]
    data = tmp_path / "data"
    data.mkdir()
    (data / "public.snmprec").write_text("".join(f"{line}\n" for line in snmprec_lines(exported)))
    port = free_port(SOCK_DGRAM)
    command = [
        snmpsim,
        f"--data-dir={data}",
        f"--cache-dir={tmp_path / 'cache'}",
        f"--agent-udpv4-endpoint=127.0.0.1:{port}",
    ]
    if os.getuid() == 0:
        command += ["--process-user", "root", "--process-group", "root"]
    log = tmp_path / "log"
    with background(command, log):
        await asyncio.to_thread(until, lambda: "Listening at" in log.read_text(), log.read_text)
        agent = SnmpTransport.v2c("127.0.0.1", port, timeout_s=5.0, retries=0)
        recording = await Recorder(SnmpWalker(agent, ["1.3.6.1"]), tmp_path / "again.jsonl").record()
    assert recording.walks[0].variables == exported.variables


# -- answers of devices are sent again, octet by octet ----------------------------------------------------------------

UPTIME, OCTETS_IN, LAST_CHANGE = "1.3.6.1.2.1.1.3.0", "1.3.6.1.2.1.2.2.1.10.1", "1.3.6.1.2.1.2.2.1.9.1"


def walks(every_s: float, **series: list[int]) -> Recording:
    """A device whose uptime and counters were these from walk to walk."""
    of = {"uptime": (UPTIME, "timeticks"), "octets": (OCTETS_IN, "counter32"), "change": (LAST_CHANGE, "timeticks")}
    made = []
    for n in range(len(next(iter(series.values())))):
        variables = [Variable(*of[name], values[n]) for name, values in series.items()]
        made.append(Walk(n + 1, n * every_s, True, {variable.oid: variable for variable in variables}))
    return Recording({"protocol": "snmp", "device": "x"}, made)


def played(virtually: Virtually, recording: Recording, oid: str, times: int, every_s: float) -> list[object]:
    async def scenario(loop: VirtualLoop) -> list[object]:
        served = server(recording, "127.0.0.1", 1161, loop=True)
        await served.start()
        agent = SnmpTransport.v2c("127.0.0.1", 1161)
        found = []
        for _ in range(times):
            found.append((await agent.get([oid]))[oid])
            await asyncio.sleep(every_s)
        agent.close()
        await served.stop()
        return found

    return list(virtually(scenario))


def test_uptime_and_counters_go_on_when_a_recording_begins_again(virtually: Virtually) -> None:
    recording = walks(60.0, uptime=[100, 6100, 12100], octets=[2**32 - 10, 10, 40], change=[7, 7, 7])
    assert played(virtually, recording, UPTIME, 7, 60.0) == [100, 6100, 12100, 18100, 24100, 30100, 36100]
    assert played(virtually, recording, OCTETS_IN, 4, 60.0) == [2**32 - 10, 10, 40, 65]
    assert played(virtually, recording, LAST_CHANGE, 4, 60.0) == [7, 7, 7, 7]


def test_a_restart_in_the_recording_is_one_in_each_round(virtually: Virtually) -> None:
    assert played(virtually, walks(60.0, uptime=[90000, 100, 6100]), UPTIME, 5, 60.0) == [90000, 100, 6100, 90000, 100]


def of_sizes(*sizes: int) -> Recording:
    variables = [Variable(f"1.3.6.1.4.1.99999.{n}.0", "string", b"x" * size) for n, size in enumerate(sizes, 1)]
    return Recording({"protocol": "snmp", "device": "x"}, [Walk(1, 0.0, True, {v.oid: v for v in variables})])


def test_values_of_any_length_that_fit_a_datagram_are_served(virtually: Virtually) -> None:
    async def scenario(loop: VirtualLoop) -> list[int]:
        served = server(of_sizes(1441, 40, 65000, 40), "127.0.0.1", 1161)
        await served.start()
        agent = SnmpTransport.v2c("127.0.0.1", 1161)
        found = [len(varbind.value) for varbind in await agent.walk("1.3.6.1.4.1.99999")]  # type: ignore[arg-type]
        agent.close()
        await served.stop()
        return found

    assert virtually(scenario) == [1441, 40, 65000, 40]


async def test_what_is_no_value_is_sent_as_the_device_sent_it(tmp_path: Path) -> None:
    """An empty IpAddress, a 33-bit INTEGER, UInteger32, NULL and exceptions, read off the wire by their octets."""
    path = tmp_path / "odd.snmprec"
    sent = {"64x|": "4000", "2x|00ffffffff": "020500ffffffff", "71|5": "470105", "5|": "0500", "129|": "8100", "72x|05": "480105", "6x|": "0600"}  # fmt: skip
    path.write_text("".join(f"1.3.6.1.4.1.99999.{n}.0|{line}\n" for n, line in enumerate(sent, 1)))
    agent = SnmpAgent(RecordedTree(Player(load(path), lambda: 0.0)), {b"public": Access.READ_ONLY})
    bulk = bytes.fromhex("302602010104067075626c6963a519020101020100020120300e300c06082b06010401868d1f0500")
    answer = agent.handle(bulk)
    assert answer is not None
    for n, value in enumerate(sent.values(), 1):
        assert bytes.fromhex(f"060a2b06010401868d1f{n:02x}00{value}") in answer, value


def test_a_name_that_no_agent_can_have_is_left_out_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Numbers of more than 32 bits, as one device sent them: no manager can ask for what follows."""
    wide, good = "1.3.6.1.4.1.99999.4294967301.1", "1.3.6.1.4.1.99999.5.1"
    variables = {oid: Variable(oid, "integer", 1) for oid in (wide, good)}
    tree = RecordedTree(Player(Recording({"protocol": "snmp"}, [Walk(1, 0.0, True, variables)]), lambda: 0.0))
    assert [".".join(map(str, instance.oid)) for instance in tree.instances] == [good]
    assert f"1 variables are not served, since no agent can have their names: {wide}" in caplog.text
