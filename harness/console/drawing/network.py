"""The network: gateways at the top, switches by their distance from them, what is behind them at the bottom.

Each link is a wire with the link's id. Below a switch hangs a strip with a cell (`NAME/device`) for every device whose
management card is plugged into it, and strips of the rack rows that it serves.
"""

from __future__ import annotations

from twinfeed.emulators.plant.network.links import Link
from twinfeed.emulators.plant.network.network import ManagementNetwork
from twinfeed.emulators.plant.network.switch import Switch
from twinfeed.emulators.site import Site
from twinfeed.harness.console.drawing.composing import compose
from twinfeed.harness.console.drawing.folding import Edge, Part, folded
from twinfeed.harness.console.drawing.layers import layered
from twinfeed.harness.console.drawing.shapes import Drawing


def network(site: Site) -> Drawing:
    """The switches, links, rack rows and management cards of a site."""
    components = site.components.values()
    switches = {c.id: c for c in components if isinstance(c, Switch)}
    links = [c for c in components if isinstance(c, Link)]
    networks = [c for c in components if isinstance(c, ManagementNetwork)]
    hops = _hops(switches, links, networks)
    parts = [Part(id, "switch", 0 if hops[id] < 2 else 1) for id in switches]
    parts += [Part(n.id, n.kind, 0) for n in networks]
    edges = [Edge(f"{n.id}.gateways.{gate}", n.id, gate, "gateways") for n in networks for gate in n.params.gateways]
    for link in links:
        a, b = (end.partition(":")[0] for end in (link.params.a, link.params.b))
        if (hops[a], list(switches).index(a)) > (hops[b], list(switches).index(b)):
            a, b = b, a
        edges.append(Edge(link.id, a, b, "link"))
    served = dict.fromkeys(row for switch in switches.values() for row in switch.params.serves)
    parts += [Part(row, site.components[row].kind, 2) for row in served]
    edges += [Edge(f"{s.id}.serves.{row}", s.id, row, s.id) for s in switches.values() for row in s.params.serves]
    for name, device in site.devices.items():
        switch = device.params.switch_port.partition(":")[0]
        if switch in switches:
            parts.append(Part(f"{name}/device", device.kind, 2, group=f"{switch}: devices"))
            edges.append(Edge(f"{name}/device.switch_port", switch, f"{name}/device", "switch_port"))
    fixed = {e.name: e.screen for e in site.file.components if e.screen and e.name in switches}
    single = {*fixed, *switches}
    graph = folded(parts, edges, single)
    last = max(hops.values(), default=0) + 2
    row = {
        unit: 0 if shape.kind == "network" else 1 + hops[unit] if unit in switches else last
        for unit, shape in graph.units.items()
    }
    plan = layered(graph, row)
    plan.fixed = fixed
    return compose(plan)


def _hops(switches: dict[str, Switch], links: list[Link], networks: list[ManagementNetwork]) -> dict[str, int]:
    """The number of links between each switch and the nearest gateway; switches without a way count as one further."""
    beside: dict[str, list[str]] = {id: [] for id in switches}
    for link in links:
        a, b = (end.partition(":")[0] for end in (link.params.a, link.params.b))
        beside[a].append(b)
        beside[b].append(a)
    front = [gateway for n in networks for gateway in n.params.gateways] or list(switches)[:1]
    hops = dict.fromkeys(front, 0)
    for id in front:
        for other in beside[id]:
            if other not in hops:
                hops[other] = hops[id] + 1
                front.append(other)
    beyond = max(hops.values(), default=0) + 1
    return {id: hops.get(id, beyond) for id in switches}
