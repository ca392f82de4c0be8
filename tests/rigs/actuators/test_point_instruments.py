"""Instruments that are points of devices, alone and read together."""

from __future__ import annotations

import pytest
from emulated_bench import EmulatedBench

from twinfeed.harness.transports import Reading
from twinfeed.hil_rigs import instruments
from twinfeed.hil_rigs.dialogue import Unattended
from twinfeed.hil_rigs.instruments import Batch, Instrument, NoReading, batches


def made(bench: EmulatedBench, sections: str) -> dict[str, Instrument]:
    rig = bench.rig(f"instruments:\n{sections}")
    return instruments.make(rig, bench.handles(rig), Unattended())


class TestReading:
    def test_a_number_is_scaled_and_shifted(self, bench: EmulatedBench) -> None:
        volts = bench.device("meter-1").read("line_voltage.1")
        it = made(bench, "  meter-1.line_voltage.1: {point: meter-1.line_voltage.1, scale: 2, offset: -2}\n")
        assert bench.run(it["meter-1.line_voltage.1"].read()) == pytest.approx(2 * volts - 2, rel=1e-3)

    def test_a_contact_that_is_closed_when_the_quantity_is_false_is_inverted(self, bench: EmulatedBench) -> None:
        assert bench.device("relay-1").read("input.4.on") is True
        assert (
            bench.run(made(bench, "  rack-1.supplied: {point: relay-1.input.4.on}\n")["rack-1.supplied"].read()) is True
        )
        inverted = made(bench, "  rack-1.supplied: {point: relay-1.input.4.on, invert: true}\n")
        assert bench.run(inverted["rack-1.supplied"].read()) is False

    def test_a_silent_device_gives_no_reading(self, bench: EmulatedBench) -> None:
        it = made(bench, "  rack-1.supplied: {point: relay-1.input.4.on}\n")["rack-1.supplied"]
        bench.run(bench.servers.stop())
        with pytest.raises(NoReading, match=r"rack-1\.supplied: relay-1 input\.4\.on at modbus://"):
            bench.run(it.read())

    def test_no_value_now_is_no_reading(self, bench: EmulatedBench, monkeypatch: pytest.MonkeyPatch) -> None:
        it = made(bench, "  meter-1.line_voltage.1: {point: meter-1.line_voltage.1}\n")["meter-1.line_voltage.1"]
        with pytest.raises(NoReading, match=r"meter-1\.line_voltage\.1 reports that it has no value now"):
            it.taken(Reading("meter-1", "line_voltage.1", float("nan"), "V", 0.0, "here"))  # type: ignore[attr-defined]

    def test_a_word_has_no_scale(self, bench: EmulatedBench) -> None:
        it = made(bench, "  pdu-1.outlet.1.state: {point: pdu-1.outlet.1.state, scale: 2}\n")["pdu-1.outlet.1.state"]
        with pytest.raises(NoReading, match="reads 'on', which has no opposite or scale"):
            bench.run(it.read())


class TestWhatABenchNeeds:
    def test_interlocks_and_proofs_are_measured_without_being_listed(self, bench: EmulatedBench) -> None:
        rig = bench.rig(
            "instruments: {rack-1.supplied: {point: relay-1.input.4.on}}\n"
            "interlocks: {charge: {quantity: ups-2.battery.charge, above: 40}}\n"
            "actuators: {a: {outlet: pdu-1.outlet.1.control, proof: {quantity: meter-1.power.total, below: 5}}}\n"
        )
        assert list(instruments.make(rig, bench.handles(rig), Unattended())) == [
            "rack-1.supplied", "ups-2.battery.charge", "meter-1.power.total",
        ]  # fmt: skip

    def test_a_quantity_that_nothing_measures_is_named(self, bench: EmulatedBench) -> None:
        rig = bench.rig("")
        with pytest.raises(ValueError, match=r"rack-1\.supplied: nothing measures it"):
            instruments.make(rig, bench.handles(rig), Unattended(), quantities=["rack-1.supplied"])


LOGIC = """
  rack-1.supplied: {point: relay-1.input.4.on, every: 20ms}
  rack-2.supplied: {point: relay-1.input.5.on, every: 20ms}
  generator-1.running: {point: relay-1.input.3.on, every: 1s}
  meter-1.power.total: {point: meter-1.power.total, every: 20ms}
"""


class TestBatches:
    def test_one_device_at_one_period_is_one_batch(self, bench: EmulatedBench) -> None:
        found = batches(made(bench, LOGIC).values())
        assert [(batch.every_s, batch.quantities) for batch in found] == [
            (0.02, ("rack-1.supplied", "rack-2.supplied")),
            (1.0, ("generator-1.running",)),
            (0.02, ("meter-1.power.total",)),
        ]

    def test_a_batch_takes_one_request(self, bench: EmulatedBench) -> None:
        rig = bench.rig(f"instruments:\n{LOGIC}")
        handles = bench.handles(rig)
        batch = batches(instruments.make(rig, handles, Unattended()).values())[0]
        assert bench.run(batch.read()) == {"rack-1.supplied": True, "rack-2.supplied": True}
        assert handles["relay-1"].modbus is not None
        assert handles["relay-1"].modbus.requests == 1

    def test_a_bad_point_does_not_blind_the_others(self, bench: EmulatedBench) -> None:
        batch = batches(made(bench, LOGIC).values())[0]
        worse = made(
            bench,
            "  rack-9.supplied: {point: pdu-1.outlet.1.state, scale: 3}\n  pdu-1.outlet.2.state: {point: pdu-1.outlet.2.state}\n",
        )
        found = bench.run(batches(worse.values())[0].read())
        assert isinstance(found["rack-9.supplied"], NoReading)
        assert found["pdu-1.outlet.2.state"] == "on"
        assert isinstance(batch, Batch)

    def test_a_point_that_the_device_refuses_does_not_blind_the_others(self, bench: EmulatedBench) -> None:
        found = bench.run(
            batches(
                made(
                    bench,
                    "  pdu-1.outlet.99.state: {point: pdu-1.outlet.99.state}\n  pdu-1.outlet.2.state: {point: pdu-1.outlet.2.state}\n",
                ).values()
            )[0].read()
        )
        assert "pdu-1 outlet.99.state" in str(found["pdu-1.outlet.99.state"])
        assert found["pdu-1.outlet.2.state"] == "on"

    def test_a_silent_device_costs_its_time_out_once(self, bench: EmulatedBench) -> None:
        batch = batches(made(bench, LOGIC).values())[0]
        bench.run(bench.servers.stop())
        before = bench.loop.time()
        found = bench.run(batch.read())
        assert all(isinstance(value, NoReading) for value in found.values())
        assert bench.loop.time() - before <= 6.0 + 1e-6
