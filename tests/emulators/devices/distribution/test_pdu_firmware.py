"""A PDU's firmware: commands and delays, sequencing, load states, alarms, meters, what survives."""

from __future__ import annotations

from typing import Any

import pytest
from small_plant import Source

from twinfeed.emulators.devices.catalogue import PDU
from twinfeed.emulators.devices.distribution.pdu import PduParams
from twinfeed.emulators.devices.firmware.points import BadValue, Refused
from twinfeed.emulators.plant.kernel.component import Component
from twinfeed.emulators.plant.kernel.engine import Plant
from twinfeed.emulators.plant.power.flow import Flow
from twinfeed.emulators.plant.power.pdu import Pdu
from twinfeed.emulators.plant.power.pdu_ratings import PduRatings
from twinfeed.emulators.plant.racks.racks import RackRow
from twinfeed.emulators.plant.racks.ratings import RackRowRatings


class Hall(Component):
    kind = "hall"
    inlet_c = 24.5


class Rack:
    """A source, a PDU with its card, and a row of single-corded racks."""

    def __init__(self, racks: int = 4, ratings: dict[str, Any] | None = None, **params: Any) -> None:
        self.source = Source("source")
        self.pdu = Pdu("pdu-1", PduRatings(**(ratings or {})), {"input": "source"})
        self.racks = RackRow("racks", RackRowRatings(racks=racks), {"a": "pdu-1"})
        self.hall = Hall("hall-1")
        self.device = PDU.build("pdu-1/device", PduParams(of="pdu-1", **params))
        self.plant = Plant()
        for actor in (self.source, self.pdu, self.racks, self.hall, self.device):
            self.plant.add(actor)
        self.plant.solvers.append(Flow([self.source, self.pdu, self.racks]))
        self.plant.start()

    def run(self, seconds: float) -> None:
        self.plant.advance(self.plant.now + seconds)

    def read(self, name: str) -> Any:
        return self.device.read(name)

    def write(self, name: str, value: Any) -> None:
        self.device.write(name, value)

    def outlets(self) -> str:
        return "".join("1" if closed else "0" for closed in self.pdu.state.relays)


# -- commands ---------------------------------------------------------------------------------------------------------


def test_off_and_on_take_the_load_with_them() -> None:
    rack = Rack()
    rack.write("outlet.2.control", "off")
    assert rack.read("outlet.2.state") == "off"
    assert rack.read("outlet.2.power") == 0.0
    assert rack.source.load.total_kw == pytest.approx(3 * 5.25 + rack.pdu.losses_kw)
    rack.write("outlet.2.control", "on")
    assert rack.read("outlet.2.state") == "on"


def test_a_reboot_lasts_as_long_as_configured() -> None:
    rack = Rack()
    rack.write("outlet.1.reboot_duration", 12.0)
    rack.write("outlet.1.control", "reboot")
    rack.run(11.9)
    assert rack.read("outlet.1.state") == "off"
    assert rack.read("outlet.1.pending") is True
    rack.run(0.2)
    assert rack.read("outlet.1.state") == "on"
    assert rack.read("outlet.1.pending") is False


def test_delayed_commands_wait_and_can_be_cancelled() -> None:
    rack = Rack(power_off_delay_s=30.0)
    rack.write("outlet.1.control", "delayed-off")
    rack.write("outlet.2.control", "delayed-off")
    rack.run(29)
    assert rack.outlets() == "1" * 12
    rack.write("outlet.2.control", "cancel")
    rack.run(2)
    assert rack.outlets() == "0" + "1" * 11


def test_a_later_command_replaces_the_one_that_waits() -> None:
    rack = Rack(power_off_delay_s=30.0)
    rack.write("outlet.1.control", "delayed-off")
    rack.write("outlet.1.control", "on")
    rack.run(60)
    assert rack.read("outlet.1.state") == "on"


def test_a_delayed_reboot_waits_stays_off_and_returns() -> None:
    rack = Rack(power_off_delay_s=10.0, reboot_s=5.0)
    rack.write("outlet.1.control", "delayed-reboot")
    seen = []
    for _ in range(4):
        rack.run(4.5)
        seen.append(rack.read("outlet.1.state"))
    assert seen == ["on", "on", "off", "on"]


def test_all_outlets_come_on_one_after_the_other() -> None:
    rack = Rack()
    rack.write("command.outlets", "off")
    for outlet in range(1, 13):
        rack.write(f"outlet.{outlet}.power_on_delay", float(outlet))
    rack.write("command.outlets", "delayed-on")
    rack.run(6.5)
    assert rack.outlets() == "111111000000"
    assert rack.read("outlets.pending") is True


def test_an_outlet_set_to_never_refuses() -> None:
    rack = Rack()
    rack.write("outlet.1.power_on_delay", -1.0)
    with pytest.raises(Refused, match="outlet 1 is set never to do that"):
        rack.write("outlet.1.control", "delayed-on")


def test_a_metered_pdu_refuses_to_switch() -> None:
    with pytest.raises(Refused, match="metered PDU"):
        Rack(ratings={"switched": False}).write("outlet.1.control", "off")


def test_a_dead_pdu_forgets_what_was_pending() -> None:
    rack = Rack(power_off_delay_s=10.0)
    rack.write("outlet.1.control", "delayed-off")
    rack.source.set(0.0)
    rack.run(5)
    rack.source.set(230.0)
    rack.run(60)
    assert rack.read("outlet.1.state") == "on"


def test_a_load_too_high_forbids_turning_on() -> None:
    rack = Rack(ratings={"bank_a": 40.0, "banks": 3})
    rack.write("outlet.4.control", "off")
    rack.write("bank.1.restriction", "overload")
    rack.write("bank.1.overload_threshold", 20.0)
    rack.run(1)
    with pytest.raises(Refused, match="forbids turning it on"):
        rack.write("outlet.4.control", "on")
    rack.write("bank.1.restriction", "always")
    rack.write("outlet.4.control", "on")
    assert rack.read("outlet.4.state") == "on"


def test_a_stuck_relay_raises_an_alarm() -> None:
    rack = Rack()
    rack.plant.inject("pdu-1", "relay-stuck", {"outlet": 3})
    rack.write("outlet.3.control", "off")
    rack.run(2)
    assert rack.read("outlet.3.state") == "on"
    assert rack.read("alarm.relay_failed.active") is True


# -- supply ------------------------------------------------------------------------------------------------------------


def test_relays_that_fell_open_close_in_sequence_after_the_cold_start() -> None:
    rack = Rack(ratings={"latching": False}, cold_start_delay_s=20.0)
    for outlet in range(1, 13):
        rack.write(f"outlet.{outlet}.power_on_delay", float(outlet))
    rack.write("outlet.5.control", "off")
    rack.source.set(0.0)
    rack.run(10)
    assert rack.outlets() == "0" * 12
    rack.source.set(230.0)
    rack.run(19)
    assert rack.outlets() == "0" * 12
    rack.run(7.5)
    assert rack.outlets() == "111101000000"
    rack.run(60)
    assert rack.outlets() == "111101111111"


def test_a_cold_start_of_never_leaves_them_off() -> None:
    rack = Rack(ratings={"latching": False}, cold_start_delay_s=-1.0)
    rack.source.set(0.0)
    rack.run(10)
    rack.source.set(230.0)
    rack.run(600)
    assert rack.outlets() == "0" * 12


def test_the_card_dies_with_the_inlet_and_boots_with_it() -> None:
    rack = Rack(boot_s=30.0)
    rack.write("outlet.1.name", "db-01 A")
    rack.source.set(0.0)
    rack.run(5)
    assert not rack.device.answers
    rack.source.set(230.0)
    rack.run(29)
    assert not rack.device.answers
    rack.run(2)
    assert rack.device.answers
    assert rack.read("outlet.1.name") == "db-01 A"


def test_a_hung_card_does_not_stop_a_reboot_under_way() -> None:
    rack = Rack()
    rack.write("outlet.1.control", "reboot")
    rack.plant.inject("pdu-1/device", "card-hang")
    rack.run(6)
    assert rack.outlets() == "1" * 12


# -- loads and alarms -----------------------------------------------------------------------------------------------


def test_thresholds_make_load_states() -> None:
    rack = Rack(ratings={"bank_a": 32.0})
    amperes = rack.read("bank.1.current")
    assert amperes == pytest.approx(5250 / 0.98 / 230)
    assert rack.read("bank.1.load_state") == "normal"
    rack.write("bank.1.near_overload_threshold", amperes - 1)
    assert rack.read("bank.1.load_state") == "near-overload"
    rack.write("bank.1.overload_threshold", amperes - 0.5)
    assert rack.read("bank.1.load_state") == "overload"
    assert rack.read("alarm.overload.active") is True


def test_a_load_state_is_left_only_below_its_threshold_by_the_hysteresis() -> None:
    rack = Rack()
    amperes = rack.read("bank.1.current")
    rack.write("bank.1.overload_threshold", amperes - 0.01)
    rack.write("bank.1.overload_threshold", amperes + 0.01)
    assert rack.read("bank.1.load_state") == "overload"
    rack.write("bank.1.overload_threshold", amperes * 1.03)
    assert rack.read("bank.1.load_state") != "overload"


def test_low_load() -> None:
    rack = Rack(racks=1)
    rack.write("phase.2.low_threshold", 1.0)
    assert rack.read("phase.2.load_state") == "low"
    assert rack.read("alarm.low_load.active") is True


def test_a_tripped_bank_is_announced() -> None:
    rack = Rack()
    rack.plant.inject("pdu-1", "bank-trip", {"bank": 2})
    rack.run(1)
    assert rack.read("bank.2.breaker") == "open"
    assert [n.alarm for n in rack.device.outbox] == ["bank_tripped"]
    rack.plant.clear("pdu-1")
    rack.run(1)
    assert [(n.alarm, n.raised) for n in rack.device.outbox][-1] == ("bank_tripped", False)


def test_the_sensor_feels_the_hall() -> None:
    rack = Rack(sensor="hall-1")
    assert rack.read("sensor.1.temperature") == 24.5
    rack.hall.inlet_c = 33.0
    rack.plant.settle()
    assert rack.read("alarm.too_hot.active") is True


# -- meters ---------------------------------------------------------------------------------------------------


def test_energy_counts_and_is_reset_one_by_one() -> None:
    rack = Rack(racks=2)
    rack.run(3600)
    assert rack.read("input.energy") == pytest.approx(10.5)
    assert rack.read("outlet.1.energy") == pytest.approx(5.25)
    rack.write("outlet.1.reset_energy", "reset")
    assert rack.read("outlet.1.energy") == pytest.approx(0.0)
    assert rack.read("outlet.2.energy") == pytest.approx(5.25)
    assert rack.read("input.energy") == pytest.approx(10.5)
    assert rack.read("outlet.1.energy_since") == "01/01/2026 01:00:00"


def test_peaks_stay_until_they_are_reset() -> None:
    rack = Rack(racks=2)
    rack.run(60)
    rack.racks.set_utilisation(0.0)
    rack.run(60)
    assert rack.read("input.peak") == pytest.approx(10500.0)
    assert rack.read("input.peak_time") == "01/01/2026 00:00:00"
    rack.write("input.reset_peak", "reset")
    assert rack.read("input.peak") == pytest.approx(rack.read("input.power"))


def test_a_drifting_meter_misleads_the_alarms() -> None:
    rack = Rack()
    rack.plant.inject("pdu-1", "meter-drift", {"percent": 50})
    rack.run(1)
    assert rack.read("bank.1.current") == pytest.approx(1.5 * 5250 / 0.98 / 230)
    assert rack.read("bank.1.load_state") == "overload"
    assert rack.read("bank.1.breaker") == "closed"


def test_power_is_consistent() -> None:
    rack = Rack()
    rack.run(1)
    for prefix in ("input", "phase.1", "bank.1", "outlet.1"):
        power, apparent = rack.read(f"{prefix}.power"), rack.read(f"{prefix}.apparent_power")
        assert power / apparent == pytest.approx(rack.read(f"{prefix}.power_factor"))
    assert rack.read("outlet.1.apparent_power") == pytest.approx(
        rack.read("outlet.1.current") * rack.read("outlet.1.voltage")
    )


def test_every_point_can_be_read() -> None:
    rack = Rack()
    for name in rack.device.point_names():
        rack.read(name)


def test_a_name_that_is_too_long_is_refused() -> None:
    with pytest.raises(BadValue, match=r"65 long.*expected a text of 1 to 64 characters"):
        Rack().write("outlet.1.name", "x" * 65)


def test_a_forked_run_repeats_itself() -> None:
    rack = Rack(power_off_delay_s=20.0)
    rack.write("outlet.1.control", "delayed-reboot")
    rack.run(10)
    snapshot = rack.plant.snapshot()

    def tail() -> list[object]:
        rack.plant.journal.clear()
        rack.run(60)
        return [*rack.plant.journal, rack.read("input.energy"), rack.device.state.events[-3:]]

    first = tail()
    rack.plant.restore(snapshot)
    assert tail() == first
