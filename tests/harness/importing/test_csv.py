"""`twinfeed import csv`: lists that become a site, and every mistake in them by file, line and field."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from twinfeed.emulators.site import Site
from twinfeed.emulators.textfile import FileError
from twinfeed.harness.cli.app import app
from twinfeed.harness.importing import csvfiles
from twinfeed.harness.importing.drafting import PLACEHOLDER, draft
from twinfeed.harness.importing.inventory import Cable, Device, Feed, Inventory, Panel, Rack

LISTS = {
    "panels": "name\nPanel A\nPanel B\n",
    "feeds": "name,panel,amperage_a,phases\nA1,Panel A,32,3\nB1,Panel B,,1\n",
    "racks": "name\nR1\n",
    "devices": (
        "name,role,manufacturer,model,rack,draw_w,outlets\n"
        "pdu-r1-a,PDU,Raritan,PX2,R1,,8\npdu-r1-b,PDU,Raritan,PX2,R1,,8\n"
        "srv-1,Server,Dell,R750,R1,600,\nsrv-2,Server,Dell,R750,R1,,\nsw-1,Access switch,Aruba,6300,R1,90,\n"
    ),
    "cables": (
        "device,port,source,outlet\npdu-r1-a,inlet,A1,\npdu-r1-b,inlet,B1,\n"
        "srv-1,PSU1,pdu-r1-a,Outlet 3\nsrv-1,PSU2,pdu-r1-b,Outlet 3\nsrv-2,PSU1,pdu-r1-a,Outlet 4\nsw-1,PSU1,pdu-r1-a,Outlet 8\n"
    ),
}


@pytest.fixture
def lists(tmp_path: Path) -> Path:
    folder = tmp_path / "mopti"
    folder.mkdir()
    for name, text in LISTS.items():
        (folder / f"{name}.csv").write_text(text, "utf-8")
    return folder


def test_lists_become_a_site_that_starts_and_has_its_power_paths(lists: Path, tmp_path: Path) -> None:
    made = draft(csvfiles.read(lists))
    path = tmp_path / "site.yaml"
    path.write_text(made.text, "utf-8")
    site = Site.load(path)
    row = site.components["r1"]
    assert row.feeds == {"a": "pdu-r1-a", "b": "pdu-r1-b"}
    assert site.components["pdu-r1-a"].feeds == {"input": "a1"}
    assert site.components["a1"].params.rated_a == 32.0
    assert site.components["r1"].params.first_outlet == 3
    assert row.quantity("supplied") is True
    site.do("a1", "open")
    site.advance(10.0)
    assert row.quantity("supplied") is True
    site.do("b1", "open")
    site.advance(10.0)
    assert row.quantity("supplied") is False


def test_what_the_lists_do_not_say_is_listed_and_stands_in_the_file(lists: Path) -> None:
    made = draft(csvfiles.read(lists))
    unknown = {(one.entry, one.field): one.used for one in made.unknown}
    assert unknown["b1", "rated_a"] == "32"
    assert unknown["b1", "phases"] == "3"
    assert unknown["r1", "rack_kw"] == "0.69"
    assert {
        ("pdu-r1-a", "device.profile"),
        ("pdu-r1-a", "banks"),
        ("generation", ""),
        ("cooling", ""),
    } <= unknown.keys()
    assert made.text.count("TODO") >= 8
    assert made.names["Panel A"] == "panel-a"


def test_a_list_with_semicolons_and_a_byte_order_mark_is_read(lists: Path) -> None:
    (lists / "racks.csv").write_bytes("\ufeffName;\nR1;\nR2;\n".encode())
    with pytest.raises(FileError, match="unknown column"):
        csvfiles.read(lists)
    (lists / "racks.csv").write_bytes("\ufeffName\r\nR1\r\n".encode())
    assert [rack.name for rack in csvfiles.read(lists).racks] == ["R1"]


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("feeds", "name,panel,amperage_a\nA1,Panel A,lots\nB1,Panel B,16\n", r"feeds.csv:2: amperage_a: found 'lots', expected a number from 0.1"),
        ("feeds", "name,panel,phases\nA1,Panel A,2\nB1,Panel B,3\n", r"feeds.csv:2: phases: found '2', expected 1 or 3"),
        ("feeds", "name,panel\nA1,Pannel A\nB1,Panel B\n", r"feeds.csv:2: panel: found 'Pannel A', expected a name of panels.csv.*Panel A"),
        ("racks", "name\nR1\nR1\n", r"racks.csv:3: name: found 'R1', expected a name that is not on line 2"),
        ("racks", "rack\nR1\n", r"racks.csv:1: column name is missing"),
        ("cables", "device,port,source,outlet\nsrv-9,PSU1,A1,\n", r"cables.csv:2: device: found 'srv-9', expected a name of devices.csv"),
        ("cables", "device,port,source,outlet\nsrv-1,,A1,\n", r"cables.csv:2: port: found '', expected a name"),
        ("devices", "name,outlets\npdu,1e3\n", r"devices.csv:2: outlets: found '1e3', expected a whole number from 0 to 256"),
        ("cables", "device,port,source\nsrv-1,1,A1\nsrv-1,1,B1\n", r"cables.csv:3: port: found '1', expected a plug that is not on line 2"),
        ("cables", "device,port,source,outlet\nsrv-1,1,pdu-r1-a,1\nsrv-2,1,pdu-r1-a,1\n", r"cables.csv:3: outlet: found '1', expected an outlet that is not on line 2"),
        ("racks", "name,name\nR1,R2\n", r"racks.csv:1: column name is there twice"),
        ("devices", "name,draw_w\nsrv,nan\n", r"devices.csv:2: draw_w: found 'nan', expected a number"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_by_file_line_and_field(lists: Path, name: str, text: str, expected: str) -> None:
    (lists / f"{name}.csv").write_text(text, "utf-8")
    with pytest.raises(FileError, match=expected):
        csvfiles.read(lists)


NAME = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)


@settings(max_examples=15, deadline=None, phases=(Phase.explicit, Phase.generate))
@given(data=st.data())
def test_any_inventory_becomes_a_file_that_starts(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    names = data.draw(st.lists(NAME, min_size=6, max_size=6, unique=True))
    panel, feed, rack, pdu, server, switch = names
    amperage = data.draw(st.none() | st.floats(1.0, 400.0))
    cables = data.draw(
        st.lists(
            st.sampled_from(
                [
                    Cable(pdu, "in", feed),
                    Cable(server, "1", pdu, "x"),
                    Cable(server, "2", feed),
                    Cable(switch, "1", pdu, "9"),
                    Cable(server, "3", "gone", "1"),
                ]
            ),
            unique=True,
        )
    )
    devices = [
        Device(pdu, outlets=data.draw(st.integers(1, 48)), rack=rack, model=data.draw(NAME)),
        Device(server, role="server", rack=rack, draw_w=data.draw(st.none() | st.floats(0.0, 1e6))),
        Device(switch, role=data.draw(st.sampled_from(["switch", "UPS", ""])), rack=rack),
    ]
    inventory = Inventory(
        data.draw(NAME),
        [Panel(panel)],
        [Feed(feed, data.draw(st.sampled_from([panel, "?"])), amperage)],
        [Rack(rack)],
        devices,
        cables,
    )
    path = tmp_path_factory.mktemp("drafted") / "site.yaml"
    path.write_text(draft(inventory).text, "utf-8")
    Site.load(path)


def test_what_has_no_feed_stands_on_a_placeholder() -> None:
    made = draft(Inventory("x", devices=[Device("pdu", outlets=4)]))
    assert ("pdu", "from", PLACEHOLDER) in {(one.entry, one.field, one.used) for one in made.unknown}


def test_the_command_writes_the_file_once(lists: Path, tmp_path: Path) -> None:
    out = tmp_path / "site.yaml"
    ran = CliRunner().invoke(app, ["import", "csv", str(lists), "--out", str(out), "--json", "--lang", "en"])
    assert ran.exit_code == 0, ran.output
    document = json.loads(ran.stdout)
    assert document["readable"] is True and document["unknown"]
    again = CliRunner().invoke(app, ["import", "csv", str(lists), "--out", str(out), "--lang", "fr"])
    assert again.exit_code == 2
    assert "existe déjà" in again.output
    assert CliRunner().invoke(app, ["import", "csv", str(tmp_path / "nowhere"), "--lang", "en"]).exit_code == 2


def test_nothing_of_the_lists_is_left_out_in_silence() -> None:
    made = draft(
        Inventory(
            "x",
            [Panel("p")],
            [Feed("f", "p", 16.0, 120.0)],
            [Rack("r"), Rack("empty")],
            [
                Device("lonely"),
                Device("lost", rack="gone"),
                Device("sts", role="transfer switch", rack="r", draw_w=10.0),
                Device("big", rack="r", draw_w=200_000.0),
            ],
            [Cable("big", "1", "sts"), Cable("big", "2", "f")],
        )
    )
    reasons = {(one.entry, one.field): one.reason for one in made.unknown}
    assert reasons["lonely", ""] == "it has no rack: it is not in the file"
    assert reasons["lost", ""].startswith("its rack is 'gone'")
    assert reasons["empty", ""].startswith("no device in it")
    assert "is in 'sts'" in reasons["big", "from"]
    assert reasons["r", "rack_kw"].startswith("the draws of its devices are 200.01 kW")
    assert reasons["f", "voltage"].startswith("it has 120 V")
