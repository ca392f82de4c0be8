"""`twinfeed import netbox`, against answers written from NetBox's public REST schema. No live NetBox was tried."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlparse

import pytest
from typer.testing import CliRunner

from twinfeed.harness.cli.app import app
from twinfeed.harness.importing import netbox
from twinfeed.harness.importing.drafting import draft
from twinfeed.harness.importing.inventory import Cable

pytest.importorskip("pynetbox", reason="pip install twinfeed[netbox]")

Objects = dict[str, list[dict[str, Any]]]


def brief(number: int, name: str) -> dict[str, Any]:
    """A related object, as NetBox nests it."""
    return {"id": number, "url": f"http://netbox/api/{number}/", "display": name, "name": name}


def device(number: int, name: str | None, role: str, rack: str = "R1") -> dict[str, Any]:
    kind = {"id": 1, "manufacturer": brief(1, "Raritan"), "model": "PX2", "slug": "px2", "display": "PX2"}
    return {
        "id": number, "name": name, "display": name or f"device {number}", "device_type": kind, "role": brief(1, role),
        "site": brief(1, "Bamako"), "rack": brief(1, rack), "position": None, "status": {"value": "active", "label": "Active"},
    }  # fmt: skip


def port(number: int, of: int, end: dict[str, Any] | None, kind: str | None, draw: int | None = None) -> dict[str, Any]:
    return {
        "id": number, "device": brief(of, ""), "name": f"PSU{number}", "maximum_draw": draw, "allocated_draw": None,
        "cable": None, "connected_endpoints": None if end is None else [end], "connected_endpoints_type": kind,
        "connected_endpoints_reachable": end is not None,
    }  # fmt: skip


OBJECTS: Objects = {
    "sites": [{**brief(1, "Bamako"), "slug": "bamako"}],
    "power-panels": [{**brief(1, "Panel A"), "site": brief(1, "Bamako"), "location": None}],
    "power-feeds": [
        {
            **brief(7, "A1"), "power_panel": brief(1, "Panel A"), "rack": None, "voltage": 400, "amperage": 32,
            "phase": {"value": "three-phase", "label": "Three-phase"}, "type": {"value": "primary", "label": "Primary"},
        }
    ],
    "racks": [{**brief(1, "R1"), "u_height": 42}],
    "devices": [device(10, "pdu-1", "PDU"), device(11, "srv-1", "Server"), device(12, None, "Server"), device(13, "é\u202e\n#: {x}", "Server")],
    "power-ports": [
        port(1, 10, brief(7, "A1"), "dcim.powerfeed"),
        port(2, 11, brief(101, "Outlet 2"), "dcim.poweroutlet", 500),
        port(3, 12, None, None),
    ],
    "power-outlets": [{**brief(100 + n, f"Outlet {n}"), "device": brief(10, "pdu-1"), "power_port": None} for n in range(1, 9)],
}  # fmt: skip
OBJECTS["power-ports"][1]["connected_endpoints"] = [brief(102, "Outlet 2")]


class Served:
    """A NetBox of these objects on loopback, in pages of two."""

    def __init__(self, objects: Objects, token: str = "secret", status: int = 200, text: str | None = None) -> None:
        self.objects, self.token, self.status, self.text = objects, token, status, text
        self.next_at = ""
        self.asked: list[str] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.asked.append(self.path)
                code, body = outer.answer(self.path, self.headers.get("Authorization", ""))
                self.send_response(code)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *arguments: object) -> None:
                """Print nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, path: str, authorization: str) -> tuple[int, bytes]:
        if authorization != f"Token {self.token}":
            return 403, json.dumps({"detail": "Invalid token"}).encode()
        if self.status != 200 or self.text is not None:
            return self.status, (self.text or "{}").encode()
        at = urlparse(path)
        query = {name: values[0] for name, values in parse_qs(at.query).items()}
        objects = self.objects.get(at.path.removeprefix("/api/dcim/").strip("/"), [])
        if "slug" in query:
            objects = [each for each in objects if each.get("slug") == query["slug"]]
        offset = int(query.get("offset", 0))
        page, rest = objects[offset : offset + 2], objects[offset + 2 :]
        to = self.next_at or f"{self.url}{at.path}?limit=2&offset={offset + 2}"
        return 200, json.dumps(
            {"count": len(objects), "next": to if rest else None, "previous": None, "results": page}
        ).encode()


@pytest.fixture
def served() -> Iterator[Served]:
    made = Served(OBJECTS)
    yield made
    made.server.shutdown()
    made.server.server_close()


def test_pages_are_read_to_the_end_and_cables_lead_to_feeds_and_outlets(served: Served) -> None:
    found = netbox.read(netbox.connected(served.url, "secret"), "bamako")
    assert [one.name for one in found.devices] == ["pdu-1", "srv-1", "device 12", "é\u202e\n#: {x}"]
    assert found.devices[0].outlets == 8
    assert (found.devices[1].draw_w, found.devices[2].draw_w) == (500.0, None)
    assert (found.feeds[0].amperage_a, found.feeds[0].phases, found.feeds[0].panel) == (32.0, 3, "Panel A")
    assert found.cables == [Cable("pdu-1", "PSU1", "A1"), Cable("srv-1", "PSU2", "pdu-1", "Outlet 2")]
    assert all("/api/dcim/" in path for path in served.asked)
    assert draft(found).text.startswith("# A site file to complete")


def test_an_older_netbox_names_the_role_device_role(served: Served) -> None:
    older = {**device(10, "pdu-1", ""), "role": None, "device_role": brief(1, "UPS")}
    served.objects = {**OBJECTS, "devices": [older], "power-ports": []}
    assert netbox.read(netbox.connected(served.url, "secret")).devices[0].role == "UPS"


def test_fields_that_are_missing_are_unknown(served: Served) -> None:
    served.objects = {name: [{"id": each["id"]} for each in objects] for name, objects in OBJECTS.items()}
    found = netbox.read(netbox.connected(served.url, "secret"))
    assert len({one.name for one in found.devices}) == 4
    assert found.cables == []
    assert found.feeds[0].amperage_a is None


def test_an_empty_netbox_is_an_empty_site(served: Served) -> None:
    served.objects = {}
    assert netbox.read(netbox.connected(served.url, "secret")).devices == []
    with pytest.raises(netbox.NetboxError, match="no site with the slug 'bamako'"):
        netbox.read(netbox.connected(served.url, "secret"), "bamako")


@pytest.mark.parametrize(
    ("status", "text", "expected"),
    [(500, "oh", "500"), (404, "{}", "could not be found"), (200, "<html>", "non-json"), (200, '{"a": 1}', "not a list of objects"), (200, '{"count": 1, "results": [3], "next": null}', "not a list of objects")],
)  # fmt: skip
def test_an_answer_that_is_none_of_netbox_is_named(served: Served, status: int, text: str, expected: str) -> None:
    served.status, served.text = status, text
    with pytest.raises(netbox.NetboxError, match=expected):
        netbox.read(netbox.connected(served.url, "secret"))


def test_a_wrong_token_is_named_and_a_token_goes_nowhere_else(served: Served) -> None:
    with pytest.raises(netbox.NetboxError, match=r"403.*Invalid token"):
        netbox.read(netbox.connected(served.url, "guess"))
    served.next_at = "http://127.0.0.1:9/api/dcim/devices/?offset=2"
    with pytest.raises(netbox.NetboxError):
        netbox.read(netbox.connected(served.url, "secret"))


def test_the_command_exits_with_3_when_netbox_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NETBOX_TOKEN", "secret")
    ran = CliRunner().invoke(app, ["import", "netbox", "http://127.0.0.1:9", "--lang", "en"])
    assert ran.exit_code == 3
    assert CliRunner().invoke(app, ["import", "netbox", "netbox", "--lang", "en"]).exit_code == 3


def test_the_command_writes_a_site_of_what_netbox_has(
    served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NETBOX_TOKEN", "secret")
    out = tmp_path / "site.yaml"
    arguments = ["import", "netbox", served.url, "--site", "bamako", "--out", str(out), "--json", "--lang", "en"]
    ran = CliRunner().invoke(app, arguments)
    assert ran.exit_code == 0, ran.output
    assert json.loads(ran.stdout)["readable"] is True
    assert "pdu-1: {kind: pdu, from: a1, outlets: 8" in out.read_text("utf-8")


def test_panels_and_racks_of_the_same_name_at_two_sites_stay_two(served: Served) -> None:
    feeds = [
        {**OBJECTS["power-feeds"][0], **brief(7, "A"), "power_panel": brief(1, "P")},
        {**OBJECTS["power-feeds"][0], **brief(8, "A"), "power_panel": brief(2, "P")},
    ]
    servers = [{**device(n, "A-12", "server"), "rack": brief(n, "R1")} for n in (11, 12)]
    servers.append({**device(13, "A-12-12", "server"), "rack": brief(12, "R1")})
    served.objects = {
        **OBJECTS,
        "power-panels": [brief(1, "P"), brief(2, "P")],
        "power-feeds": feeds,
        "racks": [brief(11, "R1"), brief(12, "R1")],
        "devices": servers,
        "power-ports": [port(1, 11, None, None, 10**400), port(2, 12, None, None, 100)],
        "power-outlets": [],
    }
    found = netbox.read(netbox.connected(served.url, "secret"))
    assert [one.name for one in found.panels] == ["P", "P-2"]
    assert [one.panel for one in found.feeds] == ["P", "P-2"]
    assert [one.name for one in found.racks] == ["R1", "R1-12"]
    assert [one.rack for one in found.devices] == ["R1", "R1-12", "R1-12"]
    assert len({one.name for one in found.devices}) == 3
    assert [one.draw_w for one in found.devices] == [None, 100.0, None]
