"""`twinfeed drift`: what a device's emulator gets wrong."""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from emulators.plant.actor import PlantError
from emulators.yamlfile import FileError
from harness.cli.learning import (
    AuthOption,
    CommunityOption,
    PrivOption,
    RateOption,
    TimeoutOption,
    UserOption,
    credentials,
    found_profile,
    walker,
)
from harness.cli.output import Exit, console, fail, print_json, several, table
from harness.cli.running import JsonOption
from harness.durations import seconds
from harness.transports import TransportError
from harness.transports.urls import FORMS, Credentials, is_url, opened

if TYPE_CHECKING:
    from emulators.profiles.schema import Profile
    from harness.learning.recorder import Walker
    from harness.learning.recording import Recording
    from harness.learning.surfaces import Difference


def drift(
    device: Annotated[str, typer.Argument(help=f"The device: a recording, or {FORMS}.", show_default=False)],
    twin: Annotated[
        str,
        typer.Argument(
            help="Its emulator: SITE:DEVICE, a profile that a shipped site uses, an address, or a recording of it.",
            show_default=False,
        ),
    ],
    profile: Annotated[
        str | None,
        typer.Option("--profile", help="What both are read through. Default: the twin's profile."),
    ] = None,
    scenario: Annotated[
        Path | None,
        typer.Option("--scenario", help="What happened to the device while it was recorded; the twin suffers it too."),
    ] = None,
    same: Annotated[
        bool,
        typer.Option("--same-scenario", help="Both were in the same state: compare values too."),
    ] = False,
    tolerance: Annotated[float, typer.Option("--tolerance", help="How far values may be apart, %.", min=0.0)] = 10.0,
    within: Annotated[str, typer.Option("--within", help="How far changes of modes and alarms may be apart.")] = "1s",
    ignore: Annotated[
        list[str] | None, typer.Option("--ignore", help="An OID or point to leave out, with what is below it.")
    ] = None,
    partial: Annotated[
        bool,
        typer.Option("--partial", help="Not all of the device was recorded: what only the twin has is fine."),
    ] = False,
    every: Annotated[str, typer.Option("--every", help="Addresses: from one walk to the next.")] = "10s",
    for_: Annotated[str, typer.Option("--for", help="Addresses: for how long. Default: one walk.")] = "0s",
    ranges: Annotated[
        str | None, typer.Option("--ranges", help="Modbus addresses: what to read. Default: what the profile knows.")
    ] = None,
    under: Annotated[list[str] | None, typer.Option("--under", help="SNMP addresses: the subtrees to walk.")] = None,
    rate: RateOption = "50/s",
    timeout: TimeoutOption = "2s",
    community: CommunityOption = "public",
    user: UserOption = "",
    auth: AuthOption = "sha",
    priv: PrivOption = "aes128",
    json: JsonOption = False,
) -> None:
    """Compare a device with its emulator, and say what the emulator gets wrong.

    Exits with 0 when nothing differs, 1 when something does.

    Examples:

      twinfeed drift ups.jsonl bamako:ups-a1 --scenario outage.yaml

      twinfeed drift snmp://192.0.2.7 apc-smartups-snmp --ignore 1.3.6.1.2.1

      twinfeed drift pdu.snmprec apc-rpdu2 --json
    """
    from harness.learning.drift import drift as differences
    from harness.learning.twin import NoTwin

    try:
        sides = _Sides(
            None if profile is None else found_profile(profile),
            scenario,
            1 + int(seconds(for_) / seconds(every)) if seconds(every) > 0 else 1,
            seconds(every),
            ranges,
            under,
            rate,
            seconds(timeout),
            credentials(community, user, auth, priv),
        )
        theirs, ours = sides.recordings(device, twin)
        found = differences(
            theirs,
            ours,
            sides.profile,
            same_scenario=same or scenario is not None,
            tolerance=tolerance / 100.0,
            within_s=seconds(within),
            partial=partial,
            ignore=ignore or (),
        )
    except (ValueError, FileError, PlantError, NoTwin) as error:
        fail(str(error), Exit.USAGE)
    except TransportError as error:
        fail(str(error), Exit.UNREACHABLE)
    if json:
        print_json(_document(theirs, ours, sides.profile, found))
    else:
        _print(theirs, ours, sides.profile, found)
    raise typer.Exit(Exit.NO if found else Exit.DONE)


class _Sides:
    """Makes a recording of each side, whatever it was given as; `profile` is what both are read through."""

    def __init__(
        self,
        profile: Profile | None,
        scenario: Path | None,
        walks: int,
        every_s: float,
        ranges: str | None,
        under: list[str] | None,
        rate: str,
        timeout_s: float,
        credentials: Credentials,
    ) -> None:
        self.profile = profile
        self._scenario = scenario
        self._walks, self._every_s = walks, every_s
        self._ranges, self._under, self._rate, self._timeout_s = ranges, under, rate, timeout_s
        self._credentials = credentials

    def recordings(self, device: str, twin: str) -> tuple[Recording, Recording]:
        """Both sides. Raises whatever hinders it: see `drift`."""
        from harness.learning.recording import load

        simulated = not is_url(twin) and not Path(twin).is_file()
        if not simulated and self._scenario is not None:
            raise ValueError(f"--scenario happens to a simulated twin (SITE:DEVICE); {twin} is none")
        place = self._place(twin) if simulated else None
        walked = asyncio.run(self._walked([side for side in (device, twin) if is_url(side)]))
        theirs = walked[device] if is_url(device) else load(Path(device))
        if not any(map(len, theirs.walks)):
            raise ValueError(f"{device}: holds no value yet")
        if place is None:
            return theirs, walked[twin] if is_url(twin) else load(Path(twin))
        return theirs, self._simulated(*place, theirs)

    def _place(self, twin: str) -> tuple[str, str]:
        """Site and device of a simulated twin, and its profile unless another was given."""
        from emulators import sitefile
        from harness.learning.twin import place_of

        site, name = place_of(twin)
        if self.profile is None:
            for entry in sitefile.read(site).devices:
                if entry.name == name:
                    self.profile = entry.profile
        return site, name

    def _simulated(self, site: str, name: str, theirs: Recording) -> Recording:
        from harness.faults.scenario import Scenario
        from harness.learning.twin import Twin

        scenario = None if self._scenario is None else Scenario.load(self._scenario)
        twin = Twin(site, name, theirs.protocol, scenario)
        walks = [walk for walk in theirs.walks if walk.ended] or theirs.walks
        asked = [place for walk in walks[:1] for place in (*walk.registers, *walk.refused)]
        return twin.recording([walk.t_s - walks[0].t_s for walk in walks], asked)

    async def _walked(self, addresses: list[str]) -> dict[str, Recording]:
        """Recordings of what answers at these addresses, made at the same time."""
        from harness.learning.recorder import Recorder, RecordError

        with tempfile.TemporaryDirectory() as folder:
            recorders = [
                Recorder(self._walker(address), Path(folder) / str(n)).record(self._walks, self._every_s)
                for n, address in enumerate(addresses)
            ]
            try:
                return dict(zip(addresses, await asyncio.gather(*recorders), strict=True))
            except RecordError as error:
                raise ValueError(str(error)) from None

    def _walker(self, address: str) -> Walker:
        from harness.learning.pace import Pace, per_second
        from harness.learning.snmp_walk import MOST_VARIABLES

        transport = opened(address, self._credentials, timeout_s=self._timeout_s, retries=0)
        modbus = address.startswith("modbus")
        if modbus and self._ranges is None and self.profile is None:
            raise ValueError(f"{address}: Modbus needs --ranges or --profile, or a twin that has a profile")
        return walker(
            transport,
            None if modbus else self._under,
            self._ranges if modbus else None,
            self.profile if modbus and self._ranges is None else None,
            Pace(per_second(self._rate)),
            MOST_VARIABLES,
        )


def _document(
    device: Recording, twin: Recording, profile: Profile | None, found: list[Difference]
) -> dict[str, object]:
    return {
        "device": device.head.get("device"),
        "twin": twin.head.get("device"),
        "profile": None if profile is None else profile.profile,
        "walks": {"device": len(device.walks), "twin": len(twin.walks)},
        "differences": [asdict(difference) for difference in found],
    }


def _print(device: Recording, twin: Recording, profile: Profile | None, found: list[Difference]) -> None:
    from harness.learning.drift import KINDS

    through = "" if profile is None else f", read through {profile.profile}"
    sides = f"{device.head.get('device')} ({several(len(device.walks), 'walk')}) and {twin.head.get('device')}"
    console.print(escape(f"{sides} ({several(len(twin.walks), 'walk')}){through}"), soft_wrap=True)
    for kind, meaning in KINDS.items():
        here = [difference for difference in found if difference.kind == kind]
        if not here:
            continue
        console.print(f"\n[bold]{kind}[/]: {meaning} ({len(here)})", soft_wrap=True)
        listing = table("", "where", "device", "twin", "")
        for d in here:
            listing.add_row(escape(d.where), escape(d.device), escape(d.twin), escape(d.note))
        console.print(listing)
    if not found:
        console.print("[green]no drift[/]")
        return
    console.print(f"\n{several(len(found), 'difference')}")
    if any(d.kind == "extra" for d in found) and "asked" not in device.head:
        console.print("(if the recording does not hold all of the device, --partial leaves out what only the twin has)")
