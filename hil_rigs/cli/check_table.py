"""The output of `twinfeed rig check`: the devices, what to correct, what is in order."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group
from rich.table import Table
from rich.text import Text

from twinfeed._phrases import N_, Phrase
from twinfeed.hil_rigs.checking.findings import DeviceSummary, Finding, Level, Report, Translate
from twinfeed.hil_rigs.rigfile import Rig
from twinfeed.hil_rigs.schema import text_in

STYLES = {Level.FINE: "green", Level.NOTICE: "cyan", Level.PROBLEM: "yellow", Level.UNREACHABLE: "red"}

LEVELS = {
    Level.FINE: N_("fine"),
    Level.NOTICE: N_("notice"),
    Level.PROBLEM: N_("problem"),
    Level.UNREACHABLE: N_("unreachable"),
}

CHECKS = {
    "reach": N_("reach"), "port": N_("serial port"), "credentials": N_("password"), "identity": N_("identity"),
    "firmware": N_("firmware"), "points": N_("points"), "range": N_("range"), "latency": N_("latency"),
    "clock": N_("clock"), "interlock": N_("interlock"), "actuator": N_("actuator"), "calibration": N_("calibration"),
    "arming": N_("arming"),
}  # fmt: skip
"""The subject of a finding, in words."""

PRODUCT_SHOWN = 28
"""Characters of what a device calls itself that the table shows: a sysDescr can be long."""


def picture(bench: Rig, report: Report, _: Translate, chosen: str) -> Group:
    """The devices, then what is to be put right with the worst first, then what was found to be in order."""
    worst = sorted((f for f in report.findings if f.level > Level.FINE), key=lambda finding: -finding.level)
    fine = [finding for finding in report.findings if finding.level == Level.FINE]
    title = Text.assemble((report.bench, "bold"), f"  {text_in(bench.bench.title, chosen)}")
    listings = [_devices(report, _), _to_do(worst, _), _in_order(fine, _)]
    parts = [part for listing in listings if listing.row_count for part in (listing, Text())]
    return Group(title, Text(), *parts, _verdict(report, _))


def _devices(report: Report, _: Translate) -> Table:
    listing = _table(
        (_("device"), _("state"), _("says it is"), _("serial number"), _("firmware"), _("points"), _("ms, worst"))
    )
    for device in report.devices:
        level = report.worst(device.name)
        product = device.product.splitlines()[0] if device.product else ""
        if len(product) > PRODUCT_SHOWN:
            product = product[: PRODUCT_SHOWN - 1] + "…"
        cells = (product, device.serial, device.firmware, str(device.points or ""), _times(device))
        listing.add_row(Text(device.name, "bold"), Text(_(LEVELS[level]), STYLES[level]), *map(Text, cells))
    return listing


def _times(device: DeviceSummary) -> str:
    """Median and worst time to an answer, ms."""
    if device.median_s is None or device.worst_s is None:
        return ""
    return f"{1000 * device.median_s:.0f}, {1000 * device.worst_s:.0f}"


def _to_do(findings: Sequence[Finding], _: Translate) -> Table:
    listing = _table((_("what"), _("found"), _("expected"), _("what to do next")), ratios=(4, 6, 5, 6))
    for finding in findings:
        what = Text.assemble(
            (finding.on or _("the bench"), "bold"), "\n", (_(CHECKS[finding.check]), STYLES[finding.level])
        )
        said = [_(phrase) if phrase else "" for phrase in (finding.found, finding.expected, finding.do)]
        listing.add_row(what, *map(Text, said))
    return listing


def _in_order(findings: Sequence[Finding], _: Translate) -> Table:
    listing = _table((_("in order"), ""), ratios=(4, 17))
    for finding in findings:
        listing.add_row(Text(finding.on, "bold"), Text(_(finding.found)))
    return listing


def _verdict(report: Report, _: Translate) -> Text:
    counts = {level: sum(finding.level == level for finding in report.findings) for level in Level}
    level = report.worst()
    if level <= Level.NOTICE:
        fine = Phrase("The bench is as its file says; notices: {n}.", n=counts[Level.NOTICE])
        return Text(_(fine), STYLES[Level.FINE])
    text = Phrase(
        "Not ready: {problems} to be put right, {unreachable} unreachable; notices: {notices}.",
        problems=counts[Level.PROBLEM],
        unreachable=counts[Level.UNREACHABLE],
        notices=counts[Level.NOTICE],
    )
    return Text(_(text), STYLES[level])


def _table(columns: Sequence[str], ratios: Sequence[int] = ()) -> Table:
    """Columns as wide as they must be, or, with `ratios`, sharing the terminal's width."""
    made = Table(box=None, pad_edge=False, header_style="bold", expand=bool(ratios), padding=(0, 2, 0, 0))
    for n, column in enumerate(columns):
        made.add_column(column, overflow="fold", ratio=ratios[n] if ratios else None)
    return made
