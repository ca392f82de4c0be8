"""Commands that look at files: site files, profiles and their schema."""

from __future__ import annotations

import json as jsonlib
from typing import Annotated

import typer

from emulators import sitefile
from emulators.profiles import library
from emulators.profiles.binding import Surface
from emulators.profiles.modbus_binding import ProfileUnit
from emulators.profiles.schema import Profile
from emulators.profiles.snmp_binding import SurfaceTree
from emulators.site import Site
from harness.cli.output import console, plain_errors, print_json, table
from harness.cli.running import JsonOption


def check(
    site: Annotated[str, typer.Argument(help="A shipped site's name or a site file.")], json: JsonOption = False
) -> None:
    """Check a site file without starting it: every mistake with file, line, field, found and expected.

    Exits with 2 when the file is wrong.

    Example: twinfeed check my-site.yaml
    """
    with plain_errors():
        built = Site.load(site)
        for entry in built.file.devices:
            surface = Surface(entry.profile, built.devices[entry.name])
            if entry.profile.snmp is not None:
                SurfaceTree(surface)
            if entry.profile.modbus is not None:
                ProfileUnit(surface)
    summary = {"site": built.name, "components": len(built.components), "devices": len(built.devices)}
    if json:
        print_json(summary)
    else:
        console.print(f"{built.name} is sound: {summary['components']} components, {summary['devices']} devices")


def profiles(json: JsonOption = False) -> None:
    """List the products that can be emulated.

    Example: twinfeed profiles
    """
    with plain_errors():
        found = [library.get(name) for name in library.names()]
    if json:
        print_json(
            [
                {
                    "profile": p.profile,
                    "kind": p.kind,
                    "vendor": p.vendor,
                    "product": p.product,
                    "snmp_objects": len(p.snmp.objects) if p.snmp else 0,
                    "modbus_registers": len(p.modbus.registers) + len(p.modbus.bits) if p.modbus else 0,
                }
                for p in found
            ]
        )
        return
    listing = table("", "profile", "kind", "product", "speaks")
    for p in found:
        speaks = [name for name, side in (("SNMP", p.snmp), ("Modbus", p.modbus)) if side is not None]
        listing.add_row(p.profile, p.kind, f"{p.vendor} {p.product}", ", ".join(speaks))
    console.print(listing)


def sites(json: JsonOption = False) -> None:
    """List the sites that ship.

    Example: twinfeed sites
    """
    if json:
        print_json(sitefile.names())
        return
    for name in sitefile.names():
        console.print(name)


def schema() -> None:
    """Print the JSON Schema of profile files, for editors.

    Example: twinfeed schema > profile.schema.json
    """
    typer.echo(jsonlib.dumps(Profile.model_json_schema(), indent=2))
