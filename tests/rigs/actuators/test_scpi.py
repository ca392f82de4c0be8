"""Sources and meters that speak SCPI, played by pyvisa-sim; none of them may hang the bench."""

from __future__ import annotations

import asyncio
import importlib.util
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from external import free_port

from twinfeed.emulators.yamlfile import FileError
from twinfeed.hil_rigs import actuators, instruments, rigfile
from twinfeed.hil_rigs.actuators import Actuator, ActuatorFailed
from twinfeed.hil_rigs.dialogue import Unattended
from twinfeed.hil_rigs.instruments import Instrument, NoReading
from twinfeed.hil_rigs.schema import Visa
from twinfeed.hil_rigs.scpi import ScpiError, Session

pytest.importorskip("pyvisa_sim", reason="pyvisa-sim is missing: pip install pyvisa-sim")

SOURCE, MUTE = "TCPIP::192.0.2.30::5025::SOCKET", "TCPIP::192.0.2.31::5025::SOCKET"

Write = Callable[[str], Path]


def sim(rig_file: Write) -> str:
    """pyvisa-sim with instruments of this test's own: it keeps their state for as long as anybody holds them."""
    played = rig_file("").parent / "source.yaml"
    if not played.exists():
        shutil.copy(Path(__file__).parent / "source.yaml", played)
    return f"{played}@sim"


def source(rig_file: Write, positions: str, more: str = "", resource: str = SOURCE, library: str = "") -> Actuator:
    path = rig_file(
        f'actuators:\n  source:\n    scpi:\n      resource: "{resource}"\n      library: "{library or sim(rig_file)}"\n      timeout: {0.2 if resource == MUTE else 5}s\n'
        f"      positions: {positions}\n{more}"
    )
    return actuators.make(rigfile.read(path), {}, Unattended())["source"]


def meter(rig_file: Write, query: str, more: str = "", resource: str = SOURCE) -> Instrument:
    path = rig_file(
        "instruments:\n  utility-a.voltage:\n"
        f'    scpi: {{resource: "{resource}", library: "{sim(rig_file)}", timeout: {0.2 if resource == MUTE else 5}s, query: "{query}"}}\n{more}'
    )
    return instruments.make(rigfile.read(path), {}, Unattended())["utility-a.voltage"]


SAG = '{"on": ["VOLT 230.0"], sagged: ["VOLT {230*(100-depth)/100+0.0}"]}'
CAUSES = "    causes: {utility-a sag: sagged}\n"


class TestMoving:
    async def test_a_position_is_its_commands_with_the_parameters_of_the_fault(self, rig_file: Write) -> None:
        it = source(rig_file, SAG, CAUSES)
        await it.move("sagged", {"depth": 30.0})
        volts = meter(rig_file, "VOLT?")
        assert await volts.read() == 161.0
        await it.move("on")
        assert await volts.read() == 230.0

    async def test_what_the_fault_does_not_say_is_as_in_the_catalogue(self, rig_file: Write) -> None:
        it = source(rig_file, SAG, CAUSES)
        await it.move("sagged")
        assert await meter(rig_file, "VOLT?").read() == pytest.approx(0.6 * 230)

    async def test_errors_that_the_instrument_reports_are_failures(self, rig_file: Write) -> None:
        it = source(rig_file, '{"on": ["FAIL 0"], broken: ["FAIL -222"]}', "    causes: {utility-a outage: broken}\n")
        with pytest.raises(
            ActuatorFailed, match=r'source: should be broken: TCPIP.* after FAIL -222 it reports -222,"see the manual"'
        ):
            await it.move("broken")

    async def test_a_command_that_it_does_not_know_is_a_failure(self, rig_file: Write) -> None:
        it = source(rig_file, '{"on": ["OUTP 1"], broken: ["VOLTAGE 7"]}')
        with pytest.raises(ActuatorFailed, match=r"after VOLTAGE 7 it reports ERROR"):
            await it.move("broken")

    async def test_a_silent_instrument_fails(self, rig_file: Write) -> None:
        it = source(rig_file, '{"on": ["OUTP 1"]}', resource=MUTE)
        with pytest.raises(ActuatorFailed, match=r"source: should be on: TCPIP::192\.0\.2\.31::5025::SOCKET"):
            await it.move("on")

    async def test_an_instrument_that_is_not_there_fails(self, rig_file: Write) -> None:
        pytest.importorskip("pyvisa_py", reason="pyvisa-py is missing: pip install 'twinfeed[rig]'")
        nobody = f"TCPIP::127.0.0.1::{free_port()}::SOCKET"
        it = source(rig_file, '{"on": ["OUTP 1"]}', resource=nobody, library="@py")
        with pytest.raises(ActuatorFailed, match=rf"source: should be on: {nobody}: "):
            await it.move("on")

    async def test_tried_dry_it_says_who_it_is(self, rig_file: Write) -> None:
        assert await source(rig_file, '{"on": ["OUTP 1"]}').try_dry() == "answers as Bench Works,AC-1,0042,1.0"


class TestTheRigFile:
    @pytest.mark.parametrize(
        ("positions", "more", "message"),
        [
            (
                '{"on": ["VOLT {2**9}"]}',
                "",
                ":17: actuators.source.scpi.positions.on.0: found {2**9}, expected numbers",
            ),
            (SAG, "", ":17: actuators.source.scpi.positions.sagged.0: nothing gives the parameter depth"),
            (SAG.replace("depth", "dept"), CAUSES, "nothing gives the parameter dept; the faults it causes give depth"),
            ('{"off": ["OUTP 0"]}', "", ":12: actuators.source.normal: found 'on'; there are: off"),
        ],
    )
    def test_says_where_a_position_or_template_is_wrong(
        self, rig_file: Write, positions: str, more: str, message: str
    ) -> None:
        with pytest.raises(FileError) as refused:
            source(rig_file, positions, more)
        assert message in str(refused.value)

    def test_a_query_is_written_for_short_too(self, rig_file: Write) -> None:
        rig = rigfile.read(
            rig_file('instruments:\n  utility-a.voltage: {scpi: "TCPIP::192.0.2.30::5025::SOCKET MEAS:VOLT? (@1)"}\n')
        )
        section = rig.bench.instruments["utility-a.voltage"].scpi
        assert section is not None
        assert (section.resource, section.query) == (SOURCE, "MEAS:VOLT? (@1)")

    def test_a_resource_without_a_query_is_refused(self, rig_file: Write) -> None:
        with pytest.raises(FileError, match="expected RESOURCE QUERY such as"):
            rigfile.read(rig_file('instruments:\n  utility-a.voltage: {scpi: "TCPIP::192.0.2.30::5025::SOCKET"}\n'))

    @pytest.mark.parametrize(
        ("package", "hint"), [("pyvisa", r"pip install 'twinfeed\[rig\]'"), ("pyvisa_sim", "pip install pyvisa-sim")]
    )
    def test_a_missing_package_explains_itself(
        self, rig_file: Write, monkeypatch: pytest.MonkeyPatch, package: str, hint: str
    ) -> None:
        find = importlib.util.find_spec
        monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == package else find(name))
        with pytest.raises(ValueError, match=f"needs {package.replace('_', '-')}: {hint}"):
            source(rig_file, '{"on": ["OUTP 1"]}')


class TestMeasuring:
    async def test_a_number_is_scaled(self, rig_file: Write) -> None:
        assert await meter(rig_file, "MEAS:FREQ?", "    scale: 2\n").read() == pytest.approx(99.96)

    async def test_a_word_for_a_contact_is_a_bool(self, rig_file: Write) -> None:
        assert await meter(rig_file, "STAT?", "    invert: true\n").read() is False

    async def test_scpis_not_a_number_is_no_reading(self, rig_file: Write) -> None:
        with pytest.raises(
            NoReading, match=r"utility-a\.voltage: MEAS:POW\? answers 9\.91E\+37: overload or no measurement"
        ):
            await meter(rig_file, "MEAS:POW?").read()

    async def test_a_silent_instrument_gives_no_reading(self, rig_file: Write) -> None:
        with pytest.raises(NoReading, match=r"utility-a\.voltage: VOLT\? is not answered: TCPIP"):
            await meter(rig_file, "VOLT?", resource=MUTE).read()


@contextmanager
def listening(answer: bytes | None) -> Iterator[int]:
    """A TCP server that answers every line with that, or never; gives its port."""
    server = socket.create_server(("127.0.0.1", 0))
    taken: list[socket.socket] = []

    def serve() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            taken.append(connection)
            while answer is not None and connection.recv(4096):
                connection.sendall(answer)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield server.getsockname()[1]
    finally:
        server.close()
        for connection in taken:
            connection.close()


class TestThePurePythonBackend:
    """PyVISA-py itself, over a real socket."""

    async def test_reads_an_instrument_behind_a_socket(self) -> None:
        pytest.importorskip("pyvisa_py", reason="pyvisa-py is missing: pip install 'twinfeed[rig]'")
        with listening(b"229.8\r\n") as port:
            session = Session.of(Visa(resource=f"TCPIP::127.0.0.1::{port}::SOCKET", timeout=5.0))
            assert await session.ask("MEAS:VOLT?") == "229.8"
            await session.close()

    async def test_one_that_accepts_and_says_nothing_runs_into_its_time_out(self) -> None:
        pytest.importorskip("pyvisa_py", reason="pyvisa-py is missing: pip install 'twinfeed[rig]'")
        with listening(None) as port:
            session = Session.of(Visa(resource=f"TCPIP::127.0.0.1::{port}::SOCKET", timeout=0.2))
            with pytest.raises(ScpiError, match=r"TCPIP::127\.0\.0\.1.*VI_ERROR_TMO"):
                await session.ask("MEAS:VOLT?")


async def test_a_backend_that_hangs_is_given_up_and_opened_anew(
    rig_file: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = Session(Visa(resource="TCPIP::192.0.2.30::5025::SOCKET", library=sim(rig_file), timeout=0.05))
    released = threading.Event()
    opened = Session._open
    monkeypatch.setattr("twinfeed.hil_rigs.scpi.GRACE_S", 0.05)
    monkeypatch.setattr(Session, "_open", lambda self: released.wait(30))
    with pytest.raises(ScpiError, match=r"hangs for 0\.15 s"):
        await session.ask("VOLT?")
    released.set()
    monkeypatch.setattr(Session, "_open", opened)
    assert float(await session.ask("VOLT?")) > 0.0


async def test_conversations_with_one_resource_follow_each_other(rig_file: Write) -> None:
    volts = meter(rig_file, "VOLT?")
    source_, both = source(rig_file, '{"on": ["VOLT 230.0"], low: ["VOLT 100.0"]}'), []
    both = await asyncio.gather(source_.move("low"), volts.read(), source_.move("on"), volts.read())
    assert [both[1], both[3]] == [100.0, 230.0]
