"""The values of the points of every product, as the positions of a rig file."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from twinfeed.emulators.profiles import library
from twinfeed.emulators.profiles.schema import SnmpObject
from twinfeed.harness.transports.places import entries
from twinfeed.hil_rigs.positions import Words, words
from twinfeed.hil_rigs.schema import DeviceAccess

ACCESS = {
    "snmp": DeviceAccess.model_validate({"snmp": {"address": "192.0.2.1"}}),
    "modbus": DeviceAccess.model_validate({"modbus": {"address": "192.0.2.1"}}),
}


def written() -> Iterator[tuple[str, Words]]:
    """Every point that a shipped profile lets be written, in row 1 of its tables."""
    for name in library.names():
        profile = library.get(name)
        for entry in entries(profile):
            if entry.access == "ro" or entry.point is None:
                continue
            access = ACCESS["snmp" if isinstance(entry, SnmpObject) else "modbus"]
            point = re.sub(r"\{\w+\}", "1", entry.point)
            found = words({"it": profile}, {"it": access}, f"it.{point}", written=True)
            assert found is not None, f"{name} {point}"
            yield f"{name} {point}", found


WRITTEN = dict(written())


def test_a_word_that_a_point_takes_is_a_position() -> None:
    wrong = [name for name, known in WRITTEN.items() for word in known.known if known.value(word) != word]  # type: ignore[arg-type]
    assert wrong == []


def test_a_number_takes_its_whole_range_and_no_more() -> None:
    numbers = [
        known for known in WRITTEN.values() if known.number and known.low > float("-inf") and known.high < float("inf")
    ]
    assert len(numbers) > 20
    for known in numbers:
        assert (known.value(known.low), known.value(f"{known.high!r}")) == (known.low, known.high)
        with pytest.raises(ValueError, match="takes a number from"):
            known.value(known.high + 1.0)


@pytest.mark.parametrize("kind", ["outlet.1.control", "relay.1.closed", "port.1.admin"])
def test_every_product_with_a_contact_takes_on_and_off(kind: str) -> None:
    contacts = {name: known for name, known in WRITTEN.items() if name.endswith(f" {kind}")}
    assert contacts
    for known in contacts.values():
        assert known.value("on") != known.value("off")


def test_every_point_says_what_it_takes() -> None:
    assert all(str(known) for known in WRITTEN.values())


@pytest.mark.parametrize(
    ("position", "value"),
    [("on", True), ("off", False), (1.0, True), (0.0, False), ("closed", None), (2.0, None), ("On", None)],
)
def test_a_contact_takes_on_off_1_and_0(position: str | float, value: bool | None) -> None:
    contact = Words("relay-1.relay.1.closed", (True, False))
    if value is None:
        with pytest.raises(ValueError, match=r"but relay-1\.relay\.1\.closed takes on, off"):
            contact.value(position)
    else:
        assert contact.value(position) is value


@pytest.mark.parametrize(
    ("found", "same"), [(230, True), (230.4, True), (229.6, True), (231, False), ("on", False), (True, False)]
)
def test_a_setting_stands_where_the_device_shows_it_as_closely_as_it_can(found: object, same: bool) -> None:
    setting = Words("ups-1.setting", number=True, step=1.0)
    assert setting.same(230.0, found) is same  # type: ignore[arg-type]


def test_a_product_is_only_written_over_the_protocol_it_is_reached_by() -> None:
    profile = library.get("apc-rpdu2")
    assert words({"it": profile}, {"it": ACCESS["modbus"]}, "it.outlet.1.control", written=True) is None
