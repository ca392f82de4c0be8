"""Whatever happens around and inside a UPS, it keeps the laws of physics and comes to rest."""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from ups_bench import Bench
from workers.examples import examples

from twinfeed.emulators.plant.ups.ups import Ups

FAULTS = sorted(Ups.FAULTS)
OPERATIONS = ["on", "off", "bypass", "return", "eco", "no-eco", "service", "no-service", "test", "breaker"]


class UpsUnderFire(RuleBasedStateMachine):
    """Sources come and go, faults come and go, operators do as they please."""

    @initialize(eco=st.booleans(), split=st.booleans(), chemistry=st.sampled_from(["vrla", "li-ion"]))
    def build(self, eco, split, chemistry):
        self.bench = Bench(kw=300.0, split=split, eco=eco, chemistry=chemistry, autonomy_min=2.0)

    @rule(
        volts=st.sampled_from([0.0, 100.0, 190.0, 200.0, 230.0, 252.0, 270.0]),
        hertz=st.sampled_from([44.0, 50.0, 52.5]),
    )
    def change_mains(self, volts, hertz):
        self.bench.mains.set(volts, hertz)

    @rule(volts=st.sampled_from([0.0, 190.0, 230.0]))
    def change_reserve(self, volts):
        self.bench.reserve.set(volts)

    @rule(kw=st.sampled_from([0.0, 20.0, 300.0, 510.0, 700.0, 1000.0]))
    def change_load(self, kw):
        self.bench.load.set(kw)

    @rule(seconds=st.sampled_from([0.002, 1.0, 15.0, 120.0, 3000.0]))
    def wait(self, seconds):
        self.bench.run(seconds)

    @rule(kind=st.sampled_from(FAULTS))
    def fail(self, kind):
        self.bench.plant.inject("ups", kind)
        self.bench.plant.settle()

    @rule()
    def repair(self):
        self.bench.plant.clear()
        self.bench.plant.settle()

    @rule(what=st.sampled_from(OPERATIONS))
    def operate(self, what):
        ups = self.bench.ups
        {
            "on": ups.switch_on,
            "off": ups.switch_off,
            "bypass": ups.to_bypass,
            "return": ups.return_now,
            "eco": lambda: ups.set_eco(True),
            "no-eco": lambda: ups.set_eco(False),
            "service": lambda: ups.set_maintenance(True),
            "no-service": lambda: ups.set_maintenance(False),
            "test": lambda: ups.hold_rectifier(True),
            "breaker": lambda: ups.set_battery_breaker(not ups.state.breaker_closed),
        }[what]()
        self.bench.plant.settle()

    @invariant()
    def charge_is_a_fraction(self):
        ups = self.bench.ups
        assert 0.0 <= ups.state.depth <= 1.0
        assert 0.0 <= ups.charge_percent <= 100.0 + 1e-9

    @invariant()
    def energy_is_conserved(self):
        """Input, battery and bypass together give what the load and the losses take and the battery stores."""
        ups = self.bench.ups
        given_kw = ups.input_kw + max(0.0, ups.battery_kw) + ups.bypass_draw.total_kw
        stored_kw = max(0.0, -ups.battery_kw) * ups.battery.chemistry.charge_efficiency
        if ups.live and given_kw > 0.0:
            assert given_kw == pytest.approx(ups.load_kw + ups.losses_kw + stored_kw, abs=1e-6)

    @invariant()
    def nothing_is_made_from_nothing(self):
        ups = self.bench.ups
        if ups.live:
            assert ups.battery_able or ups.input_ok or ups.bypass_supply.live or ups.maintenance_supply.live

    @invariant()
    def an_inverter_gives_nominal_voltage(self):
        ups = self.bench.ups
        if ups.live and ups.state.path == "inverter" and ups.fault_flow is None:
            assert ups.output.volts == (230.0, 230.0, 230.0)

    @invariant()
    def a_dead_output_draws_nothing(self):
        if not self.bench.ups.live:
            assert self.bench.load.load_kw == 0.0
            assert self.bench.ups.bypass_draw.total_kw == 0.0


TestUpsUnderFire = UpsUnderFire.TestCase
TestUpsUnderFire.settings = settings(max_examples=examples(60), stateful_step_count=25, deadline=None)
