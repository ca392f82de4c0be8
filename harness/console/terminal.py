"""`twinfeed top`: the site in a terminal, for people on SSH. It asks the control socket and needs no browser.

The devices with their states, alarms and values; below them active faults and alarms. `f` causes a fault at the
selected line, `c` clears the faults of that line, `C` all, `space` pauses and resumes, `q` leaves.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from rich.text import Text
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import DataTable, Footer, Input, Static

from twinfeed.emulators.textfile import printable
from twinfeed.harness.control import ControlError
from twinfeed.harness.control.showing import pace
from twinfeed.harness.durations import spoken

Ask = Callable[[dict[str, Any]], dict[str, Any]]
"""Sends one request to the site and returns its answer; raises `ControlError`."""

PERIOD_S = 1.0
"""Time between two refreshes, s."""


class Top(App[None]):
    """The screen of one running site."""

    TITLE = "twinfeed"
    CSS = "DataTable { height: 1fr; } #message, #head, #notes { height: auto; } Input { display: none; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f", "fault", "fault"),
        Binding("c", "clear", "clear its faults"),
        Binding("C", "clear_all", "clear all"),
        Binding("space", "pause", "pause"),
        Binding("q", "quit", "quit"),
    ]

    def __init__(self, ask: Ask) -> None:
        super().__init__()
        self._ask = ask
        self._passes, self._unheard = True, False  # `_running` is an attribute of Textual

    def compose(self) -> ComposeResult:
        # Names and messages are shown as they are: `[a, b]` in one is no markup.
        yield Static(id="head", markup=False)
        with Vertical():
            yield DataTable(cursor_type="row")
        yield Static(id="notes", markup=False)
        yield Static(id="message", markup=False)
        yield Input(placeholder="fault: KIND, such as card-hang")
        yield Footer()

    def on_mount(self) -> None:
        listing = self.query_one(DataTable)
        for column in ("device", "kind", "state", "alarms", "values"):
            listing.add_column(column, key=column)
        self.refresh_site()
        self.set_interval(PERIOD_S, self.refresh_site)
        listing.focus()

    def refresh_site(self) -> None:
        """Show the state of the site. While it does not answer, the last picture stays, with the reason."""
        try:
            status, devices = self._ask({"do": "status"}), self._ask({"do": "devices"})["devices"]
        except ControlError as error:
            self._unheard = True
            self._tell(f"no answer, the picture is old: {error}")
            return
        if self._unheard:
            self._unheard = False
            self._tell("the site answers again")
        self._passes = status["running"]
        self.query_one("#head", Static).update(
            f"{status['site']}  {spoken(status['now_s'])}  {pace(status)}  "
            f"reachable {status['reachable']}/{status['devices']}",
        )
        faults = [f"fault  {fault['target']} {fault['kind']}" for fault in status["faults"]]
        alarms = [f"alarm  {alarm['device']} {alarm['alarm']}" for alarm in status["alarms"]]
        self.query_one("#notes", Static).update("\n".join((faults + alarms)[:8]) or "no alarms, no faults")
        self._fill(devices)

    def _fill(self, devices: list[dict[str, Any]]) -> None:
        listing = self.query_one(DataTable)
        for device in devices:
            cells = [
                device["kind"],
                device["state"],
                ", ".join(device["alarms"]),
                "  ".join(f"{value['label']} {value['text']}".strip() for value in device["values"]),
            ]
            if device["name"] in listing.rows:
                for column, cell in zip(("kind", "state", "alarms", "values"), cells, strict=True):
                    listing.update_cell(device["name"], column, Text(printable(cell)))
            else:
                listing.add_row(*(Text(printable(cell)) for cell in (device["name"], *cells)), key=device["name"])

    @property
    def selected(self) -> str:
        """The device of the selected line."""
        listing = self.query_one(DataTable)
        return str(listing.coordinate_to_cell_key(listing.cursor_coordinate).row_key.value)

    def action_fault(self) -> None:
        """Let the person type the kind of fault."""
        entry = self.query_one(Input)
        entry.display = True
        entry.focus()
        self._tell(f"a fault of {self.selected}; escape leaves it")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.input.display = False
        kind = event.value.strip()
        event.input.value = ""
        self.query_one(DataTable).focus()
        if kind:
            self._act({"do": "fault", "target": self.selected, "kind": kind}, f"{kind} at {self.selected}")

    def key_escape(self) -> None:
        self.query_one(Input).display = False
        self.query_one(DataTable).focus()

    def action_clear(self) -> None:
        self._act({"do": "clear", "target": self.selected}, f"cleared {self.selected}")

    def action_clear_all(self) -> None:
        self._act({"do": "clear"}, "all faults cleared")

    def action_pause(self) -> None:
        self._act(*(({"do": "pause"}, "time stands") if self._passes else ({"do": "resume"}, "time passes")))

    def _act(self, request: dict[str, Any], done: str) -> None:
        try:
            self._ask(request)
        except ControlError as error:
            self._tell(str(error))
            return
        self._tell(done)
        self.refresh_site()

    def _tell(self, text: str) -> None:
        self.query_one("#message", Static).update(printable(text))
