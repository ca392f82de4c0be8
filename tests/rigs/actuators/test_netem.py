"""tc netem: what its arguments are, that tc's own word counts, and a real one in a network namespace."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from external import program, run

from twinfeed.hil_rigs.actuators import ActuatorFailed
from twinfeed.hil_rigs.actuators.netem import HANDLE, NetemActuator, options
from twinfeed.hil_rigs.schema import Netem

STAND_INS = Path(__file__).parent / "stand_ins"


class TestArguments:
    """As tc-netem(8) describes them."""

    @pytest.mark.parametrize(
        ("kind", "parameters", "arguments"),
        [
            ("delay", {"delay_s": 0.5}, "delay 500000us"),
            ("jitter", {"jitter_s": 0.1}, "delay 50000us 50000us"),
            ("loss", {"percent": 30.0}, "loss random 30%"),
            ("loss", {"ratio": 0.015}, "loss random 1.5%"),
            ("loss", {}, "loss random 10%"),
            ("duplication", {"percent": 12.5}, "duplicate 12.5%"),
            ("reordering", {"percent": 20.0, "delay_s": 0.05}, "delay 50000us reorder 80%"),
            ("bandwidth", {"bits_per_s": 9600.0}, "rate 9600bit"),
            ("black-hole", {}, "loss random 100%"),
            ("partition", {}, "loss random 100%"),
        ],
    )
    def test_of_each_fault(self, kind: str, parameters: dict[str, float], arguments: str) -> None:
        assert " ".join(options(kind, parameters)[0]) == f"limit 100000 {arguments}"

    @pytest.mark.parametrize(
        ("kind", "parameters", "message"),
        [
            ("garbage", {}, "found 'garbage', expected one of delay, jitter"),
            ("loss", {"percent": 130.0}, "loss: percent is 130, expected 0 to 100 %"),
            ("loss", {"delay_s": 1.0}, "loss: unknown parameter delay_s; it takes percent"),
            ("bandwidth", {"bits_per_s": 5.0}, "bits_per_s is 5, netem begins at 8 bit/s"),
        ],
    )
    def test_what_netem_cannot_do_is_refused(self, kind: str, parameters: dict[str, float], message: str) -> None:
        with pytest.raises(ValueError, match=message):
            options(kind, parameters)


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """tc and ssh are the stand-ins; this file holds the qdiscs."""
    monkeypatch.setenv("PATH", f"{STAND_INS}:{os.environ['PATH']}")
    monkeypatch.setenv("TC_STATE", str(tmp_path / "qdiscs"))
    monkeypatch.setenv("SSH_LOG", str(tmp_path / "ssh"))
    return tmp_path / "qdiscs"


def box(**section: object) -> NetemActuator:
    return NetemActuator("box", Netem.model_validate({"interface": "eth1", **section}), "on")


KINDS = ["delay", "jitter", "loss", "duplication", "reordering", "bandwidth", "black-hole"]


@pytest.mark.usefixtures("state")
class TestMoving:
    @pytest.mark.parametrize("kind", KINDS)
    async def test_a_fault_begins_and_ends(self, kind: str, state: Path) -> None:
        it = box()
        await it.move(kind)
        assert await it.position() == kind
        await it.move("on")
        assert (await it.position(), json.loads(state.read_text())) == ("on", {})

    async def test_both_ways_are_two_interfaces(self, state: Path) -> None:
        await box(interface=["eth1", "eth2"]).move("delay", {"delay_s": 0.2})
        assert {name: round(qdisc["options"]["delay"]["delay"], 6) for name, qdisc in json.loads(state.read_text()).items()} == {
            "eth1": 0.2, "eth2": 0.2,
        }  # fmt: skip

    async def test_normal_where_it_is_normal_already_is_no_error(self) -> None:
        await box().move("on")

    async def test_accepted_and_not_done_is_a_failure(self, monkeypatch: pytest.MonkeyPatch) -> None:
        it = box()
        await it.move("delay")
        monkeypatch.setenv("TC_MODE", "deaf")
        with pytest.raises(
            ActuatorFailed, match=r"box: eth1 should suffer loss \{'loss-random': 0\.1\}, found .*delay"
        ):
            await it.move("loss")
        with pytest.raises(ActuatorFailed, match=r"box: netem was removed from eth1 and is still there: .*delay"):
            await it.move("on")

    async def test_what_an_earlier_run_left_is_noticed_and_removed(self) -> None:
        await box().move("delay")
        it = box()
        assert await it.position() == "left over"
        assert "an earlier run has left netem on eth1" in await it.try_dry()
        await it.move("on")
        assert await it.position() == "on"

    async def test_one_way_that_was_not_undone_is_noticed(self) -> None:
        await box().move("delay")
        assert await box(interface=["eth1", "eth2"]).position() == "left over"

    async def test_a_qdisc_that_somebody_configured_is_left_alone(self, state: Path) -> None:
        state.write_text(json.dumps({"eth1": {"kind": "htb", "handle": "1:", "root": True, "options": {}}}))
        with pytest.raises(ActuatorFailed, match="box: eth1 has a qdisc htb 1: that somebody configured"):
            await box().move("delay")

    async def test_a_command_that_does_not_end_is_killed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("TC_MODE", "silent")
        with pytest.raises(
            ActuatorFailed, match=r"box: tc -j qdisc show dev eth1 did not end in 0\.2 s; is the box there\?"
        ):
            await box(timeout="200ms").move("delay")

    async def test_a_missing_program_names_its_package(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setenv("PATH", str(tmp_path))
        with pytest.raises(ActuatorFailed, match="box: tc is missing: apt install iproute2"):
            await box().move("delay")


@pytest.mark.usefixtures("state")
class TestAnotherComputer:
    async def test_is_reached_by_ssh_that_asks_for_nothing(self, tmp_path: Path) -> None:
        it = box(host="bench@192.0.2.9")
        await it.move("loss", {"percent": 30.0})
        assert await it.position() == "loss"
        log = (tmp_path / "ssh").read_text()
        assert "-o BatchMode=yes -o ConnectTimeout=5 " in log
        assert (
            f"bench@192.0.2.9 -- tc qdisc replace dev eth1 root handle {HANDLE} netem limit 100000 loss random 30%"
            in log
        )

    async def test_one_that_lets_nobody_in_says_how_to_try_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SSH_REFUSED", "1")
        with pytest.raises(
            ActuatorFailed, match=r"Permission denied \(publickey\)\.; try `ssh -o BatchMode=yes bench@192\.0\.2\.9`"
        ):
            await box(host="bench@192.0.2.9").try_dry()

    @pytest.mark.parametrize("host", ["-oProxyCommand=x", "a b", "a;b", ""])
    def test_a_name_that_ssh_would_take_for_something_else_is_refused(self, host: str) -> None:
        with pytest.raises(ValueError, match="host"):
            box(host=host)


NAMESPACE = f"tfactuators{os.getpid()}"


@pytest.fixture
def namespace() -> Iterator[str]:
    """A network namespace with an interface eth1."""
    ip = program("ip", "iproute2")
    program("tc", "iproute2")
    if os.geteuid() != 0:
        pytest.skip("network namespaces need root")
    made = run([ip, "netns", "add", NAMESPACE])
    if made:
        pytest.skip(f"no network namespace can be made here: {made.strip()}")
    try:
        subprocess.run([ip, "-n", NAMESPACE, "link", "add", "eth1", "type", "veth", "peer", "name", "far"], check=True)
        subprocess.run([ip, "-n", NAMESPACE, "link", "set", "eth1", "up"], check=True)
        yield NAMESPACE
    finally:
        run([ip, "netns", "del", NAMESPACE])


def has_netem(namespace: str) -> bool:
    """True if this kernel has netem, which no package of Debian's adds to one built without."""
    return "unknown" not in run(["ip", "netns", "exec", namespace, "tc", "qdisc", "add", "dev", "far", "root", "netem"])


class TestTheKernel:
    @pytest.mark.parametrize("kind", KINDS)
    async def test_does_and_shows_each_fault(self, namespace: str, kind: str) -> None:
        if not has_netem(namespace):
            pytest.skip("the kernel has no netem: modprobe sch_netem")
        it = box(namespace=namespace)
        await it.move(kind)
        assert await it.position() == kind
        await it.move("on")
        assert await it.position() == "on"

    async def test_without_netem_is_named(self, namespace: str) -> None:
        if has_netem(namespace):
            pytest.skip("this kernel has netem")
        with pytest.raises(ActuatorFailed, match="the kernel there has no netem: modprobe sch_netem"):
            await box(namespace=namespace).move("delay")


@pytest.mark.interop
class TestTheRealTc:
    async def test_leaves_a_configured_qdisc_alone(self, namespace: str) -> None:
        subprocess.run(
            ["ip", "netns", "exec", namespace, "tc", "qdisc", "add", "dev", "eth1", "root", "handle", "1:", "pfifo"],
            check=True,
        )
        with pytest.raises(ActuatorFailed, match="eth1 has a qdisc pfifo 1: that somebody configured"):
            await box(namespace=namespace).move("delay")

    async def test_stands_at_normal_where_nothing_was_done(self, namespace: str) -> None:
        it = box(namespace=namespace)
        await it.move("on")
        assert await it.try_dry() == "tc answers for eth1; stands at on"

    async def test_an_interface_or_namespace_that_is_not_there_is_named(self, namespace: str) -> None:
        with pytest.raises(ActuatorFailed, match='Cannot find device "eth7"'):
            await box(namespace=namespace, interface="eth7").position()
        with pytest.raises(ActuatorFailed, match='Cannot open network namespace "nowhere-7"'):
            await box(namespace="nowhere-7").position()
