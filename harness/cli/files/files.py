"""Commands on files: site files, profiles and their schema."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from twinfeed.emulators import sitefile, yamlfile
from twinfeed.emulators.profiles import library
from twinfeed.emulators.profiles.binding import Surface
from twinfeed.emulators.profiles.modbus_extras import unit_of
from twinfeed.emulators.profiles.snmp_binding import SurfaceTree
from twinfeed.emulators.site import Site
from twinfeed.emulators.yamlfile import FileError
from twinfeed.harness.cli.output import JsonOption, console, errors, plain_errors, print_json, table
from twinfeed.harness.cli.site.running import BeyondOption
from twinfeed.harness.reference.answers import prints
from twinfeed.harness.reference.answers.files import CheckedProfile, CheckedSite, Product


@prints(CheckedSite | CheckedProfile)
def check(
    site: Annotated[str, typer.Argument(help="A shipped site's name, a site file, or a profile.")],
    beyond_loopback: BeyondOption = False,
    json: JsonOption = False,
) -> None:
    """Check a site file, without starting the site, or a profile. A mistake has file, line, field, found and expected.

    Exits with 2 when the file is wrong.

    Examples:

      twinfeed check my-site.yaml

      twinfeed check my-ups.yaml
    """
    with plain_errors():
        if _is_profile(Path(site)):
            _check_profile(site, json)
            return
        built = Site.load(site, beyond_loopback=beyond_loopback)
        for entry in built.file.devices:
            surface = Surface(entry.profile, built.devices[entry.name])
            if entry.profile.snmp is not None:
                SurfaceTree(surface)
            if entry.profile.modbus is not None:
                unit_of(surface)
    summary = {"site": built.name, "components": len(built.components), "devices": len(built.devices)}
    if json:
        print_json(summary)
    else:
        console.print(f"{built.name} is sound: {summary['components']} components, {summary['devices']} devices")


def _is_profile(path: Path) -> bool:
    """True for a file that has the head of a profile and not that of a site.

    Raises:
        FileError: it is no YAML file.
    """
    if not path.is_file():
        return False
    fields = yamlfile.load(path)
    return "profile" in fields and "site" not in fields


def _check_profile(path: str, json: bool) -> None:
    """Bind a profile to an emulated device of its kind.

    Raises:
        FileError: a line for each mistake.
    """
    from twinfeed.harness.characterise.drift.twin import Twin, place_of

    profile = library.get(path, Path.cwd())
    protocols = [name for name in ("snmp", "modbus") if getattr(profile, name) is not None]
    for protocol in protocols:
        Twin(*place_of(path), protocol, profile=profile)
    if json:
        print_json({"profile": profile.profile, "kind": profile.kind, "protocols": protocols})
    else:
        console.print(f"{profile.profile} is sound: a {profile.kind} that speaks {' and '.join(protocols)}")


@prints(list[Product])
def profiles(json: JsonOption = False) -> None:
    """List the products that can be emulated: those that ship, and your own from the current folder and --profiles.

    Example: twinfeed profiles
    """
    found, files = [], {}
    with plain_errors():
        for name, path in library.everywhere(Path.cwd()).items():
            try:
                found.append(library.load(path))
            except FileError as error:
                errors.print(f"[yellow]warning:[/] {escape(str(error))}", soft_wrap=True)
            else:
                files[name] = "" if path.parent == library.FOLDER else str(path)
    if json:
        print_json(
            [
                {
                    "profile": p.profile,
                    "kind": p.kind,
                    "vendor": p.vendor,
                    "product": p.product,
                    "snmp_objects": len(p.snmp.objects) if p.snmp else 0,
                    "file": files[p.profile] or None,
                    "modbus_registers": len(p.modbus.registers) + len(p.modbus.bits) if p.modbus else 0,
                }
                for p in found
            ]
        )
        return
    own = any(files.values())
    listing = table("", "profile", "kind", "product", "speaks", *(["file"] if own else []))
    for p in found:
        speaks = [name for name, side in (("SNMP", p.snmp), ("Modbus", p.modbus)) if side is not None]
        listing.add_row(
            p.profile, p.kind, f"{p.vendor} {p.product}", ", ".join(speaks), *([files[p.profile]] if own else [])
        )
    console.print(listing)


@prints(dict[str, str])
def sites(json: JsonOption = False) -> None:
    """List the sites that ship, with their titles.

    Example: twinfeed sites
    """
    titles = sitefile.titles()
    if json:
        print_json(titles)
        return
    width = max(map(len, titles))
    for name, title in titles.items():
        console.print(f"{name:<{width}}  {title}", markup=False, highlight=False, soft_wrap=True)
