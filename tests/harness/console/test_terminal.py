"""`twinfeed top`, driven by Textual's pilot. The site answers in this process."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from textual.widgets import DataTable, Static

from twinfeed.emulators.serving import LiveSite
from twinfeed.emulators.site import Site
from twinfeed.harness.console.terminal import Top
from twinfeed.harness.control import ControlError, ControlServer


@cache
def server() -> ControlServer:
    return ControlServer(LiveSite(Site.load("bench")))


def ask(request: dict[str, Any]) -> dict[str, Any]:
    answer = server().answer(json.dumps(request).encode())
    if not answer.pop("ok"):
        raise ControlError(answer["error"])
    return answer


async def test_a_fault_is_typed_shown_and_cleared() -> None:
    async with Top(ask).run_test() as pilot:
        top = pilot.app
        assert isinstance(top, Top)
        listing = top.query_one(DataTable)
        assert set(server().live.site.devices) == {str(key.value) for key in listing.rows}
        await pilot.press("f", *"card-hang", "enter")
        assert [(top.selected, "card-hang")] == [(t, k) for t, k, _ in server().live.site.active_faults()]
        assert "card-hang" in str(top.query_one("#notes", Static).render())
        await pilot.press("c")
        assert server().live.site.active_faults() == []


async def test_brackets_in_messages_and_alarms_are_shown_as_they_are() -> None:
    def odd(request: dict[str, Any]) -> dict[str, Any]:
        if request["do"] == "fault":
            raise ControlError("expected one of [a, b], found [/]")
        answer = ask(request)
        return {**answer, "alarms": [{"device": "ups-1", "alarm": "[/x] on [red]"}]} if "alarms" in answer else answer

    async with Top(odd).run_test() as pilot:
        await pilot.press("f", *"x", "enter")
        assert "[a, b], found [/]" in str(pilot.app.query_one("#message", Static).render())
        assert "[/x] on [red]" in str(pilot.app.query_one("#notes", Static).render())


async def test_a_clock_that_somebody_else_has_stopped_is_shown_and_resumed() -> None:
    ask({"do": "pause"})
    async with Top(ask).run_test() as pilot:
        assert "paused" in str(pilot.app.query_one("#head", Static).render())
        await pilot.press("space")
        assert not server().live.paused
        assert "paused" not in str(pilot.app.query_one("#head", Static).render())


async def test_a_refusal_is_shown_and_the_screen_goes_on() -> None:
    async with Top(ask).run_test() as pilot:
        await pilot.press("f", *"flood", "enter")
        message = str(pilot.app.query_one("#message", Static).render())
        assert "cannot suffer" in message and server().live.site.active_faults() == []
        await pilot.press("space")
        assert server().live.paused
        await pilot.press("space")
        assert not server().live.paused
