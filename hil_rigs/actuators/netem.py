"""tc netem on an inline Linux box: delay, jitter, loss, duplication, reordering and a rate, of whatever passes.

Commands run on this computer, in one of its network namespaces, or on another one by SSH. Each is bounded in time, and
the later output of tc decides if it was carried out.
"""

from __future__ import annotations

import asyncio
import json
import math
import shlex
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from twinfeed._phrases import N_, Phrase
from twinfeed.harness.faults import frames
from twinfeed.hil_rigs.actuators.base import Actuator, ActuatorFailed
from twinfeed.hil_rigs.positions import NETEM
from twinfeed.hil_rigs.schema import Netem, Position

HANDLE = "7466:"
"""The handle of qdiscs that are this program's, so that it never removes another's."""

QUEUE = 100_000
"""Packets that netem holds at most. Its own 1,000 would lose packets that are only to be late."""

BY_THE_KERNEL = "0:"
"""The handle of a qdisc that nobody configured; netem takes its place and gives it back."""

SLOWEST_BIT_S = 8.0
"""netem's rate is in whole octets a second, and 0 means none, bit/s."""

LEFT_OVER = N_("left over")
"""The position at the start if an earlier run has left its netem there."""

SSH_OPTIONS = ("BatchMode=yes", "ConnectTimeout=5", "ServerAliveInterval=2", "ServerAliveCountMax=2")
"""A computer that is not there fails within 5 s, one that falls silent within 4 s; nothing asks for a password."""

Expected = Mapping[str, float]
"""The later output of `tc -j`: option -> number, in s, parts of 1 and octets/s."""


class NetemActuator(Actuator):
    """Positions are the names of faults; in `normal` no netem is there."""

    def __init__(self, name: str, section: Netem, normal: Position) -> None:
        super().__init__(name)
        self._section = section
        self._normal = normal
        self._stands: Position = normal

    async def move(self, position: Position, parameters: Mapping[str, float] | None = None) -> None:
        arguments: tuple[str, ...] = ()
        expected: Expected = {}
        if position != self._normal:
            try:
                arguments, expected = options(str(position), parameters or {})
            except ValueError as error:
                raise ActuatorFailed(f"{self.name}: {error}") from None
        for interface in self._section.interface:
            there = await self._root(interface)
            if arguments:
                await self._tc("qdisc", "replace", "dev", interface, "root", "handle", HANDLE, "netem", *arguments)
            elif there is not None:
                await self._tc("qdisc", "del", "dev", interface, "root")
            await self._check(interface, position, expected)
        self._stands = position

    async def position(self) -> Position | None:
        there = [await self._root(interface) for interface in self._section.interface]
        if not any(there):
            return self._normal
        return LEFT_OVER if self._stands == self._normal or not all(there) else self._stands

    async def try_dry(self) -> str:
        found = {interface: await self._root(interface) for interface in self._section.interface}
        left = [f"{interface} {json.dumps(there)}" for interface, there in found.items() if there is not None]
        if left and self._stands == self._normal:
            return Phrase(
                "an earlier run has left netem on {left}; going to {normal} removes it",
                left=", ".join(left),
                normal=self._normal,
            )
        return Phrase("tc answers for {found}; stands at {stands}", found=", ".join(found), stands=self._stands)

    async def _root(self, interface: str) -> Mapping[str, Any] | None:
        """The options of our netem on an interface, None if none is there.

        Raises:
            ActuatorFailed: somebody has configured another qdisc there.
        """
        text = await self._tc("-j", "qdisc", "show", "dev", interface)
        try:
            root: dict[str, Any] = {}
            for entry in json.loads(text or "[]"):
                root = entry if entry.get("root") else root
        except (ValueError, AttributeError, TypeError):
            raise ActuatorFailed(
                Phrase(
                    "{name}: expected JSON of tc (iproute2 4.19 or later), found {text!r}",
                    name=self.name,
                    text=text[:200],
                )
            ) from None
        kind, handle = root.get("kind", "noqueue"), root.get("handle", BY_THE_KERNEL)
        if handle == HANDLE and kind == "netem":
            return dict(root.get("options", {}))
        if handle != BY_THE_KERNEL:
            raise ActuatorFailed(
                Phrase(
                    "{name}: {interface} has a qdisc {kind} {handle} that somebody configured; netem would replace "
                    "it. Take another interface, or remove it: tc qdisc del dev {interface} root",
                    name=self.name,
                    interface=interface,
                    kind=kind,
                    handle=handle,
                )
            )
        return None

    async def _check(self, interface: str, position: Position, expected: Expected) -> None:
        there = await self._root(interface)
        if position == self._normal and there is not None:
            raise ActuatorFailed(
                Phrase(
                    "{name}: netem was removed from {interface} and is still there: {there}",
                    name=self.name,
                    interface=interface,
                    there=json.dumps(there),
                )
            )
        if position != self._normal and (there is None or not _shows(there, expected)):
            found = Phrase("no netem") if there is None else json.dumps(there)
            raise ActuatorFailed(
                Phrase(
                    "{name}: {interface} should suffer {position} {expected}, found {found}",
                    name=self.name,
                    interface=interface,
                    position=position,
                    expected=dict(expected),
                    found=found,
                )
            )

    async def _tc(self, *arguments: str) -> str:
        """What tc prints.

        Raises:
            ActuatorFailed: it cannot be run, takes too long, or reports that it cannot.
        """
        command = ["tc", *arguments]
        if self._section.namespace is not None:
            command = ["ip", "netns", "exec", self._section.namespace, *command]
        if self._section.host is not None:
            settings = [part for option in SSH_OPTIONS for part in ("-o", option)]
            command = ["ssh", *settings, self._section.host, "--", shlex.join(command)]
        code, out, err = await self._run(command)
        if code == 0:
            return out
        hint = ""
        if "qdisc kind is unknown" in err:
            hint = Phrase("; the kernel there has no netem: modprobe sch_netem")
        elif "not permitted" in err:
            hint = Phrase("; tc needs root or CAP_NET_ADMIN")
        elif self._section.host is not None and code == 255:  # ssh's own
            hint = Phrase("; try `ssh -o BatchMode=yes {host}`: it must need no password", host=self._section.host)
        raise ActuatorFailed(
            f"{self.name}: {shlex.join(command)}: {err.strip() or Phrase('exit code {n}', n=code)}{hint}"
        )

    async def _run(self, command: Sequence[str]) -> tuple[int, str, str]:
        """Exit code, output and errors of a program, which is killed when it takes too long."""
        try:
            process = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
            )
        except FileNotFoundError:
            package = "openssh-client" if command[0] == "ssh" else "iproute2"
            raise ActuatorFailed(
                Phrase(
                    "{name}: {command} is missing: apt install {package}",
                    name=self.name,
                    command=command[0],
                    package=package,
                )
            ) from None
        try:
            async with asyncio.timeout(self._section.timeout):
                out, err = await process.communicate()
        except TimeoutError:
            limit = f"{self._section.timeout:g} s"
            raise ActuatorFailed(
                Phrase(
                    "{name}: {command} did not end in {limit}; is the box there?",
                    name=self.name,
                    command=shlex.join(command),
                    limit=limit,
                )
            ) from None
        finally:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        assert process.returncode is not None, "it has ended"
        return process.returncode, out.decode(errors="replace"), err.decode(errors="replace")


def options(kind: str, parameters: Mapping[str, float]) -> tuple[tuple[str, ...], Expected]:
    """netem's arguments for a fault, and what tc shows of them afterwards.

    The parameters are those of the faults of a path; the loss of a link in the plant comes as `ratio`, of 1.

    Raises:
        ValueError: not a fault of a path that netem knows, or a parameter that it does not take.
    """
    if kind not in NETEM:
        raise ValueError(Phrase("found {kind!r}, expected one of {netem}", kind=kind, netem=", ".join(NETEM)))
    given = dict(parameters)
    if kind == "loss" and "ratio" in given:
        given["percent"] = 100.0 * given.pop("ratio")
    p = frames.chosen(kind, given)
    arguments: list[str]
    match kind:
        case "delay":
            arguments, expected = ["delay", _us(p["delay_s"])], {"delay": p["delay_s"]}
        case "jitter":  # evenly from 0 to jitter_s: netem varies a mean both ways
            half = p["jitter_s"] / 2.0
            arguments, expected = ["delay", _us(half), _us(half)], {"delay": half}
        case "loss":
            arguments, expected = ["loss", "random", _percent(p["percent"])], {"loss-random": p["percent"] / 100.0}
        case "duplication":
            arguments, expected = ["duplicate", _percent(p["percent"])], {"duplicate": p["percent"] / 100.0}
        case "reordering":  # netem's percentage is of those that do not wait
            passing = 100.0 - p["percent"]
            arguments = ["delay", _us(p["delay_s"]), "reorder", _percent(passing)]
            expected = {"delay": p["delay_s"], "reorder": passing / 100.0}
        case "bandwidth":
            if p["bits_per_s"] < SLOWEST_BIT_S:
                raise ValueError(
                    Phrase(
                        "bandwidth: bits_per_s is {p:g}, netem begins at {slowest_bit_s:g} bit/s",
                        p=p["bits_per_s"],
                        slowest_bit_s=SLOWEST_BIT_S,
                    )
                )
            octets = math.floor(p["bits_per_s"] / 8.0)
            arguments, expected = ["rate", f"{8 * octets}bit"], {"rate": octets}
        case _:  # a black hole, a partition
            arguments, expected = ["loss", "random", "100%"], {"loss-random": 1.0}
    return ("limit", str(QUEUE), *arguments), expected


def _shows(there: Mapping[str, Any], expected: Expected) -> bool:
    """True if tc shows those options; its clock ticks in 64 ns, and it keeps parts of 2**32."""
    for option, number in expected.items():
        shown = there.get(option)
        numbers = list(shown.values()) if isinstance(shown, Mapping) else [0.0]  # a 0 is not shown
        if not any(isinstance(n, int | float) and math.isclose(n, number, rel_tol=0.01, abs_tol=1e-6) for n in numbers):
            return False
    return True


def _us(seconds: float) -> str:
    return f"{round(seconds * 1e6)}us"


def _percent(number: float) -> str:
    return f"{number:.6g}%"
