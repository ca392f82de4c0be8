"""A small site with places: two UPS rooms, a switch room, a hall."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from twinfeed.emulators.plant.places.place import Place
from twinfeed.emulators.site import Site

SITE = """
site: rooms
power:
  utility: {{kind: utility, capacity_kw: 1000}}
  q-main: {{kind: breaker, from: utility, rated_a: 1600, place: switch-room,
           device: {{profile: schneider-pm5000, address: 127.20.1.9}}}}
  board: {{kind: board, from: {{supply: q-main}}, rated_a: 1600, place: switch-room}}
  q-a: {{kind: breaker, from: board, rated_a: 250, place: {{in: room-a, height_m: 0.5}}}}
  ups-a: {{kind: ups, from: q-a, kva: 100, chemistry: {chemistry}, place: room-a, {ups_a},
          device: {{profile: ups-rfc1628, address: 127.20.1.1}}}}
  ups-b: {{kind: ups, from: board, kva: 100, place: {{in: room-b, height_m: 0.3}},
          device: {{profile: ups-rfc1628, address: 127.20.1.2}}}}
  pdu-a: {{kind: pdu, from: ups-a, place: hall-area, device: {{profile: apc-rpdu2, address: 127.20.1.3}}}}
  pdu-b: {{kind: pdu, from: ups-b, device: {{profile: apc-rpdu2, address: 127.20.1.4}}}}
cooling:
  outdoors: {{kind: climate}}
  chilled-water: {{kind: water_loop}}
  hall-1: {{kind: hall, climate: outdoors}}
  crah-1: {{kind: crah, from: board, hall: hall-1, loop: chilled-water,
           device: {{profile: stulz-wib8000, address: 127.20.1.5}}}}
racks:
  row: {{kind: rack_row, from: {{a: pdu-a, b: pdu-b}}, racks: 4, rack_kw: 4, hall: hall-1}}
places:
  room-a: {{kind: place, neighbours: [room-b], {room_a}}}
  room-b: {{kind: place, neighbours: [room-a]}}
  switch-room: {{kind: place}}
  cellar: {{kind: place}}
  hall-area: {{kind: place, hall: hall-1, {hall_area}}}
  building: {{kind: zone, places: [room-a, room-b]}}
devices:
  monitor: {{profile: hwg-poseidon, of: hall-1, probes: [room-a.air_c, room-a.water_m], inputs: [room-a.alarm, room-a.wet],
            address: 127.20.1.6}}
"""


class Rooms:
    """The site, with the ratings that a test chooses."""

    def __init__(
        self,
        folder: Path,
        chemistry: str = "vrla",
        room_a: str = "barrier_min: 60",
        ups_a: str = "phases: 3",
        hall_area: str = "drain_mm_min: 0",
    ) -> None:
        file = folder / "rooms.yaml"
        file.write_text(SITE.format(chemistry=chemistry, room_a=room_a, ups_a=ups_a, hall_area=hall_area))
        self.site = Site.load(file)
        self.site.advance(30.0)

    def __getitem__(self, name: str) -> Any:
        """The component of that name."""
        return self.site.components[name]

    def place(self, name: str) -> Place:
        found = self.site.components[name]
        assert isinstance(found, Place)
        return found

    def lost(self) -> set[str]:
        """All actors that are destroyed."""
        return {id for id, actor in self.site.plant.actors.items() if actor.state.lost}

    def run_until(self, condition: Any, at_most_s: float = 100_000.0) -> float:
        """Advance in steps of a second at most until it holds; returns the time that has passed, s."""
        began = self.site.now
        while not condition() and self.site.now - began < at_most_s:
            self.site.advance(1.0)
        return self.site.now - began
