"""The routing of faults in an emulated world: each goes to its sink, and the journal notes those of the world."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from twinfeed.emulators.site import Site
from twinfeed.harness.controllers.in_process import Controller
from twinfeed.harness.controllers.pair import Pair
from twinfeed.harness.faults.reference import FaultRef
from twinfeed.harness.faults.sinks import OfController, OfSite, Sink, Strength, sink_of


class Routing:
    """The sinks of one world as one sink (`twinfeed.harness.faults.sinks.Sink`).

    `advance` brings the plant to now; `note` records what the plant's own journal does not have.
    """

    def __init__(
        self,
        site: Site,
        controller: Sink,
        wire: Sink,
        advance: Callable[[], None],
        note: Callable[..., None],
    ) -> None:
        self._site = OfSite(site)
        self._sinks = (controller, wire, self._site)
        self._advance, self._note = advance, note

    def realises(self, fault: FaultRef) -> bool:
        """Every fault of the catalogue."""
        return True

    def check(self, fault: FaultRef, parameters: Strength, for_s: float | None = None) -> None:
        sink_of(self._sinks, fault).check(fault, parameters, for_s)

    def apply(self, fault: FaultRef, parameters: Strength) -> None:
        self._advance()
        sink = sink_of(self._sinks, fault)
        sink.apply(fault, parameters)
        if sink is not self._site:
            self._note(fault.where, "fault", kind=fault.kind, **parameters)

    def lift(self, fault: FaultRef) -> None:
        self._advance()
        sink = sink_of(self._sinks, fault)
        sink.lift(fault)
        if sink is not self._site:
            self._note(fault.where, "fault cleared", kind=fault.kind)


class ControllerFaults(OfController):
    """Stops and restarts the controller under test, or one of a pair, and parts the two of a pair.

    `controller` gives it, `work` runs a coroutine in the background, `restarted` is called with it when it runs again;
    `part` cuts or mends the link of a pair.
    """

    def __init__(
        self,
        controller: Callable[[], Controller | None],
        work: Callable[[Coroutine[Any, Any, None]], None],
        restarted: Callable[[Controller], None],
        part: Callable[[bool], None],
    ) -> None:
        self._controller, self._work, self._restarted, self._part = controller, work, restarted, part
        self._which = 0
        """The controller that is down: 0 all there are, 1 or 2 that of a pair."""

    def apply(self, fault: FaultRef, parameters: Strength) -> None:
        if fault.kind == "controllers-apart":
            self._part(True)
        else:
            self._which = int(parameters.get("which", 0))
            self._work(self._down(self._which))

    def lift(self, fault: FaultRef) -> None:
        if fault.kind == "controllers-apart":
            self._part(False)
        else:
            self._work(self._up(self._which))

    async def _down(self, which: int) -> None:
        controller = self._controller()
        if isinstance(controller, Pair) and which:
            await controller.stop_part(which)
        elif controller is not None:
            await controller.stop()

    async def _up(self, which: int) -> None:
        controller = self._controller()
        if isinstance(controller, Pair) and which:
            await controller.restart_part(which)
        elif controller is not None:
            await controller.restart()
            self._restarted(controller)
