"""The commands of the harness."""

from __future__ import annotations

from collections.abc import Callable

import typer

from twinfeed._phrases import N_
from twinfeed.harness.cli.files import files, kinds, manual, profile, suite, trees
from twinfeed.harness.cli.operation import commissioning, importing, losing, maintaining
from twinfeed.harness.cli.recording import drift, learning, reporting
from twinfeed.harness.cli.search import campaigning, outages, score, searching
from twinfeed.harness.cli.site import demo, people, proxy, running, show, studying, top, up

RUN, BREAK, RECORD, SEARCH, OPERATE, FILES, MANUAL = (
    N_("Run a site"),
    N_("Cause faults and act"),
    N_("Record and compare hardware"),
    N_("Search and study"),
    N_("Operate and maintain"),
    N_("Tests, files and reports"),
    N_("The manual"),
)
"""Groups of commands in `twinfeed --help`."""

COMMANDS: dict[str, tuple[Callable[..., None], ...]] = {
    RUN: (
        demo.demo,
        up.up,
        top.top,
        show.show,
        running.status,
        running.devices,
        running.points,
        running.read,
        running.write,
        files.sites,
    ),
    BREAK: (running.fault, running.faults, running.clear, people.do, people.deeds, proxy.proxy),
    RECORD: (learning.record, learning.replay_device, drift.drift),
    SEARCH: (searching.search, searching.replay, searching.adopt, score.score, studying.study, trees.availability),
    OPERATE: (losing.impact, maintaining.maintain, commissioning.commission),
    FILES: (suite.new_suite, files.check, files.profiles, reporting.report, reporting.verify),
    MANUAL: (kinds.kinds, kinds.schema),
}  # fmt: skip


def add_to(app: typer.Typer) -> None:
    """Give the command line the commands of the harness."""
    for panel, commands in COMMANDS.items():
        for command in commands:
            app.command(rich_help_panel=panel)(profile.with_profiles(command))
    app.command(rich_help_panel=MANUAL)(manual.docs)
    app.add_typer(profile.app, name="profile", rich_help_panel=FILES)
    app.add_typer(importing.app, name="import", rich_help_panel=FILES)
    app.add_typer(outages.app, name="outages", rich_help_panel=SEARCH)
    app.add_typer(campaigning.app, name="campaign", rich_help_panel=SEARCH)
