"""A defect in the code of one device's firmware takes that device down, and nothing else; without an observer it raises."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from types import MethodType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from workers.examples import examples

from twinfeed.emulators.devices.firmware.device import Device
from twinfeed.emulators.devices.firmware.points import BadValue, BoundPoint, Crashed, Point
from twinfeed.emulators.plant.kernel.actor import Actor, Defect, PlantError
from twinfeed.emulators.site import Site

PHASES = ("react", "horizon", "timer", "read", "write", "fault")
ERRORS = (
    TypeError,
    ZeroDivisionError,
    KeyError,
    RecursionError,
    OverflowError,
    AssertionError,
    PlantError,
    StopIteration,
)


@cache
def bench() -> tuple[Site, dict[str, Any]]:
    site = Site.load("bench")
    return site, site.plant.snapshot()


@pytest.fixture
def site() -> Iterator[Site]:
    with observed() as (site, _):
        yield site


@contextmanager
def observed() -> Iterator[tuple[Site, list[Defect]]]:
    """The bench as it was built, and the defects that are reported."""
    site, start = bench()
    site.plant.restore(start)
    defects: list[Defect] = []
    site.plant.on_defect = defects.append
    try:
        yield site, defects
    finally:
        site.plant.on_defect = None
        for device in site.devices.values():
            for name in ("react", "horizon", "on_timer", "on_fault"):
                vars(device).pop(name, None)
            device._bound.clear()
        site.plant.rearrange()


def plant_defect(device: Device, phase: str, error: type[Exception]) -> Callable[[], object]:
    """Make that phase of the device's firmware raise; returns what makes the firmware come to it."""

    def raising(*_: object) -> Any:
        raise error("seeded")

    def advance() -> None:
        device.plant.advance(device.plant.now + 1000.0)

    if phase in ("react", "horizon"):
        setattr(device, phase, MethodType(raising, device))
        device.plant.rearrange()
    elif phase == "timer":
        device.on_timer = MethodType(raising, device)  # type: ignore[method-assign]
        device.after(5.0, "seeded")
    elif phase == "fault":
        device.on_fault = MethodType(raising, device)  # type: ignore[method-assign]
        return lambda: device.plant.inject(device.id, "command-ignored")
    else:
        point = Point("seeded.point", "", raising, write=raising)
        bound = device._bound["seeded.point"] = BoundPoint(device, point, "seeded.point", ())
        return bound.read if phase == "read" else lambda: bound.write(1.0)
    return advance


def comes_to(device: Device, phase: str) -> bool:
    """True if devices of this kind have that phase at all."""
    return phase != "horizon" or type(device).horizon is not Actor.horizon


@settings(deadline=None, max_examples=examples(80))
@given(st.data(), st.sampled_from(PHASES), st.sampled_from(ERRORS))
def test_any_defect_of_any_device_takes_down_that_device_alone(
    data: st.DataObject, phase: str, error: type[Exception]
) -> None:
    if phase == "fault" and error is PlantError:
        return  # the fault is refused
    with observed() as (site, defects):
        device = data.draw(st.sampled_from([d for d in site.devices.values() if comes_to(d, phase)]))
        others = [name for name in site.devices if name != device.name]
        provoke = plant_defect(device, phase, error)
        try:
            provoke()
        except Crashed:
            assert phase in ("read", "write")
        site.advance(3600.0)
        assert [(d.who, type(d.error)) for d in defects] == [(device.id, error)]
        assert not device.answers
        assert (device.name, "firmware-crash", {}) in site.active_faults()
        assert all(site.reachable(name) for name in others)
        assert any(line.what == "firmware crashed" and line.who == device.id for line in site.plant.journal)


@pytest.mark.parametrize("phase", PHASES)
def test_without_an_observer_the_defect_ends_the_run(phase: str) -> None:
    with observed() as (site, _):
        site.plant.on_defect = None
        provoke = plant_defect(site["ups-1"], phase, TypeError)
        with pytest.raises(TypeError, match="seeded"):
            provoke()


def test_a_firmware_that_never_comes_to_rest_is_taken_down(site: Site) -> None:
    """It raises nothing, and would end the site all the same."""
    device, defects = site["ups-1"], []
    site.plant.on_defect = defects.append
    device.react = MethodType(lambda self: self.touch(), device)  # type: ignore[method-assign]
    site.plant.rearrange()
    site.advance(10.0)
    assert [defect.who for defect in defects] == ["ups-1/device"]
    assert "does not come to rest: ups-1/device keep changing" in str(defects[0].error)
    assert not device.answers
    assert all(site.reachable(name) for name in site.devices if name != "ups-1")


class TestRestart:
    def test_a_crash_that_is_cleared_lets_the_firmware_go_on(self, site: Site) -> None:
        device = site["ups-1"]
        plant_defect(device, "react", TypeError)()
        del device.react  # type: ignore[method-assign]
        site.clear("ups-1")
        site.advance(1.0)
        assert device.answers
        assert site.reachable("ups-1")

    def test_a_restart_of_the_card_does_too(self, site: Site) -> None:
        device = site["ups-1"]
        plant_defect(device, "react", TypeError)()
        del device.react  # type: ignore[method-assign]
        site.inject("ups-1", "card-reboot")
        assert not device.answers
        site.advance(60.0)
        assert device.answers

    def test_power_that_comes_back_does_too(self, site: Site) -> None:
        device = site["ups-1"]
        plant_defect(device, "react", TypeError)()
        del device.react  # type: ignore[method-assign]
        supplied = device.card_supplied
        device.card_supplied = lambda: False  # type: ignore[method-assign]
        site.plant.settle()
        assert (device.state.card, device.answers) == ("off", False)
        device.card_supplied = supplied  # type: ignore[method-assign]
        site.plant.settle()
        site.advance(60.0)
        assert device.answers

    def test_one_that_crashes_at_once_again_stays_down_and_the_site_goes_on(self, site: Site) -> None:
        plant_defect(site["ups-1"], "react", TypeError)()
        site.clear("ups-1")
        site.inject("ups-1", "card-reboot")
        site.advance(600.0)
        assert not site["ups-1"].answers

    def test_timers_wait_for_it(self, site: Site) -> None:
        device, fired = site["ups-1"], []
        site.inject("ups-1", "firmware-crash")
        device.on_timer = MethodType(lambda self, name: fired.append((self.plant.now, name)), device)  # type: ignore[method-assign]
        began = site.now
        device.after(5.0, "mine")
        site.advance(10.0)
        assert fired == []
        site.clear("ups-1")
        site.advance(1.0)
        assert fired == [(began + 10.0, "mine")]


class TestWrites:
    def test_a_write_that_raises_stores_nothing(self, site: Site) -> None:
        device = site["ups-1"]

        def half(owner: Device, value: object) -> None:
            owner.state.settings["half"] = value
            raise ValueError("seeded")

        bound = BoundPoint(device, Point("seeded", "", lambda d: 0, write=half), "seeded", ())
        before = dict(device.state.settings)
        with pytest.raises(Crashed, match="ups-1 does not answer"):
            bound.write(1.0)
        assert device.state.settings == before
        assert not device.answers

    def test_a_value_that_crashes_the_firmware_later_in_the_same_instant_is_taken_back(self, site: Site) -> None:
        device = site["ups-1"]

        def react(owner: Device) -> None:
            if "poison" in owner.state.settings:
                raise TypeError("seeded")

        def store(owner: Device, value: object) -> None:
            owner.state.settings["poison"] = value

        device.react = MethodType(react, device)  # type: ignore[method-assign]
        site.plant.rearrange()
        bound = BoundPoint(device, Point("seeded", "", lambda d: 0, write=store), "seeded", ())
        with pytest.raises(Crashed):
            bound.write(1.0)
        assert "poison" not in device.state.settings
        site.clear("ups-1")
        site.advance(10.0)
        assert device.answers

    def test_what_is_refused_is_no_defect(self, site: Site) -> None:
        with pytest.raises(BadValue):
            site["ups-1"].write("command.reboot_card", "nonsense")
        assert site["ups-1"].answers

    def test_nor_what_the_protocol_refuses_in_the_midst_of_a_request(self, site: Site) -> None:
        """A Modbus server answers a refusal with an exception of its own."""
        device = site["ups-1"]

        class ExceptionResponse(Exception):
            pass

        def request() -> None:
            with device.writing():
                device.write("system.location", "row 7")
                raise ExceptionResponse

        with pytest.raises(ExceptionResponse):
            request()
        assert device.answers
        assert device.read("system.location") == "row 7"

    def test_writes_together_settle_once(self, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
        settled = []
        rest = site.plant._come_to_rest
        monkeypatch.setattr(site.plant, "_come_to_rest", lambda: (settled.append(site.now), rest()))
        with site["ups-1"].writing():
            for name in ("a", "b", "c"):
                site["ups-1"].write("system.location", name)
        assert len(settled) == 1
        assert site["ups-1"].read("system.location") == "c"


def test_a_defect_of_a_component_ends_the_run(site: Site) -> None:
    """Physics that raises is no device's business: what it would go on from is not known."""
    component = site.components["ups-1"]

    def raising(_: object) -> None:
        raise TypeError("seeded")

    component.react = MethodType(raising, component)  # type: ignore[method-assign]
    site.plant.rearrange()
    try:
        with pytest.raises(TypeError, match="seeded"):
            site.advance(1.0)
    finally:
        del component.react  # type: ignore[method-assign]
        site.plant.rearrange()
