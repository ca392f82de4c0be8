"""Short circuits by impedance: currents, voltages beside them, and who clears them."""

from __future__ import annotations

from math import sqrt

import pytest
from paths import Build, Load, told

from twinfeed.emulators.plant.generation.diesel import GeneratorRatings
from twinfeed.emulators.plant.generation.generator import Generator
from twinfeed.emulators.plant.kernel.engine import Plant
from twinfeed.emulators.plant.power.boards import Board, BusTie
from twinfeed.emulators.plant.power.breaker_ratings import BreakerRatings
from twinfeed.emulators.plant.power.breakers import Breaker
from twinfeed.emulators.plant.power.electrical import Electrical
from twinfeed.emulators.plant.power.faults.impedances import cable_ohm
from twinfeed.emulators.plant.power.pdu import Pdu
from twinfeed.emulators.plant.power.static_transfer_switch import StaticSwitchRatings, StaticTransferSwitch
from twinfeed.emulators.plant.power.transformers import Transformer, TransformerRatings
from twinfeed.emulators.plant.power.utilities import Utility, UtilityRatings
from twinfeed.emulators.plant.racks.racks import RackRow
from twinfeed.emulators.plant.ups.ratings import UpsRatings
from twinfeed.emulators.plant.ups.ups import Ups

NEVER = BreakerRatings(20_000.0, instantaneous=1000.0, short_time=20.0, icu_ka=300.0)
"""Of a breaker that takes no part in what is tested."""


def amperes(plant: Plant, id: str) -> float:
    """The current that a short circuit drives through a component, A in the worst phase."""
    component = plant.actors[id]
    assert isinstance(component, Electrical)
    return 0.0 if component.fault_flow is None else max(component.fault_flow.amperes)


def supplied(rated: BreakerRatings = NEVER, **utility: float) -> list[Electrical]:
    """A transformer of 1000 kVA, 6 %, 10.5 kW, on a 500 MVA network, with a breaker and a board."""
    return [
        Utility("mains", UtilityRatings(short_circuit_mva=500.0, **utility)),
        Transformer(
            "tx", TransformerRatings(kva=1000.0, impedance_percent=6.0, load_loss_w=10500.0), {"input": "mains"}
        ),
        Breaker("q", rated, {"input": "tx"}),
        Board("board", None, {"q": "q"}),
    ]


# -- currents ---------------------------------------------------------------------------------------------------


def test_network_and_transformer_limit_the_current(build: Build) -> None:
    """By hand: 3 x 230^2 / S is 317.4 uohm of network and 9.522 mohm of transformer, R 1.667 mohm and X 9.375 mohm."""
    plant = build(*supplied())
    plant.inject("board", "short-circuit")
    plant.settle()
    r, x = 0.3174 / sqrt(101.0) + 1.6664, 10.0 * 0.3174 / sqrt(101.0) + 9.3750
    assert amperes(plant, "q") == pytest.approx(230_000.0 / sqrt(r * r + x * x), rel=0.001)


def test_parallel_paths_share_the_current_by_their_impedance(build: Build) -> None:
    plant = build(
        Utility("mains"),
        Board("top", None, {"mains": "mains"}),
        Breaker("short", BreakerRatings(20_000.0, cable_m=10.0, cable_mm2=185.0), {"input": "top"}),
        Breaker("long", BreakerRatings(20_000.0, cable_m=30.0, cable_mm2=185.0), {"input": "top"}),
        Board("bottom", None, {"one": "short", "two": "long"}),
    )
    plant.inject("bottom", "short-circuit")
    plant.settle()
    assert amperes(plant, "short") == pytest.approx(3.0 * amperes(plant, "long"), rel=0.01)
    assert amperes(plant, "mains") == pytest.approx(amperes(plant, "short") + amperes(plant, "long"))


def test_the_current_given_with_a_fault_is_the_most_that_flows(build: Build) -> None:
    plant = build(*supplied())
    plant.inject("board", "short-circuit", {"current": 10.0})
    plant.settle()
    assert 8_500.0 < amperes(plant, "q") < 10_000.0
    assert 190.0 < plant.actors["board"].output_volts < 230.0


def test_a_tie_carries_what_the_other_side_gives(build: Build) -> None:
    plant = build(
        *supplied(),
        Utility("mains-b", UtilityRatings(short_circuit_mva=20.0)),
        Board("board-b", None, {"mains": "mains-b"}),
        BusTie("tie", BreakerRatings(closed=False), {"a": "board", "b": "board-b"}),
    )
    plant.inject("mains", "outage")
    plant.actors["tie"].close()
    plant.inject("q", "short-circuit")
    plant.settle()
    assert amperes(plant, "tie") == pytest.approx(20_000_000.0 / (3.0 * 230.0), rel=0.01)


def test_a_fault_below_an_open_breaker_draws_nothing(build: Build) -> None:
    plant = build(*supplied())
    plant.actors["q"].open()
    plant.inject("q", "short-circuit")
    plant.advance(1.0)
    assert amperes(plant, "tx") == 0.0
    assert plant.actors["tx"].output_volts == 230.0


# -- voltages ---------------------------------------------------------------------------------------------------


def test_everything_beside_a_fault_sees_the_dip(build: Build) -> None:
    cable = BreakerRatings(400.0, cable_m=50.0, cable_mm2=240.0, instantaneous=1000.0, short_time=20.0)
    plant = build(*supplied(), Breaker("feeder", cable, {"input": "board"}), Load("load", {"a": "board"}, 50.0))
    plant.inject("feeder", "short-circuit")
    plant.settle()
    z_cable = abs(cable_ohm(50.0, 240.0))
    dip = plant.actors["board"].output_volts
    assert dip == pytest.approx(amperes(plant, "feeder") * z_cable, rel=0.001)
    assert 50.0 < dip < 150.0
    assert plant.actors["load"].seen["a"].volts == pytest.approx((dip, dip, dip))
    assert plant.actors["mains"].output_volts > 220.0


def test_the_voltage_is_back_when_the_fault_is_cleared(build: Build) -> None:
    plant = build(*supplied(), Breaker("feeder", BreakerRatings(63.0), {"input": "board"}))
    plant.inject("feeder", "short-circuit")
    plant.advance(1.0)
    assert plant.actors["feeder"].tripped
    assert plant.actors["board"].output_volts == 230.0
    assert plant.actors["q"].closed


# -- sources ----------------------------------------------------------------------------------------------------


def test_the_current_of_a_set_decays_from_sub_transient_to_sustained(build: Build) -> None:
    ratings = GeneratorRatings(
        bus="bus", kva=1000.0, standby_kw=800.0, subtransient_reactance=0.12, transient_reactance=0.2
    )
    genset = Generator("set", ratings)
    plant = build(genset, Board("bus", None, {"set": "set"}))
    genset.crank()
    plant.advance(20.0)
    genset.close_breaker()
    plant.advance(25.0)
    plant.inject("bus", "short-circuit")
    rated_a = 1_000_000.0 / 690.0
    plant.settle()
    assert amperes(plant, "set") == pytest.approx(rated_a / (0.12 * sqrt(1.0 + 0.15**2)), rel=0.01)
    plant.advance(25.1)
    assert amperes(plant, "set") == pytest.approx(rated_a / (0.2 * sqrt(1.0 + 0.15**2)), rel=0.01)
    plant.advance(25.5)
    assert amperes(plant, "set") == pytest.approx(3.0 * rated_a, rel=0.001)


def test_an_inverter_limits_its_current_and_hands_the_fault_to_its_bypass(build: Build) -> None:
    ups = Ups("ups", UpsRatings(kva=100.0, kw=100.0), {"input": "board"})
    plant = build(*supplied(), ups, Board("out", None, {"ups": "ups"}))
    plant.inject("out", "short-circuit")
    plant.settle()
    assert amperes(plant, "ups") == pytest.approx(2.0 * 100_000.0 / 690.0, rel=0.001)
    assert plant.actors["board"].output_volts == 230.0
    plant.advance(0.01)
    assert ups.mode == "bypass"
    assert 3_500.0 < amperes(plant, "ups") < 4_700.0  # choke and cables of the bypass are 3 % of the module


def test_an_inverter_without_bypass_stands_in_its_limit_for_a_second(build: Build) -> None:
    ups = Ups("ups", UpsRatings(kva=100.0, kw=100.0), {"input": "board"})
    plant = build(*supplied(), ups, Board("out", None, {"ups": "ups"}))
    plant.inject("ups", "bypass")
    plant.inject("out", "short-circuit")
    plant.advance(0.9)
    assert ups.mode == "online"
    plant.advance(1.1)
    assert ups.mode == "off"


# -- clearing ---------------------------------------------------------------------------------------------------


def test_a_fault_that_no_breaker_clears_is_cleared_by_the_transformers_own_protection(build: Build) -> None:
    plant = build(*supplied())
    plant.inject("tx", "short-circuit")
    plant.advance(2.0)
    assert plant.actors["tx"].tripped
    assert plant.actors["mains"].live


def test_a_breaker_that_must_break_more_than_it_can_leaves_the_fault_to_the_next(build: Build) -> None:
    main = BreakerRatings(1600.0, short_time=5.0)
    plant = build(*supplied(main), Breaker("mcb", BreakerRatings(32.0, curve="C"), {"input": "board"}))
    plant.inject("mcb", "short-circuit")
    plant.advance(1.0)
    mcb = plant.actors["mcb"]
    assert "breaking capacity exceeded" in told(plant, "mcb")
    assert plant.actors["q"].tripped
    assert mcb.damaged and mcb.tripped
    assert not mcb.reset()
    assert mcb.replace()
    assert mcb.close()


def test_a_cable_brings_the_current_below_the_breaking_capacity(build: Build) -> None:
    mcb = BreakerRatings(32.0, curve="C", cable_m=25.0, cable_mm2=6.0)
    plant = build(*supplied(), Breaker("mcb", mcb, {"input": "board"}))
    plant.inject("mcb", "short-circuit")
    plant.settle()
    assert 2_000.0 < amperes(plant, "mcb") < 3_000.0
    plant.advance(1.0)
    assert plant.actors["mcb"].tripped and not plant.actors["mcb"].damaged


def cascade(build: Build, upper: BreakerRatings, lower: BreakerRatings) -> tuple[bool, bool]:
    """True for each of two breakers, the upper and the lower, that trips on a fault below both."""
    plant = build(
        *supplied(), Breaker("upper", upper, {"input": "board"}), Board("sub", None, {"q": "upper"}),
        Breaker("lower", lower, {"input": "sub"}),
    )  # fmt: skip
    plant.inject("lower", "short-circuit")
    plant.advance(1.0)
    return plant.actors["upper"].tripped, plant.actors["lower"].tripped


@pytest.mark.parametrize(
    ("upper", "lower", "selective"),
    [
        (BreakerRatings(1600.0), BreakerRatings(250.0), True),
        (BreakerRatings(250.0), BreakerRatings(63.0, curve="C", icu_ka=36.0), True),
        (BreakerRatings(250.0), BreakerRatings(100.0), False),
        (BreakerRatings(400.0), BreakerRatings(250.0), False),
        (BreakerRatings(400.0, instantaneous=1000.0), BreakerRatings(250.0), True),
    ],
    ids=["air over moulded case", "moulded case over miniature", "250 over 100 A", "400 over 250 A", "Ii off"],
)  # fmt: skip
def test_selectivity_follows_from_the_curves(
    build: Build, upper: BreakerRatings, lower: BreakerRatings, selective: bool
) -> None:
    assert cascade(build, upper, lower) == (not selective, True)


def test_two_bypasses_share_a_fault_behind_the_ups_and_the_incomer_stands(build: Build) -> None:
    """10 kA behind two modules is 5 kA in each bypass and 10 kA in the incomer, whose short-time pickup is 12 kA."""
    modules = [Ups(f"ups-{n}", UpsRatings(kva=300.0, kw=300.0, bus="x"), {"input": "board", "bypass": f"byp-{n}"})
               for n in (1, 2)]  # fmt: skip
    plant = build(
        *supplied(BreakerRatings(2000.0, short_time=6.0)),
        *(Breaker(f"byp-{n}", BreakerRatings(630.0, short_time=5.0), {"input": "board"}) for n in (1, 2)),
        *modules,
        Board("out", None, {"one": "ups-1", "two": "ups-2"}),
    )
    plant.inject("out", "short-circuit", {"current": 12.0})
    plant.advance(0.02)
    assert amperes(plant, "byp-1") == pytest.approx(amperes(plant, "byp-2"), rel=0.001)
    assert amperes(plant, "q") == pytest.approx(2.0 * amperes(plant, "byp-1"), rel=0.001)
    plant.advance(5.0)
    assert plant.actors["q"].closed
    assert plant.actors["byp-1"].tripped and plant.actors["byp-2"].tripped


def test_a_static_switch_does_not_take_a_fault_of_its_load_to_the_other_source(build: Build) -> None:
    plant = build(
        *supplied(),
        Utility("other"),
        StaticTransferSwitch("sts", StaticSwitchRatings(rated_a=63.0), {"preferred": "board", "alternate": "other"}),
        Board("load", None, {"sts": "sts"}),
    )
    plant.inject("load", "short-circuit")
    plant.advance(0.1)
    assert plant.actors["sts"].inhibited
    assert plant.actors["sts"].active == "preferred"
    assert amperes(plant, "other") == 0.0


# -- PDUs and racks ---------------------------------------------------------------------------------------------


def row(build: Build) -> Plant:
    return build(
        *supplied(),
        Breaker("q-row", BreakerRatings(125.0), {"input": "board"}),
        Pdu("pdu", None, {"input": "q-row"}),
        RackRow("racks", None, {"a": "pdu"}),
    )


def test_a_fault_at_a_racks_cord_trips_its_bank_and_nothing_above(build: Build) -> None:
    plant = row(build)
    plant.inject("racks", "cord-a-short-circuit", {"rack": 4})
    plant.settle()
    assert 2_000.0 < amperes(plant, "q-row") < 4_000.0
    plant.advance(1.0)
    assert plant.actors["pdu"].state.tripped == [bank == 4 for bank in range(1, 13)]
    assert plant.actors["q-row"].closed
    assert plant.actors["racks"].racks_supplied == 9


def test_a_fault_at_one_outlet_is_of_one_phase(build: Build) -> None:
    plant = row(build)
    plant.inject("pdu", "short-circuit", {"outlet": 5})
    plant.settle()
    flow = plant.actors["board"].fault_flow
    assert flow is not None
    assert sorted(flow.amperes)[:2] == [0.0, 0.0]
    volts = sorted(plant.actors["board"].output.volts)
    assert volts[0] < 230.0 and volts[1:] == [230.0, 230.0]


def test_a_fault_at_a_pdus_inlet_trips_its_feeder(build: Build) -> None:
    plant = row(build)
    plant.inject("pdu", "short-circuit")
    plant.advance(1.0)
    assert plant.actors["q-row"].tripped
    assert not any(plant.actors["pdu"].state.tripped)


# -- earth faults -----------------------------------------------------------------------------------------------


def test_a_small_earth_fault_is_seen_by_residual_current_protection_only(build: Build) -> None:
    plain, guarded = BreakerRatings(250.0), BreakerRatings(250.0, earth_fault_a=30.0, earth_fault_s=0.3)
    for ratings, trips in ((plain, False), (guarded, True)):
        plant = build(*supplied(), Breaker("feeder", ratings, {"input": "board"}))
        plant.inject("feeder", "earth-fault", {"current": 0.1})
        plant.advance(0.2)
        assert plant.actors["feeder"].residual_a == pytest.approx(100.0, rel=0.02)
        assert plant.actors["feeder"].closed
        plant.advance(0.4)
        assert plant.actors["feeder"].tripped == trips
        assert plant.actors["feeder"].state.cause == ("earth fault" if trips else "")


def test_a_short_circuit_of_three_phases_has_no_residual_current(build: Build) -> None:
    plant = build(*supplied(), Breaker("feeder", BreakerRatings(20_000.0, earth_fault_a=30.0), {"input": "board"}))
    plant.inject("feeder", "short-circuit")
    plant.settle()
    assert plant.actors["feeder"].residual_a == 0.0


def test_the_protective_conductor_counts_in_an_earth_fault(build: Build) -> None:
    ratings = BreakerRatings(20_000.0, cable_m=100.0, cable_mm2=50.0)
    plant = build(*supplied(), Breaker("feeder", ratings, {"input": "board"}))
    plant.inject("feeder", "short-circuit")
    plant.settle()
    three = amperes(plant, "feeder")
    plant.clear("feeder")
    plant.inject("feeder", "earth-fault", {"phase": 2})
    plant.settle()
    assert amperes(plant, "feeder") == pytest.approx(three / 2.0, rel=0.15)
    assert plant.actors["board"].output.volts[0] == 230.0
    assert plant.actors["board"].output.volts[1] < 230.0


# -- zones ------------------------------------------------------------------------------------------------------


def zones(build: Build, wired: bool) -> Plant:
    upper = BreakerRatings(1600.0, short_time=5.0, short_time_s=0.5, zone_selective=wired)
    lower = BreakerRatings(1600.0, short_time=5.0, short_time_s=0.32, zone_selective=wired, instantaneous=1000.0)
    plant = build(
        *supplied(), Breaker("upper", upper, {"input": "board"}), Board("sub", None, {"q": "upper"}),
        Breaker("lower", lower, {"input": "sub"}),
    )  # fmt: skip
    plant.actors["upper"].params = BreakerRatings(**{**vars(upper), "instantaneous": 1000.0})
    return plant


@pytest.mark.parametrize(
    ("wired", "at", "tripped", "at_s"),
    [
        (False, "sub", "upper", 0.5),
        (True, "sub", "upper", 0.08),
        (False, "lower", "lower", 0.32),
        (True, "lower", "lower", 0.08),
    ],
)
def test_zones_clear_a_fault_without_delay_where_it_is(
    build: Build, wired: bool, at: str, tripped: str, at_s: float
) -> None:
    plant = zones(build, wired)
    plant.inject(at, "short-circuit")
    plant.advance(2.0)
    trips = [(e.who, pytest.approx(e.t)) for e in plant.journal if e.what == "tripped"]
    assert trips == [(tripped, at_s)]


def test_a_zone_above_one_that_fails_trips_after_its_delay(build: Build) -> None:
    plant = zones(build, wired=True)
    plant.inject("lower", "fail-to-open")
    plant.inject("lower", "short-circuit")
    plant.advance(2.0)
    trips = [(e.who, pytest.approx(e.t)) for e in plant.journal if e.what == "tripped"]
    assert trips == [("upper", 0.5)]
