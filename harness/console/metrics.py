"""The metrics of a running site in the text format of Prometheus.

Quantities of the plant are gauges named after the quantity with its unit (`twinfeed_load_kw{component="ups-a1"}`);
truths are 0 or 1. States and words are one series for the word that is true now. Values are read on the event loop in
pieces, so that devices answer in between, and written as text in a thread.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterator, Sequence

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from twinfeed.emulators.plant.screen import condition
from twinfeed.emulators.serving import LiveSite
from twinfeed.emulators.wire.snmp.counters import Counter
from twinfeed.harness.control.verbs import condition as card_of

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

AT_ONCE = 100
"""Components or devices that are read before other work of the event loop has its turn."""

SNMP_COUNTERS = {
    "snmp_in_packets": Counter.IN_PKTS,
    "snmp_out_packets": Counter.OUT_PKTS,
    "snmp_set_requests": Counter.IN_SET_REQUESTS,
    "snmp_bad_communities": Counter.IN_BAD_COMMUNITY_NAMES,
}


class _Snapshot(Collector):
    """Metrics that have been read already."""

    def __init__(self, metrics: Sequence[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterator[Metric]:
        yield from self._metrics


class Metrics:
    """The metrics of one site; scrapes at the same time share one reading."""

    def __init__(self, live: LiveSite) -> None:
        self._live = live
        self._reading: asyncio.Task[bytes] | None = None

    async def text(self) -> bytes:
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._text())
        return await asyncio.shield(self._reading)

    async def _text(self) -> bytes:
        registry = CollectorRegistry()
        registry.register(_Snapshot(await self._read()))
        return await asyncio.to_thread(generate_latest, registry)

    async def _read(self) -> list[Metric]:
        return [*self._of_site(), *await self._of_components(), *await self._of_devices()]

    def _of_site(self) -> list[Metric]:
        live, site = self._live, self._live.site
        values = {
            "site_clock_seconds": ("Seconds since the site was started", site.now),
            "site_speed": ("Seconds of the site in one second", live.speed),
            "site_running": ("1 while time passes", float(not live.paused and live.failure is None)),
            "site_lag_seconds": ("Delay of the plant behind the clock, s of the site", max(0.0, live.lag_s)),
            "site_faults": ("Active faults", float(len(site.active_faults()))),
        }
        return [GaugeMetricFamily(f"twinfeed_{name}", doc, value) for name, (doc, value) in values.items()]

    async def _of_components(self) -> list[Metric]:
        gauges: dict[str, GaugeMetricFamily] = {}
        states = GaugeMetricFamily(
            "twinfeed_component_state", "1 for the state of the component now", labels=["component", "kind", "state"]
        )
        for n, (name, component) in enumerate(self._live.site.components.items()):
            states.add_metric([name, component.kind, condition(component).state], 1.0)
            for quantity, unit in component.QUANTITIES.items():
                value = component.quantity(quantity)
                if isinstance(value, str) or not math.isfinite(value):
                    continue
                gauge = gauges.get(quantity)
                if gauge is None:
                    doc = f"{quantity} of components" + (f", {unit}" if unit else "")
                    gauge = GaugeMetricFamily(f"twinfeed_{quantity}", doc, labels=["component", "kind"])
                    gauges[quantity] = gauge
                gauge.add_metric([name, component.kind], float(value))
            if n % AT_ONCE == AT_ONCE - 1:
                await asyncio.sleep(0)
        return [states, *gauges.values()]

    async def _of_devices(self) -> list[Metric]:
        live, labels = self._live, ["device", "kind"]
        reachable = GaugeMetricFamily("twinfeed_device_reachable", "1 if the device answers", labels=labels)
        alarms = GaugeMetricFamily("twinfeed_device_alarms", "Active alarms of the device", labels=labels)
        writes = CounterMetricFamily("twinfeed_device_writes", "Writes that have reached the device", labels=labels)
        counters = {
            name: CounterMetricFamily(f"twinfeed_{name}", f"{counter.name} of the device's agent", labels=labels)
            for name, counter in SNMP_COUNTERS.items()
        }
        for n, (name, device) in enumerate(live.site.devices.items()):
            of = [name, device.kind]
            reachable.add_metric(of, float(card_of(live.site, device) == "up"))
            alarms.add_metric(of, float(len(device.state.alarms)))
            writes.add_metric(of, float(device.state.commands))
            if (agent := live.agents.get(name)) is not None:
                for counter, family in counters.items():
                    family.add_metric(of, float(agent.counter(SNMP_COUNTERS[counter])))
            if n % AT_ONCE == AT_ONCE - 1:
                await asyncio.sleep(0)
        return [reachable, alarms, writes, *counters.values()]
