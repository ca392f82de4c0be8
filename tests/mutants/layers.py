"""The layers of twinfeed whose mutants are sampled, and the modules of each."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[2]

LAYERS: dict[str, tuple[str, ...]] = {
    "plant": ("emulators/plant",),
    "devices": ("emulators/devices",),
    "profiles": ("emulators/profiles", "emulators/sitefile", "emulators/serving", "emulators/site.py"),
    "wire": ("emulators/wire",),
    "harness": ("harness",),
    "rigs": ("hil_rigs",),
}
"""Folders and modules of each layer; profiles are those of the site file and of the servers too."""

NOT_CODE = ("harness/suite/files/",)
"""Files for newcomers, which no test of ours executes as modules."""


def modules(layer: str, root: Path = ROOT) -> list[str]:
    """The modules of a layer, by their path from the root, in order."""
    found = []
    for place in LAYERS[layer]:
        files = [root / place] if place.endswith(".py") else sorted((root / place).rglob("*.py"))
        found += [file.relative_to(root).as_posix() for file in files]
    return [module for module in found if not module.startswith(NOT_CODE)]
