"""`twinfeed top`: the running site in a terminal."""

from __future__ import annotations

import sys

from twinfeed.harness.cli.output import Exit, JsonOption, console, devices_table, fail, plain_errors, print_json
from twinfeed.harness.cli.site.running import SiteOption
from twinfeed.harness.control import ask
from twinfeed.harness.control.showing import pace
from twinfeed.harness.durations import spoken
from twinfeed.harness.reference.answers import prints
from twinfeed.harness.reference.answers.running import SiteNow


@prints(SiteNow)
def top(site: SiteOption = None, json: JsonOption = False) -> None:
    """Show the running site in the terminal: devices, alarms, faults; keys cause and clear faults.

    In a pipe it prints the site once, as plain text; with --json once, as JSON.

    Example: twinfeed top
    """
    with plain_errors():
        status = ask({"do": "status"}, site)
        if json:
            return print_json({"status": status, "devices": ask({"do": "devices"}, site)["devices"]})
        if not sys.stdout.isatty():
            console.print(f"{status['site']}  {spoken(status['now_s'])}  {pace(status)}")
            for fault in status["faults"]:
                console.print(f"fault  {fault['target']} {fault['kind']}")
            for alarm in status["alarms"]:
                console.print(f"alarm  {alarm['device']} {alarm['alarm']}")
            return console.print(devices_table(ask({"do": "devices"}, site)["devices"], console.width))
        try:
            from twinfeed.harness.console.terminal import Top
        except ModuleNotFoundError as error:
            if error.name != "textual":
                raise
            fail("`twinfeed top` needs an extra: pip install 'twinfeed[console]'", Exit.USAGE)
        return Top(lambda request: ask(request, status["site"])).run()
