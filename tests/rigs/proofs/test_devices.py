"""Devices that restart, fall silent, hang behind their gateway, or are not the ones the file means.

Each ends with a clear message, a bench that is safe or shows what is not, and a record that has it in order.
"""

from __future__ import annotations

import os
import signal

import pytest
from proof_bench import ProofBench, in_order

from twinfeed.harness.transports import NoAnswer
from twinfeed.hil_rigs.actuators import ActuatorFailed
from twinfeed.hil_rigs.supervisor.moves import Denied
from twinfeed.hil_rigs.world.world import BenchStopped

SAFE = ["on", "off"]
"""The load on, the spare outlet off."""


async def test_a_watched_device_that_restarts_trips_the_bench(bench: ProofBench) -> None:
    """An interlock that sees nothing protects nobody, whatever the reason."""

    async def test() -> None:
        async with bench.run() as site:
            await site.inject("pdu-1", "inlet-loss")
            bench.suffers("ups-1", "card-reboot")
            await site.run("1 min")

    with pytest.raises(BenchStopped, match=r"interlock charge: nothing is known of ups-1.battery.charge for"):
        await test()
    assert bench.outlets() == SAFE
    assert "ups-1 battery.charge at snmp+v3://" in bench.why("has no reading")
    assert in_order(
        bench.story(),
        ("load", "moved"),
        ("ups-1.battery.charge", "has no reading"),
        ("supervisor", "trips"),
        ("load", "moved"),
        ("supervisor", "is safe"),
    )


async def test_a_device_that_nothing_watches_may_restart_and_the_test_goes_on(bench: ProofBench) -> None:
    async with bench.run() as site:
        bench.suffers("pdu-1", "card-reboot")
        with pytest.raises(NoAnswer, match=r"pdu-1 outlet.1.state at snmp://.*: no answer in 2 tries of 0.5 s"):
            await site["pdu-1"].read("outlet.1.state")
        await bench.answers(site, "pdu-1", "outlet.1.state")
        await site.inject("pdu-1", "inlet-loss", for_="1s")
        await site.run("2s")
    assert bench.outlets() == ["on", "on"]
    assert in_order(bench.story(), ("pdu-1.outlet.1.state", "has no reading"), ("load", "moved"), ("load", "moved"))
    assert not bench.said("trips")


async def test_a_cable_that_is_out_is_told_as_not_safe_until_it_is_in_again(bench: ProofBench) -> None:
    async with bench.armed() as awa:
        await awa.ask("hold", run="the proof")
        await awa.ask("apply", target="pdu-1", kind="inlet-loss", parameters={})
        bench.suffers("pdu-1", "card-hang")
        stopped = bench.twinfeed("stop", "smoke")
        said = " ".join(stopped.stderr.split())
        assert (stopped.returncode, said[: len("twinfeed: NOT SAFE: load")]) == (1, "twinfeed: NOT SAFE: load")
        assert "load: should be on, the order got no answer" in said
        assert "spare: should be off, the order got no answer" in said
        assert "breaker" not in said
        assert bench.twinfeed("reset", "--as", "Awa").returncode == 1

        bench.is_well("pdu-1")
        again = bench.twinfeed("stop", "the cable is in again")
        assert (again.returncode, "in its safe state" in again.stdout) == (0, True)
    assert bench.outlets() == SAFE
    assert in_order(
        bench.story(),
        ("supervisor", "trips"),
        ("load", "failed"),
        ("spare", "failed"),
        ("breaker", "moved"),
        ("supervisor", "is not safe"),
        ("Awa", "could not reset the bench"),
        ("supervisor", "makes the bench safe again"),
        ("supervisor", "is safe"),
    )


async def test_a_cable_that_is_out_when_the_supervisor_dies_keeps_its_guard_trying(bench: ProofBench) -> None:
    async with bench.armed() as awa:
        await awa.ask("hold", run="the proof")
        await awa.ask("apply", target="pdu-1", kind="inlet-loss", parameters={})
        bench.suffers("pdu-1", "card-hang")
        os.kill(bench.supervisor(), signal.SIGKILL)
        bench.until(lambda: bench.said("is not safe"), "the guard has tried")
    assert "load: should be on" in bench.why("is not safe")
    assert "NOT SAFE" in bench.twinfeed("check").stderr

    bench.is_well("pdu-1")
    bench.until(lambda: bench.said("is safe"), "the guard has tried again")
    assert bench.outlets() == SAFE
    told = [(entry.who, entry.what) for entry in bench.story() if entry.what in ("is not safe", "is safe")]
    assert set(told[:-1]) == {("guard", "is not safe")}
    assert told[-1] == ("guard", "is safe")


async def test_a_gateway_without_an_answer_of_the_watched_meter_trips_the_bench(bench: ProofBench) -> None:
    """The relay behind the same gateway answers, and goes to its safe position."""

    async def test() -> None:
        async with bench.run() as site:
            await site.inject("q-load", "trip")
            bench.suffers("meter-1", "card-hang")
            await site.run("1 min")

    with pytest.raises(BenchStopped, match=r"interlock voltage: nothing is known of meter-1.voltage.1"):
        await test()
    assert "gateway target device failed to respond" in bench.why("has no reading")
    assert in_order(
        bench.story(),
        ("breaker", "moved"),
        ("meter-1.voltage.1", "has no reading"),
        ("supervisor", "trips"),
        ("breaker", "moved"),
        ("supervisor", "is safe"),
    )


async def test_a_gateway_without_an_answer_of_the_relay_is_no_proof_that_it_did_not_move(bench: ProofBench) -> None:
    async def test() -> None:
        async with bench.run() as site:
            bench.suffers("relay-1", "card-hang")
            await site.inject("q-load", "trip")

    with pytest.raises(ActuatorFailed, match=r"breaker: should be .*got no answer.*failed to respond"):
        await test()
    assert bench.status()["not_safe"][0].startswith("breaker: should be off, the order got no answer")
    bench.is_well("relay-1")
    assert bench.twinfeed("stop").returncode == 0
    assert in_order(
        bench.story(),
        ("breaker", "failed"),
        ("supervisor", "trips"),
        ("supervisor", "is not safe"),
        ("supervisor", "is safe"),
    )


@pytest.mark.parametrize(
    ("written", "wrong", "found"),
    [
        (
            "  pdu-1:\n    snmp:",
            "  pdu-1:\n    profile: raritan-px2\n    snmp:",
            r"pdu-1: sysObjectID 1\.3\.6\.1\.4\.1\.318\.\S+: another device, expected \S+ \(raritan-px2\)",
        ),
        (
            "identity: {serial: PROOF12}",
            "identity: {serial: PROOF99}",
            r"pdu-1: serial number PROOF12: another device, expected PROOF99",
        ),
    ],
    ids=["another product", "another of the same product"],
)
async def test_a_wrong_device_at_the_address_keeps_the_bench_from_being_armed(
    bench: ProofBench, written: str, wrong: str, found: str
) -> None:
    with bench.file_says(written, wrong):
        with pytest.raises(Denied, match=f"not every device is the one that the file means: {found}; check address"):
            async with bench.armed():
                pass
        assert bench.outlets() == ["on", "on"]
        assert "another device" in bench.why("was not allowed to arm the bench")
        assert not [entry for entry in bench.story() if entry.what in ("moves", "armed the bench")]
