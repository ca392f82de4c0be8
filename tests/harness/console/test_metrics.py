"""The metrics: Prometheus' own parser reads them, and they are the plant's values."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from console_client import Browser, browser_of
from external import program, run
from prometheus_client.parser import text_string_to_metric_families

Samples = dict[tuple[str, str], float]


@pytest.fixture(scope="module")
def bench() -> Browser:
    return browser_of("bench")


async def scraped(bench: Browser) -> Samples:
    answer = await Browser(bench.console, bench.policy, role="read").get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    return {
        (sample.name, sample.labels.get("component") or sample.labels.get("device") or ""): sample.value
        for family in text_string_to_metric_families(answer.body.decode())
        for sample in family.samples
    }


async def test_quantities_of_the_plant_are_gauges(bench: Browser) -> None:
    site = bench.console.world.site_at(None)
    samples = await scraped(bench)
    for name, component in site.components.items():
        for quantity in component.QUANTITIES:
            value = component.quantity(quantity)
            if not isinstance(value, str):
                assert samples[f"twinfeed_{quantity}", name] == pytest.approx(float(value))


async def test_a_fault_and_its_alarms_show(bench: Browser) -> None:
    site = bench.console.world.site_at(None)
    assert (await scraped(bench))["twinfeed_site_faults", ""] == 0.0
    site.inject("utility-a", "outage")
    site.advance(60.0)
    samples = await scraped(bench)
    site.clear()
    assert samples["twinfeed_site_faults", ""] == 1.0
    assert samples["twinfeed_live", "utility-a"] == 0.0
    assert samples["twinfeed_site_clock_seconds", ""] == pytest.approx(60.0)


async def test_without_a_token_there_are_no_metrics(bench: Browser) -> None:
    assert (await Browser(bench.console, bench.policy, role="").get("/metrics")).status == 401


EXAMPLES = Path(__file__).parents[3] / "docs" / "examples"
METRIC = re.compile(r"\btwinfeed_[a-z_0-9]+")


@pytest.mark.interop
def test_promtool_accepts_the_alert_rules() -> None:
    promtool = program("promtool", "prometheus")
    judged = run([promtool, "check", "rules", str(EXAMPLES / "prometheus-alerts.yaml")])
    assert "SUCCESS: 7 rules found" in judged, judged


async def test_rules_and_dashboard_use_metrics_that_exist(bench: Browser) -> None:
    known = {name for name, _ in await scraped(bench)}
    for file in ("prometheus-alerts.yaml", "grafana-dashboard.json"):
        used = set(METRIC.findall((EXAMPLES / file).read_text()))
        assert used and used - known - {"twinfeed_snmp_in_packets_total"} == set(), file
    json.loads((EXAMPLES / "grafana-dashboard.json").read_text())
