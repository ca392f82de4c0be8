"""The power paths of a site as a network of pandapower, and networks of pandapower as power paths.

`python tests/emulators/plant/study/judge.py` prints the table of errors of docs/explanation/plant.md.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from math import sqrt
from typing import Any, NamedTuple

import pandapower as pp
import pandapower.networks as nw
import pandapower.shortcircuit as sc

from twinfeed.emulators.plant.generation.generator import Generator
from twinfeed.emulators.plant.kernel.engine import Plant
from twinfeed.emulators.plant.power.boards import Board
from twinfeed.emulators.plant.power.breaker_ratings import BreakerRatings
from twinfeed.emulators.plant.power.breakers import Breaker
from twinfeed.emulators.plant.power.electrical import NOMINAL_VOLTS, Draw, Electrical, Link, Supply
from twinfeed.emulators.plant.power.flow import Flow
from twinfeed.emulators.plant.power.transformers import Transformer, TransformerRatings
from twinfeed.emulators.plant.power.utilities import Utility, UtilityRatings
from twinfeed.emulators.plant.study import OnSets, Study, on_bypass, study
from twinfeed.emulators.site import Site

logging.getLogger("pandapower").setLevel(logging.ERROR)

KV = NOMINAL_VOLTS * sqrt(3.0) / 1000.0
MEDIUM_KV = 20.0
SHIPPED = ("bench", "pilot", "bamako", "bamako-weak")


class Errors(NamedTuple):
    """Largest difference from pandapower, %."""

    highest: float
    """Highest short-circuit current from the grid."""
    lowest: float
    """Lowest short-circuit current from the grid."""
    sets: float
    """Initial short-circuit current from the sets; 0 where there are none."""
    volts: float
    amperes: float
    nodes: int
    """Nodes compared."""


# -- sites in pandapower ------------------------------------------------------------------------------------------

Links = Callable[[Electrical], Mapping[str, Link]]


def network(components: Sequence[Electrical], links: Links, sources: Sequence[str]) -> Any:
    """The components as a network of pandapower: a bus at each output, named after the component."""
    net = pp.create_empty_network(sn_mva=1.0)
    by_name = {c.id: c for c in components}
    high = {c.feeds["input"] for c in components if isinstance(c, Transformer)}
    bus = {c.id: pp.create_bus(net, vn_kv=MEDIUM_KV if c.id in high else KV, name=c.id) for c in components}
    for c in components:
        for terminal, link in links(c).items():
            up, _, socket = c.feeds[terminal].partition(":")
            tap = by_name[up].tap(socket) if socket else None
            if tap is not None:
                link = Link(link.ohm + tap.ohm)
            if isinstance(c, Transformer):
                p = c.params
                pp.create_transformer_from_parameters(
                    net, bus[up], bus[c.id], sn_mva=p.kva / 1000.0, vn_hv_kv=MEDIUM_KV, vn_lv_kv=KV,
                    vk_percent=p.impedance_percent, vkr_percent=p.load_loss_w / p.kva / 10.0, pfe_kw=p.no_load_w / 1000.0,
                    i0_percent=p.magnetising_percent, name=c.id,
                )  # fmt: skip
            elif abs(link.ohm) > 0.0:
                pp.create_line_from_parameters(
                    net, bus[up], bus[c.id], length_km=1.0, r_ohm_per_km=link.ohm.real, x_ohm_per_km=link.ohm.imag,
                    c_nf_per_km=0.0, max_i_ka=10.0, endtemp_degree=80.0 if isinstance(c, Breaker) else 20.0, name=c.id,
                )  # fmt: skip
            else:
                pp.create_switch(net, bus[up], bus[c.id], et="b", z_ohm=0.0)
        if isinstance(c, Utility) and c.id in sources:
            pp.create_ext_grid(
                net, bus[c.id], s_sc_max_mva=c.short_circuit_mva, s_sc_min_mva=c.short_circuit_mva,
                rx_max=1.0 / c.params.x_to_r, rx_min=1.0 / c.params.x_to_r,
            )  # fmt: skip
        elif isinstance(c, Generator) and c.id in sources:
            p = c.params
            x = p.subtransient_reactance
            pp.create_gen(
                net, bus[c.id], p_mw=0.0, vn_kv=KV, sn_mva=p.kva / 1000.0, xdss_pu=x, cos_phi=0.8,
                rdss_ohm=0.15 * x * KV**2 / (p.kva / 1000.0), pg_percent=0.0,
            )  # fmt: skip
    return net, bus


def currents(net: Any, case: str) -> dict[str, float]:
    """Initial short-circuit current at every bus, kA."""
    sc.calc_sc(net, fault="3ph", case=case, lv_tol_percent=6, branch_results=False)
    return {net.bus.name[i]: float(ka) for i, ka in net.res_bus_sc.ikss_ka.items()}


def compared(mine: Mapping[str, float], judged: Mapping[str, float]) -> float:
    """Largest difference, % of the judge's value, over the nodes where both have one."""
    return max(
        (100.0 * abs(ka / judged[name] - 1.0) for name, ka in mine.items() if ka and judged.get(name, 0.0) > 0.0),
        default=0.0,
    )


def judged_site(name: str) -> Errors:
    """A shipped site at rest against pandapower."""
    site = Site.load(name)
    components = site.flow.ordered
    found = study(components)
    feeds = [c.id for c in components if isinstance(c, Utility)]
    sets = [c.id for c in components if isinstance(c, Generator)]
    on_grid, _ = network(components, on_bypass, feeds)
    on_sets, _ = network(components, OnSets(components), sets)
    mine = {b.name: b for b in found.buses}
    initial = compared({n: b.sets_ka[1] for n, b in mine.items()}, currents(on_sets, "max")) if sets else 0.0
    volts, amperes = load_flow(components, found)
    return Errors(
        compared({n: b.grid_ka[1] for n, b in mine.items()}, currents(on_grid, "max")),
        compared({n: b.grid_ka[0] for n, b in mine.items()}, currents(on_grid, "min")),
        initial, volts, amperes, len(mine),
    )  # fmt: skip


def load_flow(components: Sequence[Electrical], found: Study) -> tuple[float, float]:
    """Largest difference of voltage and of current, %."""
    sources = [c for c in components if c.emf() is not None]
    net, bus = network(components, lambda c: c.links(), ())
    for c in sources:
        pp.create_ext_grid(net, bus[c.id], vm_pu=1.0)
    for c in components:
        for terminal, draw in c.demand().items():
            if terminal not in c.links() and draw.total_kva > 0.0:
                up = c.feeds[terminal].partition(":")[0]
                pp.create_load(net, bus[up], p_mw=draw.total_kw / 1000.0, q_mvar=draw.total_kvar / 1000.0)
    pp.runpp(net, trafo_model="pi", tolerance_mva=1e-9, init="flat")
    pu = {net.bus.name[i]: float(vm) for i, vm in net.res_bus.vm_pu.items()}
    volts = {b.name: b.volts / NOMINAL_VOLTS for b in found.buses if b.volts}
    flows = {b.name: b.amperes / 1000.0 for b in found.branches if b.amperes > 1.0}
    theirs = {net.line.name[i]: float(ka) for i, ka in net.res_line.i_ka.items()}
    theirs |= {net.trafo.name[i]: float(ka) for i, ka in net.res_trafo.i_lv_ka.items()}
    return compared(volts, pu), compared(flows, theirs)


# -- networks of pandapower as power paths ------------------------------------------------------------------------

EXAMPLES: Mapping[str, Callable[[], Any]] = {
    "simple_four_bus_system": nw.simple_four_bus_system,
    "create_kerber_landnetz_freileitung_1": nw.create_kerber_landnetz_freileitung_1,
    "create_kerber_landnetz_kabel_1": nw.create_kerber_landnetz_kabel_1,
    "create_kerber_dorfnetz": nw.create_kerber_dorfnetz,
    "create_kerber_vorstadtnetz_kabel_1": nw.create_kerber_vorstadtnetz_kabel_1,
}


class Consumer(Electrical):
    """A load of constant power."""

    kind = "consumer"

    def __init__(self, id: str, feed: str, kw: float, kvar: float) -> None:
        super().__init__(id, None, {"input": feed})
        self.draw = Draw((kw / 3.0,) * 3, (kvar / 3.0,) * 3)

    def energise(self) -> Supply:
        return self.seen["input"]

    def demand(self) -> dict[str, Draw]:
        return {"input": self.draw}


def power_paths(net: Any, mva: float) -> list[Electrical]:
    """A radial network of pandapower with one transformer: its lines are breakers with cables."""
    trafo = net.trafo.iloc[0]
    feed = Utility("grid", UtilityRatings(short_circuit_mva=mva, x_to_r=10.0))
    ratings = TransformerRatings(
        kva=trafo.sn_mva * 1000.0, impedance_percent=trafo.vk_percent, load_loss_w=trafo.vkr_percent * trafo.sn_mva * 1e4,
        no_load_w=max(1.0, trafo.pfe_kw * 1000.0), magnetising_percent=trafo.i0_percent,
    )  # fmt: skip
    parts: list[Electrical] = [feed, Transformer(f"bus-{trafo.lv_bus}", ratings, {"input": "grid"})]
    reached, lines = [int(trafo.lv_bus)], dict(net.line.iterrows())
    for here in reached:
        for i, line in list(lines.items()):
            if here in (line.from_bus, line.to_bus):
                del lines[i]
                there = int(line.to_bus if line.from_bus == here else line.from_bus)
                ohm = line.length_km / line.parallel * 1000.0
                cable = BreakerRatings(20_000.0, cable_mohm=(line.r_ohm_per_km * ohm, line.x_ohm_per_km * ohm))
                parts += [
                    Breaker(f"line-{i}", cable, {"input": f"bus-{here}"}),
                    Board(f"bus-{there}", None, {"in": f"line-{i}"}),
                ]
                reached.append(there)
    for i, load in net.load.iterrows():
        parts.append(Consumer(f"load-{i}", f"bus-{load.bus}", load.p_mw * 1000.0, load.q_mvar * 1000.0))
    for i, plant in net.sgen.iterrows():
        parts.append(Consumer(f"sgen-{i}", f"bus-{plant.bus}", -plant.p_mw * 1000.0, -plant.q_mvar * 1000.0))
    return parts


def judged_example(name: str, mva: float = 250.0) -> Errors:
    """A network of pandapower computed by both, on a grid of that short-circuit power."""
    net = EXAMPLES[name]()
    net.ext_grid[["s_sc_max_mva", "s_sc_min_mva", "rx_max", "rx_min"]] = mva, mva, 0.1, 0.1
    net.ext_grid["vm_pu"], net.line["endtemp_degree"] = 1.0, 80.0
    net.trafo["tap_pos"] = net.trafo["tap_neutral"]
    net.trafo["shift_degree"] = 0.0
    plant = Plant()
    parts = power_paths(net, mva)
    flow = Flow(parts)
    plant.solvers.append(flow)
    for part in parts:
        plant.add(part)
    plant.start()
    found = study(flow.ordered)
    net.bus["name"] = [f"bus-{i}" for i in net.bus.index]
    sgens, net.sgen = net.sgen, net.sgen.iloc[:0]  # inverters: they give nothing to a fault
    mine = {b.name: b for b in found.buses}
    highest = compared({n: b.grid_ka[1] for n, b in mine.items()}, currents(net, "max"))
    lowest = compared({n: b.grid_ka[0] for n, b in mine.items()}, currents(net, "min"))
    net.sgen = sgens
    pp.runpp(net, trafo_model="pi", tolerance_mva=1e-9, init="flat")
    pu = {f"bus-{i}": float(vm) for i, vm in net.res_bus.vm_pu.items()}
    theirs = {f"line-{i}": float(ka) for i, ka in net.res_line.i_ka.items()}
    scale = KV / 0.4  # the same powers at 398 V instead of 400 V are higher currents
    volts = compared({n: b.volts / NOMINAL_VOLTS for n, b in mine.items() if b.volts}, pu)
    amperes = compared({b.name: b.amperes / 1000.0 * scale for b in found.branches if b.amperes > 1.0}, theirs)
    return Errors(highest, lowest, 0.0, volts, amperes, len(mine))


def main() -> None:
    print("| Network | nodes | Isc max | Isc min | Isc of the sets | V | A |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    for name in (*SHIPPED, *EXAMPLES):
        e = judged_site(name) if name in SHIPPED else judged_example(name)
        sets = f"{e.sets:.3f}" if e.sets else "-"
        print(f"| `{name}` | {e.nodes} | {e.highest:.3f} | {e.lowest:.3f} | {sets} | {e.volts:.3f} | {e.amperes:.3f} |")


if __name__ == "__main__":
    main()
