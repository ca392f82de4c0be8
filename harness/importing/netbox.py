"""An inventory from NetBox, through pynetbox: power panels, feeds, outlets, ports, racks, devices and their cables.

    inventory = read(connected("https://netbox.example", token), site="bamako")

The fields are those of NetBox's public REST schema (3.3 to 4.x: `role` of a device was `device_role` before 3.6). A
field that is missing or null is unknown. No live NetBox was tried: tests answer in its place.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol

from twinfeed._phrases import Phrase
from twinfeed.emulators.textfile import printable
from twinfeed.harness.importing.inventory import Cable, Device, Feed, Inventory, Panel, Rack

TIMEOUT_S = 30.0
"""Longest wait for one answer, s."""

MOST = 1e9
"""The highest figure that is believed; JSON of Python has infinity, too."""

PAGE = 200
"""Objects in one answer."""


class NetboxMissing(Exception):
    """pynetbox is not installed; the message gives the command that installs it."""


class NetboxError(Exception):
    """NetBox refused, did not answer, or answered something else than expected."""


class Netbox(Protocol):
    """The part of NetBox that is read: all objects of an endpoint such as `dcim/racks`, as JSON."""

    def all(self, endpoint: str, **filters: str) -> Iterable[Mapping[str, Any]]: ...


class _Connected:
    """NetBox over pynetbox. Raw objects are read: its records would ask for each that they name again."""

    def __init__(self, url: str, token: str | None, verify: bool) -> None:
        import pynetbox
        import requests
        from pynetbox.core.query import Request

        class _Session(requests.Session):
            def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
                to = request.url or ""
                if not to.startswith(f"{url}/"):  # an answer may name a next page elsewhere: the token stays here
                    raise requests.RequestException(f"the next page is at {to}, which is not below {url}")
                options["timeout"] = options.get("timeout") or TIMEOUT_S
                return super().send(request, **options)

        self._url, self._session, self._request = url, _Session(), Request
        self._session.verify = verify
        self._api = pynetbox.api(url, token=token)
        self._errors = (
            pynetbox.RequestError, pynetbox.ContentError, requests.RequestException, KeyError, TypeError, ValueError,
        )  # fmt: skip

    def all(self, endpoint: str, **filters: str) -> list[Mapping[str, Any]]:
        request = self._request(
            f"{self._api.base_url}/{endpoint}", self._session, filters or None, limit=PAGE, token=self._api.token
        )
        try:
            found = list(request.get())
        except self._errors as error:
            raise NetboxError(
                Phrase("{url}: {endpoint}: {error}", url=self._url, endpoint=endpoint, error=printable(str(error)))
            ) from error
        for each in found:
            if not isinstance(each, dict) or not isinstance(each.get("id"), int):
                raise NetboxError(
                    Phrase(
                        "{url}: {endpoint}: the answer is not a list of objects of NetBox",
                        url=self._url,
                        endpoint=endpoint,
                    )
                )
        return found


def connected(url: str, token: str | None, verify: bool = True) -> Netbox:
    """NetBox at that address.

    Raises:
        NetboxMissing: pynetbox is not installed.
        NetboxError: it is no address of http or https.
    """
    if not url.startswith(("http://", "https://")):
        raise NetboxError(Phrase("found {url}, expected an address such as https://netbox.example", url=repr(url)))
    try:
        return _Connected(url.rstrip("/"), token, verify)
    except ImportError as error:
        raise NetboxMissing(Phrase("import netbox needs pynetbox: pip install 'twinfeed[netbox]'")) from error


def read(netbox: Netbox, site: str = "") -> Inventory:
    """The inventory of a site, by its slug, or of all sites.

    Raises:
        NetboxError: an endpoint refuses or does not answer.
    """
    filters = {"site": site} if site else {}
    if site and not list(netbox.all("dcim/sites", slug=site)):
        raise NetboxError(Phrase("NetBox has no site with the slug {site!r}", site=site))
    panels, feeds = list(netbox.all("dcim/power-panels", **filters)), list(netbox.all("dcim/power-feeds", **filters))
    racks, devices = list(netbox.all("dcim/racks", **filters)), list(netbox.all("dcim/devices", **filters))
    ports, outlets = netbox.all("dcim/power-ports", **filters), list(netbox.all("dcim/power-outlets", **filters))
    names = _unique([(_id(device), _text(device, "name") or _text(device, "display")) for device in devices], "device")
    feed_names = _unique([(_id(feed), _text(feed, "name")) for feed in feeds], "feed")
    panel_names = _unique([(_id(panel), _text(panel, "name")) for panel in panels], "panel")
    rack_names = _unique([(_id(rack), _text(rack, "name")) for rack in racks], "rack")

    def of(entry: Mapping[str, Any], field: str, known: Mapping[int, str]) -> str:
        return known.get(_within(entry, field), _named(entry, field))

    ports = list(ports)
    count: dict[int, int] = {}
    for outlet in outlets:
        count[_within(outlet, "device")] = count.get(_within(outlet, "device"), 0) + 1
    draws: dict[int, float] = {}
    for port in ports:
        draw = _number(port, "maximum_draw") or _number(port, "allocated_draw")
        if draw is not None:
            draws[_within(port, "device")] = draws.get(_within(port, "device"), 0.0) + draw
    return Inventory(
        site or "netbox",
        [Panel(name) for name in panel_names.values()],
        [
            Feed(
                feed_names[_id(feed)], of(feed, "power_panel", panel_names), _number(feed, "amperage"),
                _number(feed, "voltage"),
                {"single-phase": 1, "three-phase": 3}.get(_choice(feed, "phase")), of(feed, "rack", rack_names),
            )
            for feed in feeds
        ],
        [Rack(name) for name in rack_names.values()],
        [
            Device(
                names[_id(device)], _named(device, "role") or _named(device, "device_role"),
                _named(_object(device, "device_type"), "manufacturer"), _text(_object(device, "device_type"), "model"),
                of(device, "rack", rack_names), draws.get(_id(device)), count.get(_id(device), 0),
            )
            for device in devices
        ],
        list(_cables(ports, outlets, names, feed_names)),
    )  # fmt: skip


def _cables(
    ports: Iterable[Mapping[str, Any]],
    outlets: Iterable[Mapping[str, Any]],
    names: Mapping[int, str],
    feeds: Mapping[int, str],
) -> Iterator[Cable]:
    """The plugs that lead to a feed or an outlet; what patch panels stand between is left to NetBox."""
    owner = {_id(outlet): (_within(outlet, "device"), _text(outlet, "name")) for outlet in outlets}
    for port in ports:
        device = names.get(_within(port, "device"), "")
        kind = str(port.get("connected_endpoints_type") or port.get("connected_endpoint_type") or "")
        ends = port.get("connected_endpoints") or port.get("connected_endpoint") or []
        for end in ends if isinstance(ends, list) else [ends]:
            if not device or not isinstance(end, dict):
                continue
            if kind == "dcim.powerfeed" and _id(end) in feeds:
                yield Cable(device, _text(port, "name"), feeds[_id(end)])
            elif kind == "dcim.poweroutlet" and _id(end) in owner and owner[_id(end)][0] in names:
                at, outlet = owner[_id(end)]
                yield Cable(device, _text(port, "name"), names[at], outlet or f"outlet {_id(end)}")


def _unique(named: Iterable[tuple[int, str]], kind: str) -> dict[int, str]:
    """Id -> name; NetBox allows devices without one, feeds of the same name at two panels, and panels and racks of the
    same name at two sites."""
    found: dict[int, str] = {}
    taken: set[str] = set()
    for number, name in named:
        wanted = name or f"{kind}-{number}"
        while wanted in taken:
            wanted = f"{wanted}-{number}"
        found[number] = wanted
        taken.add(wanted)
    return found


# -- fields, of which any may be missing ---------------------------------------------------------------------------


def _id(entry: Mapping[str, Any]) -> int:
    number = entry.get("id")
    return number if isinstance(number, int) else 0


def _object(entry: Mapping[str, Any], field: str) -> Mapping[str, Any]:
    found = entry.get(field)
    return found if isinstance(found, dict) else {}


def _within(entry: Mapping[str, Any], field: str) -> int:
    return _id(_object(entry, field))


def _text(entry: Mapping[str, Any], field: str) -> str:
    found = entry.get(field)
    return found.strip() if isinstance(found, str) else ""


def _named(entry: Mapping[str, Any], field: str) -> str:
    return _text(_object(entry, field), "name") or _text(_object(entry, field), "display")


def _number(entry: Mapping[str, Any], field: str) -> float | None:
    found = entry.get(field)
    if not isinstance(found, (int, float)) or isinstance(found, bool):
        return None
    return float(found) if 0 < found <= MOST else None


def _choice(entry: Mapping[str, Any], field: str) -> str:
    """The value of a choice, which NetBox writes as `{"value": ..., "label": ...}`."""
    return _text(_object(entry, field), "value") or _text(entry, field)
