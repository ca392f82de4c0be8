"""Actuators that are points of devices: outlets, relays, ports and settings, also where the device does not obey."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from emulated_bench import EmulatedBench

from twinfeed.emulators.yamlfile import FileError
from twinfeed.hil_rigs import actuators, rigfile
from twinfeed.hil_rigs.actuators import Actuator, ActuatorFailed
from twinfeed.hil_rigs.dialogue import Unattended


def the(bench: EmulatedBench, section: str) -> Actuator:
    """The actuator `it` of the bench."""
    rig = bench.rig(f"actuators:\n  it: {section}\n")
    return actuators.make(rig, bench.handles(rig), Unattended())["it"]


class TestPositions:
    @pytest.mark.parametrize(
        ("section", "device", "point", "off", "on"),
        [
            ("{outlet: pdu-1.outlet.1.control}", "pdu-1", "outlet.1.state", "off", "on"),
            ("{outlet: pdu-2.outlet.1.control}", "pdu-2", "outlet.1.state", "off", "on"),
            ("{relay: relay-1.relay.3.closed}", "relay-1", "relay.3.closed", False, True),
            ("{port: switch-1.port.14.admin}", "switch-1", "port.14.admin", "down", "up"),
        ],
    )
    def test_on_and_off_are_what_the_device_calls_them(
        self, bench: EmulatedBench, section: str, device: str, point: str, off: object, on: object
    ) -> None:
        it = the(bench, section)
        bench.run(it.move("off"))
        assert (bench.device(device).read(point), bench.run(it.position())) == (off, "off")
        bench.run(it.move("on"))
        assert (bench.device(device).read(point), bench.run(it.position())) == (on, "on")

    def test_a_setting_moves_to_a_number(self, bench: EmulatedBench) -> None:
        it = the(bench, "{point: ups-2.setting.transfer.low, normal: 208}")
        bench.run(it.move(196.0))
        assert bench.device("ups-2").read("setting.transfer.low") == 196
        assert bench.run(it.position()) == 196

    def test_a_device_keeps_its_own_words(self, bench: EmulatedBench) -> None:
        it = the(bench, "{port: switch-1.port.14.admin, normal: up}")
        bench.run(it.move("down"))
        bench.run(it.move("up"))
        assert bench.run(it.position()) == "up"

    @pytest.mark.parametrize(
        ("section", "message"),
        [
            ("{outlet: pdu-1.outlet.1.control, safe: out}", "actuators.it.safe: found 'out', but pdu-1.outlet.1.control takes on, off, reboot"),
            ("{outlet: pdu-1.outlet.1.control, safe: reboot}", "actuators.it.safe: found 'reboot', but pdu-1.outlet.1.state takes on, off"),
            ("{relay: relay-1.relay.1.closed, causes: {q-chiller trip: ajar}}", "actuators.it.causes.q-chiller trip: found 'ajar', but relay-1.relay.1.closed takes on, off"),
            ("{point: ups-2.setting.transfer.low}", "actuators.it.normal: found 'on', but ups-2.setting.transfer.low takes a number from 150 to 230 V"),
            ("{point: ups-2.setting.transfer.low, normal: 90}", "actuators.it.normal: found 90.0, but ups-2.setting.transfer.low takes a number from 150 to 230 V"),
            ("{outlet: pdu-1.outlet.1.control, state: pdu-1.outlet.1.stat}", "did you mean outlet.{outlet}.state"),
        ],
    )  # fmt: skip
    def test_what_the_point_does_not_take_is_refused_by_the_rig_file(
        self, rig_file: Callable[[str], Path], section: str, message: str
    ) -> None:
        with pytest.raises(FileError) as refused:
            rigfile.read(rig_file(f"actuators:\n  it: {section}\n"))
        assert message in str(refused.value)
        assert "rig.yaml:12" in str(refused.value)

    def test_a_position_that_comes_up_later_is_refused_too(self, bench: EmulatedBench) -> None:
        with pytest.raises(ActuatorFailed, match=r"it: found 'ajar', but relay-1.relay.1.closed takes on, off"):
            bench.run(the(bench, "{relay: relay-1.relay.1.closed}").move("ajar"))


class TestReadingBack:
    def test_an_outlet_that_switches_with_a_delay_is_waited_for(self, bench: EmulatedBench) -> None:
        bench.device("pdu-1").write("outlet.1.power_off_delay", 3.0)
        it = the(bench, "{outlet: pdu-1.outlet.1.control, within: 5s}")
        device = bench.device("pdu-1")
        # The PDU takes every `off` as its delayed one.
        command = device.command
        device.command = lambda outlet, word: command(outlet, "delayed-off" if word == "off" else word)  # type: ignore[method-assign]
        bench.run(it.move("off"))
        assert device.read("outlet.1.state") == "off"

    @pytest.mark.parametrize(
        ("device", "section"),
        [
            ("pdu-1", "{outlet: pdu-1.outlet.1.control}"),
            ("relay-1", "{relay: relay-1.relay.3.closed, normal: 'off'}"),
            ("switch-1", "{port: switch-1.port.14.admin}"),
        ],
    )
    def test_acknowledged_and_not_done_is_a_failure_that_says_what_is_found(
        self, bench: EmulatedBench, device: str, section: str
    ) -> None:
        it = the(bench, section)
        stands = bench.run(it.position())
        bench.site.inject(device, "command-ignored")
        other = "on" if stands == "off" else "off"
        with pytest.raises(
            ActuatorFailed,
            match=rf"it: should be {other}, acknowledged that, and is still {stands} after 5 s; look at {device}\.",
        ):
            bench.run(it.move(other))

    def test_a_silent_device_fails_within_its_time_outs(self, bench: EmulatedBench) -> None:
        it = the(bench, "{outlet: pdu-1.outlet.1.control, within: 5s}")
        bench.run(bench.servers.stop())
        before = bench.loop.time()
        with pytest.raises(
            ActuatorFailed, match=r"it: should be off, the order got no answer, and cannot be read back: pdu-1"
        ):
            bench.run(it.move("off"))
        assert bench.loop.time() - before < 15.0

    def test_a_device_that_refuses_says_so(self, bench: EmulatedBench, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("BENCH_WRITE", "public")
        with pytest.raises(
            ActuatorFailed, match=r"it: the order off was refused: pdu-1 outlet\.1\.control at .*error-status"
        ):
            bench.run(the(bench, "{outlet: pdu-1.outlet.1.control}").move("off"))

    def test_a_write_whose_answer_is_lost_counts_by_what_is_read(
        self, bench: EmulatedBench, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        rig = bench.rig("actuators:\n  it: {outlet: pdu-1.outlet.1.control}\n")
        handles = bench.handles(rig)
        write = handles["pdu-1"].write

        async def answer_lost(point: str, value: Any) -> None:
            from twinfeed.harness.transports import NoAnswer

            await write(point, value)
            raise NoAnswer("no answer in 1 s", "pdu-1")

        monkeypatch.setattr(handles["pdu-1"], "write", answer_lost)
        bench.run(actuators.make(rig, handles, Unattended())["it"].move("off"))
        assert bench.device("pdu-1").read("outlet.1.state") == "off"


class TestTryingDry:
    def test_it_tells_what_the_point_takes_and_where_it_stands(self, bench: EmulatedBench) -> None:
        text = bench.run(the(bench, "{port: switch-1.port.14.admin}").try_dry())
        assert text == "switch-1.port.14.admin takes on, off, up, down, and switch-1.port.14.admin says on"

    def test_it_moves_nothing(self, bench: EmulatedBench) -> None:
        commands = bench.device("pdu-1").state.commands
        bench.run(the(bench, "{outlet: pdu-1.outlet.1.control}").try_dry())
        assert bench.device("pdu-1").state.commands == commands

    def test_a_silent_device_fails(self, bench: EmulatedBench) -> None:
        it = the(bench, "{relay: relay-1.relay.1.closed}")
        bench.run(bench.servers.stop())
        with pytest.raises(ActuatorFailed, match="it: its position cannot be read: relay-1"):
            bench.run(it.try_dry())


def test_two_actuators_of_one_line_may_move_at_once(bench: EmulatedBench) -> None:
    rig = bench.rig("actuators:\n  a: {relay: relay-1.relay.3.closed}\n  b: {relay: relay-1.relay.4.closed}\n")
    both = actuators.make(rig, bench.handles(rig), Unattended())

    async def move() -> None:
        await asyncio.gather(both["a"].move("on"), both["b"].move("on"))

    bench.run(move())
    assert [bench.device("relay-1").read(f"relay.{n}.closed") for n in (3, 4)] == [True, True]
