"""`twinfeed drift`: the differences between a device and its emulator."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from twinfeed.emulators.plant.kernel.actor import PlantError
from twinfeed.emulators.profiles import library
from twinfeed.emulators.yamlfile import FileError
from twinfeed.harness.cli.output import Exit, JsonOption, fail, print_json
from twinfeed.harness.cli.recording.comparing import (
    IgnoreOption,
    PartialOption,
    SameOption,
    ScenarioOption,
    ToleranceOption,
    WithinOption,
    compared,
    document,
    show,
    terms,
)
from twinfeed.harness.cli.recording.learning import (
    AuthOption,
    CommunityOption,
    PrivOption,
    RateOption,
    TimeoutOption,
    UserOption,
    credentials,
    found_profile,
    loaded,
    walker,
)
from twinfeed.harness.durations import seconds
from twinfeed.harness.reference.answers import prints
from twinfeed.harness.reference.answers.recording import Drift
from twinfeed.harness.transports import TransportError
from twinfeed.harness.transports.urls import FORMS, Credentials, is_url, opened

if TYPE_CHECKING:
    from twinfeed.emulators.profiles.schema import Profile
    from twinfeed.harness.characterise.recording.recorder import Walker
    from twinfeed.harness.characterise.recording.recording import Recording


@prints(Drift)
def drift(
    device: Annotated[str, typer.Argument(help=f"The device: a recording, or {FORMS}.", show_default=False)],
    twin: Annotated[
        str,
        typer.Argument(
            help="Its emulator: SITE:DEVICE, a profile (a name or a file), an address, or a recording of it.",
            show_default=False,
        ),
    ],
    profile: Annotated[
        str | None,
        typer.Option("--profile", help="The profile that reads both sides. Default: that of the twin."),
    ] = None,
    scenario: ScenarioOption = None,
    same: SameOption = False,
    tolerance: ToleranceOption = 10.0,
    within: WithinOption = "1s",
    ignore: IgnoreOption = None,
    partial: PartialOption = False,
    every: Annotated[str, typer.Option("--every", help="Addresses: time from one walk to the next.")] = "10s",
    for_: Annotated[str, typer.Option("--for", help="Addresses: duration of the recording. Default: one walk.")] = "0s",
    ranges: Annotated[
        str | None,
        typer.Option("--ranges", help="Modbus addresses: the ranges to read. Default: those of the profile."),
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
    """Compare a device with its emulator, and list the differences.

    Exits with 0 when nothing differs, 1 when something does or when nothing was compared.

    Examples:

      twinfeed drift ups.jsonl bamako:ups-a1 --scenario outage.yaml

      twinfeed drift snmp://192.0.2.7 apc-smartups-snmp --ignore 1.3.6.1.2.1

      twinfeed drift pdu.snmprec apc-rpdu2 --json
    """
    from twinfeed.harness.characterise.drift.twin import NoTwin
    from twinfeed.harness.characterise.recording.recorder import walk_count

    try:
        sides = _Sides(
            None if profile is None else found_profile(profile),
            scenario,
            walk_count(seconds(every), seconds(for_)),
            seconds(every),
            ranges,
            under,
            rate,
            seconds(timeout),
            credentials(community, user, auth, priv),
        )
        agreed = terms(scenario, same, tolerance, within, ignore, partial)
        theirs, ours = sides.recordings(device, twin)
        found = compared(theirs, ours, sides.profile, agreed)
    except (ValueError, FileError, PlantError, NoTwin) as error:
        fail(str(error), Exit.USAGE)
    except TransportError as error:
        fail(str(error), Exit.UNREACHABLE)
    if json:
        print_json(document(found))
    else:
        show(found)
    raise typer.Exit(Exit.NO if found.differences else Exit.DONE)


class _Sides:
    """Makes a recording of each side, from a file, an address or a simulated twin. `profile` reads both sides."""

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
        self.twins_profile: Profile | None = None
        """The profile of a twin that is given by its profile, not by an address or a recording."""
        self._scenario = scenario
        self._walks, self._every_s = walks, every_s
        self._ranges, self._under, self._rate, self._timeout_s = ranges, under, rate, timeout_s
        self._credentials = credentials

    def recordings(self, device: str, twin: str) -> tuple[Recording, Recording]:
        """The recordings of both sides. Raises the errors of `drift`."""
        is_profile = twin.endswith(library.SUFFIXES)
        simulated = not is_url(twin) and (is_profile or not Path(twin).is_file())
        if not simulated and self._scenario is not None:
            raise ValueError(f"--scenario happens to a simulated twin (SITE:DEVICE); {twin} is none")
        place = self._place(twin) if simulated else None
        walked = asyncio.run(self._walked([side for side in (device, twin) if is_url(side)]))
        theirs = walked[device] if is_url(device) else loaded(Path(device))
        if not any(map(len, theirs.walks)):
            raise ValueError(f"{device}: holds no value yet")
        if place is None:
            return theirs, walked[twin] if is_url(twin) else loaded(Path(twin))
        return theirs, self._simulated(*place, theirs)

    def _place(self, twin: str) -> tuple[str, str]:
        """Site and device of a simulated twin. Sets its profile if no other was given."""
        from twinfeed.emulators import sitefile
        from twinfeed.harness.characterise.drift.twin import place_of

        site, name = place_of(twin)
        if ":" not in twin:
            self.twins_profile = library.get(twin, Path.cwd())
            self.profile = self.profile or self.twins_profile
        if self.profile is None:
            for entry in sitefile.read(site).devices:
                if entry.name == name:
                    self.profile = entry.profile
        return site, name

    def _simulated(self, site: str, name: str, theirs: Recording) -> Recording:
        from twinfeed.harness.characterise.drift.twin import Twin
        from twinfeed.harness.faults.scenario import Scenario

        scenario = None if self._scenario is None else Scenario.load(self._scenario)
        written = self._scenario or Path("scenario")
        return Twin(site, name, theirs.protocol, scenario, self.twins_profile, written).beside(theirs)

    async def _walked(self, addresses: list[str]) -> dict[str, Recording]:
        """Recordings of the devices at these addresses, made at the same time."""
        from twinfeed.harness.characterise.recording.recorder import RecordError, together

        found: dict[str, Recording] = {}
        recordings = await together(map(self._walker, addresses), self._walks, self._every_s)
        for address, recording in zip(addresses, recordings, strict=True):
            if isinstance(recording, RecordError):
                raise ValueError(str(recording))
            if isinstance(recording, TransportError):
                raise recording
            found[address] = recording
        return found

    def _walker(self, address: str) -> Walker:
        from twinfeed.harness.characterise.recording.pace import Pace, per_second
        from twinfeed.harness.characterise.recording.snmp_walk import MOST_VARIABLES

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
