"""State that devices keep over restarts of the program: settings, boots; and the fate of a broken or shared file."""

from __future__ import annotations

import fcntl
import json
import logging
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from workers.examples import examples

from twinfeed.emulators.flash import MAX_BOOTS, Flash, FlashError, state_folder
from twinfeed.emulators.serving import engine_of
from twinfeed.emulators.site import Site

SITE = """\
site: flash
power:
  utility-a: {kind: utility}
  ups-1: {kind: ups, from: utility-a, kva: 10, device: {profile: ups-rfc1628}}
  pdu-1: {kind: pdu, from: ups-1, outlets: 8, banks: 8, device: {profile: apc-rpdu2}}
"""


@pytest.fixture(scope="module")
def site_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("site") / "flash.yaml"
    path.write_text(SITE)
    return path


def started(site_file: Path, folder: Path, **how: Any) -> tuple[Site, Flash]:
    site = Site.load(site_file)
    return site, Flash(site, folder, **how)


def test_every_start_counts_a_boot_and_time_begins_at_zero(site_file: Path, tmp_path: Path) -> None:
    for boots in (1, 2, 3):
        site, flash = started(site_file, tmp_path)
        engine = engine_of(site["ups-1"], flash)
        assert (engine.boots(), engine.time_s()) == (boots, 0)
        site.advance(500.0)
        assert engine.time_s() == 500


def test_a_killed_run_has_counted_all_the_same(site_file: Path, tmp_path: Path) -> None:
    started(site_file, tmp_path)  # and nothing is printed when it ends
    site, flash = started(site_file, tmp_path)
    assert flash.boots(site["ups-1"]) == 2


def test_settings_are_kept(site_file: Path, tmp_path: Path) -> None:
    site, flash = started(site_file, tmp_path)
    site["ups-1"].write("system.location", "hall 2")
    site["pdu-1"].write("phase.1.near_overload_threshold", 7.0)
    flash.keep()
    again, flash = started(site_file, tmp_path)
    assert again["ups-1"].read("system.location") == "hall 2"
    assert again["pdu-1"].read("phase.1.near_overload_threshold") == 7.0
    assert flash.restored == ["ups-1", "pdu-1"]
    fresh, flash = started(site_file, tmp_path, fresh=True)
    assert fresh["ups-1"].read("system.location") == ""
    assert flash.restored == []
    assert flash.boots(fresh["ups-1"]) == 3, "managers refuse an engine whose boots go back"


def test_looking_at_few_devices_at_a_time_comes_to_all_of_them(site_file: Path, tmp_path: Path) -> None:
    site, flash = started(site_file, tmp_path)
    for device in site.devices.values():
        device.write("system.location", "hall 2")
    for _ in site.devices:
        flash.keep(1)
    again, _ = started(site_file, tmp_path)
    assert {device.read("system.location") for device in again.devices.values()} == {"hall 2"}


def test_a_reset_meter_does_not_count_backwards_after_a_restart(site_file: Path, tmp_path: Path) -> None:
    site, flash = started(site_file, tmp_path)
    site.advance(3600.0)
    site["pdu-1"].reset_energy("device", 1000.0)
    flash.keep()
    again, _ = started(site_file, tmp_path)
    assert "device.energy-base" not in again["pdu-1"].state.settings


def test_settings_lost_by_a_fault_are_there_after_the_restart(site_file: Path, tmp_path: Path) -> None:
    site, flash = started(site_file, tmp_path)
    site["ups-1"].write("system.location", "hall 2")
    flash.keep()
    site.inject("ups-1", "settings-lost")
    assert site["ups-1"].read("system.location") == ""
    flash.keep()
    again, _ = started(site_file, tmp_path)
    assert again["ups-1"].read("system.location") == "hall 2"


def test_a_number_of_boots_is_stored_before_it_is_used(site_file: Path, tmp_path: Path) -> None:
    site, flash = started(site_file, tmp_path)
    site["ups-1"].reboot()
    site.advance(60.0)
    used = flash.boots(site["ups-1"])  # as the first v3 message after the restart asks, before any keep()
    again, flash = started(site_file, tmp_path)
    assert flash.boots(again["ups-1"]) > used


def test_two_runs_of_one_site_never_have_the_same_boots(site_file: Path, tmp_path: Path) -> None:
    one, first = started(site_file, tmp_path)
    other, second = started(site_file, tmp_path)
    used = []
    for _ in range(3):
        used += [first.boots(one["ups-1"]), second.boots(other["ups-1"])]
        for site in (one, other):
            site["ups-1"].reboot()
            site.advance(60.0)
    assert len(set(used)) == len(used)


def test_two_runs_of_one_site_do_not_corrupt_the_file(site_file: Path, tmp_path: Path) -> None:
    one, first = started(site_file, tmp_path)
    other, second = started(site_file, tmp_path)
    one["ups-1"].write("system.location", "of the first")
    other["pdu-1"].write("system.location", "of the second")
    first.keep()
    second.keep()
    again, _ = started(site_file, tmp_path)
    assert again["ups-1"].read("system.location") == "of the first"
    assert again["pdu-1"].read("system.location") == "of the second"


def test_the_last_boot_is_the_last(site_file: Path, tmp_path: Path) -> None:
    _, flash = started(site_file, tmp_path)
    kept = json.loads(flash.path.read_text())
    kept["devices"]["ups-1"]["boots"] = MAX_BOOTS
    flash.path.write_text(json.dumps(kept))
    site, flash = started(site_file, tmp_path)
    assert flash.boots(site["ups-1"]) == MAX_BOOTS


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)
texts = st.binary(max_size=40) | json_values.map(lambda value: json.dumps(value).encode())


@given(texts)
@settings(max_examples=examples(50), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_file_that_is_none_is_set_aside_and_devices_start_fresh(
    site_file: Path, tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "flash.json").write_bytes(content)
    site, flash = started(site_file, tmp_path)
    assert 1 <= flash.boots(site["ups-1"]) <= MAX_BOOTS
    json.loads(flash.path.read_text())


def test_boots_do_not_go_back_when_the_file_is_lost(site_file: Path, tmp_path: Path) -> None:
    before = 0
    for content in (None, None, "garbage", None):
        if content is not None:
            (tmp_path / "flash.json").write_text(content)
        site, flash = started(site_file, tmp_path)
        assert flash.boots(site["ups-1"]) > before
        before = flash.boots(site["ups-1"])


def test_a_file_that_is_none_is_told_and_kept(
    site_file: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "flash.json").write_text('{"devices": {"ups-1": {"boots": "many"}}}')
    with caplog.at_level(logging.WARNING):
        started(site_file, tmp_path)
    assert "flash.json cannot be used (devices.ups-1.boots: Input should be a valid integer" in caplog.text
    assert "count their boots on from" in caplog.text
    assert "many" in (tmp_path / "flash.unreadable").read_text()


@given(
    st.dictionaries(
        st.sampled_from(["system.location", "phase.1.near_overload_threshold", "outlet.1.name", "nonsense"]),
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(max_size=5),
        min_size=1,
    )
)
@settings(max_examples=examples(50), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_settings_that_do_not_fit_their_device_are_not_taken(
    site_file: Path, tmp_path: Path, edited: dict[str, Any]
) -> None:
    devices = {name: {"boots": 1, "settings": edited} for name in ("ups-1", "pdu-1")}
    (tmp_path / "flash.json").write_text(json.dumps({"format": 1, "devices": devices}))
    site, _ = started(site_file, tmp_path)
    site.advance(10.0)
    for device in site.devices.values():
        for point in device.point_names():
            device.read(point)


def test_a_folder_that_cannot_be_written_is_told(site_file: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(FlashError, match=r"cannot be kept: Not a directory.*--state DIR"):
        started(site_file, tmp_path / "file" / "state")


def test_a_full_disk_later_stops_nothing(
    site_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    site, flash = started(site_file, tmp_path)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(flash, "_write", full)
    for place in ("hall 2", "hall 3"):
        site["ups-1"].write("system.location", place)
        flash.keep()
    assert caplog.text.count("No space left on device") == 1


def test_a_stopped_process_with_the_file_blocks_nobody(
    site_file: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    site, flash = started(site_file, tmp_path)
    with (tmp_path / "flash.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        site["ups-1"].write("system.location", "hall 2")
        flash.keep()
    assert "another process holds it" in caplog.text
    flash.keep()
    assert started(site_file, tmp_path)[0]["ups-1"].read("system.location") == "hall 2"


def test_the_folder_follows_xdg(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert state_folder() == tmp_path / "twinfeed"
    monkeypatch.setenv("XDG_STATE_HOME", "not/absolute")  # to be ignored, XDG Base Directory Specification
    monkeypatch.setenv("HOME", str(tmp_path))
    assert state_folder() == tmp_path / ".local" / "state" / "twinfeed"
