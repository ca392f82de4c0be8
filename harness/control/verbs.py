"""The actions of a running site for each request."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from twinfeed.emulators.devices.firmware.device import Device
from twinfeed.emulators.plant.kernel.actor import Event, PlantError
from twinfeed.emulators.plant.people import works
from twinfeed.emulators.serving import LiveSite
from twinfeed.emulators.site import Site
from twinfeed.emulators.yamlfile import FileError
from twinfeed.harness.control.clock import Clock
from twinfeed.harness.control.isolations import Isolations
from twinfeed.harness.control.requests import (
    Action,
    Clear,
    Deeds,
    Devices,
    Do,
    FaultRequest,
    Faults,
    Isolate,
    Pause,
    Points,
    Read,
    Request,
    Resume,
    RunUntil,
    ScenarioRequest,
    Speed,
    Status,
    Step,
    Write,
)
from twinfeed.harness.control.showing import key_values, plain
from twinfeed.harness.control.timed import TimedFaults
from twinfeed.harness.faults import catalogue, frames
from twinfeed.harness.faults.injection import Injection, InjectionError
from twinfeed.harness.faults.scenario import Scenario
from twinfeed.harness.faults.sinks import OF_CONTROLLER


class Verbs:
    """Carries out requests on one live site."""

    def __init__(self, live: LiveSite, timed: TimedFaults | None = None) -> None:
        self.live = live
        self._timed = timed or TimedFaults(live)
        self._clock = Clock(live)
        self.isolations = Isolations(live.site)

    def carry_out(self, request: Request, who: str) -> dict[str, Any]:
        """The answer to a request, JSON values. An action is one line of the site's journal, with who it is of.

        Raises:
            PlantError, PointError: the site refuses it.
        """
        answer = self._answer(request, who)
        if isinstance(request, Action):
            site, data = self.live.site, request.model_dump(exclude={"do"}, exclude_none=True)
            if isinstance(request, ScenarioRequest):  # its entries are lines of their own when they happen
                data = {key: answer[key] for key in ("entries", "duration_s")}
            site.plant.journal.append(Event(site.now, who, request.do, data))
            self._timed.hasten()
        return answer

    def _answer(self, request: Request, who: str) -> dict[str, Any]:
        match request:
            case Status():
                return self._status()
            case Devices():
                return self._devices()
            case Points():
                return self._points(request)
            case Read():
                return self._read(request.device, request.point)
            case Write():
                return self._write(request)
            case FaultRequest():
                return self._fault(request)
            case Faults():
                return self._faults(request)
            case Clear():
                return self._clear(request)
            case Do():
                return self._do(request)
            case Deeds():
                return self._deeds(request)
            case Pause():
                return self._clock.pause()
            case Resume():
                return self._clock.resume()
            case Speed():
                return self._clock.pace(request.speed)
            case Step():
                return self._clock.step()
            case RunUntil():
                return self._clock.run_until(request.at_s, request.when, request.speed)
            case ScenarioRequest():
                return self._scenario(request)
            case Isolate():
                return self.isolations.step(request.target, who, request.force)

    # -- verbs ----------------------------------------------------------------------------------------------

    def _status(self) -> dict[str, Any]:
        site = self.live.site
        return {
            "site": site.name,
            "title": site.file.head.title,
            "now_s": round(site.now, 3),
            "running": not self.live.paused,
            "speed": self.live.speed,
            "lag_s": round(max(0.0, self.live.lag_s), 3),
            "devices": len(site.devices),
            "reachable": sum(map(site.reachable, site.devices)),
            "alarms": [
                {"device": name, "alarm": alarm, "since_s": round(since, 3)}
                for name, device in site.devices.items()
                for alarm, since in device.state.alarms.items()
            ],
            "faults": [
                {"target": target, "kind": kind, **parameters} for target, kind, parameters in site.active_faults()
            ],
        }

    def _devices(self) -> dict[str, Any]:
        site = self.live.site
        endpoints: dict[str, list[str]] = {}
        for e in self.live.endpoints:
            endpoints.setdefault(e.device, []).append(e.url)
        profiles = {entry.name: entry.profile for entry in site.file.devices}
        return {
            "devices": [
                {
                    "name": name,
                    "kind": device.kind,
                    "profile": profiles[name].profile,
                    "endpoints": endpoints.get(name, []),
                    "state": condition(site, device),
                    "alarms": list(device.state.alarms),
                    "values": key_values(device),
                }
                for name, device in site.devices.items()
            ]
        }

    def _points(self, request: Points) -> dict[str, Any]:
        device = self.live.site[request.device]
        points = []
        for name in device.point_names():
            point = device.point(name).point
            points.append(
                {
                    "point": name,
                    "value": plain(device.read(name)),
                    "unit": point.unit,
                    "access": "rw" if point.write else "ro",
                    "values": list(point.values),
                    "doc": point.doc,
                }
            )
        return {"device": device.name, "points": points}

    def _read(self, name: str, point: str) -> dict[str, Any]:
        device = self.live.site[name]
        bound = device.point(point)
        return {
            "device": device.name,
            "point": bound.name,
            "value": plain(bound.read()),
            "unit": bound.point.unit,
            "t_s": round(self.live.site.now, 3),
        }

    def _write(self, request: Write) -> dict[str, Any]:
        self.live.site[request.device].write(request.point, request.value)
        return self._read(request.device, request.point)

    def _fault(self, request: FaultRequest) -> dict[str, Any]:
        site, target, kind, for_s = self.live.site, request.target, request.kind, request.for_s
        if elsewhere := _elsewhere(site, target, kind):
            raise PlantError(f"{target} {kind}: {elsewhere}")
        if request.at_s or request.ramp_s or request.flap or request.when or request.until:
            self._timed.add(self._injection(request))
        else:
            site.inject(target, kind, request.parameters or {}, for_s)
        conditions = {"when": request.when, "until": request.until}
        return {"target": target, "kind": kind, "for_s": for_s, **conditions, "t_s": round(site.now + request.at_s, 3)}

    def _injection(self, request: FaultRequest) -> Injection:
        """
        Raises:
            PlantError: the fields of the request contradict each other.
        """
        try:
            return Injection(
                request.target,
                request.kind,
                self.live.site.now + request.at_s,
                request.for_s,
                request.parameters or {},
                request.ramp_s,
                request.flap,
                request.until,
                when=request.when,
            )
        except InjectionError as error:
            raise PlantError(str(error)) from None

    def _scenario(self, request: ScenarioRequest) -> dict[str, Any]:
        """Its entries happen, their onsets counted from now.

        Raises:
            PlantError: it is of another site, or an entry does not fit this one.
        """
        site = self.live.site
        try:
            scenario = Scenario.from_dict(request.scenario)
        except FileError as error:
            raise PlantError(f"scenario: {error}") from None
        if Path(scenario.site).stem != site.name:
            raise PlantError(f"scenario: site: found {scenario.site!r}, expected {site.name!r}, which runs here")
        shifted = [replace(entry, at_s=entry.at_s + site.now) for entry in scenario.entries]
        self._timed.add(*shifted)
        return {"entries": len(shifted), "duration_s": scenario.duration_s, "t_s": round(site.now, 3)}

    def _faults(self, request: Faults) -> dict[str, Any]:
        site = self.live.site
        found = catalogue.of_target(site, request.target) if request.target else catalogue.of_site(site)
        targets = [request.target] if request.target else [*site.components, *site.devices]
        here = {works.NAME, *(kind for target in targets for kind in site.faults(target))}
        return {
            "faults": [{"target": request.target, **entry.to_dict(), "here": entry.kind in here} for entry in found]
        }

    def _do(self, request: Do) -> dict[str, Any]:
        site, target, deed = self.live.site, request.target, request.deed
        outcome = site.do(target, deed, request.parameters or {})
        named = {"target": target, "deed": deed, "outcome": outcome.word}
        return {**named, "reason": outcome.reason, "t_s": round(site.now, 3)}

    def _deeds(self, request: Deeds) -> dict[str, Any]:
        site = self.live.site
        targets = [request.target] if request.target else list(dict.fromkeys([*site.components, *site.devices]))
        return {
            "deeds": [
                {"target": target, "deed": name, **kind.to_dict()}
                for target in targets
                for name, kind in site.deeds(target).items()
            ]
        }

    def _clear(self, request: Clear) -> dict[str, Any]:
        timed = self._timed.end(request.target, request.kind)
        try:
            cleared = self.live.site.clear(request.target, request.kind)
        except PlantError:
            if not timed:
                raise
            cleared = []
        cleared = list(dict.fromkeys([*timed, *cleared]))
        return {"cleared": [{"target": target, "kind": kind} for target, kind in cleared]}


def _elsewhere(site: Site, target: str, kind: str) -> str:
    """The reason why a running site does not realise a fault, and the place where it works; '' if it does."""
    if kind in frames.BY_NAME and kind not in site.faults(target):
        return (
            "it alters messages on the wire, and a running site has nothing there; `twinfeed proxy` before the device "
            "does it, or a test"
        )
    if kind in OF_CONTROLLER:
        return "a running site has no controller; a test does it, or stop yours yourself"
    return ""


def condition(site: Site, device: Device) -> str:
    """The state of a device as the management station sees it: up, off, booting, hung or silent (no path)."""
    if device.state.card == "up" and not device.answers:
        return "hung"
    if device.state.card != "up":
        return device.state.card
    return "up" if site.reachable(device.name) else "silent"
